package app_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kurir/resource"
	"kurir/simulator"
)

// whole has TestHostileREST make all of its 50,000 requests, not one of a hundred.
var whole = flag.Bool("whole", false, "make every hostile request")

const (
	tooSlow = 5 * time.Second // of an answer, on a slow machine that does much else; a second is the aim
	tooLong = 500_000         // octets of an answer that says what is wrong: a thousand fields
)

// hostileValues are what stands in JSON in place of what is expected.
var hostileValues = []string{
	`1e400`, `-1`, `9223372036854775808`, `18446744073709551616`, `0.1`, `null`, `true`, `{}`, `[]`, `[null]`, `[[]]`, `[{}]`, `{"":0}`, `""`,
	`"\u0000"`, `"\ud800"`, "\"\xff\xfe\"", `"../../etc/passwd"`, `"'; drop table messages; --"`, `"-1"`, `"1e400s"`, `"9223372036854775808"`, `"2562048h"`,
	`"-2562048h"`, `"9999-12-31T23:59:59Z"`, `"0000-01-01T00:00:00Z"`, `"*"`, `"(a*)*b"`, `"%s%n%d"`, `"{{.}}"`,
	`"` + strings.Repeat("x", 100_000) + `"`, `[` + strings.Repeat(`"1",`, 20_000) + `"1"]`,
}

// hostileBodies are wrong whatever is expected.
func hostileBodies() []string {
	const deep = 100_000
	return []string{
		``, ` `, `null`, `0`, `""`, `[]`, `{`, `}`, `{}{}`, `{"a"`, `{"a":`, `{"":""}`, "\x00", "\xff\xfe{\x00}", "\xef\xbb\xbf{}", `{"a":1e400}`,
		strings.Repeat("[", deep), strings.Repeat(`{"a":`, deep), strings.Repeat("[", deep) + strings.Repeat("]", deep),
		`{"text":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`,
		`{"value":` + strings.Repeat(`{"a":`, deep) + `1` + strings.Repeat("}", deep) + `}`,
		`{"text":"` + strings.Repeat("x", 1<<20-100) + `"}`, strings.Repeat("x", 1<<20), strings.Repeat(" ", 1<<20), `{"n":` + strings.Repeat("9", 1<<20-100) + `}`,
		strings.Repeat("x", 2<<20), `{` + strings.Repeat(`"a":1,`, 50_000) + `"a":1}`,
	}
}

// hostileWords stand in place of an id, name or number in a path.
var hostileWords = []string{
	"0", "-1", "1e400", "18446744073709551616", "9223372036854775808", "%00", "%ff%fe", "%2e%2e%2fetc%2fpasswd", "%20", "*", "+", "%2B", "null", "%F0%9F%98%80",
	"'", "%25s%25n", "zzzzzzzzzzzzz", "0000000000000", "7zzzzzzzzzzzz", strings.Repeat("a", 8000), strings.Repeat("9", 8000), "~", ";", "%0d%0aX:%20y",
}

// hostileQueries stand behind a path.
func hostileQueries() []string {
	queries := []string{
		"limit=-1", "limit=0", "limit=1e400", "limit=99999999999999999999", "limit=", "sort=-", "sort=--id", "sort=" + strings.Repeat("x", 1000), "%zz", "%", "%00", "a;b",
		"%ff=%ff", "since=9223372036854775807", "since=-9223372036854775808", "since=99999999999999999999", "since=0001-01-01", "until=9999-12-31T23:59:59Z", "since=1e400",
		"until=9223372036854775807", "since=9223372036854775807&until=-9223372036854775808",
		"cursor=AAAA", "cursor=" + strings.Repeat("A", 20_000), strings.Repeat("a=1&", 5000), "a=" + strings.Repeat("x", 25_000), "state=" + strings.Repeat("queued,", 3000),
		"format=xml", "format=csv&format=ndjson", "account=" + strings.Repeat("x", 20_000), "account=%00", "account=*", "to=%ff", "to=" + strings.Repeat("9", 20_000),
		"from=%00", "reference=%ff", "dimension=%3D", "dimension==", "by=,,,", "by=day,day,month", "position=-1", "position=0", "position=2147483647", "position=99999999999", "after=-1",
		"after=18446744073709551615", "hex=maybe", "name=%ff", "phone=%2B%2B", "link=%00", "unmatched=maybe", "series=%ff&case=%00",
	}
	for _, n := range []*resource.Noun{
		resource.Messages(), resource.Inbound(), resource.Dead(), resource.Queues(), resource.LinkQueues(), resource.Links(), resource.Schedules(), resource.Jobs(),
		resource.Sessions(), resource.Traces(), resource.Balances(), resource.TopUps(), resource.Prices(), resource.Dimensions(), resource.Costs(nil), resource.Lists(),
		resource.ListEntries(), resource.OptOuts(), resource.Keys(), resource.Series(), resource.Alarms(), resource.Audits(), resource.Escalations(),
		resource.Contacts(), resource.Groups(), resource.Members(), resource.Templates(),
	} { // with a right sum, as somebody makes them who has read the source
		for _, at := range []int64{math.MinInt64, -1, 1, math.MaxInt64 - 1, math.MaxInt64} {
			queries = append(queries, "cursor="+n.Cursor(resource.Query{Order: n.Order}, at), "limit=1000&cursor="+n.Cursor(resource.Query{Order: n.Order}, at))
		}
	}
	return queries
}

// hostileHeaders are names and values.
var hostileHeaders = [][]string{
	{"Content-Type", "text/plain"},
	{"Content-Type", "application/json; charset=iso-8859-1"},
	{"Content-Type", "multipart/form-data; boundary=x"},
	{"Content-Type", ";;;="},
	{"Content-Type", "application/json; charset=\"\xff\""},
	{"Content-Type", strings.Repeat("a/", 5000)},
	{"Content-Type", "text/csv"},
	{"Content-Type", "application/merge-patch+json"},
	{"Content-Encoding", "gzip"},
	{"Content-Encoding", "\xff"},
	{"Accept", "text/csv"},
	{"Accept", strings.Repeat(",;q=", 5000)},
	{"Accept-Language", strings.Repeat("sv-", 5000)},
	{"If-Match", "*"},
	{"If-Match", `"99999999999999999999"`},
	{"If-Match", `"-1"`},
	{"Idempotency-Key", strings.Repeat("k", 20_000)},
	{"Idempotency-Key", "\xff\xfe"},
	{"Expect", "100-continue"},
	{"Range", "bytes=0-1,5-9223372036854775807"},
	{"X-HTTP-Method-Override", "DELETE"},
}

// hostile makes requests and holds what every answer has to be.
type hostile struct {
	*caller
	asked, slow int
}

// try makes one request. Whatever it is, the answer comes soon, is no mistake of the server's, and from 400 on it is a problem
// document of a bounded length.
func (h *hostile) try(t *testing.T, key, method, path, body string, headers ...string) {
	t.Helper()
	if h.asked++; !*whole && h.asked%101 != 0 {
		return
	}
	if len(body) > 200<<10 { // of what is not read the connection is closed, perhaps before all of it is sent
		headers = append(headers[:len(headers):len(headers)], "Expect", "100-continue")
	}
	began := time.Now()
	got := h.do(t, key, method, path, body, headers...)
	took := time.Since(began)
	for try := 1; took > tooSlow && try < 3; try++ { // a machine that does much else may hold up one, and hardly three
		began = time.Now()
		got = h.do(t, key, method, path, body, headers...)
		took = time.Since(began)
	}
	what := fmt.Sprintf("%s %.150s %.150q %.100q", method, path, body, headers)
	if took > time.Second {
		h.slow++
		t.Logf("%s took %s", what, took)
	}
	if took > tooSlow {
		t.Errorf("%s took %s", what, took)
	}
	var d struct {
		Status       int
		Code, Detail string
	}
	switch {
	case got.status == 500:
		t.Errorf("%s: %d %.300s", what, got.status, got.body)
	case got.status >= 400 && method != "HEAD" && (got.kind != "application/problem+json" || json.Unmarshal([]byte(got.body), &d) != nil || d.Status != got.status || d.Code == "" || d.Detail == ""):
		t.Errorf("%s: no problem document: %d %s %.300s", what, got.status, got.kind, got.body)
	case !utf8.ValidString(got.body):
		t.Errorf("%s: the answer is no UTF-8: %d %.300q", what, got.status, got.body)
	case len(got.body) > tooLong && got.status >= 400:
		t.Errorf("%s: the answer has %d octets: %.300s", what, len(got.body), got.body)
	}
}

const hostileText = `
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
smpp: {listen: "127.0.0.1:0"}
limits: {connections: 100}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms}
prices:
  - {name: standard, currency: EUR, csv: "destination,price\n*,0.05\n"}
dimensions:
  - {name: centre}
accounts:
  - {name: root, admin: true, api_keys: [root-key], senders: ["*"], sender: ROOT, prices: standard, balance: {credit: "1000000"}, opt_out: {}}
  - {name: acme, api_keys: [acme-key], senders: ["*"], sender: ACME, prices: standard, balance: {credit: "1000000"}, opt_out: {}}
lists:
  - {name: dnd, kind: block}
routes:
  - {name: all, to: "*", via: [op1]}
`

// hostileGood are bodies of requests that are in order, with every field: each is tried with each hostile value.
var hostileGood = map[string]string{
	"POST /v1/messages": `{"to":"+46708000000","from":"ACME","text":"x","data":"","udh":"","send_at":"2027-01-01T00:00:00Z","validity":"1h","hours":{"when":"08:00-20:00","zone":"recipient"},"priority":"bulk",
		"flash":false,"class":1,"replace_type":1,"ports":{"to":1,"from":2},"encoding":"auto","reference":"r","webhook":"","receipts":"none","tlvs":{"source_port":7},"unicode":"refuse","long":"join",
		"max_parts":2,"dialog":false,"secret":false,"dimensions":{"centre":"1"},"tag":"t","atomic":false,"template":"hello","language":"sv","variables":{"name":"x"},"recipients":[{"to":"contact:anna","text":"{name}","variables":{"name":"x"}}],"messages":[]}`,
	"POST /v1/preview":                         `{"to":"+46708000000","from":"ACME","text":"x","hours":{"when":"sat"},"tlvs":{"0x1402":"hex:01"},"dimensions":{"centre":"1"},"validity":"1h"}`,
	"POST /v1/links/{name}/messages":           `{"to":["+46708000000"],"text":"x","send_at":"2027-01-01T00:00:00Z"}`,
	"PATCH /v1/messages/{id}":                  `{"send_at":"2027-01-01T00:00:00Z","validity":"1h"}`,
	"POST /v1/routes/explain":                  `{"account":"root","to":"+46708000000","from":"x","text":"x","encoding":"auto","interface":"rest","at":"2027-01-01T00:00:00Z","tag":"t","filter":true,"dimensions":{"centre":"1"}}`,
	"POST /v1/inbound/explain":                 `{"to":"+46708000000","from":"+46708000001","text":"x","link":"op1","at":"2027-01-01T00:00:00Z"}`,
	"POST /v1/queues/push":                     `{"account":"acme","kinds":["receipts"],"from":"2026-01-01","to":"2026-01-02","ids":[],"given_up":true}`,
	"POST /v1/queues/count":                    `{"account":"acme","reference":"r","route":"all","to":"+46*","link":"op1"}`,
	"POST /v1/queues/pause":                    `{"account":"acme","reference":"r","route":"all","to":"+46*","link":"op1"}`,
	"POST /v1/queues/resume":                   `{"account":"acme","to":"+46*"}`,
	"POST /v1/queues/cancel":                   `{"account":"acme","reference":"r"}`,
	"POST /v1/queues/move":                     `{"account":"acme","move_to":"op1"}`,
	"POST /v1/queues/lane":                     `{"account":"acme","priority":"bulk"}`,
	"PUT /v1/traces/{kind}/{name}":             `{"pdus":10,"for":"10m","session":0,"texts":true}`,
	"POST /v1/balances/{account}/topups":       `{"amount":"1.00","key":"k","note":"n"}`,
	"POST /v1/lists/{list}/entries":            `{"add":["+46708000000"],"remove":["+46708000001"],"note":"n"}`,
	"PUT /v1/optouts/{phone}":                  `{"note":"n"}`,
	"POST /v1/keys":                            `{"account":"acme","name":"k","scopes":["messages:read"],"addresses":["127.0.0.1"],"expires":"2036-12-31","note":"n"}`,
	"POST /v1/keys/{name}/rotate":              `{"keep":"1h"}`,
	"POST /v1/webhooks/replay":                 `{"account":"acme","kinds":["receipts"],"from":"2026-01-01","to":"2026-01-02","ids":[],"dead":true,"address":"http://h/","to_current":false}`,
	"POST /v1/webhooks/secret/rotate":          `{"account":"acme","keep":"1h"}`,
	"POST /v1/alarms/events/{id}/acknowledge":  `{}`,
	"POST /v1/contacts":                        `{"name":"n","mobile":"","pager":"+46740000001","mail":"a@b.se","language":"sv","fields":{"city":"Lund"},"note":"n"}`,
	"PATCH /v1/contacts/{contact}":             `{"name":"anna","mobile":"+46701234567","pager":"","mail":"","language":"","fields":{"city":"Lund"},"note":"n"}`,
	"POST /v1/contacts/import":                 `{"name":"n","mobile":"+46701234568","fields":{"city":"Lund"}}`,
	"POST /v1/contacts/{contact}/merge":        `{"with":["06y30tp6r0501"]}`,
	"POST /v1/conversations/{number}/messages": `{"text":"x","flash":false}`,
	"POST /v1/conversations/{number}/seen":     `{"until":"06y30tp6r0501","unread":true}`,
	"POST /v1/groups":                          `{"name":"n","note":"n"}`,
	"PATCH /v1/groups/{group}":                 `{"name":"all","note":"n"}`,
	"POST /v1/groups/{group}/members":          `{"add":["+46708000000","contact:anna"],"remove":["72456"]}`,
	"POST /v1/templates":                       `{"name":"n","text":"Hi {name|you}","texts":{"sv":"Hej {name}"},"note":"n"}`,
	"PATCH /v1/templates/{template}":           `{"name":"hello","text":"Hi {name}","texts":{"sv":"Hej"},"note":"n"}`,
}

// replaced gives a body for every field and every hostile value in its place, and one with every field twice.
func replaced(t *testing.T, good string) (bodies []string) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(good), &fields); err != nil {
		t.Fatalf("%s: %v", good, err)
	}
	names := slices.Sorted(maps.Keys(fields))
	with := func(name, value string) string {
		var b strings.Builder
		for _, n := range names {
			text := string(fields[n])
			if n == name {
				text = value
			}
			if (n == "messages" || n == "data" || n == "template" || n == "language" || n == "recipients") && n != name { // they exclude others
				continue
			}
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%s", n, text)
		}
		return "{" + b.String() + "}"
	}
	for _, name := range names {
		inner := map[string]json.RawMessage{}
		_ = json.Unmarshal(fields[name], &inner) // what is no object has none
		for _, v := range hostileValues {
			bodies = append(bodies, with(name, v))
			for _, key := range slices.Sorted(maps.Keys(inner)) {
				bodies = append(bodies, with(name, fmt.Sprintf("{%q:%s}", key, v)))
			}
		}
		bodies = append(bodies, strings.TrimSuffix(with("", ""), "}")+fmt.Sprintf(",%q:%s}", name, fields[name]))
	}
	return bodies
}

// Whatever is asked of REST, by a customer or an administrator, the answer is one that the interface has: soon, never the
// server's own failure, and every mistake a problem document.
func TestHostileREST(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(hostileText, t.TempDir(), sim.Addr())))
	h := &hostile{caller: newCaller(t, s)}
	calls := restCalls(t, h.caller)
	id := idOf(t, h.do(t, "acme-key", "POST", "/v1/messages", `{"to":"+46708000000","text":"x","send_at":"2027-01-01T00:00:00Z"}`))
	for path, body := range map[string]string{
		"/v1/contacts": `{"name":"anna","mobile":"+46701234567"}`, "/v1/groups": `{"name":"all"}`, "/v1/templates": `{"name":"hello","text":"x"}`,
	} {
		for _, key := range []string{"acme-key", "root-key"} {
			h.do(t, key, "POST", path, body)
		}
	}
	own := func(path string) string { // with something that there is
		return strings.NewReplacer("{id}", id, "{account}", "acme", "{phone}", "0708000000", "{number}", "0708000000", "{kind}/{name}", "accounts/acme", "{noun}/{name}", "lists/mine",
			"{noun}", "lists", "{list}", "dnd", "{entry}", "0708000000", "{n}", "1", "{name}", "nowhere", "{contact}", "anna", "{group}", "all", "{template}", "hello", "{member}", "0708000000").Replace(path)
	}
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		h.attack(t, method, path, own)
	}
	t.Logf("%d calls of %d methods and paths", h.calls, len(calls))
	for _, call := range slices.Sorted(maps.Keys(hostileGood)) {
		method, path, _ := strings.Cut(call, " ")
		for _, body := range replaced(t, hostileGood[call]) {
			h.try(t, "root-key", method, own(path), body)
			h.try(t, "acme-key", method, own(path), body)
		}
	}
	for _, c := range settingCases {
		for _, body := range replaced(t, c.good) {
			h.try(t, "root-key", "PUT", "/v1/config/"+c.kind+"/"+url.PathEscape(c.name+"x"), body)
			h.try(t, "root-key", "PUT", settingPath(c.kind, c.name), body)
			h.try(t, "root-key", "PATCH", settingPath(c.kind, c.name), body)
		}
		for _, path := range []string{"/v1/config/" + c.kind + "/" + url.PathEscape(c.name+"x"), settingPath(c.kind, c.name)} { // with thousands of values each later change takes longer
			h.do(t, "root-key", "DELETE", path, "")
			h.do(t, "root-key", "PUT", path, c.good)
		}
	}
	if log := s.log.String(); strings.Contains(log, "mistake in Kurir") || strings.Contains(log, "panic") {
		i := max(strings.Index(log, "panic"), 0)
		t.Errorf("a panic: %s", log[max(0, i-500):min(len(log), i+3000)])
	}
	if got := h.do(t, "root-key", "GET", "/v1/status", ""); got.status != 200 {
		t.Errorf("after all of it: %d %s", got.status, got.body)
	}
	t.Logf("%d calls, the longest %s (%s), %d over a second", h.calls, h.longest, h.slowest, h.slow)
}

// attack tries one method of a path with queries, names, bodies and headers, and what is no method of it.
func (h *hostile) attack(t *testing.T, method, path string, own func(string) string) {
	t.Helper()
	queries, bodies := hostileQueries(), hostileBodies()
	if strings.Contains(path, "{") && method != "GET" {
		queries = queries[:50] // no cursors
	}
	if method == "GET" || method == "DELETE" {
		bodies = bodies[:5]
	}
	for _, key := range []string{"root-key", "acme-key"} {
		for _, q := range queries {
			h.try(t, key, method, own(path)+"?"+q, "")
		}
		for _, w := range hostileWords {
			for _, variable := range []string{"{id}", "{account}", "{phone}", "{number}", "{kind}", "{noun}", "{list}", "{entry}", "{n}", "{name}", "{contact}", "{group}", "{template}", "{member}"} {
				if strings.Contains(path, variable) {
					h.try(t, key, method, own(strings.Replace(path, variable, w, 1)), "")
				}
			}
		}
		for _, body := range bodies {
			h.try(t, key, method, own(path), body, "Content-Type", "application/json")
			h.try(t, key, method, own(path), body, "Content-Type", "text/csv")
		}
		for _, header := range hostileHeaders {
			h.try(t, key, method, own(path), `{}`, header...)
		}
	}
	for _, odd := range []string{"BREW", "TRACE", "OPTIONS", "get", "PROPFIND", "HEAD", strings.Repeat("X", 2000)} {
		h.try(t, "acme-key", odd, own(path), "")
	}
}
