package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kurir/account"
)

// settingsREST keeps settings of one kind, routes, as REST does, as far as pages show it.
type settingsREST struct {
	rows  map[string]string // value by name
	asked []string
}

func (s *settingsREST) serve(_ *account.Account, w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("If-Match")+" "+string(body)))
	kind, name, one := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/config/"), "/")
	row := func(name string) string {
		source := `"source":"api","position":2,"revision":7,"changed_by":"acme/root"`
		if name == "stated" {
			source = `"source":"file","place":"kurir.yaml:12"`
		}
		return fmt.Sprintf(`{"name":%q,%s,"value":%s}`, name, source, s.rows[name])
	}
	problem := func(status int, text string) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
	switch {
	case r.URL.Path == "/v1/routes/explain" && strings.Contains(string(body), `"op9"`):
		problem(422, `{"detail":"x","errors":[{"field":"change.to","detail":"to: is no pattern"}]}`)
	case r.URL.Path == "/v1/routes/explain":
		fmt.Fprint(w, `{"to":"+46701234567","from":"ACME","encoding":"gsm7","parts":1,"routes":[{"rule":0,"name":"swedes","matched":true,"why":"goes by <op1>"}],"candidates":[{"link":"op1","up":true}]}`)
	case kind != "routes":
		fmt.Fprintf(w, `{%q:[{"name":"op1"}]}`, kind)
	case r.Method == http.MethodGet && !one:
		fmt.Fprintf(w, `{"routes":[%s,%s]}`, row("stated"), row("swedes"))
	case r.Method == http.MethodGet && s.rows[name] == "":
		problem(404, `{"code":"not_found","detail":"there is none"}`)
	case strings.Contains(string(body), `"wrong"`):
		problem(422, `{"code":"bad_value","detail":"senders[0]: is wrong","errors":[{"field":"senders[0]","detail":"senders[0]: is <wrong>"}]}`)
	case r.Header.Get("If-Match") == `"6"`:
		problem(412, `{"code":"outdated","detail":"was changed","errors":[{"field":"name","detail":"name: was changed by olle"}]}`)
	case r.Method == http.MethodPost:
		fmt.Fprint(w, `{"name":"new","source":"api","revision":8,"value":{}}`)
	default:
		fmt.Fprint(w, row(name))
	}
}

func newSettingsSite(t *testing.T) (*site, *settingsREST) {
	t.Helper()
	rest := &settingsREST{rows: map[string]string{"stated": `{"name":"stated","to":"45*"}`, "swedes": `{"name":"swedes","to":"46*","password":"***","senders":["A"]}`}}
	s := newSite(t, map[string]string{"root": "system", "olle": "operator"})
	s.rest = rest.serve
	return s, rest
}

// A setting is shown as a form, saved whole with its revision, and what REST says is wrong stands beside its field.
func TestSettingSaved(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	b := s.as("root")
	a := b.do("/console/routes/swedes")
	a.wants(t, http.StatusOK, `name=":revision" value="7"`, `>46*</textarea>`, `type="password" value="***"`, "Its name.", `action="/console/routes/swedes"`)
	rest.asked = nil
	a = b.do("/console/routes/swedes", ":revision", "7", "to", "46*\r\n47*", "password", "***", "senders", "A\r\nwrong", "rate", "2.5")
	a.wants(t, http.StatusUnprocessableEntity, `id="f-senders-wrong">#1: is &lt;wrong&gt;`, `aria-invalid="true"`, ">A\nwrong</textarea>", "It is not saved", `<a href="#f-senders-wrong"><code translate="no">senders</code></a>`)
	if last := rest.asked[len(rest.asked)-1]; last != `PUT /v1/config/routes/swedes "7" {"name":"swedes","password":"***","rate":2.5,"senders":["A","wrong"],"to":["46*","47*"]}` {
		t.Errorf("REST is asked %s", last)
	}
	a = b.do("/console/routes/swedes", ":revision", "7", "to", "47*")
	a.wants(t, http.StatusOK, "Saved. It is in force.")
	a = b.do("/console/routes/swedes", ":revision", "6", "to", "47*", "senders", "B")
	a.wants(t, http.StatusPreconditionFailed, "Somebody else has saved it", "was changed by olle", `name=":revision" value="7"`, "<td>46*</td><td>47*</td>")
	a = b.do("/console/routes", "name", "new", "to", "1*")
	if a.status != http.StatusSeeOther || a.to != "/console/routes" {
		t.Errorf("a new one: %d %s", a.status, a.to)
	}
	a = b.do("/console/routes/swedes", ":all", "{")
	a.wants(t, http.StatusUnprocessableEntity, "This is no JSON", ">{</textarea>")
}

// Lists in a form get and lose items by buttons, without anything being saved.
func TestSettingItems(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	b := s.as("root")
	a := b.do("/console/routes", ":add", "layers", "name", "x", "layers:n", "1", "layers.0.start", "2026-01-05")
	a.wants(t, http.StatusOK, `name="layers:n" value="2"`, `name="layers.0.start" value="2026-01-05"`, `name="layers.1.start" value=""`)
	a = b.do("/console/routes", ":remove", "layers.0", "layers:n", "2", "layers.1.start", "2027-01-04")
	a.wants(t, http.StatusOK, `name="layers:n" value="1"`, `name="layers.0.start" value="2027-01-04"`)
	for _, call := range rest.asked {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("something is changed: %s", call)
		}
	}
}

// What stands in the file is shown with its place and has no button to save; nor has anything for who may not change settings.
func TestSettingKept(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	a := s.as("root").do("/console/routes/stated")
	a.wants(t, http.StatusOK, "(kurir.yaml:12)", "<fieldset class=\"plain\" disabled>")
	b := s.as("olle")
	b2 := b.do("/console/routes/swedes")
	for _, page := range []answer{a, b2} {
		if strings.Contains(page.body, ":save") || strings.Contains(page.body, "/delete") {
			t.Errorf("it can be changed: %s", page.body)
		}
	}
	rest.asked = nil
	if a := b.do("/console/routes/swedes", ":revision", "7", "to", "47*"); a.status != http.StatusForbidden {
		t.Errorf("an operator saves: %d", a.status)
	}
	for _, path := range []string{"/console/routes", "/console/routes/swedes/delete", "/console/routes/swedes/up"} {
		if a := b.do(path, "to", "47*"); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, call := range rest.asked {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("something is changed: %s", call)
		}
	}
	list := b.do("/console/routes")
	list.wants(t, http.StatusOK, "file, kurir.yaml:12", "senders: A")
}

// A route is tried with what stands in the form, and moved by its position.
func TestRouteTriedAndMoved(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	b := s.as("root")
	a := b.do("/console/routes/swedes", ":try", "1", "to", "46*", "try.to", "0701234567", "try.account", "acme")
	a.wants(t, http.StatusOK, "goes by &lt;op1&gt;", `value="0701234567"`, ">46*</textarea>", "<strong>op1</strong>")
	var asked struct {
		To     string
		Change struct {
			Name  string
			Value map[string]any
		}
	}
	last := rest.asked[len(rest.asked)-1]
	if err := json.Unmarshal([]byte(last[strings.Index(last, "{"):]), &asked); err != nil || asked.Change.Name != "swedes" || asked.Change.Value["to"] != "46*" || asked.To != "0701234567" {
		t.Errorf("asked %s: %v", last, err)
	}
	a = b.do("/console/routes/swedes", ":try", "1", "to", "op9", "try.to", "0701234567")
	a.wants(t, http.StatusOK, `id="f-to-wrong">is no pattern`)
	rest.asked = nil
	if a := b.do("/console/routes/swedes/up", "x", ""); a.to != "/console/routes" {
		t.Errorf("moved: %d %s", a.status, a.to)
	}
	if last := rest.asked[len(rest.asked)-1]; last != `PATCH /v1/config/routes/swedes?position=1 "7" {}` {
		t.Errorf("asked %s", last)
	}
}

// Every kind of setting has a page, with the words of both languages, and names of any form stay within their page.
func TestSettingPages(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	rest.rows["a/b:<c>"] = `{"name":"a/b:<c>"}`
	b := s.as("root")
	a := b.do("/console/settings")
	a.wants(t, http.StatusOK, `href="/console/settings/alarms/alarms"`, `href="/console/routes"`, ">Accounts</a>")
	a = b.do("/console/routes/" + url.PathEscape("a/b:<c>"))
	a.wants(t, http.StatusOK, `action="/console/routes/a%2Fb:%3Cc%3E"`, "a/b:&lt;c&gt;")
	if a := b.do("/console/settings/routes"); a.to != "/console/routes" {
		t.Errorf("routes among settings: %d %s", a.status, a.to)
	}
	if a := b.do("/console/settings/nothing"); a.status != http.StatusNotFound {
		t.Errorf("a kind that there is not: %d", a.status)
	}
}

// What a change changed is said field by field, with those in it.
func TestDifference(t *testing.T) {
	t.Parallel()
	r := row{
		"before": map[string]any{"rate": json.Number("5"), "smpp": map[string]any{"window": json.Number("1"), "zone": "UTC"}, "sender": "A"},
		"after":  map[string]any{"rate": json.Number("10"), "smpp": map[string]any{"window": json.Number("2"), "zone": "UTC"}, "senders": []any{"A", "B"}},
	}
	if got, want := difference(r), "rate: 5 → 10\n− sender: A\n+ senders: A, B\nsmpp.window: 1 → 2"; got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	if got := difference(row{"fields": []any{"rate", "sender"}}); got != "rate, sender" {
		t.Errorf("without values: %s", got)
	}
}

// Notices stand at the top of every page, as text, in the user's language.
func TestNoticeBanner(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.notices = []account.Notice{
		{Name: "a", Text: "Late <b>tonight</b>", Kind: "warning", Accounts: []string{"acme"}},
		{Name: "b", Text: "For others", Accounts: []string{"other"}},
		{Name: "c", Text: "For all"},
	}
	a := s.as("anna").do("/compose")
	a.wants(t, http.StatusOK, `<p class="notice warning" role="status">`, "Late &lt;b&gt;tonight&lt;/b&gt;", "For all")
	if strings.Contains(a.body, "For others") {
		t.Error("what is for others is shown")
	}
	if a := s.open().do("/signin"); strings.Contains(a.body, "Late") || !strings.Contains(a.body, "For all") {
		t.Errorf("before one signs in: %s", a.body)
	}
}

// The form of a new route says which route of the file takes every message before it, if one does.
func TestRouteBehindAll(t *testing.T) {
	t.Parallel()
	s, rest := newSettingsSite(t)
	b := s.as("root")
	a := b.do("/console/routes?new")
	if a.status != http.StatusOK || strings.Contains(a.body, "every message before") {
		t.Errorf("a route that takes few: %d %s", a.status, a.body)
	}
	for value, want := range map[string]bool{
		`{"name":"stated","to":"*","via":["op1"]}`: true, `{"name":"stated","via":["op1"]}`: true, `{"name":"stated","to":"*","via":["op1"],"account":"acme"}`: false,
	} {
		rest.rows["stated"] = value
		a = b.do("/console/routes?new")
		a.wants(t, http.StatusOK)
		if strings.Contains(a.body, "stated kurir.yaml:12. What is made here") != want {
			t.Errorf("behind %s: %v", value, !want)
		}
	}
}
