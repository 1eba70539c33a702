package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// OwedSize is how much table owed has for one queue, for people.
type OwedSize struct {
	Queue   string
	Rows    int64
	Inbound int64      // of them inbound messages
	Oldest  message.ID // the smallest
	Later   int64      // of them rows that are not due at the time asked
}

// OwedSizes returns how much is owed in each queue on disk; now is Unix
// milliseconds. It reads the whole table.
func (s *Store) OwedSizes(ctx context.Context, now int64) ([]OwedSize, error) {
	var list []OwedSize
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT queue, count(*), CAST(sum(inbound) AS BIGINT), min(id), CAST(sum(CASE WHEN due > ? THEN 1 ELSE 0 END) AS BIGINT) FROM owed GROUP BY queue ORDER BY queue",
			func(stmt *statement) { stmt.BindInt64(1, now) },
			func(stmt *statement) (bool, error) {
				list = append(list, OwedSize{
					Queue: stmt.ColumnText(0), Rows: stmt.ColumnInt64(1), Inbound: stmt.ColumnInt64(2),
					Oldest: message.ID(stmt.ColumnInt64(3)), Later: stmt.ColumnInt64(4),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("count what is owed: %w", err)
	}
	return list, nil
}

// WaitingSize is how much table waiting has for one account in one lane, for
// people.
type WaitingSize struct {
	Lane
	Account string
	Rows    int64
	Oldest  message.ID // the smallest
}

// WaitingSizes returns how much waits for links on disk. It reads the whole
// table.
func (s *Store) WaitingSizes(ctx context.Context) ([]WaitingSize, error) {
	var list []WaitingSize
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT link, priority, account, count(*), min(id) FROM waiting GROUP BY link, priority, account", nil,
			func(stmt *statement) (bool, error) {
				list = append(list, WaitingSize{
					Lane: Lane{stmt.ColumnText(0), message.Priority(stmt.ColumnInt64(1))}, Account: stmt.ColumnText(2),
					Rows: stmt.ColumnInt64(3), Oldest: message.ID(stmt.ColumnInt64(4)),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	return list, nil
}
