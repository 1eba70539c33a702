package store_test

import (
	"context"
	"errors"
	"testing"

	"kurir/store"
)

func TestFence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 { // the second time from disk
		s, err := store.Open(context.Background(), store.Options{Path: dir})
		if err != nil {
			t.Fatal(err)
		}
		term, err := s.Fence(1)
		if err != nil {
			t.Fatal(err)
		}
		var fatal *store.FatalError
		if err = s.Commit(&store.Batch{Node: 1, Term: term - 1, Mark: 6}); !errors.As(err, &fatal) || !errors.Is(err, store.ErrFenced) {
			t.Errorf("a batch for the term before: %v", err)
		}
		if _, err = s.ClaimRows(context.Background(), 1, term-1, nil); !errors.Is(err, store.ErrFenced) {
			t.Errorf("a claim for the term before: %v", err)
		}
		for _, b := range []*store.Batch{{Node: 1, Term: term, Mark: 7}, {Node: 0, Mark: 8}} {
			if err := s.Commit(b); err != nil {
				t.Errorf("a batch of node %d that nobody has fenced: %v", b.Node, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	s, err := store.Open(context.Background(), store.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var heard []store.Signal
	stop := s.Listen(func(sig store.Signal) { heard = append(heard, sig) })
	batches := []*store.Batch{
		{
			Node: 1, MailAdd: []store.Mail{{Number: 5, Node: 2}}, Held: []store.HeldReport{{Number: 1}},
			OwedAdd:    []store.Owed{{Node: store.Free, Queue: "q", ID: 1}, {Node: store.Free, Queue: "q", ID: 2}, {Node: 1, Queue: "r", ID: 4}},
			WaitingAdd: []store.Waiting{{Node: store.Free, Link: "op", ID: 8}, {Node: 1, Link: "op2", ID: 9}},
		},
		{Node: 1, DueAdd: []store.Due{{ID: 1, At: 1}}},
	}
	for i, b := range batches {
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
		want := []store.Signal{{Node: 1, Links: []string{"op"}, Queues: []string{"q"}, Held: true, Mail: []int{2}}}
		diff(t, "signals", want, heard)
		if i == 1 {
			stop()
		}
	}
	if err := s.Commit(&store.Batch{MailAdd: []store.Mail{{Number: 6, Node: 2}}}); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 1 {
		t.Error("who stopped listening was told")
	}
}
