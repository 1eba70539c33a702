package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

// What is rare among many is found by account, link and state wherever it is, in one page: where nothing is, nothing is looked at. States
// that messages have come to later count, those in the journal only too, and links that they were moved to.
func testZones(t *testing.T, open opener) {
	ctx, dir := context.Background(), t.TempDir()
	s := open(t, dir, store.Retention{})
	start := time.Date(2026, 3, 1, 0, 0, 30, 0, time.UTC)
	ids := message.NewIDs(0, 0)
	make1 := func(at time.Duration, account, link string, state message.State) *message.Message {
		m := newMessage(message.NewIDs(0, 0), account)
		m.ID, m.Links, m.State = ids.Next(start.Add(at)), []string{link}, state
		if state.Final() {
			m.Final = m.ID.Millis()
		}
		return m
	}
	const day, many = 24 * time.Hour, 20_400 // more than one call looks at
	rare := []*message.Message{
		make1(0, "rare", "op1", message.Delivered),
		make1(time.Hour, "acme", "op2", message.Delivered),
		make1(2*time.Hour, "acme", "op1", message.Rejected),
		make1(3*time.Hour, "acme", "op1", message.Queued),
		make1(4*time.Hour, "acme", "op1", message.Scheduled),
	}
	commit(t, s, &store.Batch{Accepted: rare})
	for i := range 4 {
		b := &store.Batch{}
		for range many / 4 {
			b.Accepted = append(b.Accepted, make1(time.Duration(i+1)*day, "acme", "op1", message.Delivered))
		}
		commit(t, s, b)
	}
	last := make1(9*day+23*time.Hour+59*time.Minute, "rare", "op3", message.Delivered)
	last.Via = message.ViaWeb
	commit(t, s, &store.Batch{Accepted: []*message.Message{last}})
	settle := func() {
		t.Helper()
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	late, moved := rare[3], rare[4]
	find := func(what string, f store.Filter, want ...*message.Message) {
		t.Helper()
		for _, oldest := range []bool{true, false} {
			var wanted, got []message.ID
			for _, m := range want {
				wanted = append(wanted, m.ID)
			}
			if !oldest {
				slices.Reverse(wanted)
			}
			f.Oldest, f.After = oldest, 0
			pages := 0
			for {
				list, next, err := s.Messages(ctx, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range list {
					got = append(got, m.ID)
				}
				pages++
				if f.After = next; next == 0 {
					break
				}
			}
			diff(t, fmt.Sprintf("%s, oldest first %v", what, oldest), wanted, got)
			if pages > len(want)+1 {
				t.Errorf("%s: %d pages", what, pages)
			}
		}
	}
	one := func(f store.Filter) store.Filter { f.Limit = 1; return f }
	states := func(list ...message.State) store.Filter { return store.Filter{States: list} }
	find("account", one(store.Filter{Account: "rare"}), rare[0], last)
	find("account and days", store.Filter{Account: "rare", Since: start.Add(day)}, last)
	find("nobody", store.Filter{Account: "nobody"})
	find("link", store.Filter{Link: "op2"}, rare[1])
	find("states", states(message.Rejected, message.Queued), rare[2], late)
	find("interface", store.Filter{Via: message.ViaWeb}, last)
	find("account and state", store.Filter{Account: "rare", States: []message.State{message.Rejected}})

	// States that come later, without and with what they are about; a message that is moved.
	commit(t, s, &store.Batch{
		Changed: []store.Change{
			{ID: late.ID, State: message.Expired, Final: 1},
			{ID: moved.ID, State: message.Queued, Account: "acme", Link: "op4"},
		},
		Replaced: []*message.Message{func() *message.Message {
			m := *moved
			m.Links, m.State = []string{"op4"}, message.Queued
			return &m
		}()},
	})
	for _, when := range []string{"journal", "tables", "another start"} {
		find("expired, "+when, states(message.Expired), late)
		find("expired of its account, "+when, store.Filter{Account: "acme", States: []message.State{message.Expired}}, late)
		find("queued, "+when, states(message.Queued), moved)
		find("link, "+when, store.Filter{Link: "op4"}, moved)
		if when == "journal" {
			settle()
		} else {
			s.Close()
			s = open(t, dir, store.Retention{})
		}
	}
}

// Messages from phones are found by account and link likewise.
func testInboundZones(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ids := message.NewIDs(0, 0)
	var rare *message.Inbound
	b := &store.Batch{}
	for i := range 20_400 {
		in := &message.Inbound{ID: ids.Next(start.Add(time.Duration(i/1000) * time.Hour)), Account: "acme", Link: "op1", Content: message.Content{Class: -1}}
		if i == 1500 {
			in.Account, in.Link, rare = "", "op2", in
		}
		b.Inbound = append(b.Inbound, in)
	}
	commit(t, s, b)
	for _, f := range []store.Filter{{Link: "op2"}, {Unmatched: true}} {
		list, next, err := s.InboundList(ctx, f)
		if err != nil || len(list) != 1 || list[0].ID != rare.ID || next != 0 {
			t.Errorf("%+v: %d, next %v, %v", f, len(list), next, err)
		}
	}
}

// What is left of table zone when its messages have gone.
func testZoneRetention(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{Messages: 24 * time.Hour})
	ids := message.NewIDs(0, 0)
	old := newMessage(message.NewIDs(0, 0), "gone")
	old.ID, old.State, old.Final = ids.Next(time.Now().Add(-72*time.Hour)), message.Delivered, 1
	commit(t, s, &store.Batch{Accepted: []*message.Message{old}})
	commit(t, s, &store.Batch{Accepted: []*message.Message{newMessage(ids, "here")}})
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = s.Tidy(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for account, want := range map[string]int{"gone": 0, "here": 1} {
		if n, err := store.ZonesOf(t.Context(), s, account); err != nil || n > 0 != (want > 0) {
			t.Errorf("%d rows tell where messages of %s are, %v", n, account, err)
		}
	}
}
