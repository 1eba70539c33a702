package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// TestViews reads the views as another program would, over a connection of its
// own that may only read.
func TestViews(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	at := time.Date(2026, 5, 1, 12, 30, 15, 250e6, time.UTC)
	m := testMessage(message.NewIDs(5, 0), "acme", "46701234567")
	m.ID = message.NewIDs(5, 0).Next(at)
	m.Via, m.Parts, m.Price, m.Links, m.Reference = message.ViaSMPP, 2, 70000, []string{"op1", "op2"}, "r"
	m.From = message.Address{TON: message.TONAlphanumeric, Number: "Kurir"}
	m.State, m.Final, m.Expires = message.Undeliverable, at.UnixMilli()+1500, at.UnixMilli()+86400000
	in := &message.Inbound{ID: m.ID + 1, From: m.To, To: m.From, Received: at.UnixMilli(), Content: message.Content{Text: "hej"}, Account: "acme", Link: "op1", Parts: 1, Series: "orders", Case: "A-1"}
	err := s.Commit(&Batch{
		Accepted: []*message.Message{m}, Inbound: []*message.Inbound{in},
		Counters:   []Counter{{Hour: at.Unix() / 3600, Account: "acme", Link: "op1", What: "accepted", N: 1}},
		WaitingAdd: []Waiting{{Link: "op1", Priority: message.High, Account: "acme", ID: 1}, {Link: "op1", Priority: message.High, Account: "acme", ID: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.OpenConn(s.path, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for view, want := range map[string]map[string]string{
		"messages": {
			"id": m.ID.String(), "accepted": "2026-05-01T12:30:15.250Z", "final": "2026-05-01T12:30:16.750Z",
			"expires": "2026-05-02T12:30:15.250Z", "state": "undeliverable", "via": "smpp", "account": "acme",
			"sender": "Kurir", "recipient": "+46701234567", "reference": "r", "text": "hej", "link": "op1", "parts": "2", "price": "70000", "owed": "0",
		},
		"inbounds": {"id": in.ID.String(), "received": "2026-05-01T12:30:15.250Z", "sender": "+46701234567", "recipient": "Kurir", "text": "hej", "owed": "0", "case_number": "A-1"},
		"counters": {"hour": "2026-05-01T12:00:00Z", "account": "acme", "link": "op1", "what": "accepted", "n": "1"},
		"backlog":  {"link": "op1", "priority": "high", "account": "acme", "waiting": "2"},
	} {
		got := map[string]string{}
		err := sqlitex.ExecuteTransient(c, "SELECT * FROM "+view, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			for column := range want {
				got[column] = stmt.GetText(column)
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("view %s (-want +got):\n%s", view, d)
		}
	}
}

func FuzzBlobs(f *testing.F) {
	f.Add([]byte{1, 0, 0, 1, 1, 1, 1, 0xff, 1, 3, 7, 0, 1, 4, 'a', 'c', 'm', 'e', 0, 0, 0})
	f.Add([]byte{2, 0, 0, 0x7f, 3, 'C', 'M', 'T', 0x80, 1, 4, 1, 0xc8, 2, 0x80, 0x28, 1, 'x', 5, 0})
	f.Add([]byte{3, 0, 0, 1, 1, 1, 1, 0xff, 1, 3, 7, 0, 0, 0, 2, 3, 't', 'a', 'g', 3, 6, 0, 1, 3, '7', '2', '4', 1, 0, 9, 1, 'x'})
	f.Fuzz(func(t *testing.T, data []byte) {
		sameAgain(t, "what a message has beside its columns", data, into(readFixed), func(m *message.Message) []byte {
			whole := *m
			whole.Links = append([]string{"first"}, m.Links...) // which has a column
			return appendFixed(nil, &whole)
		})
		sameAgain(t, "a part", data, into(readPart), func(in *message.Inbound) []byte { return appendPart(nil, in) })
		sameAgain(t, "what an inbound message has beside its columns", data, into(readInboundFixed), func(in *message.Inbound) []byte { return appendInboundFixed(nil, in) })
		sameAgain(t, "data", data, into(readData), func(c *message.Content) []byte { return appendData(nil, c) })
		sameAgain(t, "a receipt", data, readReport, func(rep *message.Report) []byte { return appendReport(nil, rep) })
		sameAgain(t, "ids", data, readIDs, func(ids *[]message.ID) []byte { return appendIDs(nil, *ids) })
		readLog(data)
	})
}

// into gives what a reader has filled.
func into[T any](read func([]byte, *T) error) func([]byte) (T, error) {
	return func(b []byte) (T, error) {
		var v T
		err := read(b, &v)
		return v, err
	}
}

// sameAgain checks that what is read of octets, if anything, is read the same when it has been written.
func sameAgain[T any](t *testing.T, what string, data []byte, read func([]byte) (T, error), write func(*T) []byte) {
	t.Helper()
	first, err := read(data)
	if err != nil {
		return
	}
	again, err := read(write(&first))
	if err != nil {
		t.Errorf("%s that was read cannot be written and read: %v", what, err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}
