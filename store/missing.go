package store

import (
	"context"
	"fmt"

	"kurir/message"
)

func (s *Store) writeMissing(b *Batch) error {
	for i := range b.MissingRemove {
		r, stmt := &b.MissingRemove[i], s.cold.missingGone
		stmt.BindInt64(1, int64(b.Node))
		stmt.BindInt64(2, r.At)
		stmt.BindInt64(3, int64(r.ID))
		if err := execute(stmt); err != nil {
			return fmt.Errorf("remove the missing receipt of %s: %w", r.ID, err)
		}
	}
	for i := range b.MissingAdd {
		r, stmt := &b.MissingAdd[i], s.cold.missing
		stmt.BindInt64(1, int64(b.Node))
		stmt.BindInt64(2, r.At)
		stmt.BindInt64(3, int64(r.ID))
		stmt.BindInt64(4, int64(r.Hop))
		if err := execute(stmt); err != nil {
			return fmt.Errorf("note the missing receipt of %s: %w", r.ID, err)
		}
	}
	return nil
}

// MissingAfter returns up to n receipts of a share that are, or will be, missing, in the
// order of time and id, those behind one.
func (s *Store) MissingAfter(ctx context.Context, node int, after Missing, n int) ([]Missing, error) {
	var list []Missing
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT at, id, hop FROM missing WHERE node = ?1 AND (at, id) > (?2, ?3) ORDER BY at, id LIMIT ?4",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindInt64(2, after.At)
				stmt.BindInt64(3, int64(after.ID))
				stmt.BindInt64(4, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Missing{stmt.ColumnInt64(0), message.ID(stmt.ColumnInt64(1)), uint8(stmt.ColumnInt64(2))})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for receipts that are missing: %w", err)
	}
	return list, nil
}
