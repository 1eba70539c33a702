package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// WaitingAfter returns up to n rows of table waiting behind a row, in the order
// of link, priority, account and id; the zero Waiting is before all.
func (s *Store) WaitingAfter(ctx context.Context, after Waiting, n int) ([]Waiting, error) {
	var list []Waiting
	err := s.read(ctx, func(c *conn) error {
		return query(c, `SELECT link, priority, account, id, expires FROM waiting WHERE (link, priority, account, id) > (?1, ?2, ?3, ?4)
  ORDER BY link, priority, account, id LIMIT ?5`,
			func(stmt *statement) {
				bindWaiting(stmt, &after)
				stmt.BindInt64(5, int64(n))
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
		Link: stmt.ColumnText(0), Priority: message.Priority(stmt.ColumnInt64(1)), Account: stmt.ColumnText(2),
		ID: message.ID(stmt.ColumnInt64(3)), Expires: stmt.ColumnInt64(4),
	}
}

// DueAfter returns up to n ids of table due behind an id, in their order.
func (s *Store) DueAfter(ctx context.Context, after message.ID, n int) ([]message.ID, error) {
	var list []message.ID
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id FROM due WHERE id > ? ORDER BY id LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(after))
				stmt.BindInt64(2, int64(n))
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
