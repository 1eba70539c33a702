package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

// listCase is a filter and which messages of testLists it is to bring.
type listCase struct {
	name string
	f    store.Filter
	want func(i int, m *message.Message) bool
}

func listCases(start time.Time) []listCase {
	return []listCase{
		{"all", store.Filter{}, func(int, *message.Message) bool { return true }},
		{"account", store.Filter{Account: "bell"}, func(i int, m *message.Message) bool { return m.Account == "bell" }},
		{"states", store.Filter{States: []message.State{message.Queued, message.Expired}}, func(i int, m *message.Message) bool { return m.State != message.Delivered }},
		{"recipient", store.Filter{To: message.Address{Number: "46703"}}, func(i int, m *message.Message) bool { return i%10 == 3 }},
		{"recipient with a plus", store.Filter{To: message.Address{Number: "+46703"}}, func(i int, m *message.Message) bool { return i%10 == 3 }},
		{"recipient of an account", store.Filter{To: message.Address{Number: "46703"}, Account: "acme"}, func(int, *message.Message) bool { return false }},
		{"sender", store.Filter{From: message.Address{Number: "Post"}}, func(i int, m *message.Message) bool { return i >= 150 }},
		{"reference", store.Filter{Reference: "fifty", Account: "acme"}, func(i int, m *message.Message) bool { return i%50 == 0 }},
		{"link", store.Filter{Link: "op2"}, func(i int, m *message.Message) bool { return m.Links[0] == "op2" }},
		{"interface", store.Filter{Via: message.ViaSMPP}, func(i int, m *message.Message) bool { return m.Via == message.ViaSMPP }},
		{"dimension", store.Filter{Dimension: "cost_centre=47"}, func(i int, _ *message.Message) bool { return i%20 == 0 }},
		{"since", store.Filter{Since: start.Add(100 * time.Second)}, func(i int, m *message.Message) bool { return i >= 100 }},
		{"until", store.Filter{Until: start.Add(100 * time.Second)}, func(i int, m *message.Message) bool { return i < 100 }},
		{
			"many",
			store.Filter{Since: start.Add(50 * time.Second), To: message.Address{Number: "46704"}, States: []message.State{message.Delivered}},
			func(i int, m *message.Message) bool {
				return i >= 50 && i%10 == 4 && m.State == message.Delivered
			},
		},
	}
}

func testLists(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var all []*message.Message
	for i := range 300 {
		m := newMessage(message.NewIDs(0, 0), []string{"acme", "bell"}[i%2])
		m.ID = ids.Next(start.Add(time.Duration(i) * time.Second))
		m.To.Number = fmt.Sprintf("4670%d", i%10)
		m.From = message.Address{TON: message.TONAlphanumeric, Number: []string{"Kurir", "Post"}[i/150]}
		m.State = []message.State{message.Queued, message.Delivered, message.Expired}[i%3]
		m.Links = []string{"op1", "op2"}[i%7%2 : i%7%2+1]
		m.Via = message.Interface(i%3 + 1)
		if i%50 == 0 {
			m.Reference = "fifty"
		}
		if i%20 < 2 {
			m.Special = &message.Special{Dimensions: []message.Dimensions{"cost_centre=47;project=x", "cost_centre=471"}[i%20]}
		}
		all = append(all, m)
	}
	commit(t, s, &store.Batch{Accepted: all})
	for _, c := range listCases(start) {
		var want []message.ID
		for i, m := range all {
			if c.want(i, m) {
				want = append(want, m.ID)
			}
		}
		for _, oldest := range []bool{true, false} {
			c.f.Oldest = oldest
			for _, limit := range []int{0, 7} {
				c.f.Limit, c.f.After = limit, 0
				diff(t, fmt.Sprintf("%s, oldest first %v, %d a page", c.name, oldest, limit), want, listAll(ctx, t, s, c.f))
			}
			slices.Reverse(want)
		}
	}
	list, err := s.MessagesByReference(ctx, "acme", "fifty", 2)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "by reference", []*message.Message{all[250], all[200]}, list)
}

func listAll(ctx context.Context, t *testing.T, s *store.Store, f store.Filter) (ids []message.ID) {
	t.Helper()
	for {
		list, next, err := s.Messages(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		if f.Limit > 0 && len(list) > f.Limit {
			t.Fatalf("page of %d", len(list))
		}
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		if f.After = next; next == 0 {
			return ids
		}
	}
}

func testListBound(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	rare := newMessage(ids, "rare")
	b := &store.Batch{Accepted: []*message.Message{rare}}
	for range 20100 {
		b.Accepted = append(b.Accepted, newMessage(ids, "acme"))
	}
	commit(t, s, b)
	list, next, err := s.Messages(ctx, store.Filter{Account: "rare"})
	if err != nil || len(list) != 0 || next == 0 {
		t.Fatalf("first page: %d messages, next %v, %v; want to go on", len(list), next, err)
	}
	list, next, err = s.Messages(ctx, store.Filter{Account: "rare", After: next})
	if err != nil || len(list) != 1 || next != 0 {
		t.Errorf("second page: %d messages, next %v, %v", len(list), next, err)
	}
}

func testInboundLists(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	b := &store.Batch{}
	var odd []message.ID
	for i := range 50 {
		in := fullInbound(ids)
		if i%2 == 1 {
			in.Account, in.Link, in.From.Number, in.To.Number, in.Rule, in.Tag = "bell", "op2", "46709", "72001", "orders", "new"
			odd = append(odd, in.ID)
		} else {
			in.Tag = "new thing" // which has the other in it
		}
		b.Inbound = append(b.Inbound, in)
	}
	commit(t, s, b)
	lost, ruled := fullInbound(ids), fullInbound(ids)
	lost.Account, lost.Rule, ruled.Account = "", "", ""
	commit(t, s, &store.Batch{Inbound: []*message.Inbound{lost, ruled}})
	if list, _, err := s.InboundList(ctx, store.Filter{Unmatched: true}); err != nil || len(list) != 1 || list[0].ID != lost.ID {
		t.Errorf("the inbox holds %d messages, %v", len(list), err)
	}
	for _, f := range []store.Filter{
		{Account: "bell"},
		{Link: "op2"},
		{From: message.Address{Number: "46709"}},
		{To: message.Address{Number: "72001"}},
		{Rule: "orders"},
		{Tag: "new"},
	} {
		var got []message.ID
		f.Limit, f.Oldest = 10, true
		for {
			list, next, err := s.InboundList(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range list {
				got = append(got, in.ID)
			}
			if f.After = next; next == 0 {
				break
			}
		}
		diff(t, "inbound list", odd, got)
	}
}

func testRemembered(t *testing.T, open opener) {
	ctx, place := context.Background(), t.TempDir()
	s := open(t, place, store.Retention{})
	now := time.Now().UnixMilli()
	b := &store.Batch{
		Duplicates: []store.DuplicateKey{
			{Key: 1<<64 - 1, ID: 5, Expires: now + 6_000_000},
			{Key: 2, ID: 6, Expires: now - 1},
		},
		Idempotency: []store.IdempotencyKey{
			{Account: "acme", Key: "k", Request: [16]byte{1, 15: 2}, Answer: []byte("{}"), Expires: now + 6_000_000},
			{Account: "acme", Key: "old", Expires: now - 1},
			{Account: "acme2", Key: "k", Expires: now + 5_000_000},
		},
	}
	commit(t, s, b)
	for range 2 { // and again when Tidy has forgotten what expired
		dup, err := s.DuplicatesByKey(ctx, []uint64{1<<64 - 1, 2, 3}, now)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "duplicates", map[uint64]message.ID{1<<64 - 1: 5}, dup)
		made, err := s.Idempotent(ctx, "acme", "k", now)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "request", &b.Idempotency[0], made)
		made, err = s.Idempotent(ctx, "acme2", "k", now)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "another account's request", &b.Idempotency[2], made)
		if _, err := s.Idempotent(ctx, "acme2", "k", now+5_000_000); err != store.ErrNotFound {
			t.Errorf("a request when its time is over: %v", err)
		}
		for _, key := range []string{"old", "other", "2k"} {
			if _, err := s.Idempotent(ctx, "acme", key, now); err != store.ErrNotFound {
				t.Errorf("request %q: %v", key, err)
			}
		}
		if _, err := s.Tidy(time.Second); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(t, place, store.Retention{})
	}
	// A key that has expired may come again; the row of the first may be there still.
	again := store.IdempotencyKey{Account: "acme", Key: "old", Answer: []byte("new"), Expires: now + 7_000_000}
	commit(t, s, &store.Batch{Idempotency: []store.IdempotencyKey{again}})
	made, err := s.Idempotent(ctx, "acme", "old", now)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the key again", &again, made)
}

func testSums(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	five := store.Counter{Hour: 1, Account: "a", Link: "l", What: "accepted", N: 5}
	commit(t, s, &store.Batch{
		Config: 7, ConfigText: []byte("routes"), Counters: []store.Counter{five, five},
		Money: []store.MoneyEntry{{Account: "acme", Charged: 3, Reserved: 2, Balance: -1, First: 1, Last: 9}},
	})
	commit(t, s, &store.Batch{
		Config: 8, ConfigText: []byte("routes 2"), Counters: []store.Counter{five},
		Money: []store.MoneyEntry{{Account: "acme", Balance: -8}},
	})
	number, text, err := s.Configuration(ctx)
	if err != nil || number != 8 || string(text) != "routes 2" {
		t.Errorf("configuration %d %q, %v", number, text, err)
	}
	if text, err = s.ConfigurationText(ctx, 7); err != nil || string(text) != "routes" {
		t.Errorf("configuration 7: %q, %v", text, err)
	}
	if _, err = s.ConfigurationText(ctx, 9); err != store.ErrNotFound {
		t.Errorf("configuration 9: %v", err)
	}
	balances, err := s.Balances(ctx)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "balances", map[string]store.Balance{"acme": {Balance: -8}}, balances)
	counters, err := s.Counters(ctx, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "counters", []store.Counter{{Hour: 1, Account: "a", Link: "l", What: "accepted", N: 15}}, counters)
}

func testReaders(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	acknowledged := make(chan message.ID, 1000)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for id := range acknowledged {
				m, err := s.Message(ctx, id)
				if err != nil || m.ID != id {
					t.Errorf("%s is not there after its commit: %v", id, err)
				}
				list, _, err := s.Messages(ctx, store.Filter{Reference: id.String()})
				if err != nil || len(list) != 1 {
					t.Errorf("%s is not found by its reference: %d, %v", id, len(list), err)
				}
				s.Stats()
			}
		})
	}
	for range 60 {
		b := &store.Batch{}
		for range 20 {
			m := newMessage(ids, "acme")
			m.Reference = m.ID.String()
			b.Accepted = append(b.Accepted, m)
		}
		commit(t, s, b)
		if _, err := s.Tidy(time.Millisecond); err != nil {
			t.Fatal(err)
		}
		acknowledged <- b.Accepted[0].ID
		acknowledged <- b.Accepted[19].ID
	}
	close(acknowledged)
	wg.Wait()
	if st := s.Stats(); st.Commits != 60 || st.Rows != 1200 {
		t.Errorf("%d commits of %d rows counted", st.Commits, st.Rows)
	}
}

func testDeadline(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Message(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Message with an ended context: %v", err)
	}
	if _, err := s.Message(context.Background(), 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Message after that: %v", err)
	}
}
