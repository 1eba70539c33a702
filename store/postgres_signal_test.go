package store

import (
	"testing"
	"time"

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
	a.Listen(func(sig Signal) { t.Errorf("a node heard itself: %+v", sig) })
	until := hearing(t, a, b)
	until("op1")
	proxy.Close()
	proxy.Heal(t)
	until("op2")
}

// TestPooledSignals: behind a pooler that gives each transaction another connection signals are heard by the address that is given for that.
func TestPooledSignals(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	pooled := pgtest.Bouncer(t, url)
	a := openFault(t, pooled, Options{Shared: true})
	b := openFault(t, pooled, Options{Shared: true, Node: 1, Listen: url})
	hearing(t, a, b)("op1")
}

// hearing returns what has node 0 leave something for a link until b hears of it.
func hearing(t *testing.T, a, b *Store) func(link string) {
	heard := make(chan Signal, 1000)
	b.Listen(func(sig Signal) { heard <- sig })
	ids := message.NewIDs(0, 0)
	leave := func(link string) {
		t.Helper()
		m := testMessage(ids, "acme", "46701234567")
		err := a.Commit(&Batch{Accepted: []*message.Message{m}, WaitingAdd: []Waiting{{Link: link, Account: "acme", ID: m.ID, Node: Free}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return func(link string) {
		t.Helper()
		limit := time.After(time.Minute)
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
			case <-limit:
				t.Fatal("nothing was heard")
			default:
			}
		}
	}
}
