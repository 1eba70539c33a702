package store_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

var (
	benchOld   = flag.Int("store.old", 0, "messages that are in the database before a benchmark begins")
	benchBatch = flag.Int("store.batch", 700, "messages per commit of a benchmark")
	benchURL   = flag.String("store.database", "", "of PostgreSQL, an empty database, in place of SQLite")
	benchLag   = flag.Int("store.lag", 20000, "messages by which receipts lag behind")
)

// BenchmarkStoreLives measures the store alone: whole lives of messages of 100
// characters, each inserted with its grant, then answered, final, and
// acknowledged by the customer, in commits of -store.batch of each. Run it
// with
//
//	go test -run '^$' -bench StoreLives -benchtime 500000x ./store [-store.old 5000000] [-store.database postgres://...]
func BenchmarkStoreLives(b *testing.B) {
	dir := b.TempDir()
	s, err := store.Open(context.Background(), store.Options{Path: dir, Database: *benchURL})
	if err != nil {
		b.Fatal(err)
	}
	l := newLives(s)
	if err := l.run(*benchOld, 1000, 2000); err != nil {
		b.Fatal(err)
	}
	before := s.Stats()
	start, cpu := time.Now(), cpuTime(b)
	b.ResetTimer()
	if err := l.run(b.N, *benchBatch, *benchLag); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	took, used := time.Since(start), cpuTime(b)-cpu
	after := s.Stats()
	probe, err := store.ProbeDisk(dir, 200)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/took.Seconds(), "lives/s")
	b.ReportMetric(used.Seconds()/float64(b.N)*1e5, "cpu-s/100k")
	b.ReportMetric(float64(after.CommitLongest.Microseconds())/1000, "longest-commit-ms")
	if sent := after.Statements - before.Statements; sent > 0 {
		b.ReportMetric(float64(sent)/float64(b.N)*100, "statements/100")
		b.ReportMetric(float64(after.RoundTrips-before.RoundTrips)/float64(b.N)*100, "trips/100")
	}
	b.ReportMetric(float64(probe.Microseconds()), "fdatasync-p50-µs")
	b.ReportMetric((after.CheckpointHeld-before.CheckpointHeld).Seconds()*1000/float64(max(1, after.Checkpoints-before.Checkpoints)), "held-ms/checkpoint")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	if *benchURL != "" {
		return
	}
	info, err := os.Stat(dir + "/kurir.db")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(b.N+*benchOld), "B/message")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// lives makes the batches that a gateway would.
type lives struct {
	s     *store.Store
	ids   *message.IDs
	grant int64
	text  string
	pool  []*message.Message
	logs  [4][]byte
}

func newLives(s *store.Store) *lives {
	l := &lives{s: s, ids: message.NewIDs(0, 0), text: strings.Repeat("A text of ten ", 8)[:100]}
	at := time.Now().UnixMilli()
	base := message.FirstIDAt(time.UnixMilli(at))
	var log []byte
	for i, events := range [][]message.Event{
		{{Kind: message.EventAccepted, At: at}, {Kind: message.EventGranted, At: at, Text: "op1", Code: 3}},
		{{Kind: message.EventTaken, At: at + 30, Text: "0123456789abcdef"}},
		{{Kind: message.EventReport, At: at + 2000, State: message.Delivered, Text: "0123456789abcdef"}},
		{{Kind: message.EventTold, At: at + 2010, State: message.Delivered}},
	} {
		for _, e := range events {
			log = message.AppendEvent(log, base, e)
		}
		l.logs[i] = append([]byte(nil), log...)
	}
	return l
}

// run passes n messages through their lives.
func (l *lives) run(n, size, lag int) error {
	ring := make([]message.ID, n)
	b := &store.Batch{}
	for done := 0; done < n+lag+3*size; done += size {
		b.Accepted, b.Changed = b.Accepted[:0], b.Changed[:0]
		b.Granted, b.GrantDone, b.Counters = b.Granted[:0], b.GrantDone[:0], b.Counters[:0]
		for i := done; i < min(n, done+size); i++ {
			m := l.message(i - done)
			ring[i] = m.ID
			b.Accepted = append(b.Accepted, m)
		}
		now := time.Now().UnixMilli()
		for step, behind := range []int{size, lag + 2*size, lag + 3*size} {
			c := store.Change{State: message.Enroute, Owed: step < 2, Log: l.logs[step+1]}
			if step > 0 {
				c.State, c.Final = message.Delivered, now
			}
			for i := max(0, done-behind); i < min(n, done-behind+size); i++ {
				c.ID = ring[i]
				b.Changed = append(b.Changed, c)
			}
		}
		if done < n {
			l.grant++
			b.Granted = append(b.Granted, store.Grant{Number: l.grant, Link: "op1", Session: 3, At: now, IDs: ring[done:min(n, done+size)]})
			b.GrantDone = append(b.GrantDone, l.grant-1)
		}
		for _, what := range []string{"accepted", "taken", "delivered"} {
			b.Counters = append(b.Counters, store.Counter{Hour: now / 3600000, Account: "acme", Link: "op1", What: what, N: int64(size)})
		}
		if err := l.s.Commit(b); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		if _, err := l.s.Tidy(time.Millisecond); err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
	}
	return nil
}

func (l *lives) message(i int) *message.Message {
	for i >= len(l.pool) {
		l.pool = append(l.pool, new(message.Message))
	}
	m := l.pool[i]
	now := time.Now()
	id := l.ids.Next(now)
	*m = message.Message{
		ID: id, Account: "acme", Via: message.ViaSMPP,
		From:    message.Address{TON: message.TONAlphanumeric, Number: "Kurir"},
		To:      message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "467" + strconv.Itoa(int(uint64(id)*2654435761%100000000))},
		Content: message.Content{Text: l.text, Class: -1}, Encoding: 1, Parts: 1, Priority: message.Normal,
		Expires: now.UnixMilli() + 86400000, Receipts: message.ReceiptFinal,
		Target: message.Target{Kind: message.SMPPTarget, Account: "acme"}, Links: []string{"op1"}, Price: 35000, Config: 1,
		Progress: message.Progress{State: message.Sending, Owed: true, Log: l.logs[0]},
	}
	return m
}
