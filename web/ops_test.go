package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/account"
)

// opsREST answers as a server with one link that is down and one alarm.
func opsREST(asked *[]string) func(*account.Account, http.ResponseWriter, *http.Request) {
	answers := map[string]string{
		"/v1/status":                `{"version":"1","ready":true,"waiting_for_links":7,"per_second":{"accepted":41.5}}`,
		"/v1/status/traffic":        `{"points":[{"at":"2026-11-30T08:00:02Z","accepted":3,"delivered":2}],"failures":[{"code":"absent","detail":"the <b>phone</b> is off","messages":4}]}`,
		"/v1/links":                 `{"links":[{"name":"op1","state":"up"},{"name":"op2","state":"down","sessions":[]}]}`,
		"/v1/config/connectors/op1": `{"value":{"contacts":[{"name":"Night <b>desk</b>","kind":"technical","phone":"+46812345"}]}}`,
		"/v1/links/op1":             `{"name":"op1","state":"up","sessions":[{"session":4,"state":"bound","out_per_second":1.5,"modem":{"signal_dbm":-80,"model":"<i>M</i>"}}]}`,
		"/v1/traces/links/op1":      `{"trace":{"on":true,"seen":1,"by":"acme/anna"},"pdus":[{"n":1,"direction":"out","pdu":"submit_sm <script>"}]}`,
		"/v1/queues/links":          `{"queues":[{"link":"op1","priority":"normal","account":"acme","waiting":7,"oldest":"2026-11-30T07:00:00Z"}]}`,
		"/v1/jobs":                  `{"jobs":[{"id":"06y30tp6r0301","job":"pause","state":"running","looked_at":12,"messages":3,"by":"acme/anna"}]}`,
		"/v1/alarms/events":         `{"events":[{"id":"1","state":"open","about":"op2","text":"the link op2 is down"}]}`,
		"/v1/inbound/nothing":       `{"id":"nothing","from":"+46701234567","text":"<b>hi</b>","events":[{"what":"told","part":1}]}`,
		"/v1/inbound/explain":       `{"goes":["webhook of acme"],"rules":[{"name":"inbound[0]","matched":true,"why":"keyword info"}]}`,
		"/v1/messages":              `{"messages":[{"id":"06y30tp6r0000","account":"bench","to":"+46701234567","state":"delivered","text":"<b>x</b>"}],"cursor":"c","next":"n"}`,
		"/v1/links/op1/stop":        `{}`,
		"/v1/webhooks/replay":       `{}`,
		"/v1/links/op1/test":        `{"ok":false,"steps":[{"host":"h","step":"connect","error":"refused","advice":"look at the firewall"}]}`,
		"/v1/queues/dead":           `{"messages":[{"id":"06y30tp6r0001","state":"expired","error":{"detail":"too <b>late</b>"}}]}`,
		"/v1/sessions/7":            ``,
		"/v1/queues/pause":          `{"id":"1"}`,
		"/v1/webhooks/attempts":     `{"attempts":[]}`,
	}
	return func(_ *account.Account, w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.Method+" "+r.URL.RequestURI())
		answer, known := answers[r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, answer)
	}
}

// The pages of the console show what REST says, escaped, and their acts are requests of REST.
func TestConsolePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system", "olle": "operator"})
	var asked []string
	s.rest = opsREST(&asked)
	b := s.as("root")
	for path, want := range map[string][]string{
		"/console":                  {"health bad", "Alarms that nobody looks after yet: 1.", "Links that are down: 1 of 2.", "41.5", "the &lt;b&gt;phone&lt;/b&gt; is off", "[[1796025602,3,2,0,0]]", "uplot.min.js"},
		"/console/links/op1":        {"bars3", "-80 dBm", "&lt;i&gt;M&lt;/i&gt;", "submit_sm &lt;script&gt;", `action="/console/links/op1/drain"`, `name="texts"`, "Night &lt;b&gt;desk", `href="tel:&#43;46812345"`},
		"/console/messages?to=0701": {"bench", "&lt;b&gt;x&lt;/b&gt;", `href="/console/messages/06y30tp6r0000"`, "cursor=c"},
		"/console/dead":             {"too &lt;b&gt;late&lt;/b&gt;", `action="/console/messages/06y30tp6r0001/resend"`},
		"/console/queues":           {"op1", "looked at 12", `action="/console/jobs/06y30tp6r0301/stop"`},
		"/console/inbound/nothing":  {"&lt;b&gt;hi&lt;/b&gt;"},
	} {
		a := b.do(path)
		a.wants(t, http.StatusOK, want...)
	}
	if a := s.as("olle").do("/console/links/op1"); strings.Contains(a.body, `name="texts"`) {
		t.Error("who may not see texts is offered a trace with them")
	}
	a := b.do("/console/inbound/explain", "to", "12345", "from", "0701234567", "text", "info")
	a.wants(t, http.StatusOK, "webhook of acme", "keyword info")
	a = b.do("/console/links/op1/test", "x", "")
	a.wants(t, http.StatusOK, "look at the firewall")
	a = b.do("/console/queues/act", "act", "lane", "priority", "bulk")
	a.wants(t, http.StatusNotFound)
	asked = nil
	a = b.do("/console/queues/act", "act", "cancel", "reference", "R<1>")
	a.wants(t, http.StatusOK, `name="reference" value="R&lt;1&gt;"`, "It is never sent then.")
	if strings.Contains(strings.Join(asked, "\n"), "cancel") {
		t.Error("messages are cancelled without a question")
	}
	if b.do("/console/queues/act", "act", "cancel", "reference", "R1", "sure", "1"); !strings.Contains(strings.Join(asked, "\n"), "POST /v1/queues/cancel") {
		t.Errorf("it is not cancelled: %v", asked)
	}
	asked = nil
	for path, to := range map[string]string{
		"/console/links/op1/stop": "/console/links/op1", "/console/webhooks/replay?account=acme&id=1": "/console/webhooks/dead", "/console/queues/act": "/console/queues",
		"/console/sessions/7/unbind": "/console/sessions",
	} {
		if a := b.do(path, "act", "pause", "account", "acme"); a.to != to {
			t.Errorf("%s leads to %q with %d", path, a.to, a.status)
		}
	}
	for _, want := range []string{"POST /v1/links/op1/stop", "POST /v1/webhooks/replay", "POST /v1/queues/pause", "DELETE /v1/sessions/7"} {
		if !strings.Contains(strings.Join(asked, "\n"), want) {
			t.Errorf("%s was not asked for: %v", want, asked)
		}
	}
}

// What is live is sent to who may see it, at once as it is, and ends with the session.
func TestLiveRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system", "sender": "sender"})
	var asked []string
	s.rest = opsREST(&asked)
	for _, p := range pages() {
		if !p.stays || p.bare {
			continue
		}
		_, path, _ := strings.Cut(filled(p.pattern), " ")
		if a := s.as("sender").do(path); a.status != http.StatusForbidden && !strings.Contains(mayDo[p.right], "sender") {
			t.Errorf("%s: %d for who may not", path, a.status)
		}
	}
	v := &visit{Server: s.web, user: s.accounts().UserByName("root")}
	v.account = v.user.Acting(s.accounts().ByName(v.user.Account))
	v.r, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, "/console/live", nil)
	shown := v.detached(context.Background()).console()
	if shown.Problem != nil || shown.Health.Level != "bad" || len(shown.Queues) != 4 || shown.Queues[2].Waiting != 7 || shown.Links[0].Name != "op2" {
		t.Errorf("the first page is %+v", shown)
	}
	if html, err := v.piece("console", "c-links", "console.title", shown); err != nil || !strings.Contains(html, `<span class="state down">down</span>`) {
		t.Errorf("%v: %s", err, html)
	}
}

// Ages are short, and lanes are summed over links and accounts.
func TestAge(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 1500 * time.Millisecond: "1s", 90 * time.Second: "1 min", 3*time.Hour + 5*time.Minute: "3 h 5 min", 72 * time.Hour: "3 d",
	} {
		if got := age(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// TestBackFrom: an act of the console leads back to the page on which it was asked for, with what narrowed it; where that was the answer
// to another act, to the page that the act is of.
func TestBackFrom(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system"})
	s.rest = func(_ *account.Account, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }
	b := s.as("root")
	for from, want := range map[string]string{
		"/console/links?state=up":   "/console/links?state=up",
		"/console/links/op1":        "/console/links/op1",
		"/console/links/op1/test":   "/console/links/op1",
		"/console/queues/act":       "/console/links/op1",
		"/sent":                     "/console/links/op1",
		"https://elsewhere/console": "/console/links/op1",
		"/console/../sent":          "/console/links/op1",
	} {
		if !strings.HasPrefix(from, "https:") {
			from = b.URL + from
		}
		if a := b.with(http.Header{"Referer": {from}}, "/console/links/op1/stop", "x", ""); a.to != want {
			t.Errorf("from %s it leads to %s, not %s", from, a.to, want)
		}
	}
}
