package store

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kurir/message"
	"kurir/pgtest"
)

// openFault opens a store on a database of PostgreSQL.
func openFault(t *testing.T, url string, opts Options) *Store {
	t.Helper()
	opts.Database = url
	return openTest(t, opts)
}

// TestNoticeDeath: the server is asked to notice soon that a node's machine is gone, whose transaction would hold up the others.
func TestNoticeDeath(t *testing.T) {
	t.Parallel()
	s := openFault(t, pgtest.Shared(t).Database(t), Options{Shared: true})
	for name, want := range map[string]string{
		"tcp_keepalives_idle": "3", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3", "tcp_user_timeout": "6000",
	} {
		rows, err := s.conn.pg.Exec(t.Context(), "SHOW "+name).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(rows[0].Rows[0][0]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// accept commits one new message.
func accept(s *Store, ids *message.IDs) (message.ID, error) {
	m := testMessage(ids, "acme", "46701234567")
	return m.ID, s.Commit(&Batch{Accepted: []*message.Message{m}})
}

// onlyThese checks which messages there are, each once.
func onlyThese(t *testing.T, url string, want ...message.ID) {
	t.Helper()
	rows := pgtest.Exec(t, url, "SELECT m.id FROM message m JOIN progress p ON p.id = m.id ORDER BY m.id")
	if len(rows) != len(want) {
		t.Fatalf("%d messages are there, want %d", len(rows), len(want))
	}
	for i, id := range want {
		if rows[i][0] != strconv.FormatInt(int64(id), 10) {
			t.Errorf("message %d is %s, want %d", i, rows[i][0], id)
		}
	}
}

// behindProxy opens a store behind a network that can fail, with one message.
func behindProxy(t *testing.T, opts Options) (s *Store, p *pgtest.Proxy, url string, ids *message.IDs, first message.ID) {
	t.Helper()
	server := pgtest.Shared(t)
	url = server.Database(t)
	p = pgtest.StartProxy(t, server.Address())
	s = openFault(t, p.URL(t, url), opts)
	ids = message.NewIDs(0, 0)
	first, err := accept(s, ids)
	if err != nil {
		t.Fatal(err)
	}
	return s, p, url, ids, first
}

// onCommit calls once what is to happen when a commit comes by.
func onCommit(p *pgtest.Proxy, do func()) {
	var done atomic.Bool
	p.Watch(func(toServer []byte) {
		if bytes.Contains(toServer, []byte("kurir_begin")) && done.CompareAndSwap(false, true) {
			do()
		}
	})
}

// waitForBatch waits until a batch is on disk.
func waitForBatch(t *testing.T, url string, number string) {
	t.Helper()
	for pgtest.Exec(t, url, "SELECT batch FROM share")[0][0] != number {
		if t.Context().Err() != nil {
			t.Fatal("the batch never came")
		}
	}
}

// TestAnswerLost: a commit whose answer is lost is on disk, and is known to be.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	s, p, url, ids, first := behindProxy(t, Options{})
	cut := make(chan struct{})
	onCommit(p, func() {
		p.Hold(pgtest.ToClient)
		close(cut)
	})
	go func() {
		<-cut
		waitForBatch(t, url, "2")
		p.Close()
		p.Heal(t)
	}()
	second, err := accept(s, ids)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	onlyThese(t, url, first, second)
	third, err := accept(s, ids)
	if err != nil {
		t.Fatalf("the next commit: %v", err)
	}
	onlyThese(t, url, first, second, third)
}

// TestCommitLost: a commit that never reached the server is sent again, and is there once.
func TestCommitLost(t *testing.T) {
	t.Parallel()
	s, p, url, ids, first := behindProxy(t, Options{})
	cut := make(chan struct{})
	onCommit(p, func() {
		p.Hold(pgtest.ToServer)
		close(cut)
	})
	go func() {
		<-cut
		p.Close()
		p.Heal(t)
	}()
	second, err := accept(s, ids)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	onlyThese(t, url, first, second)
}

// TestCommitComesLate: a commit that was given up and reaches the server when another connection has already asked is
// refused there; what it said is there once.
func TestCommitComesLate(t *testing.T) {
	t.Parallel()
	s, p, url, ids, first := behindProxy(t, Options{})
	s.conn.pg.most = 200 * time.Millisecond // on this connection alone: what comes over others has the time that it takes
	away := make(chan struct{})
	s.OnAway(func(error) { close(away) })
	onCommit(p, func() { p.Hold(pgtest.ToServer) })
	go func() {
		<-away // the connection that asks hears nothing either
		p.Heal(t)
	}()
	second, err := accept(s, ids)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	onlyThese(t, url, first, second)
	third, err := accept(s, ids)
	if err != nil {
		t.Fatalf("the next commit: %v", err)
	}
	onlyThese(t, url, first, second, third)
}

// TestDatabaseAway: a server that is down refuses commits as long as it is, and nothing else is needed when it is back.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.NoSync)
	url := server.Database(t)
	s := openFault(t, url, Options{})
	ids := message.NewIDs(0, 0)
	first, err := accept(s, ids)
	if err != nil {
		t.Fatal(err)
	}
	server.Restart(t, pgtest.Fast)
	second, err := accept(s, ids)
	if err != nil {
		t.Fatalf("after a restart that nobody noticed: %v", err)
	}
	server.Kill(t)
	m := testMessage(ids, "acme", "46701234567")
	b := &Batch{Accepted: []*message.Message{m}}
	// The first try may find the connection broken, and is then told what became of it by the server that is back.
	lost := make(chan error, 1)
	s.OnAway(func(err error) { lost <- err })
	done := make(chan error, 1)
	go func() { done <- s.Commit(b) }()
	select {
	case err := <-lost:
		if !errors.Is(err, ErrAway) || !errors.Is(err, ErrFull) {
			t.Errorf("told %v", err)
		}
	case err := <-done:
		if !errors.Is(err, ErrAway) {
			t.Fatalf("commit while the server is down: %v", err)
		}
		done = nil
	}
	if _, err := s.Message(t.Context(), first); err == nil {
		t.Error("a server that is down was read")
	}
	server.Start(t)
	if done != nil {
		err = <-done
	} else {
		err = s.Commit(b)
	}
	if err != nil {
		t.Fatalf("when it is back: %v", err)
	}
	onlyThese(t, url, first, second, m.ID)
	if _, err := s.Message(t.Context(), m.ID); err != nil {
		t.Errorf("read when it is back: %v", err)
	}
}

// TestGiveUp: who stops while nothing is known is not kept.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	s, p, _, ids, _ := behindProxy(t, Options{})
	onCommit(p, p.Close)
	s.OnAway(func(error) { s.GiveUp() })
	_, err := accept(s, ids)
	var fatal *FatalError
	if !errors.As(err, &fatal) || !strings.Contains(err.Error(), "not known") {
		t.Errorf("commit: %v", err)
	}
	p.Heal(t)
}

// TestTakenOver: whoever opens the share of a node ends what was opened before.
func TestTakenOver(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	before := openFault(t, url, Options{})
	ids := message.NewIDs(0, 0)
	first, err := accept(before, ids)
	if err != nil {
		t.Fatal(err)
	}
	after := openFault(t, url, Options{})
	_, err = accept(before, ids)
	var fatal *FatalError
	if !errors.As(err, &fatal) || !strings.Contains(err.Error(), "taken over") {
		t.Errorf("the one before commits: %v", err)
	}
	second, err := accept(after, ids)
	if err != nil {
		t.Fatal(err)
	}
	onlyThese(t, url, first, second)
}

// TestLostCommits: a standby that was not synchronous lacks what its primary had confirmed; that is said, and nothing is
// written on top of it.
func TestLostCommits(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.NoSync)
	url := primary.Database(t)
	standby := primary.Standby(t, pgtest.Asynchronous, pgtest.NoSync)
	s := openFault(t, primary.URL(pgtest.DatabaseOf(url), standby), Options{})
	ids := message.NewIDs(0, 0)
	if _, err := accept(s, ids); err != nil {
		t.Fatal(err)
	}
	written := primary.Ask(t, "SELECT pg_current_wal_lsn()")[0][0] // the tables, and the first message
	for standby.Ask(t, "SELECT pg_last_wal_replay_lsn() >= '"+written+"'")[0][0] != "t" {
		if t.Context().Err() != nil {
			t.Fatal("the standby does not follow")
		}
	}
	standby.Stop(t, pgtest.Fast)
	for range 3 {
		if _, err := accept(s, ids); err != nil {
			t.Fatal(err)
		}
	}
	primary.Kill(t)
	standby.Start(t)
	standby.Promote(t)
	_, err := accept(s, ids)
	var fatal *FatalError
	if !errors.As(err, &fatal) || !strings.Contains(err.Error(), "it has lost 3 commits") {
		t.Errorf("commit at the promoted standby: %v", err)
	}
}

// TestSynchronousFailover: what a synchronous standby has confirmed is there when it is promoted, and commits go on there.
func TestSynchronousFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.NoSync)
	url := primary.Database(t)
	standby := primary.Standby(t, pgtest.Synchronous, pgtest.NoSync)
	both := primary.URL(pgtest.DatabaseOf(url), standby)
	s := openFault(t, both, Options{})
	ids := message.NewIDs(0, 0)
	var want []message.ID
	for range 5 {
		id, err := accept(s, ids)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, id)
	}
	primary.Kill(t)
	standby.Promote(t)
	pgtest.Exec(t, standby.URL("postgres"), "SELECT 1")
	id, err := accept(s, ids)
	if err != nil {
		t.Fatalf("commit at the promoted standby: %v", err)
	}
	onlyThese(t, standby.URL(pgtest.DatabaseOf(url)), append(want, id)...)
}

// TestOddTexts: texts that PostgreSQL does not take come back as they were.
func TestOddTexts(t *testing.T) {
	t.Parallel()
	s := openFault(t, pgtest.Shared(t).Database(t), Options{})
	ids := message.NewIDs(0, 0)
	for _, text := range []string{"a\x00b", "\xff\xfe", "\uFDD0", "\uFDD041", "å\x00ä\xc3", "plain", strings.Repeat("\x00", 160)} {
		m := testMessage(ids, "acme", "46701234567")
		m.Content.Text, m.Reference = text, text
		if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, err := s.Message(context.Background(), m.ID)
		if err != nil || got.Content.Text != text || got.Reference != text {
			t.Errorf("%q came back as %q, %q, %v", text, got.Content.Text, got.Reference, err)
		}
		if list, err := s.MessagesByReference(t.Context(), "acme", text, 1); err != nil || len(list) != 1 || list[0].ID != m.ID {
			t.Errorf("%q is not found by its reference: %v", text, err)
		}
	}
}

// FuzzEscape: whatever is written is a text for PostgreSQL, and comes back.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00", "\xff", "\uFDD0", "\uFDD041", "å\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		written := s
		if !plain(s) {
			written = escape(s)
		}
		if strings.ContainsRune(written, 0) || strings.ToValidUTF8(written, "") != written {
			t.Errorf("%q is written as %q", s, written)
		}
		if back := unescape(written); back != s {
			t.Errorf("%q came back as %q", s, back)
		}
	})
}

// breakOff has PostgreSQL break off the next so many transactions that change a table, as it does with one of two in a deadlock.
func breakOff(t *testing.T, url, table, code string, times int) {
	t.Helper()
	for _, text := range []string{
		"CREATE SEQUENCE IF NOT EXISTS broken",
		"SELECT setval('broken', 1, false)",
		"CREATE OR REPLACE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('broken') <= " + strconv.Itoa(times) +
			" THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '" + code + "'; END IF; RETURN NULL; END $$",
		"DROP TRIGGER IF EXISTS break_off ON " + table,
		"CREATE CONSTRAINT TRIGGER break_off AFTER INSERT OR UPDATE ON " + table + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION break_off()",
	} {
		pgtest.Exec(t, url, text)
	}
}

// TestGivesWay: a commit and a claim that PostgreSQL breaks off in favour of others are sent again, and nobody hears of it; what is
// broken off again and again says why, may be tried again, and leaves nothing behind.
func TestGivesWay(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	s := openFault(t, url, Options{Shared: true})
	ids := message.NewIDs(0, 0)
	var want []message.ID
	for _, code := range []string{"40P01", "40001"} {
		breakOff(t, url, "progress", code, giveWayTries)
		id, err := accept(s, ids)
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		want = append(want, id)
	}
	onlyThese(t, url, want...)

	var rows []Waiting
	for i := range want {
		rows = append(rows, Waiting{Node: Free, Link: "op1", Account: "acme", ID: want[i]})
	}
	if err := s.Commit(&Batch{WaitingAdd: rows}); err != nil {
		t.Fatal(err)
	}
	breakOff(t, url, "waiting", "40P01", 2)
	most := [message.Priorities]int{}
	for p := range most {
		most[p] = 10
	}
	claimed, _, err := s.Claim(t.Context(), 0, 0, "op1", most, 10)
	if err != nil || len(claimed) != len(rows) {
		t.Errorf("claimed %+v, %v", claimed, err)
	}

	breakOff(t, url, "progress", "40P01", giveWayTries+1)
	_, err = accept(s, ids)
	if !errors.Is(err, ErrBusy) || !errors.Is(err, ErrFull) || strings.Contains(err.Error(), "another program") || !strings.Contains(err.Error(), "in each other's way") {
		t.Errorf("what is broken off for good: %v", err)
	}
	onlyThese(t, url, want...)
	id, err := accept(s, ids)
	if err != nil {
		t.Fatal(err)
	}
	onlyThese(t, url, append(want, id)...)
}
