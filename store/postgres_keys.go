package store

import (
	"context"
	"fmt"
)

// With PostgreSQL a request that is remembered is a row by its key, which all
// nodes look up.

func (s *Store) writeKeysPostgres(list []IdempotencyKey) error {
	stmt := s.cold.request
	for i := range list {
		k := &list[i]
		id := keyIDOf(k.Account, k.Key)
		stmt.BindBytes(1, id[:])
		stmt.BindBytes(2, k.Request[:])
		stmt.BindBytes(3, k.Answer)
		stmt.BindInt64(4, k.Expires)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("remember a request: %w", err)
		}
	}
	return nil
}

func (s *Store) idempotentPostgres(ctx context.Context, account, key string, now int64) (found *IdempotencyKey, err error) {
	id := keyIDOf(account, key)
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT request, answer, expires FROM idempotency WHERE key = ? AND expires > ?",
			func(stmt *statement) {
				stmt.BindBytes(1, id[:])
				stmt.BindInt64(2, now)
			},
			func(stmt *statement) (bool, error) {
				found = &IdempotencyKey{Account: account, Key: key, Expires: stmt.ColumnInt64(2), Answer: make([]byte, stmt.ColumnLen(1))}
				stmt.ColumnBytes(0, found.Request[:])
				stmt.ColumnBytes(1, found.Answer)
				return false, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for the request: %w", err)
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}
