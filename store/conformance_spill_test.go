package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"kurir/message"
	"kurir/store"
)

func testWaiting(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	rows := []store.Waiting{
		{Link: "op1", Priority: message.Normal, Account: "a", ID: 1, Expires: 100},
		{Link: "op1", Priority: message.Normal, Account: "a", ID: 2, Expires: 50},
		{Link: "op1", Priority: message.Normal, Account: "b", ID: 3, Expires: 100},
		{Link: "op1", Priority: message.High, Account: "b", ID: 4, Expires: 70},
		{Link: "op2", Priority: message.Normal, Account: "a", ID: 1, Expires: 100}, // waits for two links
	}
	commit(t, s, &store.Batch{WaitingAdd: rows})
	counts, err := s.WaitingCounts(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "counts", map[store.Lane]map[string]int64{
		{Link: "op1", Priority: message.Normal}: {"a": 2, "b": 1},
		{Link: "op1", Priority: message.High}:   {"b": 1},
		{Link: "op2", Priority: message.Normal}: {"a": 1},
	}, counts)
	has, err := s.WaitingHas(ctx, []store.Waiting{rows[1], {Link: "op2", Priority: message.Normal, Account: "a", ID: 2}, rows[4]})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "has", []bool{true, false, true}, has)
	for _, c := range []struct {
		now  int64
		n    int
		want []store.Waiting
	}{
		{50, 9, nil},
		{51, 9, []store.Waiting{rows[1]}},
		{71, 9, []store.Waiting{rows[1], rows[3]}},
		{1000, 2, []store.Waiting{rows[1], rows[3]}},
	} {
		got, err := s.WaitingExpired(ctx, 0, c.now, c.n)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprintf("expired at %d", c.now), c.want, got)
	}
}

func testDue(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	commit(t, s, &store.Batch{DueAdd: []store.Due{{ID: 1, At: 30}, {ID: 2, At: 10}, {ID: 3, At: 20}}})
	got, err := s.DueBefore(ctx, 0, 30, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "due before 30", []store.Due{{ID: 2, At: 10}, {ID: 3, At: 20}}, got)
	if got, err = s.DueBefore(ctx, 0, 100, 1); err != nil {
		t.Fatal(err)
	}
	diff(t, "the first due", []store.Due{{ID: 2, At: 10}}, got)
	has, err := s.DueHas(ctx, []message.ID{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "has", []bool{true, false}, has)
}

func testOwed(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	rows := []store.Owed{
		{Queue: "a", Due: 0, ID: 5},
		{Queue: "a", Due: 0, ID: 5, Inbound: true, Index: 0},
		{Queue: "a", Due: 0, ID: 5, Inbound: true, Index: 31},
		{Queue: "a", Due: 10, ID: 1},
		{Queue: "a", Due: 20, ID: 2},
		{Queue: "b", Due: 7, ID: 9},
	}
	shuffled := slices.Clone(rows)
	slices.Reverse(shuffled)
	commit(t, s, &store.Batch{OwedAdd: shuffled})
	var got []store.Owed
	for after := (store.Owed{}); ; {
		page, err := s.OwedNext(ctx, 0, "a", 19, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		after = page[len(page)-1]
	}
	diff(t, "owed to a, due at 19", rows[:4], got)
	queues, err := s.OwedQueues(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "queues", []store.OwedQueue{{Queue: "a", Rows: 5, Due: 0}, {Queue: "b", Rows: 1, Due: 7}}, queues)
	has, err := s.OwedHas(ctx, []store.Owed{rows[2], {Queue: "a", Due: 11, ID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "has", []bool{true, false}, has)
}

func testOutstanding(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	rows := []store.Outstanding{{Key: 1<<64 - 1, ID: 1, Deadline: 30}, {Key: 1<<64 - 1, ID: 2, Deadline: 10}, {Key: 5, ID: 3, Deadline: 20}}
	commit(t, s, &store.Batch{OpenAdd: rows})
	byKey, err := s.OutstandingByKey(ctx, 0, []uint64{1<<64 - 1, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "by key", map[uint64][]message.ID{1<<64 - 1: {1, 2}, 5: {3}}, byKey)
	old, err := s.OutstandingDeadline(ctx, 0, 30, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "past their deadline", []store.Outstanding{rows[1], rows[2]}, old)
}

// waitFor commits n messages of each account that wait for link op1.
func waitFor(t *testing.T, s *store.Store, ids *message.IDs, n map[string]int) {
	t.Helper()
	b := &store.Batch{}
	for account, n := range n {
		for range n {
			m := newMessage(ids, account)
			b.Accepted = append(b.Accepted, m)
			b.WaitingAdd = append(b.WaitingAdd, store.Waiting{Link: "op1", Priority: message.Normal, Account: account, ID: m.ID})
		}
	}
	commit(t, s, b)
}

func testRefill(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	waitFor(t, s, message.NewIDs(0, 0), map[string]int{"big": 500, "": 20, "one": 1})
	other := newMessage(message.NewIDs(1, 0), "big")
	commit(t, s, &store.Batch{
		Accepted:   []*message.Message{other},
		WaitingAdd: []store.Waiting{{Link: "op1", Priority: message.High, Account: "big", ID: other.ID}, {Link: "op2", Priority: message.Normal, Account: "big", ID: other.ID}},
	})
	after := map[string]message.ID{}
	total := map[string]int{}
	seen := map[message.ID]bool{}
	for round := 0; ; round++ {
		r, err := s.Refill(ctx, 0, "op1", message.Normal, after, 30)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, m := range r.Messages {
			if seen[m.ID] || m.ID == other.ID || m.ID <= after[m.Account] {
				t.Fatalf("round %d brings %s of %s wrongly", round, m.ID, m.Account)
			}
			seen[m.ID] = true
			after[m.Account] = m.ID
			got[m.Account]++
			total[m.Account]++
		}
		if round == 0 {
			diff(t, "first refill", map[string]int{"big": 14, "": 15, "one": 1}, got)
			if list := r.Messages; len(list) > 3 && (list[0].Account == list[1].Account || list[1].Account == list[2].Account) {
				t.Error("the accounts do not take turns")
			}
			diff(t, "behind the first refill", map[string]struct{}{"big": {}, "": {}}, r.Behind)
		}
		if !r.More {
			diff(t, "behind the last refill", map[string]struct{}{}, r.Behind)
			break
		}
		if len(r.Messages) == 0 {
			t.Fatal("more is promised and nothing comes")
		}
	}
	diff(t, "all", map[string]int{"big": 500, "": 20, "one": 1}, total)
}

func testRefillManyAccounts(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	n := map[string]int{}
	for i := range 400 {
		n[fmt.Sprintf("account%03d", i)] = 2
	}
	waitFor(t, s, message.NewIDs(0, 0), n)
	after := map[string]message.ID{}
	served := map[string]int{}
	for range 8 { // 8 refills of 50: each account's turn comes once
		r, err := s.Refill(ctx, 0, "op1", message.Normal, after, 50)
		if err != nil || !r.More || r.Behind != nil {
			t.Fatal(r.More, r.Behind, err)
		}
		for _, m := range r.Messages {
			served[m.Account]++
			after[m.Account] = m.ID
		}
	}
	if len(served) != 400 {
		t.Errorf("%d of 400 accounts were served", len(served))
	}
	for more := true; more; {
		r, err := s.Refill(ctx, 0, "op1", message.Normal, after, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range r.Messages {
			served[m.Account]++
			after[m.Account] = m.ID
		}
		more = r.More
	}
	diff(t, "served", n, served)
}
