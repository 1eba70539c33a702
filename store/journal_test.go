package store

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

// rowCount counts the rows of a table.
func rowCount(t *testing.T, s *Store, table string) (n int64) {
	t.Helper()
	n, err := s.number(context.Background(), "SELECT count(*) FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// crashed opens what a process killed now would leave behind.
func crashed(t *testing.T, s *Store) *Store {
	t.Helper()
	dir := t.TempDir()
	copyFiles(t, s, dir)
	return openTest(t, Options{Path: dir})
}

// copyFiles copies the files of a store into a folder as they stand at one instant. The log is not cut meanwhile, which happens on its own
// after texts were erased: a copy of the database from before that and of the log from behind it would lack what was in between.
func copyFiles(t *testing.T, s *Store, dir string) {
	t.Helper()
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, name := range []string{databaseName, databaseName + "-wal"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalIsRead: what stands in the journal only is read like the rest, by
// id, in lists by any filter, and over recipients; by a process after a crash,
// too.
func TestJournalIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // open messages come to rest after a second, which must not pass here
		ctx := context.Background()
		s := openTest(t, Options{})
		ids := message.NewIDs(0, 0)
		settled, waiting, done := testMessage(ids, "acme", "46701"), testMessage(ids, "acme", "46702"), testMessage(ids, "acme", "46703")
		for _, m := range []*message.Message{settled, waiting, done} {
			m.State, m.Log = message.Sending, []byte{1, 2}
		}
		mustCommit(t, s, &Batch{Accepted: []*message.Message{settled}})
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		mustCommit(t, s, &Batch{Accepted: []*message.Message{waiting, done}})
		mustCommit(t, s, &Batch{Changed: []Change{
			{ID: settled.ID, State: message.Enroute, Log: []byte{1, 2, 3}}, {ID: done.ID, State: message.Enroute, Log: []byte{1, 2, 3}},
		}})
		mustCommit(t, s, &Batch{Changed: []Change{{ID: done.ID, State: message.Delivered, Final: 7, Log: []byte{1, 2, 3, 4}}}})
		if n := rowCount(t, s, "message"); n != 1 {
			t.Errorf("%d rows in table message, want 1: the others have not come to rest", n)
		}
		settled.Progress = message.Progress{State: message.Enroute, Log: []byte{1, 2, 3}}
		done.Progress = message.Progress{State: message.Delivered, Final: 7, Log: []byte{1, 2, 3, 4}}
		check := func(name string, s *Store) {
			t.Helper()
			for _, m := range []*message.Message{settled, waiting, done} {
				got, err := s.Message(ctx, m.ID)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if d := cmp.Diff(m, got); d != "" {
					t.Errorf("%s: message (-want +got):\n%s", name, d)
				}
			}
			for _, tt := range []struct {
				filter Filter
				want   []message.ID
			}{
				{Filter{}, []message.ID{done.ID, waiting.ID, settled.ID}},
				{Filter{Oldest: true}, []message.ID{settled.ID, waiting.ID, done.ID}},
				{Filter{Limit: 1}, []message.ID{done.ID}},
				{Filter{Limit: 1, After: done.ID}, []message.ID{waiting.ID}},
				{Filter{Limit: 1, After: waiting.ID}, []message.ID{settled.ID}},
				{Filter{States: []message.State{message.Enroute}}, []message.ID{settled.ID}},
				{Filter{States: []message.State{message.Sending, message.Delivered}}, []message.ID{done.ID, waiting.ID}},
				{Filter{To: message.Address{Number: "46703"}}, []message.ID{done.ID}},
				{Filter{To: message.Address{Number: "46701"}, States: []message.State{message.Sending}}, nil},
				{Filter{Account: "beta"}, nil},
			} {
				list, next, err := s.Messages(ctx, tt.filter)
				if err != nil {
					t.Fatal(err)
				}
				var got []message.ID
				for _, m := range list {
					got = append(got, m.ID)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("%s: list %+v (-want +got):\n%s", name, tt.filter, d)
				}
				if more := tt.filter.Limit == 1 && tt.filter.After != waiting.ID; more != (next != 0) {
					t.Errorf("%s: list %+v goes on at %d", name, tt.filter, next)
				}
			}
		}
		check("journal", s)
		after := crashed(t, s)
		check("after a crash", after)
		if n := rowCount(t, after, "journal"); n != 0 {
			t.Errorf("%d rows in the journal after it was read", n)
		}
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		check("tables", s)
		if m, j := rowCount(t, s, "message"), rowCount(t, s, "journal"); m != 3 || j != 0 {
			t.Errorf("%d rows in table message and %d in the journal, want 3 and 0", m, j)
		}
	})
}

// TestMessagesComeToRest: those that are closed are written to the tables with
// the next batches, open ones when they have been pending for a while, and the
// journal does not grow.
func TestMessagesComeToRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { // a commit settles for two milliseconds at most, which must not run out here
		s, err := Open(context.Background(), Options{Path: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ids := message.NewIDs(0, 0)
		open := testMessage(ids, "acme", "46701")
		open.State = message.Enroute
		mustCommit(t, s, &Batch{Accepted: []*message.Message{open}})
		for range 100 {
			m := testMessage(ids, "acme", "46702")
			mustCommit(t, s, &Batch{Accepted: []*message.Message{m}})
			mustCommit(t, s, &Batch{Changed: []Change{{ID: m.ID, State: message.Delivered, Final: 1}}})
		}
		if n := rowCount(t, s, "message"); n != 0 {
			t.Errorf("%d rows in table message behind one that is open", n)
		}
		time.Sleep(settleAge)
		mustCommit(t, s, &Batch{Changed: []Change{{ID: open.ID, State: message.Delivered, Final: 1}}})
		mustCommit(t, s, &Batch{Changed: []Change{{ID: open.ID, State: message.Delivered, Final: 1, Log: []byte{1}}}})
		if m, j := rowCount(t, s, "message"), rowCount(t, s, "journal"); m != 101 || j > journalKept {
			t.Errorf("%d rows in table message and %d in the journal, want 101 and at most %d", m, j, journalKept)
		}
	})
}

// TestFailedCommitLeavesTheJournal: a batch that could not be written has
// changed nothing, and what waits to be settled is settled later.
func TestFailedCommitLeavesTheJournal(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	ids := message.NewIDs(0, 0)
	m := testMessage(ids, "acme", "46701")
	m.State, m.Final = message.Delivered, 1
	mustCommit(t, s, &Batch{Accepted: []*message.Message{m}})
	limitPages(t, s, 1)
	big := testMessage(ids, "acme", "46702")
	big.Content.Text = string(make([]byte, 1<<20))
	if err := s.Commit(&Batch{Accepted: []*message.Message{big}}); err == nil {
		t.Fatal("committed beyond the limit of the database")
	}
	if got, err := s.Message(context.Background(), m.ID); err != nil || got.State != message.Delivered {
		t.Errorf("message after a failed commit: %v, %v", got, err)
	}
	if _, err := s.Message(context.Background(), big.ID); err == nil {
		t.Error("a message of a failed commit is there")
	}
	limitPages(t, s, 0)
	mustCommit(t, s, &Batch{Accepted: []*message.Message{testMessage(ids, "acme", "46703")}})
	if n := rowCount(t, s, "message"); n != 1 {
		t.Errorf("%d rows in table message, want that of the first message", n)
	}
	after := crashed(t, s)
	if n := rowCount(t, after, "message"); n != 2 {
		t.Errorf("%d messages after a crash, want 2", n)
	}
}

// TestErasedInJournal: a text that is erased while it stands in the journal
// only never comes to the tables, also after a crash.
func TestErasedInJournal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := openTest(t, Options{})
	ids := message.NewIDs(0, 0)
	before, same := testMessage(ids, "acme", "46701"), testMessage(ids, "acme", "46702")
	before.Content.Text, same.Content.Text = "secret", "secret"
	mustCommit(t, s, &Batch{Accepted: []*message.Message{before}})
	mustCommit(t, s, &Batch{Accepted: []*message.Message{same}, Erased: []message.ID{before.ID, same.ID}})
	for name, s := range map[string]*Store{"journal": s, "after a crash": crashed(t, s)} {
		for _, m := range []*message.Message{before, same} {
			if got, err := s.Message(ctx, m.ID); err != nil || got.Content.Text != "" {
				t.Errorf("%s: message with text %q, %v", name, got.Content.Text, err)
			}
		}
	}
}

func mustCommit(t *testing.T, s *Store, b *Batch) {
	t.Helper()
	if err := s.Commit(b); err != nil {
		t.Fatal(err)
	}
}

// TestShortenedJournalIsRead: when the journal has been shortened after messages came to rest, what it still has of them
// leans on rows that are gone. It is in the tables already, and passed over at the next start.
func TestShortenedJournalIsRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := openTest(t, Options{})
	ids := message.NewIDs(0, 0)
	first := testMessage(ids, "acme", "46701")
	first.State, first.Log = message.Sending, []byte{1}
	mustCommit(t, s, &Batch{Accepted: []*message.Message{first}})
	for range journalKept + 1 {
		m := testMessage(ids, "acme", "46702")
		m.State, m.Final, m.Log = message.Delivered, 7, []byte{1}
		mustCommit(t, s, &Batch{Accepted: []*message.Message{m}})
	}
	open := testMessage(ids, "acme", "46703")
	open.State, open.Log = message.Sending, []byte{1}
	mustCommit(t, s, &Batch{Accepted: []*message.Message{open}})
	mustCommit(t, s, &Batch{Changed: []Change{{ID: first.ID, State: message.Delivered, Final: 7, Log: []byte{1, 2}}}})
	for range 20 { // they come to rest, and the journal is shortened up to the one that is open
		last := testMessage(ids, "acme", "46704")
		last.State, last.Log = message.Sending, []byte{1}
		mustCommit(t, s, &Batch{Accepted: []*message.Message{last}})
	}
	if n := rowCount(t, s, "journal"); n > 30 {
		t.Fatalf("the journal has %d rows: it was not shortened", n)
	}
	after := crashed(t, s)
	m, err := after.Message(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != message.Delivered || m.Final != 7 || len(m.Log) != 2 {
		t.Errorf("after the start: %v %d %v", m.State, m.Final, m.Log)
	}
	if m, err := after.Message(ctx, open.ID); err != nil || m.State != message.Sending {
		t.Errorf("the open one: %v %v", m, err)
	}
}

// TestDamagedJournalRow: a count that the octets cannot hold is an error, at once.
func TestDamagedJournalRow(t *testing.T) {
	t.Parallel()
	many := binary.AppendUvarint(nil, 1<<62)
	for lists := range 4 { // that come empty before
		s := openTest(t, Options{})
		row := append([]byte{blobVersion}, make([]byte, lists)...)
		if err := s.replayRow(1, append(row, many...)); err == nil {
			t.Errorf("no error behind %d lists", lists)
		}
	}
}
