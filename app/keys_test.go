package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const keysText = `
data: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [root-key]}
  - {name: acme, api_keys: [acme-key]}
  - {name: other, api_keys: [other-key]}
keys:
  - {name: elsewhere, account: acme, key: elsewhere-key, addresses: [192.0.2.1]}
  - {name: late, account: acme, key: late-key, expires: 2020-01-01}
`

// An account makes, lists, rotates and revokes its own keys over REST; a key is shown once and kept as a hash, and makes none
// that may more than itself.
func TestKeysOverREST(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(keysText, t.TempDir())
	s := run(t, read(t, text))
	c := newCaller(t, s)
	secrets := []string{}
	do := func(key, method, path, body string, status int, want ...string) (secret string) {
		t.Helper()
		got := c.do(t, key, method, path, body)
		if got.status != status {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, got.status, got.body, status)
		}
		for _, w := range want {
			if !strings.Contains(got.body, w) {
				t.Errorf("%s %s %s: %s\nhas no %s", method, path, body, got.body, w)
			}
		}
		for _, known := range secrets {
			if strings.Contains(got.body, known) {
				t.Errorf("%s %s shows a key again: %s", method, path, got.body)
			}
		}
		var v struct{ Key string }
		if err := json.Unmarshal([]byte(got.body), &v); err != nil {
			t.Errorf("%s: %v", got.body, err)
		}
		if v.Key != "" {
			secrets = append(secrets, v.Key)
		}
		return v.Key
	}
	do("elsewhere-key", "GET", "/v1/keys", "", 403, `"address_not_allowed"`)
	do("late-key", "GET", "/v1/keys", "", 401, "has expired")

	web := do("acme-key", "POST", "/v1/keys", `{"name":"web","scopes":["keys:write","keys:read"],"note":"shop"}`, 201, `"name":"acme:web"`, `"source":"api"`, `"changed_by":"acme"`)
	if !strings.HasPrefix(web, "kurir_") || len(web) < 43 {
		t.Errorf("the key %q", web)
	}
	do("acme-key", "POST", "/v1/keys", `{"name":"acme:web"}`, 409, `"taken"`)
	do("acme-key", "POST", "/v1/keys", `{"name":"x","scopes":["all"]}`, 422, `"field":"scopes[0]"`)
	do("acme-key", "POST", "/v1/keys", `{"account":"other"}`, 403, `"not_admin"`)
	do("other-key", "POST", "/v1/keys", `{"name":"web"}`, 201, `"name":"other:web"`) // others' names are in nobody's way
	do("acme-key", "GET", "/v1/keys/other:web", "", 404)
	do("acme-key", "GET", "/v1/keys", "", 200, `"elsewhere"`, `"note":"shop"`)
	do("acme-key", "DELETE", "/v1/keys/elsewhere", "", 409, `"in_file"`)
	do("root-key", "GET", "/v1/keys?account=other", "", 200, `"other:web"`)
	do("root-key", "POST", "/v1/keys", `{"account":"nobody"}`, 404)
	made := do("root-key", "POST", "/v1/config/keys", `{"name":"root:watch","account":"root","scopes":["links:read"]}`, 201)
	if made != "" {
		t.Error("the key is no field of the setting") // it is in its value
	}

	do(web, "GET", "/v1/messages", "", 403, `"scope_missing"`, "messages:read")
	do(web, "POST", "/v1/keys", `{"scopes":["messages:read"]}`, 403, `"field":"scopes"`)
	do(web, "POST", "/v1/keys", `{}`, 403, `"field":"scopes"`)
	brief := do(web, "POST", "/v1/keys", `{"name":"brief","scopes":["keys:read","keys:write"],"expires":"2036-12-31"}`, 201, `"expires":"2036-12-31"`)
	do(brief, "POST", "/v1/keys/acme:web/rotate", "", 403, `"field":"expires"`) // the way to a key that lasts
	do(brief, "POST", "/v1/keys", `{"name":"of-brief","scopes":["keys:read"]}`, 201, `"expires":"2036-12-31"`)
	do(web, "GET", "/v1/keys/acme:web", "", 200, `"last_used":"`)

	second := do(web, "POST", "/v1/keys/acme:web/rotate", `{"keep":"1h"}`, 200, `"previous_expires":"`)
	do(web, "GET", "/v1/keys/acme:web", "", 200)
	do(second, "GET", "/v1/keys/acme:web", "", 200)
	do(web, "POST", "/v1/keys/acme:web/rotate", "", 403, `"field":"expires"`) // who found the old one does not come by the new one
	do(second, "POST", "/v1/keys/acme:web/rotate", `{"keep":"3000h"}`, 422, `"field":"keep"`)
	third := do(second, "POST", "/v1/keys/acme:web/rotate", `{"keep":"0s"}`, 200)
	do(web, "GET", "/v1/keys", "", 401)
	do(second, "GET", "/v1/keys", "", 401)

	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = run(t, read(t, text))
	c = newCaller(t, s)
	do(third, "GET", "/v1/keys", "", 200)
	do("acme-key", "DELETE", "/v1/keys/acme:web", "", 200, `"deleted":"acme:web"`)
	do(third, "GET", "/v1/keys", "", 401)
	do("root-key", "GET", "/v1/audit?noun=keys&name=acme:web", "", 200, `"who":"acme"`)
	for range 65 { // it may twenty a minute, and the minute may be over meanwhile
		if got := c.do(t, "acme-key", "POST", "/v1/keys", `{"name":"a b\u0001"}`); got.status == 429 && got.code() == "limit_reached" {
			return
		}
	}
	t.Error("an account changes as many keys as it likes")
}
