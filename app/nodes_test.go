package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/app"
	"kurir/cluster"
	"kurir/pgtest"
	"kurir/simulator"
)

// shownNodes is the answer of /v1/nodes.
type shownNodes struct {
	Nodes []struct {
		Name   string
		Number int
		Self   bool
		State  string
		Links  []string
		Leases []string
	}
}

// TestNodeAlone shows the one server that a SQLite database has.
func TestNodeAlone(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(`
data: %s
node: sms1
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, api_keys: [key], admin: true}
`, t.TempDir())))
	var shown shownNodes
	if status := s.ask(t, http.MethodGet, "/v1/nodes", "", &shown); status != http.StatusOK || len(shown.Nodes) != 1 ||
		shown.Nodes[0].Name != "sms1" || !shown.Nodes[0].Self || shown.Nodes[0].State != "live" {
		t.Errorf("%d %+v", status, shown)
	}
}

// pair is the file of one of several servers on a database.
func nodeFile(t *testing.T, url, node, more string) string {
	t.Helper()
	return fmt.Sprintf(`
data: %s
database: %s
node: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, api_keys: [key], admin: true, senders: ["*"]}
%s`, t.TempDir(), url, node, more)
}

// TestNodesShareDatabase starts two servers on one PostgreSQL: each shows both,
// and a third under a name that is in use says why it cannot start.
func TestNodesShareDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	a := run(t, read(t, nodeFile(t, url, "a", "")))
	b := run(t, read(t, nodeFile(t, url, "b", "")))
	for _, s := range []*server{a, b} {
		for {
			var shown shownNodes
			if status := s.ask(t, http.MethodGet, "/v1/nodes", "", &shown); status != http.StatusOK {
				t.Fatal(status)
			}
			if len(shown.Nodes) < 2 || shown.Nodes[0].State == "silent" || shown.Nodes[1].State == "silent" { // it has not looked since the other came, or that one is held up
				continue
			}
			if n := shown.Nodes; n[0].Name != "a" || n[1].Name != "b" || n[1].Number != 1 || n[0].State != "live" || n[0].Self != (s == a) {
				t.Errorf("%+v", n)
			}
			break
		}
	}
	_, err := app.New(t.Context(), app.Options{File: read(t, nodeFile(t, url, "a", "")), Log: slog.New(slog.DiscardHandler)})
	if _, ok := errors.AsType[*cluster.NameTakenError](err); !ok || !strings.HasPrefix(err.Error(), `the name "a" is in use: another Kurir (process`) {
		t.Errorf("a second a: %v", err)
	}
}

// bound counts the sessions of a server's link that are bound, and those that
// another server holds.
func (s *server) bound(t *testing.T) (bound, elsewhere int) {
	t.Helper()
	var link struct{ Sessions []struct{ State string } }
	if status := s.ask(t, http.MethodGet, "/v1/links/op1", "", &link); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, x := range link.Sessions {
		switch x.State {
		case "bound":
			bound++
		case "elsewhere":
			elsewhere++
		}
	}
	return bound, elsewhere
}

// waitBound waits until a server has so many sessions, and others the rest.
func (s *server) waitBound(t *testing.T, bound, elsewhere int) {
	t.Helper()
	for t.Context().Err() == nil {
		if b, e := s.bound(t); b == bound && e == elsewhere {
			return
		}
	}
	t.Fatalf("it does not come to %d sessions", bound)
}

// TestNodesShareSessions has two servers share the two sessions of a link: each
// binds one, and when one of them ends the other binds both.
func TestNodesShareSessions(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	operator := startOperator(t)
	link := fmt.Sprintf(`connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, password: secret, sessions: 2}
routes:
  - {to: "*", via: [op1]}
`, operator.Addr())
	a := run(t, read(t, nodeFile(t, url, "a", link)))
	a.waitBound(t, 2, 0)
	b := run(t, read(t, nodeFile(t, url, "b", link)))
	a.waitBound(t, 1, 1)
	b.waitBound(t, 1, 1)
	var shown shownNodes
	for len(shown.Nodes) < 2 || len(shown.Nodes[0].Leases) != 1 || len(shown.Nodes[1].Leases) != 1 { // it looks once a second
		if status := b.ask(t, http.MethodGet, "/v1/nodes", "", &shown); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	b.waitBound(t, 2, 0)
}

// TestNodesControlLink stops a link at one of two servers: the other ends its session too, one that starts afterwards opens
// none, and what is started at the second runs at both.
func TestNodesControlLink(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	operator := startOperator(t)
	link := fmt.Sprintf(`connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, password: secret, sessions: 2, reconnect: 500ms}
`, operator.Addr())
	fileA := nodeFile(t, url, "a", link)
	a := run(t, read(t, fileA))
	b := run(t, read(t, nodeFile(t, url, "b", link)))
	a.waitBound(t, 1, 1)
	b.waitBound(t, 1, 1)
	if status, l := a.link(t, http.MethodPost, "op1/drain"); status != 200 || l.State != "draining" {
		t.Errorf("drain: %d %+v", status, l)
	}
	b.until(t, "op1", "draining", 1)
	if status, l := a.link(t, http.MethodPost, "op1/stop"); status != 200 || l.State != "stopped" {
		t.Errorf("stop: %d %+v", status, l)
	}
	b.until(t, "op1", "stopped", 0)
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	a = run(t, read(t, fileA))
	if l := a.until(t, "op1", "stopped", 0); len(l.Sessions) > 0 {
		t.Errorf("a server that starts opens %+v", l.Sessions)
	}
	if status, _ := b.link(t, http.MethodPost, "op1/start"); status != 200 {
		t.Errorf("start: %d", status)
	}
	a.waitBound(t, 1, 1)
	b.waitBound(t, 1, 1)
}

// TestNodesElsewhere: a server that has no session of a link says that the other one has it, and is not alarmed; is it lost
// there too, both say that the link is down.
func TestNodesElsewhere(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	operator := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := operator.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := sync.OnceFunc(operator.Close)
	t.Cleanup(gone)
	link := fmt.Sprintf(`connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, password: secret, reconnect: 500ms}
`, operator.Addr())
	a := run(t, read(t, nodeFile(t, url, "a", link)))
	a.until(t, "op1", "up", 1)
	b := run(t, read(t, nodeFile(t, url, "b", link)))
	b.until(t, "op1", "elsewhere", 0)
	for _, s := range []*server{a, b} { // each looks once a second
		var l struct {
			Nodes []struct {
				Name   string
				Open   int
				Leases []string
			}
		}
		for since := time.Now(); ; {
			l.Nodes = nil
			if s.ask(t, http.MethodGet, "/v1/links/op1", "", &l); fmt.Sprint(l.Nodes) == "[{a 1 [op1/1]}]" {
				break
			}
			if time.Since(since) > 30*time.Second {
				t.Fatalf("sessions are at %+v", l.Nodes)
			}
		}
	}
	var shown struct {
		Nodes []struct{ Open map[string]int }
	}
	if b.ask(t, http.MethodGet, "/v1/nodes", "", &shown); fmt.Sprint(shown.Nodes) != "[{map[op1:1]} {map[]}]" {
		t.Errorf("open are %v", shown.Nodes)
	}
	gone()
	a.until(t, "op1", "down", 0)
	b.until(t, "op1", "down", 0)
}

// TestNodesFallBack: while no server has an open session of a link, messages take the next one of their route, although
// servers hold leases of its sessions.
func TestNodesFallBack(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	operator := startOperator(t)
	link := fmt.Sprintf(`connectors:
  - {name: op1, kind: smpp, hosts: ["127.0.0.1:1"], system_id: kurir, password: secret, reconnect: 500ms, sessions: 2, fallback_wait: 1s}
  - {name: op2, kind: smpp, hosts: ["%s"], system_id: kurir, password: secret, reconnect: 500ms, sessions: 2}
routes:
  - {to: "*", via: [op1, op2]}
`, operator.Addr())
	a := run(t, read(t, nodeFile(t, url, "a", link)))
	b := run(t, read(t, nodeFile(t, url, "b", link)))
	for _, s := range []*server{a, b} {
		for n := 0; n < 4; { // each holds one of each link
			var shown shownNodes
			s.ask(t, http.MethodGet, "/v1/nodes", "", &shown)
			n = 0
			for i := range shown.Nodes {
				n += len(shown.Nodes[i].Leases)
			}
		}
		s.delivered(t, s.send(t, "46100"))
	}
}
