package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

func deadLetters(t *testing.T, s *store.Store, f store.DeadFilter) (list []store.DeadLetter) {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 10
	}
	list, err := s.DeadLetters(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func numbersOf(list []store.DeadLetter) (numbers []int64) {
	for i := range list {
		numbers = append(numbers, list[i].Number)
	}
	return numbers
}

// Dead letters come back as they were, filtered and in pages; one that is given
// up again stands once; one that is gone is gone, also of the same batch.
func testDead(t *testing.T, open opener) {
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	state := store.DeadLetter{
		DeadKey: store.DeadKey{ID: 100 << 22, Index: 1}, State: message.Delivered, Account: "acme", Kind: message.WebhookTarget, Address: "https://h/a",
		Since: 1000, At: 5000, Tries: 7, Code: 503, Text: "busy",
	}
	inbound := store.DeadLetter{DeadKey: store.DeadKey{ID: 200 << 22, Inbound: true, Index: 2}, Account: "acme", Kind: message.JasminTarget, Address: "https://h/b", Since: 2000, At: 6000}
	others := store.DeadLetter{DeadKey: store.DeadKey{ID: 300 << 22, Index: 1}, State: message.Expired, Account: "beta", Kind: message.WebhookTarget, Address: "https://h/a", At: 7000}
	done := others
	done.ID = 400 << 22
	commit(t, s, &store.Batch{Dead: []store.DeadLetter{state, inbound, others, done}, DeadGone: []store.DeadKey{done.DeadKey, {ID: 7}}})
	state.Number, inbound.Number, others.Number = 1, 2, 3
	diff(t, "all", []store.DeadLetter{others, inbound, state}, deadLetters(t, s, store.DeadFilter{}))
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	for _, c := range []struct {
		f    store.DeadFilter
		want []int64
	}{
		{store.DeadFilter{Accounts: []string{"acme"}}, []int64{2, 1}},
		{store.DeadFilter{Accounts: []string{"acme", "beta"}, Kinds: []message.TargetKind{message.WebhookTarget}, Oldest: true}, []int64{1, 3}},
		{store.DeadFilter{Accounts: []string{"acme"}, Address: "https://h/b"}, []int64{2}},
		{store.DeadFilter{ID: 300 << 22}, []int64{3}},
		{store.DeadFilter{Since: at(5001), Until: at(7000)}, []int64{2}},
		{store.DeadFilter{From: message.ID(200 << 22).Time(), To: message.ID(300 << 22).Time()}, []int64{2}},
		{store.DeadFilter{NoStates: true}, []int64{2}},
		{store.DeadFilter{NoInbound: true}, []int64{3, 1}},
		{store.DeadFilter{Limit: 2}, []int64{3, 2}},
		{store.DeadFilter{Limit: 2, After: 2}, []int64{1}},
		{store.DeadFilter{Oldest: true, After: 2}, []int64{3}},
	} {
		diff(t, "filtered", c.want, numbersOf(deadLetters(t, s, c.f)))
	}
	again := state
	again.At, again.Text = 9000, "still busy"
	commit(t, s, &store.Batch{Dead: []store.DeadLetter{again}, DeadGone: []store.DeadKey{others.DeadKey}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, place, store.Retention{})
	got := deadLetters(t, s, store.DeadFilter{Oldest: true})
	if again.Number = got[len(got)-1].Number; again.Number < 4 { // an engine may leave out numbers
		t.Errorf("given up again, it has number %d", again.Number)
	}
	diff(t, "after a restart", []store.DeadLetter{inbound, again}, got)
}

// They go with messages of their age.
func testDeadRetention(t *testing.T, open opener) {
	retention(t, open, func(t *testing.T, s *store.Store) {
		dead := func(hours int, inbound bool) store.DeadLetter {
			return store.DeadLetter{DeadKey: store.DeadKey{ID: message.FirstIDAt(hoursAgo(hours)), Inbound: inbound, Index: 1}, Account: "acme", Kind: message.WebhookTarget}
		}
		commit(t, s, &store.Batch{Dead: []store.DeadLetter{dead(25, false), dead(25, true), dead(23, true), dead(23, false)}})
		tidy(t, s)
		diff(t, "kept", []int64{4, 3}, numbersOf(deadLetters(t, s, store.DeadFilter{})))
	})
}
