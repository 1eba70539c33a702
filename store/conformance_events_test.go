package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
	"kurir/store"
)

// eventsAfter reads an account's events behind a position, which are to be kept.
func eventsAfter(t *testing.T, s *store.Store, account string, after message.ID, n int) []store.Event {
	t.Helper()
	list, err := s.EventsAfter(context.Background(), account, after, n)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// wantGone checks that events behind a position are said to be gone, and from where on they are there.
func wantGone(t *testing.T, s *store.Store, account string, after, floor message.ID) {
	t.Helper()
	var gone *store.EventsGoneError
	if _, err := s.EventsAfter(context.Background(), account, after, 10); !errors.As(err, &gone) || gone.Floor != floor {
		t.Errorf("%s behind %s: %v, want gone and a floor of %s", account, after, err, floor)
	}
}

// testEvents: events come back as they were, by account, in the order of their positions, over several commits and a start.
func testEvents(t *testing.T, open opener) {
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	ids := message.NewIDs(0, 0)
	id := func() message.ID { return ids.Next(time.Now()) }
	event := func(account string, state message.State) store.Event {
		p := id()
		return store.Event{Position: p, Account: account, ID: p - 5<<22, State: state, At: p.Millis() + 3, Log: 20_000}
	}
	floor := id()
	wantGone(t, s, "acme", floor, 0)
	commit(t, s, &store.Batch{EventAccounts: []store.EventAccount{{Account: "acme", Floor: floor, Used: 5}, {Account: "beta", Floor: floor, Used: 6}}})
	a := []store.Event{event("acme", message.Delivered)}
	b := []store.Event{event("beta", message.Enroute)}
	a = append(a, event("acme", message.Buffered))
	in := id()
	b = append(b, store.Event{Position: in, Account: "beta", ID: in, Inbound: true, At: in.Millis()})
	commit(t, s, &store.Batch{Events: []store.Event{a[0], b[0], a[1], b[1]}, EventAccounts: []store.EventAccount{{Account: "beta", Used: 7}}})
	a = append(a, event("acme", message.Unknown))
	commit(t, s, &store.Batch{Events: a[2:]})
	for range 2 {
		want := func(account string, after message.ID, n int, want []store.Event) {
			t.Helper()
			if diff := cmp.Diff(want, eventsAfter(t, s, account, after, n)); diff != "" {
				t.Errorf("%s behind %s: %s", account, after, diff)
			}
		}
		want("acme", floor, 100, a)
		want("acme", floor, 1, a[:1]) // also out of the middle of a commit
		want("acme", a[0].Position, 1, a[1:2])
		want("acme", a[0].Position, 100, a[1:])
		want("acme", a[1].Position, 100, a[2:])
		want("acme", a[2].Position, 100, nil)
		want("beta", floor, 100, b)
		wantGone(t, s, "acme", floor-1, floor)
		wantGone(t, s, "nobody", floor, 0)
		accounts, err := s.EventAccounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.EventAccount{
			{Account: "acme", Floor: floor, Used: 5, Head: a[2].Position}, {Account: "beta", Floor: floor, Used: 7, Head: in},
		}, accounts); diff != "" {
			t.Error(diff)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, place, store.Retention{})
	}
	commit(t, s, &store.Batch{EventAccounts: []store.EventAccount{{Account: "beta", Gone: true}}})
	wantGone(t, s, "beta", in, 0)
	again := id()
	commit(t, s, &store.Batch{EventAccounts: []store.EventAccount{{Account: "beta", Floor: again, Used: 8}}})
	wantGone(t, s, "beta", in, again)
	if list := eventsAfter(t, s, "beta", again, 10); len(list) != 0 {
		t.Errorf("events of an earlier time: %v", list)
	}
}

// testEventsRetention: events go when they are old, and who asks for them afterwards learns that they went; of an account
// of which nothing went, any position stays good.
func testEventsRetention(t *testing.T, open opener) {
	retention(t, open, func(t *testing.T, s *store.Store) {
		ids := message.NewIDs(0, 0)
		floor := ids.Next(hoursAgo(100))
		commit(t, s, &store.Batch{EventAccounts: []store.EventAccount{{Account: "acme", Floor: floor, Used: 1}, {Account: "quiet", Floor: floor, Used: 1}}})
		var list []store.Event
		for i := range 700 {
			p := ids.Next(hoursAgo(34).Add(time.Duration(i) * time.Minute)) // more than a helping of them is old
			list = append(list, store.Event{Position: p, Account: "acme", ID: p, State: message.Delivered, At: p.Millis()})
			commit(t, s, &store.Batch{Events: list[i:]})
		}
		tidy(t, s)
		limit := message.FirstIDAt(hoursAgo(24))
		kept := 0
		for i := range list {
			if list[i].Position < limit {
				kept = i + 1
			}
		}
		wantGone(t, s, "acme", floor, list[kept-1].Position)
		wantGone(t, s, "acme", list[kept-2].Position, list[kept-1].Position)
		if diff := cmp.Diff(list[kept:], eventsAfter(t, s, "acme", list[kept-1].Position, 10_000)); diff != "" {
			t.Error(diff)
		}
		if got := eventsAfter(t, s, "quiet", floor, 10); len(got) != 0 {
			t.Errorf("events of an account without any: %v", got)
		}
		p := ids.Next(time.Now())
		commit(t, s, &store.Batch{EventAccounts: []store.EventAccount{{Account: "acme", Used: 2}}, Events: []store.Event{{Position: p, Account: "acme", ID: p}}})
		wantGone(t, s, "acme", list[kept-2].Position, list[kept-1].Position) // to be in use changes nothing
	})
}
