package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// twoLinks is a configuration with two operators, a route to each by the
// recipient, and an administrator.
const twoLinks = `
data: %s
http: {listen: "127.0.0.1:0"}
limits: {connections: 100}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms%s}
  - {name: op2, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms, sessions: 2}
accounts:
  - {name: acme, api_keys: [key], senders: ["*"], admin: true}
routes:
  - {to: "467*", via: [op1]}
  - {to: "*", via: [op2]}
`

// linkReply is a link as REST shows it.
type linkReply struct {
	Name, State string
	Code        string
	Sessions    []struct {
		N       int
		State   string
		Session uint32
	}
}

// link asks for a link, or tells it what to do.
func (s *server) link(t *testing.T, method, path string) (int, linkReply) {
	t.Helper()
	var l linkReply
	status := s.ask(t, method, "/v1/links/"+path, "", &l)
	return status, l
}

// until waits until a link is in a state with so many sessions bound.
func (s *server) until(t *testing.T, name, state string, bound int) linkReply {
	t.Helper()
	for {
		_, l := s.link(t, http.MethodGet, name)
		n := 0
		for _, sess := range l.Sessions {
			if sess.State == "bound" {
				n++
			}
		}
		if l.State == state && n == bound {
			return l
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s is %+v, want %s with %d sessions", name, l, state, bound)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestControlLinks stops, starts, drains and restarts one of two links over
// REST: the sessions of the other stay, a reload changes nothing of it.
func TestControlLinks(t *testing.T) {
	t.Parallel()
	data, first, second := t.TempDir(), smsc(t), smsc(t)
	s := run(t, read(t, fmt.Sprintf(twoLinks, data, first, "", second)))
	s.until(t, "op1", "up", 1)
	other := s.until(t, "op2", "up", 2)

	if status, l := s.link(t, http.MethodPost, "op1/stop"); status != 200 || l.State != "stopped" || len(l.Sessions) != 0 {
		t.Errorf("stop: %d %+v", status, l)
	}
	if status, l := s.link(t, http.MethodPost, "op1/drain"); status != 409 || l.Code != "link_state" {
		t.Errorf("drain of a stopped link: %d %+v", status, l)
	}
	// The link's settings change while it is stopped.
	if err := s.Reload(t.Context(), read(t, fmt.Sprintf(twoLinks, data, first, ", window: 5", second))); err != nil {
		t.Fatal(err)
	}
	if _, l := s.link(t, http.MethodGet, "op1"); l.State != "stopped" {
		t.Errorf("after a reload the link is %s", l.State)
	}
	id := s.send(t, "ACME")
	if status, _ := s.link(t, http.MethodPost, "op1/start"); status != 200 {
		t.Errorf("start: %d", status)
	}
	s.delivered(t, id)
	was := s.until(t, "op1", "up", 1)

	if status, l := s.link(t, http.MethodPost, "op1/drain"); status != 200 || l.State != "draining" {
		t.Errorf("drain: %d %+v", status, l)
	}
	if status, _ := s.link(t, http.MethodPost, "op1/restart"); status != 200 {
		t.Errorf("restart: %d", status)
	}
	if l := s.until(t, "op1", "draining", 1); l.Sessions[0].Session == was.Sessions[0].Session {
		t.Error("a restart opened no new session")
	}
	if status, l := s.link(t, http.MethodPost, "op1/resume"); status != 200 || l.State != "up" {
		t.Errorf("resume: %d %+v", status, l)
	}

	if l := s.until(t, "op2", "up", 2); fmt.Sprint(l) != fmt.Sprint(other) {
		t.Errorf("the other link was touched: %+v, before %+v", l, other)
	}
	if status, _ := s.link(t, http.MethodPost, fmt.Sprintf("op2/sessions/%d/restart", other.Sessions[1].Session)); status != 200 {
		t.Errorf("restart of a session: %d", status)
	}
	for {
		l := s.until(t, "op2", "up", 2)
		if l.Sessions[0].Session != other.Sessions[0].Session {
			t.Fatal("the other session was restarted too")
		}
		if l.Sessions[1].Session != other.Sessions[1].Session {
			break
		}
	}
	var test struct {
		OK    bool
		Steps []struct{ Step, Found, Error string }
	}
	if status := s.ask(t, http.MethodPost, "/v1/links/op1/test", "", &test); status != 200 || !test.OK || len(test.Steps) != 5 {
		t.Errorf("test: %d %+v", status, test)
	}
	var sent struct{ Messages []struct{ ID string } }
	// The routes would have it go by op1.
	if status := s.ask(t, http.MethodPost, "/v1/links/op2/messages", `{"to":"+46701234567","from":"ACME","text":"x"}`, &sent); status != 202 {
		t.Fatalf("a message through one link: %d", status)
	}
	s.delivered(t, sent.Messages[0].ID)
	var m struct{ Link string }
	if s.ask(t, http.MethodGet, "/v1/messages/"+sent.Messages[0].ID, "", &m); m.Link != "op2" {
		t.Errorf("it went by %q", m.Link)
	}
	for _, path := range []string{"none/test", "none/stop", "op2/sessions/3/restart", "op2/sessions/x/restart"} {
		if status, l := s.link(t, http.MethodPost, path); status != 404 {
			t.Errorf("%s: %d %+v", path, status, l)
		}
	}
}

// TestLinkWithoutHosts: a link that only waits for outbind cannot be tried, and
// nothing can be sent by it; both are said.
func TestLinkWithoutHosts(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: "127.0.0.1:0"}
connectors:
  - {name: in, kind: smpp, system_id: kurir, outbind: {listen: "127.0.0.1:0", password: knock}}
accounts:
  - {name: acme, api_keys: [key], senders: ["*"], admin: true}
routes:
  - {to: "*", via: [in]}
`, t.TempDir())))
	for path, body := range map[string]string{
		"/v1/links/in/test":     "",
		"/v1/links/in/messages": `{"from": "ACME", "to": "46701234567", "text": "hello"}`,
	} {
		var reply struct {
			Detail string
			Errors []struct{ Detail string }
		}
		status := s.ask(t, http.MethodPost, path, body, &reply)
		said := reply.Detail + fmt.Sprint(reply.Errors)
		if status/100 != 4 || !strings.Contains(said, "has no hosts") {
			t.Errorf("%s: %d %s", path, status, said)
		}
	}
}
