package store

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/pgtest"
)

// TestLock: one node at a time; what a node that is no more had, is anybody's after a while.
func TestLock(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	a, b := openFault(t, url, Options{Shared: true}), openFault(t, url, Options{Shared: true, Node: 1})
	unlock, err := a.Lock(t.Context(), "settings")
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := b.Lock(short, "settings"); err == nil {
		t.Fatal("both nodes have it")
	}
	other, err := b.Lock(t.Context(), "people of acme")
	if err != nil {
		t.Fatalf("another name: %v", err)
	}
	other()
	unlock()
	if _, err = b.Lock(t.Context(), "settings"); err != nil {
		t.Fatalf("when it is free: %v", err)
	}
	pgtest.Exec(t, url, "UPDATE held_lock SET until = 1") // b is no more, and a minute has passed
	again, err := a.Lock(t.Context(), "settings")
	if err != nil {
		t.Fatalf("when it has run out: %v", err)
	}
	again()
	alone := openFault(t, pgtest.Shared(t).Database(t), Options{})
	for range 2 {
		if _, err := alone.Lock(t.Context(), "settings"); err != nil {
			t.Errorf("a node that is alone: %v", err)
		}
	}
}

// TestRevisions: each kind of change moves its own number, and only where there are others to look at it.
func TestRevisions(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{true, false} {
		s := openFault(t, pgtest.Shared(t).Database(t), Options{Shared: shared})
		ids := message.NewIDs(0, 0)
		if _, err := accept(s, ids); err != nil {
			t.Fatal(err)
		}
		want := Revisions{}
		check := func(what string) {
			t.Helper()
			if got, err := s.Revisions(t.Context()); err != nil || got != want {
				t.Errorf("shared %v, after %s: %+v, %v; want %+v", shared, what, got, err, want)
			}
		}
		n := int64(0)
		if shared {
			n = 1
		}
		check("a message")
		for _, c := range []struct {
			what  string
			batch Batch
			to    *int64
		}{
			{"a setting", Batch{Resources: []ResourceChange{{Audit: Audit{Number: 1}}}}, &want.Settings},
			{"an entry", Batch{ListEntries: []ListEntry{{List: "l", Entry: "1"}, {List: "l", Entry: "2"}}}, &want.Lists},
			{"an opt-out", Batch{OptOuts: []*OptOut{{Account: "acme", Phone: "4670"}}}, &want.OptOuts},
			{"a network", Batch{Networks: []Network{{Prefix: "4670"}}}, &want.Networks},
			{"a wish", Batch{Wishes: []LinkWish{{"op1", 2}, {"op2", 1}, {"op2", 0}}}, &want.Wishes},
		} {
			if err := s.Commit(&c.batch); err != nil {
				t.Fatal(err)
			}
			*c.to += n
			check(c.what)
		}
		if wishes, err := s.LinkWishes(t.Context()); err != nil || len(wishes) != 1 || wishes["op1"] != 2 {
			t.Errorf("wishes of links: %v, %v", wishes, err)
		}
	}
}
