package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/connector"
	"kurir/gateway"
	"kurir/message"
)

// What concerns the operators' links is no customer's business.
func TestLinksAreForAdministrators(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	told := ""
	o.Links = LinksOptions{
		Stats: func() []gateway.LinkStats {
			return []gateway.LinkStats{{Name: "op1", State: "up", Since: testEpoch, Sessions: []connector.SessionStats{{
				Session: 7, State: "bound", Mode: "transceiver", Since: testEpoch, WindowSize: 10, Error: "gone", ErrorAt: testEpoch.Add(-time.Second),
			}}}}
		},
		Control: func(_, name, action string) error { told += name + " " + action; return nil },
		Unmatched: func(name string) ([]gateway.UnmatchedReceipt, bool) {
			return []gateway.UnmatchedReceipt{{At: testEpoch, ID: "1f", From: "+46700000001", To: "ACME", State: "delivered", Why: "unknown"}}, name == "op1"
		},
		RestartSession: func(name string, _ uint32) error { return &gateway.LinkError{Missing: true, Text: "no " + name} },
	}
	h := NewHTTP(o)
	for _, c := range [][2]string{
		{"GET", "/v1/links"},
		{"GET", "/v1/links/op1"},
		{"GET", "/v1/links/op1/receipts/unknown"},
		{"POST", "/v1/links/op1/stop"},
		{"POST", "/v1/links/op1/start"},
		{"POST", "/v1/links/op1/restart"},
		{"POST", "/v1/links/op1/drain"},
		{"POST", "/v1/links/op1/resume"},
		{"POST", "/v1/links/op1/sessions/1/restart"},
	} {
		if w := asAcme(h, c[0], c[1], ""); w.Code != 403 {
			t.Errorf("%s %s: %d for a customer", c[0], c[1], w.Code)
		}
	}
	if told != "" {
		t.Errorf("a customer told a link: %s", told)
	}
	asRoot := func(method, path string) (int, string) {
		w := ask(h, method, path, "", "Authorization", "Bearer root-key")
		return w.Code, w.Body.String()
	}
	want := `{"links":[{"name":"op1","state":"up","since":"2026-11-05T08:30:00Z","queued":0,"in_flight":0,"taken":0,"failed":0,` +
		`"throttled":0,"receipts":0,"inbound":0,"receipts_unmatched":0,"sessions":[{"session":7,"state":"bound","since":"2026-11-05T08:30:00Z",` +
		`"mode":"transceiver","window":0,"window_size":10,"in_per_second":0,"out_per_second":0,"latency_p50_ms":0,"latency_p99_ms":0,"error":"gone","error_at":"2026-11-05T08:29:59Z"}]}]}`
	if status, body := asRoot("GET", "/v1/links"); status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	want = `{"receipts":[{"at":"2026-11-05T08:30:00Z","operator_id":"1f","from":"+46700000001","to":"ACME","state":"delivered","why":"unknown"}]}`
	if status, body := asRoot("GET", "/v1/links/op1/receipts/unknown"); status != 200 || strings.TrimSpace(body) != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	if status, body := asRoot("GET", "/v1/links/none/receipts/unknown"); status != 404 {
		t.Errorf("receipts of a link that is not there: %d %s", status, body)
	}
	if status, body := asRoot("POST", "/v1/links/op1/drain"); status != 200 || told != "op1 drain" {
		t.Errorf("drain: %d %s, told %q", status, body, told)
	}
	for path, want := range map[string]int{"/v1/links/none": 404, "/v1/links?x=1": 400} {
		if status, body := asRoot("GET", path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := asRoot("POST", "/v1/links/op1/sessions/9/restart"); status != 404 {
		t.Errorf("a session that is not there: %d %s", status, body)
	}
}

// Links are filtered and sorted like every list.
func TestLinksList(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Links.Stats = func() []gateway.LinkStats {
		return []gateway.LinkStats{
			{Name: "a", State: "up", Queued: 5},
			{Name: "b", State: "down", Queued: 70},
			{Name: "c", State: "up", Queued: 9},
			{Name: "d", State: "maintenance"},
			{Name: "e", State: "reconnecting"},
		}
	}
	h := NewHTTP(o)
	for query, want := range map[string]string{"": "abcde", "?state=maintenance": "d", "?state=reconnecting": "e", "?state=up&sort=-queued": "ca", "?name=b,c": "bc"} {
		w := ask(h, http.MethodGet, "/v1/links"+query, "", "Authorization", "Bearer root-key")
		var page struct{ Links []linkView }
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err, w.Body)
		}
		got := ""
		for _, l := range page.Links {
			got += l.Name
		}
		if got != want {
			t.Errorf("%q brings %q, want %q", query, got, want)
		}
	}
}

// TestAskOperatorShows: an administrator sees what became of anybody's message,
// and the words of his own only. What is under way has no error.
func TestAskOperatorShows(t *testing.T) {
	t.Parallel()
	id := message.NewIDs(0, 0).Next(testEpoch)
	for owner, own := range map[string]bool{"acme": false, "root": true} {
		m := &message.Message{ID: id, Account: owner, Content: message.Content{Text: "hush", Class: -1}, Parts: 1}
		m.State = message.Enroute
		m.Log = message.AppendEvent(nil, id, message.Event{Kind: message.EventReport, At: testEpoch.UnixMilli(), State: message.Enroute, Code: 27})
		o := (&fakeGateway{}).options()
		o.Ask = func(context.Context, string, message.ID) (*message.Message, error) { return m, nil }
		w := ask(NewHTTP(o), http.MethodPost, "/v1/messages/"+id.String()+"/query", "", "Authorization", "Bearer root-key")
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(body, `"state":"enroute"`) || strings.Contains(body, "hush") != own {
			t.Errorf("of %s: %d %s", owner, w.Code, body)
		}
		if strings.Contains(body, `"error"`) {
			t.Errorf("enroute with an error: %s", body)
		}
	}
}
