package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// WaitingAfter returns up to n rows of table waiting behind a row, of the same
// share, in the order of link, priority, account and id; one that has only Node is before all.
func (s *Store) WaitingAfter(ctx context.Context, after Waiting, n int) ([]Waiting, error) {
	var list []Waiting
	err := s.read(ctx, func(c *conn) error {
		return query(c, `SELECT node, link, priority, account, id, expires FROM waiting WHERE node = ?1 AND (link, priority, account, id) > (?2, ?3, ?4, ?5)
  ORDER BY link, priority, account, id LIMIT ?6`,
			func(stmt *statement) {
				bindWaiting(stmt, &after)
				stmt.BindInt64(6, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, waitingOf(stmt))
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list what waits: %w", err)
	}
	return list, nil
}

func waitingOf(stmt *statement) Waiting {
	return Waiting{
		Node: stmt.ColumnInt(0), Link: stmt.ColumnText(1), Priority: message.Priority(stmt.ColumnInt64(2)), Account: stmt.ColumnText(3),
		ID: message.ID(stmt.ColumnInt64(4)), Expires: stmt.ColumnInt64(5),
	}
}

// DueAfter returns up to n ids of a share in table due behind an id, in their order.
func (s *Store) DueAfter(ctx context.Context, node int, after message.ID, n int) ([]message.ID, error) {
	var list []message.ID
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id FROM due WHERE id > ? AND node = ? ORDER BY id LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(after))
				stmt.BindInt64(2, int64(node))
				stmt.BindInt64(3, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, message.ID(stmt.ColumnInt64(0)))
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list what waits for its time: %w", err)
	}
	return list, nil
}
