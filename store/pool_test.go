package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// TestReaderThatGaveUpSeesWhatIsNew: a request that ends in the middle of a
// transaction leaves a connection that reads what is committed later.
func TestReaderThatGaveUpSeesWhatIsNew(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{Readers: 1})
	ids := message.NewIDs(0, 0)
	first, second := testMessage(ids, "acme", "46701"), testMessage(ids, "acme", "46702")
	if err := s.Commit(&Batch{Accepted: []*message.Message{first}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := s.read(ctx, func(c *conn) error {
		return inSnapshot(c, func() error {
			_, err := s.messagesByID(c, []message.ID{first.ID}, nil) // from here on c sees one state
			cancel()
			return err
		})
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("read that was given up: %v", err)
	}
	if err := s.Commit(&Batch{Accepted: []*message.Message{second}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Message(context.Background(), second.ID); err != nil {
		t.Errorf("message committed after a reader gave up: %v", err)
	}
}

// TestConnectionIsReplaced: one that cannot be used any more is closed, and the
// next reader gets another.
func TestConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{Readers: 1})
	m := testMessage(message.NewIDs(0, 0), "acme", "46701")
	if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
		t.Fatal(err)
	}
	c := <-s.readers
	c.Close()
	s.readers <- nil
	if _, err := s.Message(context.Background(), m.ID); err != nil {
		t.Error(err)
	}
}

// lockForeign takes the lock of writers as another program would.
func lockForeign(t *testing.T, path string) (release func()) {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(c, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestForeignLock: a commit does not wait for ever for another program, says
// what is in the way, and succeeds when it is tried again.
func TestForeignLock(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	s.conn.SetBusyTimeout(10 * time.Millisecond)
	release := lockForeign(t, s.path)
	b := &Batch{Accepted: []*message.Message{testMessage(message.NewIDs(0, 0), "acme", "46701")}}
	if err := s.Commit(b); !errors.Is(err, ErrBusy) || !errors.Is(err, ErrFull) {
		t.Errorf("Commit while another program holds the lock: %v", err)
	}
	release()
	if err := s.Commit(b); err != nil {
		t.Error(err)
	}
}

// TestForeignLockAtStart: Open gives up, too.
func TestForeignLockAtStart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits ten seconds, the driver's time for a lock while it opens")
	}
	dir := t.TempDir()
	s, err := Open(context.Background(), Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&Batch{Mark: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, text := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"} {
		if err := sqlitex.ExecuteTransient(c, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(context.Background(), Options{Path: dir}); !errors.Is(err, ErrBusy) {
		t.Errorf("Open: %v", err)
	}
}
