package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

// TestFill holds that a filled database is one of finished messages that can be found, and that it can be filled again.
func TestFill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const n = 5000
	for range 2 {
		s, err := store.Open(t.Context(), store.Options{Path: dir})
		if err == nil {
			err = errors.Join(store.Fill(t.Context(), s, n), s.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(context.Background(), store.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, _, err := s.Messages(t.Context(), store.Filter{Limit: 1})
	if err != nil || len(list) != 1 || list[0].State != message.Delivered || list[0].Owed || list[0].Final == 0 {
		t.Fatalf("%v %+v", err, list)
	}
	events, err := message.DecodeLog(list[0].Log, list[0].ID)
	if err != nil || len(events) != 5 {
		t.Errorf("%v %v", err, events)
	}
	found, _, err := s.Messages(t.Context(), store.Filter{To: list[0].To, Limit: 10})
	if err != nil || len(found) == 0 || found[0].ID != list[0].ID {
		t.Errorf("by its recipient: %v %v", err, found)
	}
	total := 0
	for f := (store.Filter{Limit: 1000}); ; {
		page, next, err := s.Messages(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if total += len(page); next == 0 {
			break
		}
		f.After = next
	}
	if total != 2*n {
		t.Errorf("%d messages, want %d", total, 2*n)
	}
	rare, next, err := s.Messages(t.Context(), store.Filter{Account: "rare", Link: "rare", States: []message.State{message.Rejected}})
	if err != nil || len(rare) != 10 || next != 0 {
		t.Errorf("%d rare messages, next %v, %v", len(rare), next, err)
	}
	sums, err := s.Tallies(t.Context(), []store.TallyKind{store.TallyAccepted, store.TallyInbound}, []int64{0, time.Now().Unix()/3600 + 1})
	counted := map[store.TallyKind]int64{}
	for _, sum := range sums {
		counted[sum.Kind] += sum.N
	}
	if err != nil || counted[store.TallyAccepted] != 2*n || counted[store.TallyInbound] != 2*n/100 {
		t.Errorf("sums for reports: %v, %v", counted, err)
	}
	if err := s.OpenAfterMark(t.Context(), 0, func(m *message.Message) error { return fmt.Errorf("%s is open", m.ID) }); err != nil {
		t.Error(err)
	}
}
