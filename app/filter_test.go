package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestComplaint14Filters: an account's own checks, by a program elsewhere, hold up nobody else. A message is allowed,
// changed or refused as the filter says; when it does not answer the account's choice counts, and meanwhile messages
// that no filter is asked about are accepted at once.
func TestComplaint14Filters(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Text, Account string }
		_ = json.NewDecoder(r.Body).Decode(&q)
		switch {
		case q.Text == "slow":
			<-hold
		case q.Text == "bad":
			fmt.Fprint(w, `{"action": "refuse", "reason": "such words are not for `+q.Account+`"}`)
		case strings.HasPrefix(q.Text, "change"):
			fmt.Fprint(w, `{"action": "change", "text": "better", "tag": "checked"}`)
		case q.Text == "away":
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(hook.Close)
	s := run(t, read(t, fmt.Sprintf(`
data: %s
http: {listen: 127.0.0.1:0}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms}
filters:
  - {name: strict, url: "%[3]s", timeout: 30s}
  - {name: lax, url: "%[3]s", unanswered: allow}
accounts:
  - {name: acme, api_keys: [key], senders: ["*"], sender: ACME}
routes:
  - {to: "+461*", via: [op1], filter: strict}
  - {to: "+462*", via: [op1], filter: lax}
  - {to: "*", via: [op1]}
`, t.TempDir(), smsc(t), hook.URL)))
	post := func(body string) (status int, id, detail string) {
		var reply struct {
			Messages []struct{ ID string }
			Errors   []struct{ Detail string }
		}
		status = s.ask(t, http.MethodPost, "/v1/messages", body, &reply)
		if len(reply.Messages) > 0 {
			id = reply.Messages[0].ID
		}
		if len(reply.Errors) > 0 {
			detail = reply.Errors[0].Detail
		}
		return status, id, detail
	}
	slow := make(chan int)
	go func() {
		status, _, _ := post(`{"to": "+4610000001", "text": "slow"}`)
		slow <- status
	}()
	for _, c := range []struct {
		to, text string
		status   int
		detail   string
		as       string
	}{
		{"+4610000001", "good", 202, "", "good"},
		{"+4610000001", "bad", 403, "such words are not for acme", ""},
		{"+4610000001", "change me", 202, "", "better"},
		{"+4610000001", "away", 429, "the filter strict did not answer; try again later", ""},
		{"+4620000001", "away", 202, "", "away"},
		{"+4630000001", "bad", 202, "", "bad"}, // nobody is asked
	} {
		status, id, detail := post(fmt.Sprintf(`{"to": %q, "text": %q}`, c.to, c.text))
		if status != c.status || detail != c.detail {
			t.Errorf("%s to %s: %d %q", c.text, c.to, status, detail)
		}
		if id == "" {
			continue
		}
		s.delivered(t, id)
		var m struct{ Text, Tag string }
		s.ask(t, http.MethodGet, "/v1/messages/"+id, "", &m)
		if m.Text != c.as || (m.Tag == "checked") != (c.as == "better") {
			t.Errorf("%s became %+v", c.text, m)
		}
		if c.as == "better" {
			var trace struct{ Events []struct{ What, Text string } }
			if s.ask(t, http.MethodGet, "/v1/messages/"+id+"/trace", "", &trace); !strings.Contains(fmt.Sprint(trace), "the filter strict has changed the message") {
				t.Errorf("the trace: %+v", trace)
			}
		}
	}
	for body, want := range map[string]string{
		`{"to": "+4610000001", "text": "bad"}`:                       `{["strict"] "" ""}`,
		`{"to": "+4610000001", "text": "bad", "filter": true}`:       `{["strict"] "refuse" "such words are not for acme"}`,
		`{"to": "+4610000001", "text": "good", "filter": true}`:      `{["strict"] "allow" ""}`,
		`{"to": "+4610000001", "text": "change me", "filter": true}`: `{["strict"] "change" ""}`,
		`{"to": "+4620000001", "text": "away", "filter": true}`:      `{["lax"] "allow" ""}`,
		`{"to": "+4630000001", "text": "bad", "filter": true}`:       `{[] "" ""}`,
	} {
		var said struct {
			Filters []string
			Says    string `json:"filter_says"`
			Refused string
		}
		s.ask(t, http.MethodPost, "/v1/routes/explain", body, &said)
		if got := fmt.Sprintf("%q", said); got != want {
			t.Errorf("explain %s: %s, want %s", body, got, want)
		}
	}
	// Of an atomic request all are refused, or none.
	status := s.ask(t, http.MethodPost, "/v1/messages", `{"atomic": true, "messages": [{"to": "+4630000001", "text": "x"}, {"to": "+4610000001", "text": "bad"}]}`, nil)
	if status/100 != 4 {
		t.Errorf("atomic: %d", status)
	}
	close(hold)
	if status := <-slow; status != http.StatusAccepted {
		t.Errorf("the slow one: %d", status)
	}
	if log := s.log.String(); !strings.Contains(log, "a filter does not answer") || strings.Contains(log, "away\"") {
		t.Errorf("the log: %s", log)
	}
}
