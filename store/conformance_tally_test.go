package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/store"
)

// Sums for reports are there at once, also those that the journal alone has, and stay after a restart; they are in no counter.
func testTallies(t *testing.T, open opener) {
	ctx, place := context.Background(), t.TempDir()
	s := open(t, place, store.Retention{})
	count := func(hour int64, kind store.TallyKind, account, detail string, n int64) store.Counter {
		return store.Counter{Hour: hour, Account: account, Link: "op1", What: kind.What(detail), N: n}
	}
	commit(t, s, &store.Batch{Counters: []store.Counter{
		count(10, store.TallyAccepted, "acme", "24001", 2), count(11, store.TallyAccepted, "acme", "24001", 3),
		count(12, store.TallyAccepted, "acme", "24001", 5), count(10, store.TallyParts, "acme", "24001", 9),
		{Hour: 10, Account: "acme", Link: "op1", What: "accepted", N: 2},
	}})
	commit(t, s, &store.Batch{Counters: []store.Counter{count(11, store.TallyAccepted, "acme", "24001", 4), count(11, store.TallyAccepted, "beta", "", 1)}})
	want := []store.Tally{
		{Period: 0, Kind: store.TallyAccepted, Account: "acme", Link: "op1", Detail: "24001", N: 9},
		{Period: 0, Kind: store.TallyAccepted, Account: "beta", Link: "op1", N: 1},
		{Period: 1, Kind: store.TallyAccepted, Account: "acme", Link: "op1", Detail: "24001", N: 5},
	}
	for range 2 {
		got, err := s.Tallies(ctx, []store.TallyKind{store.TallyAccepted}, []int64{10, 12, 13})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "sums", want, got)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, place, store.Retention{})
	}
	counters, err := s.Counters(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "counters", []store.Counter{{Hour: 10, Account: "acme", Link: "op1", What: "accepted", N: 2}}, counters)
}

// A span is written anew as it goes on, and read by the time that it touches.
func testSpans(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	up := store.Span{Kind: store.SpanLink, Name: "op1", Node: 1, Since: 1000, Until: 1000, State: store.SpanUp}
	commit(t, s, &store.Batch{Spans: []store.Span{up}})
	up.Until = 5000
	down := store.Span{Kind: store.SpanLink, Name: "op1", Node: 1, Since: 5000, Until: 6000, State: store.SpanDown}
	node := store.Span{Kind: store.SpanNode, Node: 1, Since: 900, Until: 6000, State: store.SpanUp}
	commit(t, s, &store.Batch{Spans: []store.Span{up, down, node}})
	for _, c := range []struct {
		since, until int64
		want         []store.Span
	}{
		{0, 10_000, []store.Span{up, down, node}},
		{5001, 10_000, []store.Span{up, down, node}},
		{0, 950, []store.Span{node}},
		{7000, 10_000, []store.Span{down, node}},
	} {
		got, err := s.Spans(ctx, c.since, c.until)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "spans", c.want, got)
	}
}

// Sums of hours that are over come from memory the second time, and are the same; of hours that go on they are read anew.
func testPastTallies(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	now := time.Now().Unix() / 3600
	count := func(hour, n int64) {
		t.Helper()
		commit(t, s, &store.Batch{Counters: []store.Counter{{Hour: hour, Account: "acme", Link: "op1", What: store.TallyAccepted.What("SE"), N: n}}})
		for more := true; more; { // into the table
			var err error
			if more, err = s.Tidy(time.Second); err != nil {
				t.Fatal(err)
			}
		}
	}
	sums := func() (list []int64) {
		t.Helper()
		found, err := s.Tallies(ctx, []store.TallyKind{store.TallyAccepted}, []int64{now - 48, now - 24, now + 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range found {
			list = append(list, int64(one.Period), one.N)
		}
		return list
	}
	count(now-30, 2)
	count(now, 3)
	diff(t, "sums", []int64{0, 2, 1, 3}, sums())
	count(now, 4)
	diff(t, "sums, once more", []int64{0, 2, 1, 7}, sums())
}
