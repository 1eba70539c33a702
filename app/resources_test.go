package app_test

import (
	"cmp"
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
keys:
  - {name: web, account: root, key: web}
routes:
  - {name: all, to: "*", via: [op1]}
retries:
  - {failure: absent, first: 2m}
schedules:
  - {name: nightly, account: root, at: ["mon 03:00"], to: ["+46701234567"], text: night}
rotas:
  - {name: duty, account: root, else: ["+46701234567"]}
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
	{"validity", "", `{"validity":"36h"}`, `{"validity":"12h"}`, `"validity":"12h"`, `{"validity":"soon"}`, "validity", ""},
	{"join_wait", "", `{"join_wait":"2h"}`, `{"join_wait":"3h"}`, `"join_wait":"3h"`, `{"join_wait":"2h","wait":"1h"}`, "wait", ""},
	{"predefined", "", `{"1":"Hello"}`, `{"2":"Bye"}`, `"1":"Hello","2":"Bye"`, `{"0":"x"}`, "0", ""},
	{"secret", "", `{"senders":["BANK"]}`, `{"patterns":["(?i)code"]}`, `"patterns":["(?i)code"],"senders":["BANK"]`, `{"patterns":["("]}`, "patterns[0]", ""},
	{"traffic", "", `{"recipient_hour":1}`, `{"growth":10}`, `"growth":10,"recipient_hour":1`, `{"countries":["SE","XX"]}`, "countries[1]", ""},
	{"networks", "", `{"csv":"prefix,mcc,mnc,network\n4670,240,01,Telia\n"}`, `{"csv":"prefix,mcc,mnc,network\n4673,240,07,Tele2\n"}`, `Tele2`, `{"file":"/etc/passwd"}`, "file", ""},
	{"tlvs", "dlt", `{"tag":"0x1400","type":"string","max":30}`, `{"max":20}`, `"max":20`, `{"tag":"0x1400","type":"strng"}`, "type", "entity"},
	{"connectors", "op2", `{"kind":"smpp","hosts":["127.0.0.1:9"],"system_id":"k","password":"link-secret"}`, `{"window":7}`, `"window":7`, `{"kind":"smpp","hosts":["127.0.0.1:9"],"windw":1}`, "windw", "op1"},
	{"filters", "spam", `{"url":"http://127.0.0.1:9/spam"}`, `{"timeout":"3s"}`, `"timeout":"3s"`, `{"command":["/bin/sh"]}`, "command", "words"},
	{"prices", "std", `{"currency":"EUR","csv":"destination,price\n46,0.05\n"}`, `{"currency":"SEK"}`, `"currency":"SEK"`, `{"currency":"EUR","file":"/etc/passwd"}`, "file", ""},
	{"dimensions", "project", `{"values":["a","b"]}`, `{"values":["a","b","c"]}`, `"values":["a","b","c"]`, `{"values":["a"],"kannel":"x"}`, "kannel", "centre"},
	{"accounts", "acme", `{"password":"acme-secret","api_keys":["acme-key"],"senders":["*"]}`, `{"rate":5}`, `"rate":5`, `{"api_keys":["k"],"senders":["way too long a sender"]}`, "senders[0]", "root"},
	{"keys", "acme:web", `{"account":"acme","key":"web-secret","scopes":["messages:write"]}`, `{"expires":"2036-12-31"}`, `"expires":"2036-12-31","key":"***"`, `{"account":"acme","key":"k","scopes":["messages:send"]}`, "scopes[0]", "web"},
	{"users", "anna", `{"account":"acme","role":"sender","password":"anna-password"}`, `{"language":"sv"}`, `"language":"sv","name":"anna","password":"***"`, `{"account":"acme","role":"boss","password":"anna-password"}`, "role", ""},
	{"notices", "night", `{"text":"Late","kind":"warning","accounts":["acme"]}`, `{"end":"2036-12-31"}`, `"end":"2036-12-31"`, `{"text":"Late","accounts":["nobody"]}`, "accounts[0]", ""},
	{"lists", "vip", `{"kind":"allow"}`, `{"accounts":["acme"]}`, `"accounts":["acme"]`, `{"kind":"grey"}`, "kind", "dnd"},
	{"routes", "swedes", `{"to":"46*","via":["op2"]}`, `{"via":["op2","op1"]}`, `"via":["op2","op1"]`, `{"via":["op9"]}`, "via", "all"},
	{"retries", "busy", `{"first":"5m"}`, `{"longest":"1h"}`, `"longest":"1h"`, `{"first":"soon"}`, "first", "absent"},
	{"schedules", "morning", `{"account":"acme","at":["mon-fri 08:00"],"to":["+46701234567"],"text":"hej"}`, `{"text":"god morgon"}`, `"text":"god morgon"`, `{"account":"nobody","at":["mon 08:00"],"to":["+46701234567"],"text":"x"}`, "account", "nightly"},
	{"rotas", "ward", `{"account":"acme","layers":[{"start":"2026-01-05","slots":[{"who":"contact:Anna"}]}]}`, `{"else":["+46701234567"]}`, `"else":["+46701234567"]`, `{"account":"acme","else":["rota:nowhere"]}`, "else", "duty"},
	{"series", "cases", `{"format":"{year}-{n:4}"}`, `{"restart":"year"}`, `"restart":"year"`, `{"restart":"never ever"}`, "restart", "orders"},
	{"inbound", "help", `{"keyword":"help","account":"acme"}`, `{"keyword":["help","hjalp"]}`, `"keyword":["help","hjalp"]`, `{"keyword":"help","account":"nobody"}`, "account", ""},
	{"alarms", "", `{"link_down":"1m","webhook":"http://127.0.0.1:9/","webhook_secret":"alarm-secret","mail":{"server":"127.0.0.1:9","user":"k","password":"mail-secret","from":"a@b.c","to":["d@e.f"]}}`, `{"disk":20,"mail":{"password":"***"}}`, `"disk":20`, `{"mail":{"server":"nowhere"}}`, "mail.server", ""},
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
	for _, file := range []string{"ca", "cert", "key"} { // whether there is such a file on the server is nobody's business over REST
		answer := do("PUT", "/v1/config/connectors/op2", `{"kind":"smpp","hosts":["127.0.0.1:9"],"system_id":"k","tls":{"`+file+`":"/etc/no-such-file"}}`, 422,
			`"field":"tls.`+file+`"`, "configuration file only")
		if strings.Contains(answer, "no such") {
			t.Errorf("it is told that the file is not there: %s", answer)
		}
	}
	for _, c := range settingCases {
		path := settingPath(c.kind, c.name)
		do("GET", path, "", 404, "not_found")
		do("PUT", path, c.bad, 422, `"field":"`+c.field, `"code":"bad_value"`)
		do("GET", path, "", 404)
		do("PUT", path, c.good, 200, `"name":"`+cmp.Or(c.name, c.kind)+`","source":"api"`, `"changed_by":"root"`)
		do("PATCH", path, c.patch, 200, c.patched)
		do("GET", path, "", 200, c.patched)
		if c.kind != "inbound" && c.name != "" {
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
		do("GET", settingPath(c.kind, c.name), "", 200, c.patched)
	}
	if status, answer := request(t, s, "acme-key", "GET", "/v1/messages", ""); status != 200 {
		t.Errorf("an account made over REST: %d %s", status, answer)
	}
	for i := len(settingCases) - 1; i >= 0; i-- { // what others name goes after them
		c := &settingCases[i]
		if c.kind == "accounts" || c.kind == "connectors" {
			continue
		}
		do("DELETE", settingPath(c.kind, c.name), "", 200, `"deleted":"`+cmp.Or(c.name, c.kind)+`"`)
		do("GET", settingPath(c.kind, c.name), "", 404)
	}
	do("DELETE", "/v1/config/accounts/acme", "", 200)
	do("DELETE", "/v1/config/connectors/op2", "", 200)
	do("GET", "/v1/audit?noun=accounts", "", 200, `"who":"root","noun":"accounts","name":"acme","action":"delete"`, `"action":"change","fields":["rate"]`, `"action":"create"`)
}

// settingPath is the address of a setting; what there is one of has no name.
func settingPath(kind, name string) string {
	if name == "" {
		return "/v1/config/" + kind
	}
	return "/v1/config/" + kind + "/" + name
}

// What there is one of is in force at once and after a start, by the means of every noun; what the file says of it is left alone.
func TestSingleSettings(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(settingsText, t.TempDir())
	s := run(t, read(t, text))
	expect := func(method, path, body string, status int, want string) {
		t.Helper()
		if got, answer := request(t, s, "key", method, path, body); got != status || !strings.Contains(answer, want) {
			t.Errorf("%s %s %s: %d %s, want %d %s", method, path, body, got, answer, status, want)
		}
	}
	expect("GET", "/v1/config/country", "", 200, `"source":"file","place":"kurir.yaml:3","value":{"country":"46"}`)
	expect("PUT", "/v1/config/country", `{"country":"47"}`, 409, "country stands in the file, at kurir.yaml:3")
	expect("DELETE", "/v1/config/country", "", 409, `"code":"in_file"`)
	expect("GET", "/v1/config", "", 200, `{"noun":"alarms","ordered":false,"single":true}`)
	expect("POST", "/v1/config/alarms", `{}`, 405, "only GET, PUT, PATCH and DELETE are")
	expect("PUT", "/v1/config/routes", `{}`, 405, "only GET and POST are")
	expect("PUT", "/v1/config/nothing", `{}`, 404, "there are")
	expect("PUT", "/v1/config/alarms/other", `{}`, 404, "/v1/config/alarms")
	expect("GET", "/v1/config/alarms/other", "", 404, "")

	// A patch of what nothing is said of makes it.
	status, tag, answer := conditional(t, s, "PATCH", "/v1/config/alarms", "", `{"link_down":"1m"}`)
	if status != 200 || tag == "" {
		t.Fatalf("PATCH alarms: %d %s", status, answer)
	}
	expect("GET", "/v1/alarms", "", 200, `"link_down_seconds":60`)
	if status, _, answer := conditional(t, s, "PUT", "/v1/config/alarms", tag, `{"link_down":"3m","sms":{"account":"root","to":["+46701234567"]}}`); status != 200 {
		t.Errorf("with the right ETag: %d %s", status, answer)
	}
	if status, _, answer := conditional(t, s, "PATCH", "/v1/config/alarms", tag, `{"link_down":"4m"}`); status != 412 || !strings.Contains(answer, "alarms was changed by root") {
		t.Errorf("with an old ETag: %d %s", status, answer)
	}
	expect("GET", "/v1/alarms", "", 200, `"link_down_seconds":180`)
	expect("GET", "/v1/audit?noun=alarms", "", 200, `"fields":["link_down","sms"]`)
	expect("PUT", "/v1/config/accounts/duty", `{"api_keys":["duty"],"senders":["*"]}`, 200, "")
	expect("PATCH", "/v1/config/alarms", `{"sms":{"account":"duty"}}`, 200, "")
	expect("DELETE", "/v1/config/accounts/duty", "", 409, "alarms (made over REST): sms.account")

	// Traffic holds for the next message.
	expect("PUT", "/v1/config/traffic", `{"countries":["NO"]}`, 200, "")
	const swede = `{"to":"+46701234567","text":"hej"}`
	expect("POST", "/v1/messages", swede, 403, "may write to NO")
	expect("PATCH", "/v1/config/traffic", `{"countries":["NO","SE"]}`, 200, "")
	expect("POST", "/v1/messages", swede, 202, "")
	expect("PATCH", "/v1/config/traffic", `{"countries":["NO"]}`, 200, "")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = run(t, read(t, text))
	expect("GET", "/v1/alarms", "", 200, `"link_down_seconds":180`)
	expect("POST", "/v1/messages", swede, 403, "may write to NO")

	// Both in the file and over REST is refused by a reload, with the line.
	err := s.Reload(t.Context(), read(t, text+"alarms: {link_down: 9m}\n"))
	if err == nil || !strings.Contains(err.Error(), `kurir.yaml:33:9: alarms: "alarms" stands in the file and was made over REST too`) {
		t.Errorf("a clash: %v", err)
	}
	expect("DELETE", "/v1/config/alarms", "", 200, `"deleted":"alarms"`)
	expect("GET", "/v1/alarms", "", 200, `"link_down_seconds":120`)
	if err := s.Reload(t.Context(), read(t, text+"alarms: {link_down: 9m}\n")); err != nil {
		t.Errorf("a reload: %v", err)
	}
	expect("GET", "/v1/config/alarms", "", 200, `"place":"kurir.yaml:33"`)
	expect("DELETE", "/v1/config/traffic", "", 200, "")
	expect("POST", "/v1/messages", swede, 202, "")
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
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [key]}
`, t.TempDir())))
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("```\nPUT (/v1/config/([a-z_]+)\\S*)\n([^`]*)```").FindAllStringSubmatch(string(page), -1) {
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

// TestSettingsNoEffect: a route over REST that can never match is made, and that is said to whoever makes it and at the
// next start; one of the file without a name is found by its place.
func TestSettingsNoEffect(t *testing.T) {
	t.Parallel()
	text := strings.Replace(fmt.Sprintf(settingsText, t.TempDir()), "{name: all, ", "{", 1)
	s := run(t, read(t, text))
	const warns = "routes late (made over REST): can never match, for routes[0] (line "
	want := func(method, path, body, wanted string) {
		t.Helper()
		if status, answer := request(t, s, "key", method, path, body); status != 200 || !strings.Contains(answer, wanted) {
			t.Errorf("%s %s: %d %s, want %s", method, path, status, answer, wanted)
		}
	}
	want("PUT", "/v1/config/routes/late", `{"to":"46*","via":["op1"]}`, `"warnings":["`+warns)
	want("PATCH", "/v1/config/routes/late", `{"to":"47*"}`, `"warnings":["`+warns)
	want("GET", "/v1/config/routes/routes%5B0%5D", "", `"name":"routes[0]","source":"file","place":"kurir.yaml:`)
	want("GET", "/v1/config/routes", "", `"name":"routes[0]"`)
	if status, answer := request(t, s, "key", "PUT", "/v1/config/routes/routes%5B0%5D", `{"via":["op1"]}`); status != 409 || !strings.Contains(answer, "stands in the file") {
		t.Errorf("one of the file by its place: %d %s", status, answer)
	}
	if status, answer := request(t, s, "key", "PUT", "/v1/config/retries/busy", `{"first":"5m"}`); status != 200 || strings.Contains(answer, "warnings") {
		t.Errorf("something else: %d %s", status, answer)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if s = run(t, read(t, text)); !strings.Contains(s.log.String(), warns) {
		t.Errorf("the start says %s", s.log.String())
	}
}
