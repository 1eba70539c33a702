package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

func openTest(t *testing.T, opts Options) *Store {
	t.Helper()
	if opts.Path == "" {
		opts.Path = t.TempDir()
	}
	s, err := Open(context.Background(), opts)
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

func testMessage(ids *message.IDs, account, to string) *message.Message {
	return &message.Message{
		ID: ids.Next(time.Now()), Account: account, To: message.Address{TON: message.TONInternational, Number: to},
		Content: message.Content{Text: "hej", Class: -1}, Progress: message.Progress{State: message.Queued},
	}
}

func TestHeldFolder(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	_, err := Open(context.Background(), Options{Path: s.dir})
	var held *HeldError
	if !errors.As(err, &held) {
		t.Fatalf("second Open: %v", err)
	}
	want := fmt.Sprintf("data folder %s is held by another Kurir (process %d): stop it or choose another data folder", s.dir, os.Getpid())
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, err := sqlite.OpenConn(filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(c, "PRAGMA user_version = 99", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(context.Background(), Options{Path: dir})
	var newer *NewerError
	if !errors.As(err, &newer) || newer.Has != 99 {
		t.Fatalf("Open: %v", err)
	}
	if !strings.Contains(err.Error(), "newer Kurir") {
		t.Errorf("error %q does not say what is wrong", err)
	}
	// The lock is given back.
	if _, err := Open(context.Background(), Options{Path: dir}); !errors.As(err, &newer) {
		t.Errorf("second Open: %v", err)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Options{Path: filepath.Join(file, "data")}); err == nil {
		t.Error("Open in a file succeeded")
	}
}

// limitPages makes the database full once it has n more pages; 0 lifts that.
func limitPages(t *testing.T, s *Store, n int64) {
	t.Helper()
	limit := int64(1 << 30)
	if n > 0 {
		pages, err := pragmaInt(s.conn, "page_count")
		if err != nil {
			t.Fatal(err)
		}
		limit = pages + n
	}
	if err := sqlitex.ExecuteTransient(s.conn.Conn, fmt.Sprintf("PRAGMA max_page_count = %d", limit), nil); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	ctx := context.Background()
	ids := message.NewIDs(0, 0)
	first := &Batch{Accepted: []*message.Message{testMessage(ids, "acme", "46701")}}
	if err := s.Commit(first); err != nil {
		t.Fatal(err)
	}
	limitPages(t, s, 10)
	b := &Batch{Counters: []Counter{{What: "accepted", N: 1}}, WaitingAdd: []Waiting{{Link: "op1", ID: 1}}}
	for range 1000 {
		b.Accepted = append(b.Accepted, testMessage(ids, "acme", "46702"))
	}
	for range 3 {
		if err := s.Commit(b); !errors.Is(err, ErrFull) {
			t.Fatalf("Commit on a full disk: %v", err)
		}
	}
	if n := s.Stats().Tables.Waiting; n != 0 {
		t.Errorf("%d waiting rows counted of a batch that was not written", n)
	}
	if list, _, err := s.Messages(ctx, Filter{To: message.Address{Number: "46702"}}); err != nil || len(list) != 0 {
		t.Errorf("%d messages of a batch that was not written, %v", len(list), err)
	}
	change := &Batch{Changed: []Change{{ID: first.Accepted[0].ID, State: message.Enroute}}}
	if err := s.Commit(change); err != nil {
		t.Errorf("a change that needs no room: %v", err)
	}
	limitPages(t, s, 0)
	if err := s.Commit(b); err != nil {
		t.Fatalf("Commit when there is room again: %v", err)
	}
	list, _, err := s.Messages(ctx, Filter{To: message.Address{Number: "46702"}, Limit: 1000})
	if err != nil || len(list) != 1000 {
		t.Errorf("%d messages, %v", len(list), err)
	}
}

func TestErrorsAreClassified(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	for _, c := range []struct {
		code        sqlite.ResultCode
		full, fatal bool
	}{
		{sqlite.ResultFull, true, false},
		{sqlite.ResultIOErrSHMSize, true, false},
		{sqlite.ResultIOErrFsync, false, true},
		{sqlite.ResultIOErrWrite, false, true}, // the disk of the test is not full
		{sqlite.ResultCorrupt, false, true},
		{sqlite.ResultNotADB, false, true},
		{sqlite.ResultBusy, true, false},
		{sqlite.ResultConstraint, false, false},
	} {
		err := s.classify(fmt.Errorf("step: %w", c.code.ToError()))
		var fatal *FatalError
		if errors.Is(err, ErrFull) != c.full || errors.As(err, &fatal) != c.fatal {
			t.Errorf("%v: classified as %v", c.code, err)
		}
	}
	s.fatal = &FatalError{Err: errors.New("fsync")}
	var fatal *FatalError
	if err := s.Commit(&Batch{}); !errors.As(err, &fatal) {
		t.Errorf("Commit after a fatal error: %v", err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s, err := Open(context.Background(), Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&Batch{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Commit: %v", err)
	}
	if _, err := s.Message(context.Background(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("Message: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestPaddingKeepsRowsInPlace(t *testing.T) {
	t.Parallel()
	var p logPadding
	length := func(state message.State, final int64, log int) int {
		n := len(p.appendLog(nil, &message.Progress{State: state, Final: final, Log: make([]byte, log)}, true))
		if state > 1 {
			n++
		}
		if final != 0 {
			n += 6
		}
		return n
	}
	want := length(message.Queued, 0, 10)
	for _, got := range []int{length(message.Sending, 0, 30), length(message.Enroute, 0, 50), length(message.Delivered, 1<<40, 75)} {
		if got != want {
			t.Errorf("changing part of %d octets, want %d", got, want)
		}
	}
	for range 20 * padLook {
		length(message.Delivered, 1<<40, 150)
	}
	if p.target < 158 || p.target > 200 {
		t.Errorf("target %d for logs of 150 octets", p.target)
	}
	for range 20 * padLook {
		length(message.Delivered, 1<<40, 10)
	}
	if p.target != padLeast {
		t.Errorf("target %d for short logs", p.target)
	}
}

// TestMode holds that texts and numbers are for the owner of the files alone.
func TestMode(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	for _, name := range []string{s.path, s.path + "-wal"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", filepath.Base(name), info.Mode(), err)
		}
	}
}
