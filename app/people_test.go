package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

const peopleText = `
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
limits: {connections: 100}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms}
accounts:
  - {name: acme, api_keys: [key], senders: ["*"], sender: ACME, opt_out: {}}
  - {name: other, api_keys: [other-key], senders: ["*"], sender: OTHER}
  - {name: root, admin: true, api_keys: [root-key]}
routes:
  - {to: "*", via: [op1]}
`

// step is a request and what its answer has in it.
type step struct {
	key, method, path, body string
	status                  int
	want                    string
}

func (c *caller) steps(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		var headers []string
		if strings.Contains(s.path, "/import") && !strings.HasPrefix(s.body, "{") {
			headers = []string{"Content-Type", "text/csv"}
		} else if strings.Contains(s.path, "/import") {
			headers = []string{"Content-Type", "application/x-ndjson"}
		}
		got := c.do(t, s.key, s.method, s.path, s.body, headers...)
		if got.status != s.status || !strings.Contains(got.body, s.want) {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", s.method, s.path, s.body, got.status, got.body, s.status, s.want)
		}
	}
}

// field gives a field of an answer.
func (a answered) field(t *testing.T, name string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return fmt.Sprint(v[name])
}

func runPeople(t *testing.T) (*server, *caller, *simulator.Simulator) {
	t.Helper()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(peopleText, t.TempDir(), sim.Addr())))
	return s, newCaller(t, s), sim
}

// Contacts, groups and templates are made, changed with an eye on who else does, listed, imported and exported, each
// account's for itself and by administrators for it.
func TestPeople(t *testing.T) {
	t.Parallel()
	_, c, _ := runPeople(t)
	made := c.do(t, "key", "POST", "/v1/contacts", `{"name":"Anna Åberg","mobile":"070-123 45 67","mail":"anna@example.se","language":"sv","fields":{"city":"Lund"},"note":"n"}`)
	id := made.field(t, "id")
	if made.status != 201 || !strings.Contains(made.body, `"mobile":"+46701234567"`) {
		t.Fatalf("%d %s", made.status, made.body)
	}
	c.steps(t, []step{
		{"key", "GET", "/v1/contacts/" + id, "", 200, `"fields":{"city":"Lund"}`},
		{"key", "GET", "/v1/contacts/anna%20aberg", "", 200, id},
		{"key", "POST", "/v1/contacts", `{"name":"Anna again","mobile":"+46701234567"}`, 409, `"field":"mobile","code":"taken"`},
		{"key", "POST", "/v1/contacts", `{"name":"x","mobile":"12","mail":"nobody","language":"swedish language","fields":{"name":"x"}}`, 422, `fields.name`},
		{"key", "POST", "/v1/contacts", `{}`, 422, `"field":"name"`},
		{"key", "POST", "/v1/contacts", `{"nam":"x"}`, 400, `unknown_field`},
		{"key", "POST", "/v1/contacts", `{"name":"Bo","pager":"0740000001"}`, 201, `"pager":"+46740000001"`},
		{"key", "POST", "/v1/contacts", `{"name":"Bo","mobile":"0701000001"}`, 201, ``},
		{"key", "GET", "/v1/contacts/Bo", "", 409, `"code":"ambiguous"`},
		{"key", "PATCH", "/v1/contacts/" + id, `{"fields":{"city":null,"floor":"3"},"note":null}`, 200, `"fields":{"floor":"3"},"revision"`},
		{"key", "PATCH", "/v1/contacts/" + id, `{"fields":{"floor":3}}`, 400, `wrong_type`},
		{"key", "PATCH", "/v1/contacts/" + id, `{"mobile":"0701000001"}`, 409, `taken`},
		{"key", "GET", "/v1/contacts?search=ann", "", 200, `"Anna Åberg"`},
		{"key", "GET", "/v1/contacts?mobile=0701234567", "", 200, id},
		{"key", "GET", "/v1/contacts?search=%21", "", 200, `{"contacts":[]}`},
		{"key", "GET", "/v1/contacts?sort=name&limit=1", "", 200, `"next":"/v1/contacts?cursor=`},
		{"key", "GET", "/v1/contacts?format=csv", "", 200, `,Anna Åberg,+46701234567,,anna@example.se,sv,"{""floor"":""3""}",,`},
		{"other-key", "GET", "/v1/contacts", "", 200, `{"contacts":[]}`},
		{"other-key", "GET", "/v1/contacts/" + id, "", 404, `not_found`},
		{"other-key", "DELETE", "/v1/contacts/" + id, "", 404, `not_found`},
		{"other-key", "GET", "/v1/contacts?account=acme", "", 403, `not_admin`},
		{"root-key", "GET", "/v1/contacts?account=acme&name=ANNA+ABERG", "", 200, id},
		{"root-key", "GET", "/v1/contacts?account=nobody", "", 404, `not_found`},
		{"root-key", "POST", "/v1/contacts?account=acme", `{"mobile":"0701000002"}`, 201, `"name":"+46701000002"`},
	})
	// Of two who change the same, the second is told.
	was := c.do(t, "key", "GET", "/v1/contacts/"+id, "").field(t, "revision")
	if got := c.do(t, "key", "PATCH", "/v1/contacts/"+id, `{"note":"mine"}`, "If-Match", `"`+was+`"`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, method := range []string{"PATCH", "DELETE"} {
		if got := c.do(t, "key", method, "/v1/contacts/"+id, `{"note":"yours"}`, "If-Match", `"`+was+`"`); got.status != 412 || got.code() != "outdated" {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}

	// A line may name its groups, in the user's language; those that are not there are made.
	c.steps(t, []step{
		{"key", "POST", "/v1/contacts/import?dry_run=true", "Namn;Mobil;Grupp\nDora;0701000007;Natt\n", 200, `"made":1`},
		{"key", "GET", "/v1/groups", "", 200, `{"groups":[]}`},
		{"key", "POST", "/v1/contacts/import", "Namn;Mobil;Grupp\nDora;0701000007;Natt, natt;\nEbbe;0701000008;natt\nFia;x;Dag\n", 200, `are 4 columns`},
		{"key", "POST", "/v1/contacts/import", "Namn;Mobil;Grupp\nDora;0701000007;Natt\nEbbe;0701000008;\"natt, Kväll\"\nFia;x;Dag\n", 200, `"made":1`},
		{"key", "GET", "/v1/groups/natt", "", 200, `"name":"natt","members":2`},
		{"key", "GET", "/v1/groups/kv%C3%A4ll", "", 200, `"members":1`},
		{"key", "GET", "/v1/groups/dag", "", 404, `not_found`},
		{"key", "DELETE", "/v1/groups/natt", "", 200, ``},
		{"key", "DELETE", "/v1/groups/kv%C3%A4ll", "", 200, ``},
	})

	// What is imported is found again by its number, and comes into a group.
	c.steps(t, []step{
		{"key", "POST", "/v1/groups", `{"name":"Nurses","note":"day"}`, 201, `"members":0`},
		{"key", "POST", "/v1/groups", `{"name":"nurses"}`, 409, `taken`},
		{
			"key", "POST", "/v1/contacts/import?group=nurses", "name;mobile;city\nAnna Å;0701234567;Malmö\nCleo;0701000003;'=1+1\nno number;x;\nCleo again;+46701000003;\n", 200,
			`{"line":4,"result":"refused","field":"mobile"`,
		},
		{"key", "GET", "/v1/contacts/" + id, "", 200, `"name":"Anna Å","mobile":"+46701234567","mail":"anna@example.se","language":"sv","fields":{"city":"Malmö","floor":"3"},"note":"mine"`},
		{"key", "GET", "/v1/contacts/cleo%20again", "", 200, `"fields":{"city":"=1+1"}`},
		{"key", "GET", "/v1/contacts?format=csv&name=cleo+again", "", 200, `"{""city"":""=1+1""}"`},
		{
			"key", "POST", "/v1/contacts/import?repeats=skip", "{\"name\":\"X\",\"mobile\":\"0701000003\"}\n\n{\"name\":1}\n{\"name\":\"Y\",\"mobile\":\"0701000004\",\"id\":\"x\"}", 200,
			`],"lines":3,"made":0,"changed":0,"same":0,"skipped":1,"refused":2}`,
		},
		{"key", "POST", "/v1/contacts/import?repeats=refuse", "name,mobile\nX,0701000003\n", 200, `already`},
		{"key", "POST", "/v1/contacts/import?repeats=maybe", "name,mobile\n", 400, `repeats`},
		{"key", "POST", "/v1/contacts/import", "", 422, `required`},
		{"key", "POST", "/v1/contacts/import", "na me,mobile\n", 422, `na me`},
		{"key", "POST", "/v1/contacts/import", "name,mobile\nD,0701000005\n\"E", 422, `the lines before it are done`},
		{"key", "GET", "/v1/contacts/D", "", 200, `+46701000005`},
		{"key", "GET", "/v1/groups/nurses", "", 200, `"members":2`},
		{"key", "POST", "/v1/groups/nurses/members", `{"add":["0701999999","72456","contact:` + id + `"],"remove":["contact:Cleo again"]}`, 200, `{"added":2,"removed":1,"members":3}`},
		{"key", "GET", "/v1/groups/nurses/members?limit=2", "", 200, `"to":"contact:` + id + `"`},
		{"key", "GET", "/v1/groups/nurses/members?format=ndjson", "", 200, `{"kind":"number","to":"+46701999999"}`},
		{"key", "GET", "/v1/groups/nurses/members/0701999999", "", 200, `{"member":true}`},
		{"key", "DELETE", "/v1/groups/nurses/members/72456", "", 200, `{"added":0,"removed":1,"members":2}`},
		{"key", "POST", "/v1/groups/nurses/members", `{"add":["0701999998","contact:nobody"]}`, 422, `add[1]: there is no contact named`},
		{"key", "POST", "/v1/groups/nurses/members", `{}`, 422, `required`},
		{"key", "POST", "/v1/groups", `{"name":"Ward"}`, 201, ``},
		{"key", "POST", "/v1/groups/ward/members", `{"add":["group:nurses"]}`, 200, `"added":1`},
		{"key", "POST", "/v1/groups/nurses/members", `{"add":["group:ward"]}`, 422, `the group would be in itself`},
		{"key", "DELETE", "/v1/groups/nurses", "", 409, `needed`},
		{
			"key", "PATCH", "/v1/contacts/" + id, `{"addresses":[{"kind":"mobile","address":"070-900 00 01","label":"home"},{"kind":"mail","address":"a@x.se"}],"usual":"0709000001"}`, 200,
			`"addresses":[{"kind":"mobile","address":"+46709000001","label":"home"},{"kind":"mail","address":"a@x.se"}],"usual":"+46709000001"`,
		},
		{"key", "GET", "/v1/contacts?mobile=0709000001", "", 200, id},
		{"key", "GET", "/v1/contacts?mail=a@x.se", "", 200, id},
		{"key", "PATCH", "/v1/contacts/" + id, `{"usual":"0701000003"}`, 422, `"field":"usual"`},
		{"key", "PATCH", "/v1/contacts/" + id, `{"addresses":[{"kind":"mobile","address":"0701000003"}],"usual":null}`, 409, `"field":"addresses","code":"taken"`},
		{"key", "POST", "/v1/contacts", `{"name":"D","mobile":"0709000001"}`, 409, `taken`},
		{"key", "POST", "/v1/contacts/import", "name,mobile,addresses,usual\nAnna Å,0709000001,mobile: 0709000002 (boat); mail: b@x.se,mail\nE,,mobile: 0701000003,\n", 200, `{"line":3,"result":"refused","field":"addresses"`},
		{
			"key", "GET", "/v1/contacts/" + id, "", 200,
			`"mobile":"+46709000001",`,
		},
		{
			"key", "GET", "/v1/contacts/" + id, "", 200,
			`"addresses":[{"kind":"mobile","address":"+46709000002","label":"boat"},{"kind":"mail","address":"b@x.se"},{"kind":"mobile","address":"+46701234567"}],"usual":"mail"`,
		},
		{"key", "DELETE", "/v1/contacts/" + id, "", 200, `"deleted":"` + id},
		{"key", "GET", "/v1/groups/nurses", "", 200, `"members":1`},
		{"key", "DELETE", "/v1/groups/ward", "", 200, `"deleted"`},
		{"key", "GET", "/v1/groups/ward", "", 404, `not_found`},
		{"key", "DELETE", "/v1/groups/nurses", "", 200, `"deleted"`},
	})

	c.steps(t, []step{
		{"key", "POST", "/v1/templates", `{"name":"due","text":"Dear {name}, {amount|the sum} is due.","texts":{"sv":"Hej {name}: {amount} {{kr}"}}`, 201, `"required":["amount","name"]`},
		{"key", "POST", "/v1/templates", `{"name":"bad","text":"Dear {first name}","texts":{"sv":"{"}}`, 422, `texts.sv`},
		{"key", "PATCH", "/v1/templates/DUE", `{"texts":null}`, 200, `"required":["name"],"optional":["amount"]`},
		{"key", "GET", "/v1/templates", "", 200, `"name":"due"`},
		{"other-key", "GET", "/v1/templates/due", "", 404, `not_found`},
		{"key", "DELETE", "/v1/templates/due", "", 200, `"deleted"`},
		{"root-key", "GET", "/v1/audit?noun=templates", "", 200, `"who":"acme","noun":"templates","name":"acme/due","action":"delete"`},
		{"root-key", "GET", "/v1/audit?noun=contacts&name=acme", "", 200, `"action":"import"`},
		{"root-key", "POST", "/v1/config/lists", `{"name":"l","kind":"block"}`, 201, `"revision"`},
	})
}
