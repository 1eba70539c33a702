package store_test

import (
	"context"
	"sync"
	"testing"

	"kurir/pgtest"
	"kurir/store"
)

// TestPostgres is the conformance suite on PostgreSQL.
func TestPostgres(t *testing.T) {
	t.Parallel()
	pgtest.Shared(t)
	testConformance(t, postgresOpener(func(t *testing.T) string { return pgtest.Shared(t).Database(t) }))
}

// TestPooledPostgres is the same behind pgbouncer, which gives each transaction another connection.
func TestPooledPostgres(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("TestPostgres does the same without a pooler")
	}
	pgtest.Shared(t)
	testConformance(t, postgresOpener(func(t *testing.T) string { return pgtest.Bouncer(t, pgtest.Shared(t).Database(t)) }))
}

// postgresOpener opens a database for each place.
func postgresOpener(database func(*testing.T) string) opener {
	var mu sync.Mutex
	databases := map[string]string{}
	return func(t *testing.T, place string, keep store.Retention) *store.Store {
		t.Helper()
		mu.Lock()
		url := databases[place]
		if url == "" {
			url = database(t)
			databases[place] = url
		}
		mu.Unlock()
		s, err := store.Open(context.Background(), store.Options{Database: url, Retention: keep})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}
