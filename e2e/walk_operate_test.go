package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"kurir/smpp"
)

// finds narrows a list of the console by one field of the form above it, and looks how many rows are left.
func (w *walk) finds(path, want, field, value string, rows int) {
	w.t.Helper()
	w.open(path, want)
	w.shows(in("f-"+field, value), value)
	w.leads("form.filter button", want)
	w.shows(`document.querySelectorAll(".rows tbody tr").length + " by " + new URLSearchParams(location.search).get("`+field+`")`, fmt.Sprintf("%d by %s", rows, value))
}

// TestWalkOperate does what an operator does at night, on the width of a phone: finds messages by each field, reads the story of one,
// sends again and cancels, looks at calls to a customer's server and makes one that was given up again, looks into the queues, and takes
// an alarm.
func TestWalkOperate(t *testing.T) {
	t.Parallel()
	var answer, calls atomic.Int32
	answer.Store(http.StatusGone)
	customer := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		rw.WriteHeader(int(answer.Load()))
	}))
	defer customer.Close()
	w := startWalk(t, onPhone, `alarms: {link_down: 5s}
webhooks: {allow: [127.0.0.0/8]}
routes:
  - {to: "+46707*", via: [ucp]}
  - {to: "*", via: [smpp]}
inbound:
  - {to: "*", account: demo, do: [{webhook: "`+customer.URL+`"}]}
`)
	const state = `document.querySelector("h1 .state")?.textContent`
	good := w.rest.send("+46701234567", "All is well", "from", "+46737494949", "reference", "R1")
	bad := w.rest.send("+46701299011", "To nobody", "reference", "R2")
	w.rest.becomes(good, "delivered")
	w.rest.becomes(bad, "rejected")
	later := w.rest.send("+46701234568", "Later", "send_at", time.Now().AddDate(0, 0, 1).Format(time.RFC3339))
	w.asks("POST", "/v1/config/connectors", `{"name": "nobody", "kind": "smpp", "hosts": ["127.0.0.1:9"], "system_id": "kurir", "password": "x"}`)
	w.step("messages are found by each field", func() {
		today := time.Now().UTC().Format("2006-01-02")
		for _, by := range []struct {
			field, value string
			rows         int
		}{{"to", "070-123 45 67", 1}, {"id", good, 1}, {"reference", "R2", 1}, {"account", "demo", 3}, {"state", "rejected", 1}, {"since", today, 3}, {"until", today, 0}, {"link", "smpp", 3}} {
			w.finds("/console/messages", "Messages", by.field, by.value, by.rows)
		}
	})
	w.step("the story of one says what became of it and why", func() {
		w.open("/console/messages/"+bad, "Message")
		w.shows(state, "rejected")
		w.shows(`document.querySelectorAll(".story li").length > 2 ? "told" : ""`, "told")
		w.shows(holds(".alert", "number"), "yes")
	})
	w.step("what has not left is cancelled", func() {
		w.open("/console/messages/"+later, "Message")
		w.leads(`form[action$="/cancel"] button`, "Message")
		w.shows(state, "cancelled")
	})
	w.step("what did not arrive is sent again, as another message", func() {
		w.open("/console/dead", "Not delivered")
		w.leads(`.rows tbody form[action$="/`+bad+`/resend"] button`, "Message")
		w.shows(`location.pathname.endsWith("`+bad+`") ? "the same" : "another"`, "another")
		w.shows(state, "rejected")
	})
	w.step("the customer's server refuses a call for good: what is given up is called for again", func() {
		w.rest.replies("46701234567", "Where are you?")
		w.open("/console/webhooks/dead", "Given up")
		within(w.t, patience, "the call is given up", func() bool {
			w.open("/console/webhooks/dead", "Given up")
			return w.eval(`String(document.querySelectorAll(".rows tbody tr").length)`) == "1"
		})
		w.open("/console/webhooks/attempts", "Calls")
		w.shows(holds(".rows tbody tr", "410"), "yes")
		answer.Store(http.StatusOK)
		w.open("/console/webhooks/dead", "Given up")
		w.leads(`form[action*="/replay"] button`, "Given up")
		within(w.t, patience, "it is called again", func() bool { return calls.Load() == 2 })
		w.open("/console/webhooks/attempts", "Calls")
		w.shows(holds(".rows tbody tr", "200"), "yes")
		w.open("/console/inbound", "From phones")
		w.leads(".rows tbody a", "Message from a phone")
		w.shows(holds("blockquote", "Where are you?"), "yes")
	})
	w.step("a rule that would take a message is explained", func() {
		w.open("/console/inbound/explain", "Explain a message")
		w.fill("to", "+46737494949", "from", "0701234567", "text", "help")
		w.leads("form.card button.main", "Explain a message")
		w.shows(holds("section.card ul", "webhook"), "yes")
		w.shows(`document.querySelector(".story li.good") ? "told" : ""`, "told")
	})
	w.step("a link is tested, drained and stopped; what waits for it is counted, then cancelled", func() {
		w.open("/console/links/ucp", "Link ucp")
		w.leads(`form[action$="/test"] button`, "Link ucp")
		w.shows(saidOf("#h-test .state"), "went well")
		w.leads(`form[action$="/drain"] button`, "Link ucp")
		w.leads(`form[action$="/resume"] button`, "Link ucp")
		w.leads(`form[action$="/stop"] button`, "Link ucp")
		w.shows(saidOf("#l-state .state"), "stopped")
		waits := w.rest.send("+46707654321", "Wait", "reference", "R3")
		w.open("/console/queues", "Queues")
		w.shows(holds(".rows tbody tr", "ucp"), "yes")
		for _, act := range []string{"count", "cancel"} {
			w.eval(`document.getElementById("act").value = "` + act + `"; ""`)
			w.fill("reference", "R3")
			w.leads(`form[action="/console/queues/act"] button.main`, "Queues")
			if act == "cancel" {
				w.shows(holds("#sure dl", "R3"), "yes")
				w.leads("#sure button", "Queues")
			}
			w.shows(saidOf(".plainlist li strong")+`+ " " + `+saidOf(".plainlist li .state"), act+" done")
		}
		w.rest.becomes(waits, "deleted")
		w.shows(saidOf("#live .empty"), "Nothing waits.")
	})
	w.step("a customer's session is seen when it comes, and ended", func() {
		w.open("/console/sessions", "Customers' sessions")
		w.eval(`window.here = "still"; ""`)
		e, err := tryBind(w.t, w.demo.smpp, smpp.Bind{Mode: smpp.Transceiver, SystemID: "demo", Password: "old-secret"}, smpp.SessionConfig{Window: 10})
		if err != nil {
			w.t.Fatal(err)
		}
		w.shows(holds(".rows tbody tr", "demo")+` + " " + window.here`, "yes still")
		w.leads(`form[action$="/unbind"] button`, "Customers' sessions")
		select {
		case <-e.sess.Done():
		case <-w.t.Context().Done():
			w.t.Fatal("the session goes on")
		}
	})
	w.step("the alarm of a link that is down is taken", func() {
		w.open("/console/alarms", "Open alarms")
		within(w.t, patience, "there is an alarm of the link", func() bool {
			return w.eval(`[...document.querySelectorAll(".rows tbody tr")].some((e) => e.textContent.includes("nobody")) ? "yes" : ""`) == "yes"
		})
		w.eval(`window.walked = true; ""`)
		w.presses(`.rows tbody tr:has(td[data-label]) form[action$="/acknowledge"] button`)
		w.shows(`String(window.walked) + " " + `+heading, "undefined Open alarms")
		w.open("/console/events", "Events")
		w.shows(holds(".rows tbody", "demo"), "yes")
	})
	w.step("the servers are listed", func() {
		w.open("/console/nodes", "Servers")
		w.shows(`(() => { const at = document.querySelector(".side [aria-current]").getBoundingClientRect(); return at.left >= 0 && at.right <= innerWidth ? "in sight" : "at " + at.left })()`, "in sight")
		w.shows(`document.querySelector("main").textContent.trim().length > 20 ? "told" : ""`, "told")
	})
}
