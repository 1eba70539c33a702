package store

import (
	"testing"

	"kurir/message"
	"kurir/pgtest"
)

// TestPostgresSignals: what one node's commit leaves for others is heard by them, also after a connection has broken.
func TestPostgresSignals(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	url := server.Database(t)
	proxy := pgtest.StartProxy(t, server.Address())
	a := openFault(t, url, Options{Shared: true})
	b := openFault(t, proxy.URL(t, url), Options{Shared: true, Node: 1})
	heard := make(chan Signal, 1000)
	b.Listen(func(sig Signal) { heard <- sig })
	a.Listen(func(sig Signal) { t.Errorf("a node heard itself: %+v", sig) })
	ids := message.NewIDs(0, 0)
	leave := func(link string) {
		t.Helper()
		m := testMessage(ids, "acme", "46701234567")
		err := a.Commit(&Batch{Accepted: []*message.Message{m}, WaitingAdd: []Waiting{{Link: link, Account: "acme", ID: m.ID, Node: Free}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	until := func(link string) {
		t.Helper()
		for { // the first ones may come before b listens, or while its connection is broken
			leave(link)
			select {
			case sig := <-heard:
				if sig.Node != 0 || len(sig.Links) != 1 {
					t.Fatalf("heard %+v", sig)
				}
				if sig.Links[0] == link {
					return
				}
			default:
			}
			if t.Context().Err() != nil {
				t.Fatal("nothing was heard")
			}
		}
	}
	until("op1")
	proxy.Close()
	proxy.Heal(t)
	until("op2")
}
