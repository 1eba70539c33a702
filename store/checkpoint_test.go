package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// TestLogIsBegunAgain commits without a pause until some checkpoints were made.
// With the first commit behind each the log begins again, which the log counts
// itself: how long it becomes in between is a matter of how soon it is looked at.
func TestLogIsBegunAgain(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{checkpointBytes: 1 << 20})
	ids := message.NewIDs(0, 0)
	begun := func() uint32 {
		t.Helper()
		head := make([]byte, 16)
		f, err := os.Open(s.path + "-wal")
		if err == nil {
			_, err = io.ReadFull(f, head)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return binary.BigEndian.Uint32(head[12:]) // SQLite's file format, 4.1
	}
	commitMany(t, s, ids, 200)
	before, first := s.Stats().Checkpoints, begun()
	for s.Stats().Checkpoints < before+8 {
		commitMany(t, s, ids, 200)
	}
	if n := begun() - first; n < 7 { // behind the last there may be no commit yet
		t.Errorf("the log was begun again %d times by 8 checkpoints", n)
	}
}

func commitMany(t *testing.T, s *Store, ids *message.IDs, n int) {
	t.Helper()
	b := &Batch{}
	for range n {
		b.Accepted = append(b.Accepted, testMessage(ids, "acme", "46701234567"))
	}
	if err := s.Commit(b); err != nil {
		t.Fatal(err)
	}
}

// TestReaderInTheWay: while a reader outside keeps the log from being moved, it
// is tried every few seconds, and said once how long the log is; when the
// reader is gone the log is moved.
func TestReaderInTheWay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		s, err := Open(context.Background(), Options{
			Path: dir, Log: slog.New(slog.NewTextHandler(&said, nil)), checkpointBytes: 64 << 10, MaxWAL: 128 << 10,
		})
		if err != nil {
			t.Fatal(err)
		}
		ids := message.NewIDs(0, 0)
		commitMany(t, s, ids, 1)
		reader, err := sqlite.OpenConn(s.path, sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"BEGIN", "SELECT count(*) FROM message"} {
			if err := sqlitex.ExecuteTransient(reader, text, nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			commitMany(t, s, ids, 200)
		}
		time.Sleep(10 * time.Second)
		before := s.Stats().Checkpoints
		time.Sleep(time.Minute)
		if n := s.Stats().Checkpoints - before; n < 6 || n > 13 {
			t.Errorf("%d checkpoints in a minute while a reader is in the way; one every 5 s is enough", n)
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * checkpointIdle)
		synctest.Wait() // the checkpointer sleeps
		log, moved, err := s.check.pragma(s.check.noop)
		if err != nil || moved != log {
			t.Errorf("%d of %d pages moved after the reader has gone, %v", moved, log, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n := strings.Count(said.String(), "write-ahead log"); n != 1 {
			t.Errorf("said %d times that the log is long, want once:\n%s", n, &said)
		}
	})
}

// TestFailedCheckpoint: after an error that leaves it open what is on disk,
// nothing is committed any more.
func TestFailedCheckpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code  sqlite.ResultCode
		fatal bool
	}{
		{sqlite.ResultIOErrFsync, true},
		{sqlite.ResultCorrupt, true},
		{sqlite.ResultNotADB, true},
		{sqlite.ResultFull, false},
		{sqlite.ResultBusy, false},
	} {
		s := openTest(t, Options{Log: slog.New(slog.DiscardHandler)})
		k := &checkpointer{store: s} // the store's own runs, and what it notes is its own
		k.failed(c.code.ToError())
		var fatal *FatalError
		if err := s.Commit(&Batch{Mark: 1}); errors.As(err, &fatal) != c.fatal || !c.fatal && err != nil {
			t.Errorf("Commit after a checkpoint that ended with %v: %v", c.code, err)
		}
	}
}
