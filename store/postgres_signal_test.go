package store

import (
	"context"
	"log/slog"
	"strings"
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

// TestListensElsewhere: who listens at a database where nobody speaks to him says so once.
func TestListensElsewhere(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	other := server.Database(t)
	openFault(t, other, Options{Shared: true}) // it has the tables, and another server
	said := make(chan slog.Record, 10)
	openFault(t, server.Database(t), Options{Shared: true, Node: 1, Listen: other, Log: slog.New(recordHandler{said})})
	for limit := time.After(time.Minute); ; {
		select {
		case r := <-said:
			if !strings.HasPrefix(r.Message, "other servers cannot be heard") {
				continue
			}
			r.Attrs(func(a slog.Attr) bool {
				if why := a.Value.String(); !strings.Contains(why, "database_listen is not the database") {
					t.Errorf("%s: %s", r.Message, why)
				}
				return false
			})
		case <-limit:
			t.Error("nothing was said")
		}
		return
	}
}

// recordHandler passes on what is logged.
type recordHandler struct{ records chan<- slog.Record }

func (h recordHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (h recordHandler) WithAttrs([]slog.Attr) slog.Handler           { return h }
func (h recordHandler) WithGroup(string) slog.Handler                { return h }
func (h recordHandler) Handle(_ context.Context, r slog.Record) error {
	select {
	case h.records <- r:
	default:
	}
	return nil
}

// TestOtherEncoding: a database that cannot hold every text is refused, with what to do.
func TestOtherEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	name := pgtest.DatabaseOf(server.Database(t)) + "latin"
	server.Ask(t, "CREATE DATABASE "+name+" OWNER kurir TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
	t.Cleanup(func() { server.Ask(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	if _, err := Open(t.Context(), Options{Database: server.URL(name)}); err == nil || !strings.Contains(err.Error(), "ENCODING 'UTF8'") {
		t.Errorf("opened: %v", err)
	}
}

// hearing returns what has node 0 leave something for a link until b hears of it.
func hearing(t *testing.T, a, b *Store) func(link string) {
	heard := make(chan Signal, 1000)
	b.Listen(func(sig Signal) {
		select {
		case heard <- sig:
		default: // more than anybody takes: b could not end
		}
	})
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

// TestNodesAreHeard: a node that gives a lease back or ends is heard of by the others, and not by itself.
func TestNodesAreHeard(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	table, err := OpenNodeTable(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	node, ok, err := table.RegisterNode(t.Context(), "a", "")
	if err != nil || !ok {
		t.Fatalf("%v %v", ok, err)
	}
	other := openFault(t, url, Options{Shared: true, Node: node.Number + 1})
	itself := openFault(t, url, Options{Shared: true, Node: node.Number})
	itself.Listen(func(sig Signal) {
		if sig.Nodes {
			t.Errorf("a node heard itself: %+v", sig)
		}
	})
	hearing(t, itself, other)("op") // both listen
	heard := make(chan Signal, 100)
	other.Listen(func(sig Signal) {
		if sig.Nodes {
			heard <- sig
		}
	})
	freed := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		select {
		case sig := <-heard:
			if sig.Node != node.Number {
				t.Errorf("%s: heard %+v", what, sig)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: nothing was heard", what)
		}
	}
	term, err := table.TakeLease(t.Context(), "op/1", 0, node.Number, node.Term)
	if err != nil || term == 0 {
		t.Fatalf("%d %v", term, err)
	}
	freed("a lease", table.ReleaseLease(t.Context(), "op/1", term, node.Number))
	freed("the node", table.ResignNode(t.Context(), node.Number, node.Term))
}
