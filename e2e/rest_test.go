package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// counts waits until a figure of /metrics has a value: what is counted may be seen a moment later than what is on disk.
func (r *rest) counts(name string, want float64) {
	r.t.Helper()
	got := 0.0
	defer func() {
		if got != want {
			r.t.Logf("%s is %v, want %v", name, got, want)
		}
	}()
	eventually(r.t, name+" counts", func() bool { got = r.metric(name); return got == want })
}

// hasLeft waits until an operator has answered for a message.
func (r *rest) hasLeft(id string) {
	r.t.Helper()
	eventually(r.t, "message "+id+" is with the operator", func() bool {
		state := r.message(id).State
		return state == "enroute" || final[state]
	})
}

// TestREST follows a text from POST /v1/messages to a phone and back to a webhook.
func TestREST(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	h := startHook(t)
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	const text = "ref-1 " + textMark + " åäö €"
	id := s.send("0701234567", text, "reference", "order-17", "webhook", h.URL+"/state")
	v := s.becomes(id, "delivered")
	if v.To != "+46701234567" || v.Text != text || v.Parts != 1 || v.Encoding != "gsm7" || v.Reference != "order-17" || v.Via != "rest" || v.Link != "op1" {
		t.Errorf("the message reads %+v", v)
	}

	got := sim.Messages(simulator.Filter{To: "46701234567"})
	if len(got) != 1 || got[0].Text != text || got[0].From.Addr != "Kurir" || got[0].To[0].TON != 1 || got[0].RegisteredDelivery&1 != 1 {
		t.Fatalf("the phone has %+v", got)
	}
	if len(v.Operator) != 1 {
		t.Errorf("operator ids %q, want one", v.Operator)
	}

	c := receive(t, "the webhook", h.calls)
	e := c.event(t, hookSecret)
	if c.Method != http.MethodPost || c.Path != "/state" || e.Type != "message.state" || e.Data.ID != id || e.Data.State != "delivered" || e.Data.Reference != "order-17" {
		t.Errorf("webhook %s %s %s", c.Method, c.Path, c.Body)
	}

	eventually(t, "the trace says that the customer was told", func() bool {
		text, _ := s.trace(id)
		return strings.Contains(text, `"told"`)
	})
	_, tr := s.trace(id)
	var what []string
	for _, ev := range tr.Events {
		what = append(what, ev["what"].(string))
	}
	for _, want := range []string{"accepted", "granted", "taken", "report", "told"} {
		if !strings.Contains(strings.Join(what, " "), want) {
			t.Errorf("the trace has %q, and not %q", what, want)
		}
	}
	if len(tr.Routes) != 1 || !tr.Routes[0].Matched {
		t.Errorf("the trace says of routes: %+v", tr.Routes)
	}
	s.judgePages()
}

// TestComplaint22WebhookRetries: what is not acknowledged is told again, with the same id, and only until it is acknowledged.
func TestComplaint22WebhookRetries(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	h := startHook(t)
	statuses := []int{http.StatusInternalServerError, http.StatusFound, http.StatusOK}
	h.answer(func(n int) int { return statuses[min(n, len(statuses)-1)] })
	s := startServer(t, sim, serverOptions{account: ", webhook: " + h.URL})
	linked(t, sim)

	id := s.send("+46701234567", "ref-1 "+textMark)
	var ids []string
	for _, want := range statuses {
		c := receive(t, "a call of the webhook", h.calls)
		e := c.event(t, hookSecret)
		if e.Data.ID != id || c.Status != want {
			t.Errorf("call for %s answered %d, want %s and %d", e.Data.ID, c.Status, id, want)
		}
		ids = append(ids, e.ID)
	}
	if ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("repetitions have the ids %q, want the same", ids)
	}
	eventually(t, "the trace has two failures and the success", func() bool {
		text, _ := s.trace(id)
		return strings.Count(text, `"tell_failed"`) == 2 && strings.Count(text, `"told"`) == 1
	})
	select {
	case c := <-h.calls:
		t.Errorf("called again after it was acknowledged: %s", c.Body)
	default:
	}
}

// TestWebhookOfStranger: an address that a request gives may be private only where the file allows it.
func TestWebhookOfStranger(t *testing.T) {
	t.Parallel()
	h := startHook(t)
	s := startServer(t, nil, serverOptions{more: "webhooks: {allow: [10.0.0.0/8]}"})
	status, body := s.post(`{"to":"+46701234567","text":"` + textMark + `","webhook":"` + h.URL + `"}`)
	p := decodeProblem(t, body)
	if status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Field != "webhook" {
		t.Errorf("answer %d %s, want 422 naming webhook", status, body)
	}
}

// TestList reads messages back, filtered and page by page.
func TestList(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		accounts: []string{`{name: other, api_keys: [` + secretMark + `-other], senders: ["*"], sender: Other}`},
	})
	linked(t, sim)
	begin := time.Now().Add(-time.Second)
	const count = 23
	var ids []string
	for i := range count {
		to := "+4670100000" + string(rune('0'+i%2))
		ids = append(ids, s.send(to, "ref "+textMark, "reference", "r"+string(rune('a'+i%3))))
	}
	bad := s.send("+46701099605", "ref "+textMark)
	for _, id := range ids {
		s.becomes(id, "delivered")
	}
	s.becomes(bad, "undeliverable")

	list := func(q url.Values) (got []string, pages int) {
		pages = s.pages(q, func(v viewed) { got = append(got, v.ID) })
		return got, pages
	}
	got, pages := list(url.Values{"limit": {"5"}, "sort": {"id"}})
	if want := append(append([]string{}, ids...), bad); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("oldest first:\n%q, want\n%q", got, want)
	}
	if pages != 5 {
		t.Errorf("%d pages of 5 for %d messages, want 5", pages, count+1)
	}
	if got, _ := list(url.Values{"limit": {"7"}}); len(got) != count+1 || got[0] != bad || got[count] != ids[0] {
		t.Errorf("newest first: %q", got)
	}
	for _, c := range []struct {
		query url.Values
		want  int
	}{
		{url.Values{"state": {"undeliverable"}}, 1},
		{url.Values{"state": {"delivered"}, "limit": {"4"}}, count},
		{url.Values{"state": {"delivered,undeliverable"}}, count + 1},
		{url.Values{"to": {"+46701000001"}}, count / 2},
		{url.Values{"to": {"+46701000001"}, "limit": {"3"}}, count / 2},
		{url.Values{"reference": {"rb"}}, 8},
		{url.Values{"reference": {"rb"}, "to": {"+46701000000"}}, 4},
		{url.Values{"since": {begin.UTC().Format(time.RFC3339)}}, count + 1},
		{url.Values{"until": {begin.UTC().Format(time.RFC3339)}}, 0},
		{url.Values{"to": {"+46709999999"}}, 0},
	} {
		if got, _ := list(c.query); len(got) != c.want {
			t.Errorf("%v: %d messages, want %d", c.query, len(got), c.want)
		}
	}

	other := *s.rest
	other.key = secretMark + "-other"
	other.pages(url.Values{}, func(v viewed) { t.Errorf("another account sees %s", v.ID) })
	if status, _ := other.get("/v1/messages/" + bad); status != http.StatusNotFound {
		t.Errorf("another account reads %s: %d, want 404", bad, status)
	}
	for query, field := range map[string]string{
		"state=glad": "state", "limit=0": "limit", "limit=x": "limit", "cursor=x": "cursor", "since=yesterday": "since",
		"sort=colour": "sort", "colour=red": "colour",
	} {
		status, text := s.get("/v1/messages?" + query)
		p := decodeProblem(t, []byte(text))
		if status != http.StatusBadRequest || len(p.Errors) == 0 || p.Errors[0].Field != field {
			t.Errorf("%s: %d %s, want 400 naming %s", query, status, text, field)
		}
	}
}

// TestMany sends to many recipients at once; those that are bad are named, and with atomic nothing is sent.
func TestMany(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	status, body := s.post(`{"to":["+46701000001","07010O0002","+46701000003"],"text":"ref ` + textMark + `"}`)
	if status != http.StatusAccepted || strings.Count(string(body), `"id"`) != 2 || !strings.Contains(string(body), "07010O0002") {
		t.Errorf("one bad of three: %d %s", status, body)
	}
	status, body = s.post(`{"to":["+46701000001","07010O0002"],"atomic":true,"text":"ref ` + textMark + `"}`)
	if status != http.StatusUnprocessableEntity || strings.Contains(string(body), `"id"`) {
		t.Errorf("atomic with one bad: %d %s", status, body)
	}
	eventually(t, "two texts arrived", func() bool { return sim.Stats().Accepted == 2 })

	// A long text arrives in one piece.
	long := "ref-long " + textMark + strings.Repeat(" 0123456789", 30)
	id := s.send("+46702000000", long)
	if v := s.becomes(id, "delivered"); v.Parts != 3 || len(v.Operator) != 3 {
		t.Errorf("a text of %d characters: %+v", len(long), v)
	}
	ph, ok := sim.Phone("46702000000", 5)
	if !ok || len(ph.Texts) != 1 || ph.Texts[0].Text != long || ph.Texts[0].Missing != 0 {
		t.Errorf("the phone shows %+v", ph)
	}
}

// TestScheduledAndCancelled: what is sent later can be taken back.
func TestScheduledAndCancelled(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	later := s.send("+46701000001", "ref-later "+textMark, "send_at", time.Now().Add(2*time.Second).Format(time.RFC3339Nano))
	never := s.send("+46701000002", "ref-never "+textMark, "send_at", time.Now().Add(time.Hour).Format(time.RFC3339))
	if v := s.message(never); v.State != "scheduled" {
		t.Errorf("a message for later is %s", v.State)
	}
	if status, body, _, err := s.do(http.MethodDelete, "/v1/messages/"+never, "", nil); err != nil || status != http.StatusOK {
		t.Errorf("cancel: %d %s %v", status, body, err)
	}
	s.becomes(never, "deleted")
	if status, _, _, _ := s.do(http.MethodDelete, "/v1/messages/"+never, "", nil); status != http.StatusConflict {
		t.Errorf("cancel twice: %d, want 409", status)
	}
	s.becomes(later, "delivered")
	if n := sim.References(); n.Received != 1 {
		t.Errorf("%d texts arrived, want 1", n.Received)
	}
}
