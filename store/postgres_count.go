package store

import (
	"context"
	"time"
)

const (
	countEvery = time.Second
	countShare = 50 // of its time the database spends counting at most one part in this many
)

// countPostgres counts the rows of the spill tables, which other nodes change,
// too, until the store is closed.
func (s *Store) countPostgres() {
	defer close(s.pg.counted)
	wait := countEvery
	for {
		select {
		case <-s.closing:
			return
		case <-time.After(wait):
		}
		began := time.Now()
		s.counts.recount()
		var n tableDeltas
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		if err := s.read(ctx, func(c *conn) error { return countTables(c, &n) }); err == nil {
			s.counts.recounted(&n)
		}
		cancel()
		wait = max(countEvery, countShare*time.Since(began))
	}
}

// measurePostgres looks how large the database is and how safe.
func (s *Store) measurePostgres() error {
	if s.pg == nil {
		return nil
	}
	if err := s.lookAtSafety(); err != nil {
		return err
	}
	return query(s.conn, "SELECT pg_database_size(current_database())", nil, func(stmt *statement) (bool, error) {
		s.pg.size.Store(stmt.ColumnInt64(0))
		return false, nil
	})
}
