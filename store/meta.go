package store

import (
	"fmt"
)

// metaCounted is the number of the newest row of the journal whose counters
// stand in their table.
const metaCounted = "counted"

// setMeta writes a number into table meta, within a transaction.
func (s *Store) setMeta(name string, value int64) error {
	s.cold.meta.BindText(1, name)
	s.cold.meta.BindInt64(2, value)
	return execute(s.cold.meta)
}

// meta reads a number of table meta; 0 if it is not there.
func (s *Store) meta(name string) (value int64, err error) {
	err = query(s.conn, "SELECT value FROM meta WHERE name = ?",
		func(stmt *statement) { stmt.BindText(1, name) },
		func(stmt *statement) (bool, error) {
			value = stmt.ColumnInt64(0)
			return false, nil
		})
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}
