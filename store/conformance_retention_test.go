package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

// retention runs fn on a store that keeps texts and counters for an hour and
// rows for a day, in a bubble where the minutes between two passes are nothing.
func retention(t *testing.T, open opener, fn func(t *testing.T, s *store.Store)) {
	place := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) // ids count from 2025
		fn(t, open(t, place, store.Retention{Texts: time.Hour, Messages: 24 * time.Hour, Counters: time.Hour}))
	})
}

func hoursAgo(n int) time.Time { return time.Now().Add(-time.Duration(n) * time.Hour) }

func tidy(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Settle(); err != nil { // retention looks at the tables
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Tidy(time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

// checkText checks that a message is there, with a text; or not there, for
// which text is "gone".
func checkText(t *testing.T, s *store.Store, id message.ID, text string) {
	t.Helper()
	m, err := s.Message(context.Background(), id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if text != "gone" {
			t.Errorf("message of %v is gone", id.Time())
		}
	case err != nil:
		t.Error(err)
	case m.Content.Text != text:
		t.Errorf("message of %v has text %q, want %q", id.Time(), m.Content.Text, text)
	}
}

func testRetention(t *testing.T, open opener) {
	retention(t, open, func(t *testing.T, s *store.Store) {
		ids := message.NewIDs(0, 0)
		aged := func(age int, p message.Progress) *message.Message {
			m := newMessage(message.NewIDs(0, 0), "acme")
			m.ID, m.Content.Text, m.Progress = ids.Next(hoursAgo(age)), "secret", p
			return m
		}
		done := message.Progress{State: message.Delivered, Final: 1}
		b := &store.Batch{} // its ids grow with time, as always
		for range 1200 {
			b.Accepted = append(b.Accepted, aged(48, done))
		}
		old := b.Accepted[0]
		enroute := aged(47, message.Progress{State: message.Enroute})
		owed := aged(46, message.Progress{State: message.Delivered, Final: 1, Owed: true})
		wordless, young := aged(5, done), aged(0, done)
		b.Accepted = append(b.Accepted, enroute, owed, wordless, young)
		commit(t, s, b)
		tidy(t, s)
		for m, text := range map[*message.Message]string{old: "gone", enroute: "secret", owed: "", wordless: "", young: "secret"} {
			checkText(t, s, m.ID, text)
		}
		list, _, err := s.Messages(context.Background(), store.Filter{To: young.To, Limit: 1000})
		if err != nil || len(list) != 4 {
			t.Errorf("%d messages found by their recipient, %v; want 4", len(list), err)
		}
		commit(t, s, &store.Batch{Changed: []store.Change{
			{ID: enroute.ID, State: message.Unknown, Final: 2}, {ID: owed.ID, State: message.Delivered, Final: 1},
		}})
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		checkText(t, s, enroute.ID, "") // its time was over before it was final
		time.Sleep(time.Hour + time.Minute)
		tidy(t, s)
		for m, text := range map[*message.Message]string{enroute: "gone", owed: "gone", wordless: "", young: ""} {
			checkText(t, s, m.ID, text)
		}
	})
}

func testRetentionOfOthers(t *testing.T, open opener) {
	retention(t, open, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		ids := message.NewIDs(1, 0)
		old, owed, wordless, young := fullInbound(ids), fullInbound(ids), fullInbound(ids), fullInbound(ids)
		old.ID, owed.ID, wordless.ID = message.FirstIDAt(hoursAgo(48)), message.FirstIDAt(hoursAgo(47)), message.FirstIDAt(hoursAgo(5))
		old.Owed, wordless.Owed, young.Owed = 0, 0, 0
		now := time.Now().UnixMilli()
		commit(t, s, &store.Batch{
			Inbound:  []*message.Inbound{old, owed, wordless, young},
			Counters: []store.Counter{{Hour: hoursAgo(9).Unix() / 3600, What: "accepted", N: 1}, {Hour: now / 3600000, What: "accepted", N: 1}},
			Held:     []store.HeldReport{{Number: 1, Received: hoursAgo(73).UnixMilli()}, {Number: 2, Received: now}},
			Parts:    []store.InboundPart{{ID: 1, Received: hoursAgo(999).UnixMilli(), Part: new(message.Inbound)}}, // nobody has given it up
		})
		tidy(t, s)
		wordless.Content.Text, wordless.Content.Data, wordless.Content.Header = "", nil, nil
		wordless.Content.Extra = nil
		for _, want := range []*message.Inbound{owed, wordless, young} {
			got, err := s.Inbound(ctx, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "inbound message", want, got)
		}
		commit(t, s, &store.Batch{InboundChanged: []store.InboundChange{{ID: owed.ID, Owed: 0}}})
		if got, err := s.Inbound(ctx, owed.ID); err != nil || got.Content.Text != "" || got.Content.Data != nil {
			t.Errorf("old inbound message that everybody has: %+v, %v; want no text", got, err)
		}
		if _, err := s.Inbound(ctx, old.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("old inbound message: %v", err)
		}
		if left, err := s.Counters(ctx, 0, 1<<40); err != nil || len(left) != 1 {
			t.Errorf("counters left: %v, %v", left, err)
		}
		diff(t, "rows", store.Counts{Parts: 1, Held: 1}, s.Counts())
	})
}
