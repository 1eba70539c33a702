package store

import (
	"context"
	"fmt"
)

// DuplicatesBy is what contacts have in common that may be the same person.
type DuplicatesBy uint8

// Ways in which contacts may be the same.
const (
	DuplicateNames DuplicatesBy = iota // without regard to case and marks
	DuplicateMails
)

// DuplicateValues returns what several contacts of a book have in common, in order, behind a value; at most n.
func (s *Store) DuplicateValues(ctx context.Context, book string, by DuplicatesBy, after string, n int) (values []string, err error) {
	column, where := "folded", ""
	if by == DuplicateMails {
		column, where = "mail", " AND mail <> ''"
	}
	text := fmt.Sprintf("SELECT %[1]s FROM contact WHERE account = ?%[2]s AND %[1]s > ? GROUP BY %[1]s HAVING count(*) > 1 ORDER BY %[1]s LIMIT ?", column, where)
	err = s.read(ctx, func(c *conn) error {
		return query(c, text, func(stmt *statement) {
			stmt.BindText(1, book)
			stmt.BindText(2, after)
			stmt.BindInt64(3, int64(n))
		}, func(stmt *statement) (bool, error) {
			values = append(values, stmt.ColumnText(0))
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("look for contacts that are there twice: %w", err)
	}
	return values, nil
}
