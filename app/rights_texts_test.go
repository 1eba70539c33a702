package app_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/simulator"
)

// ofTexts are calls whose answers have texts that are no messages: templates, what the settings send by themselves, and notes about money.
var ofTexts = []string{"/v1/templates", "/v1/schedules", "/v1/balances/{account}/topups"}

// Whoever may not see the texts of messages sees them nowhere over REST: not among messages from and to phones, in traces, opt-outs, queues,
// escalations, events, exports or the audit.
func TestTextsKept(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(rightsText, t.TempDir(), sim.Addr())))
	c := newCaller(t, s)
	began := time.Now().Add(-time.Minute)
	until(t, "the link is not up", func() string {
		if got := c.do(t, "kept-key-root", "GET", "/v1/links/op1", ""); strings.Contains(got.body, `"state":"bound"`) {
			return "up"
		}
		return ""
	})
	b := &belongings{name: "child", key: "kept-key-child", phone: "+46709000002", inbox: "+46737000002", password: "kept-c"}
	b.furnish(t, s, c, sim)
	seen := 0
	for _, u := range []account.User{
		{Name: "u", Account: "child", Role: "sender"}, // sees them, so that it is known where they stand
		{Name: "u", Account: "child", Role: "project"},
		{Name: "u", Account: "root", Role: "auditor"},
		{Name: "u", Account: "root", Role: "operator"},
		{Name: "u", Account: "root", Role: "support", Until: time.Now().Add(time.Hour).Format(time.RFC3339)},
	} {
		for _, call := range restCalls(t, c) {
			method, path, _ := strings.Cut(call, " ")
			if method != "GET" || holds(ofTexts, path) {
				continue
			}
			for _, form := range []string{"", "csv", "ndjson"} {
				body := askedAs(t, s, &u, b.named(path), form, began)
				switch found := strings.Contains(body, "text-of-child"); {
				case found && u.Role == "sender":
					seen++
				case found:
					t.Errorf("%s (%s) shows a text to the role %s: %.300s", path, form, u.Role, body[max(0, strings.Index(body, "text-of-child")-200):])
				}
			}
		}
	}
	if seen < 6 {
		t.Errorf("a sender sees texts in %d places: they are looked for in the wrong ones", seen)
	}
}

// holds tells whether a path is one of some, or below it.
func holds(list []string, path string) bool {
	for _, begin := range list {
		if path == begin || strings.HasPrefix(path, begin+"/") {
			return true
		}
	}
	return false
}

// askedAs asks for what a path names, of the account child, as a user does; of a stream for what has happened.
func askedAs(t *testing.T, s *server, u *account.User, path, form string, since time.Time) string {
	t.Helper()
	ctx, with := t.Context(), "?"
	if strings.Contains(path, "?") {
		with = "&"
	}
	switch {
	case strings.HasPrefix(path, "/v1/events"):
		path += with + "since=" + since.UTC().Format(time.RFC3339)
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond) // it stays open
		defer cancel()
		ctx = short
	case form != "":
		path += with + "format=" + form
	case u.Account != "child" && (path == "/v1/messages" || path == "/v1/inbound" || path == "/v1/optouts" || path == "/v1/queues" || path == "/v1/queues/dead" || path == "/v1/escalations"):
		path += with + "account=child"
	}
	w := httptest.NewRecorder()
	s.ServeAs(u, w, httptest.NewRequestWithContext(ctx, "GET", path, nil))
	return w.Body.String()
}
