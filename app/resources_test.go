package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"kurir/app"
	"kurir/resource"
)

const settingsText = `
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
tlvs:
  - {name: entity, tag: "0x1401", type: string}
dimensions:
  - {name: centre}
connectors:
  - {name: op1, kind: smpp, hosts: ["127.0.0.1:9"], system_id: kurir, password: operator-secret}
filters:
  - {name: words, url: "http://127.0.0.1:9/ask"}
lists:
  - {name: dnd, kind: block}
accounts:
  - {name: root, admin: true, api_keys: [key], senders: ["*"], sender: ROOT}
routes:
  - {name: all, to: "*", via: [op1]}
retries:
  - {failure: absent, first: 2m}
schedules:
  - {name: nightly, account: root, at: ["mon 03:00"], to: ["+46701234567"], text: night}
series:
  - {name: orders}
inbound:
  - {keyword: info, account: root}
replies:
  - {number: "+46737494949"}
`

// settingCases has of each noun one that is good, a change of it, a field that is wrong with what is said of it, and the name of
// one in the file.
var settingCases = []struct {
	kind, name, good string
	patch, patched   string
	bad, field       string
	inFile           string
}{
	{"tlvs", "dlt", `{"tag":"0x1400","type":"string","max":30}`, `{"max":20}`, `"max":20`, `{"tag":"0x1400","type":"strng"}`, "type", "entity"},
	{"connectors", "op2", `{"kind":"smpp","hosts":["127.0.0.1:9"],"system_id":"k","password":"link-secret"}`, `{"window":7}`, `"window":7`, `{"kind":"smpp","hosts":["127.0.0.1:9"],"windw":1}`, "windw", "op1"},
	{"filters", "spam", `{"url":"http://127.0.0.1:9/spam"}`, `{"timeout":"3s"}`, `"timeout":"3s"`, `{"command":["/bin/sh"]}`, "command", "words"},
	{"prices", "std", `{"currency":"EUR","csv":"destination,price\n46,0.05\n"}`, `{"currency":"SEK"}`, `"currency":"SEK"`, `{"currency":"EUR","file":"/etc/passwd"}`, "file", ""},
	{"dimensions", "project", `{"values":["a","b"]}`, `{"values":["a","b","c"]}`, `"values":["a","b","c"]`, `{"values":["a"],"kannel":"x"}`, "kannel", "centre"},
	{"accounts", "acme", `{"password":"acme-secret","api_keys":["acme-key"],"senders":["*"]}`, `{"rate":5}`, `"rate":5`, `{"api_keys":["k"],"senders":["way too long a sender"]}`, "senders[0]", "root"},
	{"lists", "vip", `{"kind":"allow"}`, `{"accounts":["acme"]}`, `"accounts":["acme"]`, `{"kind":"grey"}`, "kind", "dnd"},
	{"routes", "swedes", `{"to":"46*","via":["op2"]}`, `{"via":["op2","op1"]}`, `"via":["op2","op1"]`, `{"via":["op9"]}`, "via", "all"},
	{"retries", "busy", `{"first":"5m"}`, `{"longest":"1h"}`, `"longest":"1h"`, `{"first":"soon"}`, "first", "absent"},
	{"schedules", "morning", `{"account":"acme","at":["mon-fri 08:00"],"to":["+46701234567"],"text":"hej"}`, `{"text":"god morgon"}`, `"text":"god morgon"`, `{"account":"nobody","at":["mon 08:00"],"to":["+46701234567"],"text":"x"}`, "account", "nightly"},
	{"series", "cases", `{"format":"{year}-{n:4}"}`, `{"restart":"year"}`, `"restart":"year"`, `{"restart":"never ever"}`, "restart", "orders"},
	{"inbound", "help", `{"keyword":"help","account":"acme"}`, `{"keyword":["help","hjalp"]}`, `"keyword":["help","hjalp"]`, `{"keyword":"help","account":"nobody"}`, "account", ""},
	{"replies", "+46737000000", `{"within":"24h"}`, `{"digits":2}`, `"digits":2`, `{"within":"x"}`, "within", "+46737494949"},
}

// Every noun is made, read, changed, and deleted over REST as it could stand in the file; a wrong field is named, what is in
// the file is not touched, and a restart keeps what was made.
func TestSettingsOverREST(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(settingsText, t.TempDir())
	s := run(t, read(t, text))
	do := func(method, path, body string, status int, want ...string) string {
		t.Helper()
		got, answer := request(t, s, "key", method, path, body)
		if got != status {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, got, answer, status)
		}
		for _, w := range want {
			if !strings.Contains(answer, w) {
				t.Errorf("%s %s %s: %s\nhas no %s", method, path, body, answer, w)
			}
		}
		if strings.Contains(answer, "-secret") || strings.Contains(answer, "acme-key") {
			t.Errorf("%s %s shows a secret: %s", method, path, answer)
		}
		return answer
	}
	for _, c := range settingCases {
		path := "/v1/config/" + c.kind + "/" + c.name
		do("GET", path, "", 404, "not_found")
		do("PUT", path, c.bad, 422, `"field":"`+c.field, `"code":"bad_value"`)
		do("GET", path, "", 404)
		do("PUT", path, c.good, 200, `"name":"`+c.name+`","source":"api"`, `"changed_by":"root"`)
		do("PATCH", path, c.patch, 200, c.patched)
		do("GET", path, "", 200, c.patched)
		if c.kind != "inbound" {
			do("POST", "/v1/config/"+c.kind, withKey(t, c.kind, c.name, c.good), 409, `"code":"taken"`)
		}
		if c.inFile != "" {
			for method, body := range map[string]string{"PUT": c.good, "PATCH": c.patch, "DELETE": ""} {
				do(method, "/v1/config/"+c.kind+"/"+c.inFile, body, 409, `"code":"in_file"`, "stands in the file, at kurir.yaml:")
			}
			do("GET", "/v1/config/"+c.kind+"/"+c.inFile, "", 200, `"source":"file","place":"kurir.yaml:`)
		}
	}
	do("GET", "/v1/links", "", 200, `"name":"op2"`)
	do("DELETE", "/v1/config/connectors/op2", "", 409, `"code":"needed"`, "have to be changed or deleted first: routes swedes (made over REST): via")

	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = run(t, read(t, text))
	for _, c := range settingCases {
		do("GET", "/v1/config/"+c.kind+"/"+c.name, "", 200, c.patched)
	}
	if status, answer := request(t, s, "acme-key", "GET", "/v1/messages", ""); status != 200 {
		t.Errorf("an account made over REST: %d %s", status, answer)
	}
	for i := len(settingCases) - 1; i >= 0; i-- { // what others name goes after them
		c := &settingCases[i]
		if c.kind == "accounts" || c.kind == "connectors" {
			continue
		}
		do("DELETE", "/v1/config/"+c.kind+"/"+c.name, "", 200, `"deleted":"`+c.name+`"`)
		do("GET", "/v1/config/"+c.kind+"/"+c.name, "", 404)
	}
	do("DELETE", "/v1/config/accounts/acme", "", 200)
	do("DELETE", "/v1/config/connectors/op2", "", 200)
	do("GET", "/v1/audit?noun=accounts", "", 200, `"who":"root","noun":"accounts","name":"acme","action":"delete"`, `"action":"change","fields":["rate"]`, `"action":"create"`)
}

// withKey adds the name to the body of a POST.
func withKey(t *testing.T, kind, name, body string) string {
	t.Helper()
	s, _ := resource.SettingOf(kind)
	var value map[string]any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	value[s.Key] = name
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Of two who change the same setting the one that saw an old form of it is told so.
func TestSettingsRevision(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(settingsText, t.TempDir())
	s := run(t, read(t, text))
	status, tag, _ := conditional(t, s, "POST", "/v1/config/routes", "", `{"name":"a","to":"1*","via":["op1"]}`)
	if status != http.StatusCreated || tag == "" {
		t.Fatalf("made: %d, ETag %s", status, tag)
	}
	if status, next, body := conditional(t, s, "PUT", "/v1/config/routes/a", tag, `{"to":"2*","via":["op1"]}`); status != 200 || next == tag {
		t.Errorf("with the right ETag: %d %s %s", status, next, body)
	}
	if status, _, body := conditional(t, s, "PUT", "/v1/config/routes/a", tag, `{"to":"3*","via":["op1"]}`); status != 412 || !strings.Contains(body, "was changed by root") {
		t.Errorf("with an old ETag: %d %s", status, body)
	}
	if status, _, _ := conditional(t, s, "DELETE", "/v1/config/routes/a", tag, ""); status != 412 {
		t.Errorf("deleted with an old ETag: %d", status)
	}
	// Those made over REST have an order of their own, behind the file's.
	for _, name := range []string{"b", "c"} {
		if status, _, body := conditional(t, s, "PUT", "/v1/config/routes/"+name+"?position=1", "", `{"via":["op1"]}`); status != 200 {
			t.Fatalf("%s: %d %s", name, status, body)
		}
	}
	if status, _, body := conditional(t, s, "PATCH", "/v1/config/routes/a?position=2", "", `{}`); status != 200 {
		t.Fatalf("moved: %d %s", status, body)
	}
	names := func() string {
		var list struct{ Routes []struct{ Name string } }
		s.ask(t, "GET", "/v1/config/routes", "", &list)
		return fmt.Sprint(list.Routes)
	}
	const want = "[{all} {c} {a} {b}]"
	if got := names(); got != want {
		t.Errorf("order: %s, want %s", got, want)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if s = run(t, read(t, text)); names() != want {
		t.Errorf("order after a start: %s", names())
	}
}

func conditional(t *testing.T, s *server, method, path, match, body string) (status int, tag, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key")
	if match != "" {
		req.Header.Set("If-Match", match)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("ETag"), string(text)
}

// The same name in the file and over REST is refused with both places, by a reload and by a start; stars keep a secret.
func TestSettingsClash(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(settingsText, t.TempDir())
	s := run(t, read(t, text))
	put := func(path, body string, want int) {
		t.Helper()
		if status, answer := request(t, s, "key", "PUT", path, body); status != want {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
	put("/v1/config/accounts/acme", `{"password":"first","api_keys":["one","two"]}`, 200)
	put("/v1/config/accounts/acme", `{"password":"***","api_keys":["***2","three"]}`, 200)
	put("/v1/config/accounts/other", `{"password":"***"}`, 422)
	for key, want := range map[string]int{"one": 401, "two": 200, "three": 200} {
		if status, answer := request(t, s, key, "GET", "/v1/messages", ""); status != want {
			t.Errorf("key %s: %d %s", key, status, answer)
		}
	}
	both := strings.Replace(text, "accounts:\n", "accounts:\n  - {name: acme, password: x}\n", 1)
	wrong := func(err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "kurir.yaml:") || !strings.Contains(err.Error(), `"acme" stands in the file and was made over REST too`) ||
			!strings.Contains(err.Error(), "take out what is there twice") {
			t.Errorf("a clash: %v", err)
		}
	}
	wrong(s.Reload(t.Context(), read(t, both)))
	if status, answer := request(t, s, "three", "GET", "/v1/messages", ""); status != 200 {
		t.Errorf("after a reload that was refused: %d %s", status, answer)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	_, err := app.New(t.Context(), app.Options{File: read(t, both), Log: slog.New(slog.DiscardHandler)})
	wrong(err)
}

// What docs/resources.md shows can be done as it stands there, and there is an example of every noun.
func TestSettingsExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/resources.md")
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, read(t, fmt.Sprintf(`
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [key]}
`, t.TempDir())))
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("```\nPUT (/v1/config/([a-z]+)/\\S+)\n([^`]*)```").FindAllStringSubmatch(string(page), -1) {
		if status, answer := request(t, s, "key", "PUT", m[1], m[3]); status != 200 {
			t.Errorf("%s: %d %s", m[1], status, answer)
		}
		shown[m[2]] = true
	}
	for _, noun := range resource.Settings() {
		if !shown[noun.Kind] {
			t.Errorf("there is no example of %s", noun.Kind)
		}
	}
}
