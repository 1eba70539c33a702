package app_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"kurir/simulator"
)

var update = flag.Bool("update", false, "write answers to the examples of /openapi.json that have none, or none that is right, into api/examples")

const examplesText = `
data: %s
http: {listen: "127.0.0.1:0"}
smpp: {listen: "127.0.0.1:0"}
webhooks: {allow: [127.0.0.0/8]}
connectors:
  - {name: op1, kind: smpp, hosts: ["%[2]s"], system_id: kurir, reconnect: 100ms}
  - {name: op2, kind: smpp, hosts: ["%[2]s"], system_id: kurir2, reconnect: 100ms}
prices:
  - {name: standard, currency: EUR, csv: "destination,price\n*,0.05\n"}
dimensions:
  - {name: cost_centre, values: ["4711", "4712"]}
accounts:
  - {name: root, admin: true, api_keys: [root-key], senders: ["*"], sender: ROOT}
  - {name: acme, api_keys: [acme-key], password: acme-password, senders: ["*"], sender: ACME, numbers: ["+46737000001"], prices: standard, balance: {credit: "100", warn: ["1000"]}, opt_out: {}}
users:
  - {name: bert, account: acme, role: sender}
lists:
  - {name: dnd, kind: block}
series:
  - {name: case, format: "A-{n}"}
routes:
  - {name: all, to: "*", via: [op1]}
rotas:
  - name: duty
    account: acme
    zone: Europe/Stockholm
    country: SE
    layers:
      - {name: office, start: 2026-01-05, slots: [{who: "contact:Anna"}], when: ["mon-fri 08:00-17:00"], holidays: skip}
      - {name: nights, start: 2026-01-05, handover: "08:00", slots: [{who: "contact:Anna"}, {who: ["+46701234597", "group:nurses"]}]}
  - {name: ward, account: acme, else: ["contact:Anna"], escalation: {wait: 5m, then: [{who: "+46701234597"}, {everyone: true}]}}
schedules:
  - {name: monday, account: acme, at: ["mon 08:00"], to: ["+46701234567"], text: "Weekly report, please"}
`

// exampleThings are what examples name, as they stand in the document, and how to find them at a running server.
type exampleThings struct {
	t    *testing.T
	c    *caller
	real map[string]string // by the name in the document
}

// live puts what there is into a request of the document, shown the other way round.
func (x *exampleThings) live(text string) string {
	for name, real := range x.real {
		text = strings.ReplaceAll(text, name, real)
	}
	return text
}

func (x *exampleThings) shown(text string) string {
	for name, real := range x.real {
		text = strings.ReplaceAll(text, real, name)
	}
	return text
}

// send sends a message and waits for a state; its name in the document is name.
func (x *exampleThings) send(name, body, state string) {
	x.t.Helper()
	id := idOf(x.t, x.c.do(x.t, "acme-key", "POST", "/v1/messages", body))
	until(x.t, name+" is not "+state, func() string {
		if got := x.c.do(x.t, "acme-key", "GET", "/v1/messages/"+id, ""); strings.Contains(got.body, `"state":"`+state+`"`) {
			return id
		}
		return ""
	})
	x.real[name] = id
}

// hooks sends messages whose states go to a server that takes the first, and refuses the others for good: dead letters 1, 2 ...
func (x *exampleThings) hooks(taken string, gone ...string) {
	x.t.Helper()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/states" {
			http.Error(w, "we have moved", http.StatusGone)
		}
	}))
	x.t.Cleanup(shop.Close)
	x.real["http://shop.example"] = shop.URL
	x.send(taken, `{"to":"+46701234567","text":"Hello","webhook":"`+shop.URL+`/states"}`, "delivered")
	for i, name := range gone {
		path := "/gone"
		if i == len(gone)-1 {
			path = "/former"
		}
		x.send(name, `{"to":"+46701234567","text":"Hello","webhook":"`+shop.URL+path+`"}`, "delivered")
		until(x.t, "there is no dead letter", func() string {
			if got := x.c.do(x.t, "acme-key", "GET", "/v1/webhooks/dead", ""); strings.Count(got.body, `"webhook_id"`) == i+1 {
				return "dead"
			}
			return ""
		})
	}
}

// furnish makes what examples are about.
func (x *exampleThings) furnish(s *server, sim *simulator.Simulator) {
	x.t.Helper()
	later := `","text":"Hello","send_at":"` + time.Now().Add(24*time.Hour).Format(time.RFC3339) + `"}`
	x.send("06y30tp6r0001", `{"to":"+46701234567","text":"Hello","reference":"order 4711"}`, "delivered")
	x.send("06y30tp6r0002", `{"to":"+46701234567`+later, "scheduled")
	x.send("06y30tp6r0003", `{"to":"+46701234568`+later, "scheduled")
	x.send("06y30tp6r0004", `{"to":"+46701299605","text":"Hello"}`, "undeliverable")
	must := func(key, method, path, body string) answered {
		x.t.Helper()
		got := x.c.do(x.t, key, method, path, body)
		if got.status > 299 {
			x.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
		}
		return got
	}
	x.hooks("06y30tp6r0005", "06y30tp6r0006", "06y30tp6r0007", "06y30tp6r0008")
	must("root-key", "POST", "/v1/lists/dnd/entries", `{"add":["+46701234501","+46701234502"]}`)
	must("root-key", "POST", "/v1/balances/acme/topups", `{"amount":"100.00","key":"invoice 2026-117"}`)
	people := `{"name":"Anna","mobile":"+46701234567","language":"sv"}` + "\n" + `{"name":"Bo","mail":"bo@example.se"}`
	if got := x.c.do(x.t, "acme-key", "POST", "/v1/contacts/import", people, "Content-Type", "application/x-ndjson"); got.status != 200 {
		x.t.Fatalf("%d %s", got.status, got.body)
	}
	x.real["06y30tp6r0501"] = idOf(x.t, must("acme-key", "POST", "/v1/contacts", `{"name":"Anna B","mail":"anna@example.se"}`))
	for _, name := range []string{"nurses", "former"} {
		must("acme-key", "POST", "/v1/groups", `{"name":"`+name+`"}`)
	}
	must("acme-key", "POST", "/v1/groups/nurses/members", `{"add":["contact:Anna","+46701234597","+46701234598"]}`)
	for _, name := range []string{"shift", "former"} {
		must("acme-key", "POST", "/v1/templates", `{"name":"`+name+`","text":"Dear {name}, your shift begins at {time|seven}."}`)
	}
	must("acme-key", "POST", "/v1/keys", `{"name":"report","scopes":["*:read"]}`)
	for _, name := range []string{"bo", "former"} {
		must("acme-key", "POST", "/v1/users", `{"name":"`+name+`","role":"sender","mail":"`+name+`@example.se"}`)
	}
	must("root-key", "POST", "/v1/config/accounts", `{"name":"spring","api_keys":["spring-key"],"webhook_secret":"spring"}`)
	must("acme-key", "PUT", "/v1/optouts/+46701234501", `{"note":"asked by phone"}`)
	must("acme-key", "PUT", "/v1/traces/accounts/acme", `{}`)
	x.send("06y30tp6r0401", `{"to":"rota:ward","text":"Bed 7 calls"}`, "delivered")
	x.real["06y30tp6r0301"] = idOf(x.t, must("acme-key", "POST", "/v1/queues/count", `{}`))
	for range 2 { // sessions 1 and 2
		(&belongings{name: "acme", password: "acme-password", answers: true}).bind(x.t, s)
	}
	if err := sim.Inject(simulator.Inbound{From: "+46701234567", To: "+46737000001", Text: "Thank you"}); err != nil {
		x.t.Fatal(err)
	}
	x.real["06y30tp6r0101"] = until(x.t, "no inbound message", func() string { return idOf(x.t, must("acme-key", "GET", "/v1/inbound", "")) })
	x.real["06y30tp6r0201"] = until(x.t, "no event", func() string { return idOf(x.t, must("root-key", "GET", "/v1/alarms/events", "")) })
}

// TestExamples makes every example of /openapi.json as the document has it: each is answered with its status, in its media
// type, as the schema says; and so is the answer that stands in the document.
func TestExamples(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(examplesText, t.TempDir(), sim.Addr())))
	c := newCaller(t, s)
	doc := readOpenAPI(t, c)
	x := &exampleThings{t, c, map[string]string{}}
	x.furnish(s, sim)
	calls := doc.calls(t)
	for i := range calls {
		e := &calls[i]
		t.Run(e.operation+"/"+e.name, func(t *testing.T) { x.try(t, doc, e) })
	}
	t.Logf("%d examples", len(calls))
}

// try makes one example.
func (x *exampleThings) try(t *testing.T, doc *openAPI, e *exampleCall) {
	key := "acme-key"
	switch {
	case e.admin:
		key = "root-key"
	case e.operation == "rotateWebhookSecret", e.operation == "changeWeb", e.operation == "deleteLogo": // of an account that does not stand in the file
		key = "spring-key"
	}
	var headers []string
	if e.body != "" {
		headers = []string{"Content-Type", e.media}
	}
	var got answered
	until(t, "others are at work all the time", func() string { // such as acts on queues
		got = x.c.do(t, key, e.method, x.live(e.call), x.live(e.body), headers...)
		if got.status == http.StatusTooManyRequests && e.status != "429" {
			return ""
		}
		return "answered"
	})
	if strconv.Itoa(got.status) != e.status {
		t.Fatalf("%s %s %s: %d, not %s: %s", e.method, e.call, e.body, got.status, e.status, got.body)
	}
	if e.pointer == "" {
		if got.body != "" {
			t.Errorf("%s %s has an answer: %s", e.method, e.call, got.body)
		}
		return
	}
	kind, _, _ := strings.Cut(got.kind, ";")
	if kind != e.wantMedia {
		t.Fatalf("%s %s: %s, not %s", e.method, e.call, kind, e.wantMedia)
	}
	doc.checkLines(t, e, got.body)
	text := x.shown(got.body)
	if !strings.HasSuffix(kind, "json") || kind == "application/x-ndjson" {
		text = jsonText(text)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s %s: %v in %s", e.method, e.call, err, got.body)
	}
	if err := doc.check(e.pointer, value); err != nil {
		t.Errorf("%s %s: %v\nin %s", e.method, e.call, err, got.body)
		return
	}
	err = fmt.Errorf("it has no answer in api/examples")
	if e.answer != nil {
		err = doc.check(e.pointer, e.answer)
	}
	switch {
	case err == nil:
	case *update:
		record(t, e, json.RawMessage(text))
	default:
		t.Errorf("%s %s: %v; go test ./app -run '^TestExamples$' -update writes what was answered", e.method, e.call, err)
	}
}

// record keeps an answer for the document.
func record(t *testing.T, e *exampleCall, answer json.RawMessage) {
	t.Helper()
	path := filepath.Join("../api/examples", strings.Split(e.path, "/")[2]+".json")
	answers := map[string]map[string]json.RawMessage{}
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &answers); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	if answers[e.operation] == nil {
		answers[e.operation] = map[string]json.RawMessage{}
	}
	answers[e.operation][e.name] = answer
	text, err := json.MarshalIndent(answers, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}
