package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const numbersText = `
data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
connectors:
  - {name: op1, kind: smpp, hosts: ["127.0.0.1:9"], system_id: kurir}
lists:
  - {name: dnd, kind: block, file: %s}
  - {name: brands, kind: block, of: from, accounts: [acme]}
accounts:
  - {name: acme, admin: true, api_keys: [key], senders: ["*"], sender: ACME, numbers: ["+46700000001"], opt_out: {}}
  - {name: mute, api_keys: [mute-key], sender: MUTE}
routes:
  - {name: tre, network: tre, via: [op1]}
  - {to: "*", via: [op1]}
`

// Number lists from a file and over REST, and phones that opted out, hold for what
// customers send, and are shown with who said so.
func TestNumbers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dnd.csv")
	if err := os.WriteFile(file, []byte("number\n+46701111111\n070-222 22 22\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := run(t, read(t, fmt.Sprintf(numbersText, t.TempDir(), file)))
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/messages", `{"to":"0701111111","text":"x"}`, 403, `"code":"blocked","detail":"the recipient +46701111111 is on the block list dnd"`},
		{"POST", "/v1/messages", `{"to":"0702222222","text":"x"}`, 403, `"field":"to"`},
		{"POST", "/v1/preview", `{"to":"0702222222","text":"x"}`, 403, `blocked`},
		{"GET", "/v1/lists", "", 200, `{"lists":[{"name":"brands","kind":"block","of":"from","accounts":["acme"],"entries_in_file":0,"entries":0},{"name":"dnd","kind":"block","of":"to","file":"` + file + `","entries_in_file":2,"entries":0}]}`},
		{"GET", "/v1/lists?of=from&kind=allow", "", 200, `{"lists":[]}`},
		{"POST", "/v1/lists/dnd/entries", `{"add":["+46703*","0704444444"],"note":"asked by phone"}`, 200, `{"added":2,"entries":2,"removed":0}`},
		{"POST", "/v1/messages", `{"to":"+46703123456","text":"x"}`, 403, `falls under 46703* on the block list dnd`},
		{"GET", "/v1/lists/dnd/entries/+46703123456", "", 200, `{"listed":true,"entry":"46703*"}`},
		{"GET", "/v1/lists/dnd/entries/0701111111", "", 200, `{"listed":true,"entry":"46701111111","in_file":true}`},
		{"GET", "/v1/lists/dnd/entries/0709999999", "", 200, `{"listed":false}`},
		{"GET", "/v1/lists/dnd/entries?limit=1", "", 200, `"by":"acme","note":"asked by phone"}],"next":"/v1/lists/dnd/entries?cursor=`},
		{"DELETE", "/v1/lists/dnd/entries/46703*", "", 200, `{"added":0,"entries":1,"removed":1}`},
		{"POST", "/v1/messages", `{"to":"+46703123456","text":"x"}`, 202, ""},
		{"POST", "/v1/lists/brands/entries", `{"add":["*bank*"]}`, 200, `{"added":1`},
		{"POST", "/v1/messages", `{"to":"+46703123456","from":"My Bank","text":"x"}`, 403, `"field":"from","code":"blocked","detail":"the sender My Bank falls under *bank* on the block list brands"`},
		{"POST", "/v1/lists/dnd/entries", `{}`, 422, `"field":"add","code":"required"`},
		{"POST", "/v1/lists/dnd/entries", `{"add":["+46705000001","x"]}`, 422, `add[1]`},
		{"POST", "/v1/lists/none/entries", `{"add":["+46705000000"]}`, 404, `there is no list`},
		{"GET", "/v1/lists/none/entries", "", 404, `there is no list`},

		{"GET", "/v1/networks/0701234567", "", 200, `{"number":"+46701234567","country":"SE"}`},
		{"POST", "/v1/networks", "prefix,mcc,mnc,network\n46701,240,01,Telia\n4673,240,02,Tre\n", 200, `{"entries":2,"read":2}`},
		{"POST", "/v1/networks", "prefix,mcc,mnc,network\n46701,240,01,Telia Sverige\n", 200, `{"entries":2,"read":1}`},
		{"GET", "/v1/networks/0701234567", "", 200, `{"number":"+46701234567","country":"SE","code":"24001","network":"Telia Sverige"}`},
		{"POST", "/v1/routes/explain", `{"to":"+46731234567","from":"ACME","text":"x"}`, 200, `"name":"tre","matched":true`},
		{"PUT", "/v1/networks", "prefix,mcc,mnc\n47,242,01\n", 200, `{"entries":1,"read":1}`},
		{"POST", "/v1/networks", "prefix\nx\n", 422, `"detail":"line 2: prefix:`},
		{"GET", "/v1/networks", "", 200, `{"entries":1,"entries_in_file":0}`},
		{"GET", "/v1/networks/0701234567", "", 200, `{"number":"+46701234567","country":"SE"}`},
		{"DELETE", "/v1/networks", "", 200, `{"entries":0,"read":0}`},
		{"POST", "/v1/routes/explain", `{"to":"+46731234567","from":"ACME","text":"x"}`, 200, `the network of +46731234567 is not known, the rule is for network: tre`},

		{"GET", "/v1/optouts/0705000000", "", 200, `{"account":"acme","phone":"+46705000000","opted_out":false,"record":[]}`},
		{"PUT", "/v1/optouts/0705000000", `{"note":"by letter"}`, 200, `{"changed":true,"opted_out":true}`},
		{"PUT", "/v1/optouts/0705000000", "", 200, `{"changed":false,"opted_out":true}`},
		{"POST", "/v1/messages", `{"to":"+46705000000","text":"x"}`, 403, `"code":"opted_out"`},
		{"GET", "/v1/optouts?phone=0705000000&account=acme", "", 200, `"account":"acme","phone":"+46705000000","said":"stop"`},
		{"GET", "/v1/optouts?account=nobody", "", 200, `{"optouts":[]}`},
		{"DELETE", "/v1/optouts/0705000000?account=acme", "", 200, `{"changed":true,"opted_out":false}`},
		{"POST", "/v1/messages", `{"to":"+46705000000","text":"x"}`, 202, ""},
		{"PUT", "/v1/optouts/0705000000?account=mute", "", 409, `no_opt_out`},
		{"PUT", "/v1/optouts/0705000000?account=none", "", 404, `there is no account`},
		{"PUT", "/v1/optouts/nobody", "", 422, `"field":"phone"`},
		{"PUT", "/v1/optouts/0705000000?x=1", "", 400, `unknown_parameter`},
	} {
		status, answer := request(t, s, "key", step.method, step.path, step.body)
		if status != step.status || !strings.Contains(answer, step.want) {
			t.Errorf("%s %s %s: %d %s\nwant %d %s", step.method, step.path, step.body, status, answer, step.status, step.want)
		}
	}
	for _, path := range []string{"/v1/lists", "/v1/networks", "/v1/optouts/0705000000?account=acme"} {
		if status, answer := request(t, s, "mute-key", http.MethodGet, path, ""); status != http.StatusForbidden {
			t.Errorf("%s is shown to who is no administrator: %d %s", path, status, answer)
		}
	}
}

// request makes one request; a body that is no object is a CSV.
func request(t *testing.T, s *server, key, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if body != "" && body[0] != '{' {
		req.Header.Set("Content-Type", "text/csv; charset=utf-8")
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
	return resp.StatusCode, string(text)
}
