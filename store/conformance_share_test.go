package store_test

import (
	"context"
	"testing"

	"kurir/message"
	"kurir/store"
)

// idOf is an id made by a node.
func idOf(node int, n int64) message.ID { return message.ID(n<<22 | int64(node)<<16) }

func testShares(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	row := func(node int, account string, n int64) store.Waiting {
		return store.Waiting{Node: node, Link: "op", Priority: message.Normal, Account: account, ID: idOf(1, n), Expires: 9}
	}
	commit(t, s, &store.Batch{
		Node: 1, Mark: idOf(1, 5), Granted: []store.Grant{{Number: 70, Link: "op", Session: 1, At: 3, IDs: []message.ID{idOf(1, 20), idOf(2, 20)}}},
		WaitingAdd: []store.Waiting{row(1, "a", 11), row(store.Free, "a", 12), row(store.Free, "a", 13), row(store.Free, "b", 14)},
		DueAdd:     []store.Due{{ID: idOf(2, 15), At: 4}},
		OpenAdd:    []store.Outstanding{{Key: 8, ID: idOf(2, 16), Deadline: 7}},
		Held:       []store.HeldReport{{Number: 71, Received: 5}},
	})
	commit(t, s, &store.Batch{Node: 2, Mark: idOf(2, 1), MissingAdd: []store.Missing{{At: 6, ID: idOf(1, 17)}}})

	got, err := s.Elsewhere(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "of node 2 at node 1", map[message.ID]struct{}{idOf(2, 15): {}, idOf(2, 16): {}, idOf(2, 20): {}}, got)
	grants, err := s.Grants(ctx, 2)
	if err != nil || len(grants) > 0 {
		t.Errorf("node 2 has grants %v, %v", grants, err)
	}

	// One of each account, then what is left.
	most := [message.Priorities]int{message.Normal: 2}
	claimed, more, err := s.Claim(ctx, 2, 0, "op", most, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "claimed", []store.Waiting{row(2, "a", 12), row(2, "b", 14)}, claimed)
	if !more {
		t.Error("nothing is said to be left")
	}
	claimed, err = s.ClaimRows(ctx, 2, 0, []store.Waiting{row(store.Free, "a", 11), row(store.Free, "a", 13), row(store.Free, "b", 14)})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "claimed by name", []store.Waiting{row(2, "a", 13)}, claimed)
	if _, more, err = s.Claim(ctx, 1, 0, "op", most, 10); err != nil || more {
		t.Errorf("after all was claimed: more %t, %v", more, err)
	}

	// Node 1 is taken over.
	for more := true; more; {
		if more, err = s.Inherit(1, 2, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	due, err := s.DueBefore(ctx, 2, 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "due at node 2", []store.Due{{ID: idOf(2, 15), At: 4}}, due)
	if claimed, _, err = s.Claim(ctx, 2, 0, "op", most, 10); err != nil {
		t.Fatal(err)
	}
	diff(t, "free again", []store.Waiting{row(2, "a", 11)}, claimed)
	var held []store.HeldReport
	err = s.Held(ctx, 0, func(h *store.HeldReport) error { held = append(held, *h); return nil })
	if err != nil || len(held) != 1 || held[0].Node != 2 {
		t.Errorf("held: %+v, %v", held, err)
	}
	commit(t, s, &store.Batch{Node: 2, Marks: []store.ShareMark{{Node: 1, Mark: idOf(1, 30)}}, GrantDone: []int64{70}})
	mark, err := s.Mark(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "mark of node 1", idOf(1, 30), mark)
}

func testFreeOwed(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	commit(t, s, &store.Batch{
		Node: 1, OwedAdd: []store.Owed{{Node: store.Free, Queue: "q", ID: 1}, {Node: store.Free, Queue: "q", ID: 2}, {Node: store.Free, Queue: "q", Due: 50, ID: 3}, {Node: 1, Queue: "r", ID: 4}},
		MailAdd: []store.Mail{{Number: 5, Node: 2, Data: []byte("hello")}},
	})
	for _, want := range []int{1, 1, 0} { // the third is not due
		if n, err := s.ClaimOwed(ctx, 2, 0, "q", 10, 1); err != nil || n != want {
			t.Errorf("claimed %d, %v; want %d", n, err, want)
		}
	}
	rows, err := s.OwedNext(ctx, 2, "q", 10, store.Owed{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "owed by node 2", []store.Owed{{Node: 2, Queue: "q", ID: 1}, {Node: 2, Queue: "q", ID: 2}}, rows)
	// What is free and the node's own at once is its own; the rest is claimed.
	commit(t, s, &store.Batch{OwedAdd: []store.Owed{{Node: store.Free, Queue: "q", ID: 2}, {Node: store.Free, Queue: "q", Due: 5, ID: 12}}})
	before := s.Counts().Owed
	if n, err := s.ClaimOwed(ctx, 2, 0, "q", 10, 10); err != nil || n != 1 {
		t.Errorf("claimed %d, %v; want 1", n, err)
	}
	if n := s.Counts().Owed; n != before-1 {
		t.Errorf("%d rows are counted, want one less than %d", n, before)
	}
	if rows, err = s.OwedNext(ctx, 2, "q", 10, store.Owed{}, 10); err != nil {
		t.Fatal(err)
	}
	diff(t, "owed by node 2", []store.Owed{{Node: 2, Queue: "q", ID: 1}, {Node: 2, Queue: "q", ID: 2}, {Node: 2, Queue: "q", Due: 5, ID: 12}}, rows)
	commit(t, s, &store.Batch{OwedRemove: []store.Owed{{Node: 2, Queue: "q", Due: 5, ID: 12}}})
	commit(t, s, &store.Batch{OwedAdd: []store.Owed{
		{Node: 3, Queue: "q", ID: 6}, {Node: store.Free, Queue: "q", ID: 7, Due: 11}, {Node: 3, Queue: "q", ID: 8, Index: 1}, {Node: 3, Queue: "q", ID: 9, Inbound: true},
	}})
	midway, err := s.OwedMidway(ctx, []message.ID{1, 6, 7, 8, 9, 10}, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "messages of which an intermediate state is owed", map[message.ID]bool{1: true, 6: true}, midway)
	mail, err := s.MailFor(ctx, 2, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "mail", []store.Mail{{Number: 5, Node: 2, Data: []byte("hello")}}, mail)
	commit(t, s, &store.Batch{Node: 2, MailDone: []int64{5}})
	if mail, err = s.MailFor(ctx, 2, 10); err != nil || len(mail) > 0 {
		t.Errorf("mail that is done with: %v, %v", mail, err)
	}
}
