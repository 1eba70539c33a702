package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kurir/gsm"
	"kurir/message"
	"kurir/store"
)

// The conformance suite: what every engine must do. Each test is a function
// over an opener; an engine adds one TestXxx that calls testConformance.

// opener opens the database called place, making it if it is not there. The
// same place opened after Close is the same database.
type opener func(t *testing.T, place string, keep store.Retention) *store.Store

func TestSQLite(t *testing.T) {
	t.Parallel()
	testConformance(t, func(t *testing.T, place string, keep store.Retention) *store.Store {
		t.Helper()
		s, err := store.Open(context.Background(), store.Options{Path: place, Retention: keep})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}

func testConformance(t *testing.T, open opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, opener)
	}{
		{"messages", testMessages},
		{"progress", testProgress},
		{"order within a batch", testOrder},
		{"restart", testRestart},
		{"empty database", testEmpty},
		{"inbound", testInbound},
		{"parts and held", testPartsAndHeld},
		{"alarms", testAlarms},
		{"sums for reports", testTallies},
		{"spans of links", testSpans},
		{"sums of the past", testPastTallies},
		{"key of secrets", testSecretKey},
		{"audit of accounts", testAuditOf},
		{"audit of a name used again", testAuditOfSuccessor},
		{"key of answers by mail", testMailKey},
		{"events", testEvents},
		{"retention of events", testEventsRetention},
		{"waiting", testWaiting},
		{"due", testDue},
		{"owed", testOwed},
		{"dead letters", testDead},
		{"retention of dead letters", testDeadRetention},
		{"escalations", testEscalations},
		{"sessions of people", testSessions},
		{"second factor", testSecondFactor},
		{"one-time links", testLinks},
		{"retention of escalations", testEscalationRetention},
		{"conversations", testConversations},
		{"retention of conversations", testConversationRetention},
		{"outstanding", testOutstanding},
		{"shares", testShares},
		{"free rows of owed, mail", testFreeOwed},
		{"refill is fair", testRefill},
		{"refill with many accounts", testRefillManyAccounts},
		{"lists", testLists},
		{"list looks at few rows", testListBound},
		{"inbound lists", testInboundLists},
		{"zones", testZones},
		{"zones of inbound messages", testInboundZones},
		{"retention of zones", testZoneRetention},
		{"people", testPeople},
		{"remembered", testRemembered},
		{"sums and configurations", testSums},
		{"retention", testRetention},
		{"retention of others", testRetentionOfOthers},
		{"readers", testReaders},
		{"deadline", testDeadline},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open)
		})
	}
}

func commit(t *testing.T, s *store.Store, b *store.Batch) {
	t.Helper()
	if err := s.Commit(b); err != nil {
		t.Fatal(err)
	}
}

// diff reports how two values differ. What is the same to the last octet is not given to cmp, which takes ten seconds for
// a thousand messages from phones under the race detector.
func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// newMessage makes the least that a message is.
func newMessage(ids *message.IDs, account string) *message.Message {
	return &message.Message{
		ID: ids.Next(time.Now()), Account: account, To: message.Address{TON: message.TONInternational, Number: "46701234567"},
		Content: message.Content{Class: -1}, Progress: message.Progress{State: message.Queued},
	}
}

// fullMessage makes one with every field set.
func fullMessage(ids *message.IDs) *message.Message {
	return &message.Message{
		ID: ids.Next(time.Now()), Account: "acme", Via: message.ViaKannel,
		From:      message.Address{TON: message.TONAlphanumeric, Number: "Kurir"},
		To:        message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"},
		Content:   message.Content{Text: "Grüße, 世界 \U0001f600", Header: []byte{5, 0, 3, 1, 2, 1}, Want: gsm.UCS2, Class: 0},
		Encoding:  gsm.UCS2,
		Parts:     255,
		Priority:  message.Urgent,
		Reference: "order 7",
		SendAt:    1763768387001,
		Expires:   1763768387002,
		Receipts:  message.ReceiptFinal | message.ReceiptIntermediate,
		Target:    message.Target{Kind: message.KannelTarget, Account: "acme", Address: "http://127.0.0.1/dlr?x=%d", Mask: 31},
		Links:     []string{"op1", "op2", "op3"},
		Price:     -35000,
		Config:    1 << 31,
		Special: &message.Special{
			Secret: true, ByLoad: true, Tag: "campaign", Dimensions: "cost_centre=4711;project=x", Lumped: true,
			From: message.Address{NPI: message.NPIISDN, Number: "72456"}, To: message.Address{TON: message.TONNational, Number: "701234567"},
			Hours: "mon-fri 08:00-20:00; recipient", RouteHours: "fri; UTC", Dialog: "07",
		},
		Progress: message.Progress{State: message.Delivered, Owed: true, Final: 1763768387003, Log: []byte("a log with a zero at its end\x00")},
	}
}

// fullExtra has every field filled in, and parameters of the least and greatest
// tag, the same twice, and one without a value.
func fullExtra() *message.Extra {
	return &message.Extra{
		ServiceType: "CMT", ESMClass: 0x82, ProtocolID: 0x41, Acks: message.AckDelivery | message.AckUser,
		DefaultMsgID: 254, Coding: 0xC8, TLVs: []message.TLV{
			{Tag: 0, Value: []byte{0}},
			{Tag: 0x1400, Value: []byte("1201159123456789012\x00")},
			{Tag: 0x1400, Value: make([]byte, message.MaxTLVOctets)},
			{Tag: 0xFFFF, Value: []byte{}},
		},
	}
}

func testMessages(t *testing.T, open opener) {
	ctx := context.Background()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	ids := message.NewIDs(3, 0)
	binary := newMessage(ids, "")
	binary.Content = message.Content{Data: []byte{0, 255, 0}, Class: 3, Want: gsm.Binary}
	binary.From = message.Address{TON: message.TONAbbreviated, Number: "72000"}
	binary.Log = make([]byte, 2000)
	plus := newMessage(ids, "acme")
	plus.To = message.Address{TON: message.TONUnknown, Number: "+46"} // not international: the plus is part of it
	extra := newMessage(ids, "acme")
	extra.Content.Extra = fullExtra()
	few := newMessage(ids, "acme")
	few.Content.Header = []byte{0}
	few.Content.Extra = &message.Extra{Coding: 0xC8}
	want := []*message.Message{fullMessage(ids), newMessage(ids, "acme"), binary, plus, extra, few}
	commit(t, s, &store.Batch{Accepted: want})

	check := func(s *store.Store) {
		t.Helper()
		for _, m := range want {
			got, err := s.Message(ctx, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "message", m, got)
		}
		list, err := s.MessagesByID(ctx, []message.ID{want[2].ID, 1, want[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "messages by id", []*message.Message{want[2], want[0]}, list)
		if _, err := s.Message(ctx, 1); err != store.ErrNotFound {
			t.Errorf("a message that is not there: %v", err)
		}
		list, _, err = s.Messages(ctx, store.Filter{To: plus.To})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "messages to a number with a plus", []*message.Message{plus}, list)
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, place, store.Retention{}))
}

func testProgress(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	m := newMessage(ids, "acme")
	commit(t, s, &store.Batch{Accepted: []*message.Message{m}})
	for _, c := range []store.Change{
		{ID: m.ID, State: message.Enroute, Log: []byte{1, 2, 3}},
		{ID: m.ID, State: message.Delivered, Owed: true, Final: 77, Log: make([]byte, 5000)},
		{ID: m.ID, State: message.Delivered, Final: 77},
	} {
		commit(t, s, &store.Batch{Changed: []store.Change{c, {ID: 12345, State: message.Enroute}}})
		m.Progress = message.Progress{State: c.State, Owed: c.Owed, Final: c.Final, Log: c.Log}
		got, err := s.Message(ctx, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "message", m, got)
	}
	if _, err := s.Message(ctx, 12345); err != store.ErrNotFound {
		t.Errorf("a change made a message: %v", err)
	}
	full := fullMessage(ids)
	commit(t, s, &store.Batch{Accepted: []*message.Message{full}})
	commit(t, s, &store.Batch{Erased: []message.ID{full.ID}})
	full.Content.Text, full.Content.Header = "", nil
	got, err := s.Message(ctx, full.ID)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "erased message", full, got)
}

func testOrder(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir(), store.Retention{})
	ids := message.NewIDs(0, 0)
	m := newMessage(ids, "acme")
	in := &message.Inbound{ID: ids.Next(time.Now()), Owed: 1, Targets: []message.Target{{Kind: message.SMPPTarget}}}
	w := store.Waiting{Link: "op1", Account: "acme", ID: m.ID, Expires: 9}
	owed := store.Owed{Queue: "acme", Due: 1, ID: m.ID}
	open1 := store.Outstanding{Key: 1 << 63, ID: m.ID, Deadline: 5}
	b := &store.Batch{
		Accepted: []*message.Message{m}, Changed: []store.Change{{ID: m.ID, State: message.Enroute}},
		Inbound: []*message.Inbound{in}, InboundChanged: []store.InboundChange{{ID: in.ID, Owed: 0, Log: []byte{1}}},
		// What has a number of its own is added before it is removed.
		Granted: []store.Grant{{Number: 1}, {Number: 2}}, GrantDone: []int64{1},
		Held: []store.HeldReport{{Number: 1}, {Number: 2}}, HeldDone: []int64{1},
		Parts: []store.InboundPart{{ID: 5, Part: new(message.Inbound)}, {ID: 6, Part: new(message.Inbound)}}, PartsDone: []message.ID{5},
		// What may come back is removed before it is added.
		WaitingAdd: []store.Waiting{w}, WaitingRemove: []store.Waiting{w},
		DueAdd: []store.Due{{ID: m.ID, At: 7}}, DueRemove: []message.ID{m.ID},
		OwedAdd: []store.Owed{owed}, OwedRemove: []store.Owed{owed},
		OpenAdd: []store.Outstanding{open1}, OpenRemove: []store.Outstanding{open1},
	}
	commit(t, s, b)
	want := store.Counts{Waiting: 1, Due: 1, Owed: 1, Outstanding: 1, Parts: 1, Held: 1}
	diff(t, "rows", want, s.Stats().Tables)
	got, err := s.Message(ctx, m.ID)
	if err != nil || got.State != message.Enroute {
		t.Errorf("message %v, %v; want it enroute", got, err)
	}
	gotIn, err := s.Inbound(ctx, in.ID)
	if err != nil || gotIn.Owed != 0 {
		t.Errorf("inbound message %v, %v; want nothing owed", gotIn, err)
	}
	grants, err := s.Grants(ctx, 0)
	if err != nil || len(grants) != 1 || grants[0].Number != 2 {
		t.Errorf("grants %v, %v; want number 2", grants, err)
	}
	// Adding what is there, and removing what is not, change nothing.
	commit(t, s, &store.Batch{
		WaitingAdd: []store.Waiting{w}, DueAdd: []store.Due{{ID: m.ID, At: 8}}, OwedAdd: []store.Owed{owed}, OpenAdd: []store.Outstanding{open1},
		GrantDone: []int64{99}, HeldDone: []int64{99}, PartsDone: []message.ID{99}, DueRemove: []message.ID{99},
		WaitingRemove: []store.Waiting{{Link: "op9"}}, OwedRemove: []store.Owed{{Queue: "x"}}, OpenRemove: []store.Outstanding{{Key: 9}},
	})
	diff(t, "rows", want, s.Stats().Tables)
	due, err := s.DueBefore(ctx, 0, 100, 10)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "due later", []store.Due{{ID: m.ID, At: 8}}, due)
	commit(t, s, &store.Batch{
		WaitingRemove: []store.Waiting{w}, DueRemove: []message.ID{m.ID}, OwedRemove: []store.Owed{owed}, OpenRemove: []store.Outstanding{open1},
		HeldDone: []int64{2}, PartsDone: []message.ID{6}, GrantDone: []int64{2},
	})
	diff(t, "rows", store.Counts{}, s.Stats().Tables)
}

func testRestart(t *testing.T, open opener) {
	ctx := context.Background()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	ids := message.NewIDs(0, 0)
	var all []*message.Message
	for i := range 2500 {
		m := newMessage(ids, "acme")
		switch i % 4 {
		case 1:
			m.State, m.Final = message.Delivered, 5
		case 2:
			m.State, m.Final, m.Owed = message.Delivered, 5, true
		}
		all = append(all, m)
	}
	mark := all[400].ID
	grants := []store.Grant{
		{Number: 7, Link: "op1", Session: 1 << 31, At: 1763768387001, IDs: []message.ID{all[3].ID, all[1].ID}},
		{Number: 9, Link: "op2"},
	}
	commit(t, s, &store.Batch{Accepted: all, Mark: mark, Granted: grants, Held: []store.HeldReport{{Number: 4}}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, place, store.Retention{})
	var want, got []message.ID
	for i, m := range all {
		if i > 400 && i%4 != 1 {
			want = append(want, m.ID)
		}
	}
	err := s.OpenAfterMark(ctx, 0, func(m *message.Message) error {
		got = append(got, m.ID)
		_, err := s.Message(ctx, m.ID) // the store may be used meanwhile
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "open messages", want, got)
	g, err := s.Grants(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "grants", grants, g)
	id, err1 := s.LastID(ctx)
	grant, err2 := s.LastGrant(ctx)
	held, err3 := s.LastHeld(ctx)
	if err1 != nil || err2 != nil || err3 != nil || id != all[len(all)-1].ID || grant != 9 || held != 4 {
		t.Errorf("last numbers %v %v %v (%v %v %v)", id, grant, held, err1, err2, err3)
	}
	if m, err := s.Mark(ctx, 0); m != mark || err != nil {
		t.Errorf("mark %v, %v", m, err)
	}
}

func testEmpty(t *testing.T, open opener) {
	ctx := context.Background()
	empty := open(t, t.TempDir(), store.Retention{})
	for what, read := range map[string]func() (int64, error){
		"id":    func() (int64, error) { n, err := empty.LastID(ctx); return int64(n), err },
		"mark":  func() (int64, error) { n, err := empty.Mark(ctx, 0); return int64(n), err },
		"grant": func() (int64, error) { return empty.LastGrant(ctx) },
		"held":  func() (int64, error) { return empty.LastHeld(ctx) },
	} {
		if n, err := read(); n != 0 || err != nil {
			t.Errorf("%s of an empty database: %d, %v", what, n, err)
		}
	}
}
