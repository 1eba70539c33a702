package store

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"kurir/pgtest"
)

// program is the migrations of a program: those of this one and some more.
func program(t *testing.T, more ...string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	now, err := readPostgresMigrations(postgresMigrations)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range now {
		files[m.name] = &fstest.MapFile{Data: []byte(m.text)}
	}
	for i := 0; i+1 < len(more); i += 2 {
		files[fmt.Sprintf("migrations/postgres/9%03d_%s.sql", i, more[i])] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return files
}

// TestRollingUpgrade: a newer program adds to the tables at once, an older one goes on and may start again beside it, and
// what only the older one uses goes when it is registered no more.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	old := openFault(t, url, Options{Shared: true}) // node 0 runs this program
	pgtest.Exec(t, url, "INSERT INTO node(number, name, term, beat, renewed, live, about) VALUES (0, 'a', 1, 1, 0, 1, '')")
	has := len(program(t))
	older := fmt.Sprintf("-- least: %d\n", has)
	newer := program(t, "column", older+"ALTER TABLE meta ADD COLUMN note TEXT", "contract", "ALTER TABLE meta DROP COLUMN note")
	bring := func(files fstest.MapFS, node int) error {
		m, err := newPostgresMigrator(files, old.conn, "here", node)
		if err != nil {
			t.Fatal(err)
		}
		return m.migrate(t.Context())
	}
	form := func() int {
		n, err := postgresForm(old.conn)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := bring(newer, 1); err != nil {
		t.Fatal(err)
	}
	if got := form(); got != has+1 {
		t.Fatalf("form %d beside an older node, want %d: what it has added and no less", got, has+1)
	}
	if err := old.setInTransaction("x", 1); err != nil {
		t.Errorf("the older node cannot write: %v", err)
	}
	again := openFault(t, url, Options{Shared: true})
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	pgtest.Exec(t, url, "UPDATE node SET live = 0")
	if err := bring(newer, 1); err != nil {
		t.Fatal(err)
	}
	if got := form(); got != has+2 {
		t.Errorf("form %d when no older node is registered, want %d", got, has+2)
	}
	var refused *NewerError
	if err := bring(program(t), 0); !errors.As(err, &refused) || refused.Has != has+2 {
		t.Errorf("an older program after that: %v", err)
	}
	if err := bring(newer, 1); err != nil {
		t.Errorf("the newer program again: %v", err)
	}
}

// setInTransaction writes a number as any commit would.
func (s *Store) setInTransaction(name string, value int64) error {
	return s.transact(func() error { return s.setMeta(name, value) })
}
