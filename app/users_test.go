package app_test

import (
	"fmt"
	"strings"
	"testing"
)

const usersText = `
data: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [root-key]}
  - {name: acme, api_keys: [acme-key]}
users:
  - {name: filed, account: acme, role: sender, password: filed-password}
`

// Users are made over REST by administrators, with their password as a hash that is never shown, and stand in the audit.
func TestUsersOverREST(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(usersText, t.TempDir())))
	c := newCaller(t, s)
	do := func(key, method, path, body string, status int, want ...string) {
		t.Helper()
		got := c.do(t, key, method, path, body)
		if got.status != status {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, got.status, got.body, status)
		}
		for _, w := range want {
			if !strings.Contains(got.body, w) {
				t.Errorf("%s %s: %s\nhas no %s", method, path, got.body, w)
			}
		}
		for _, secret := range []string{"anna-password", "filed-password", "$argon2"} {
			if strings.Contains(got.body, secret) {
				t.Errorf("%s %s shows a password: %s", method, path, got.body)
			}
		}
	}
	const path = "/v1/config/users"
	do("acme-key", "POST", path, `{"name":"anna","account":"acme","role":"system","password":"anna-password"}`, 403, `"not_admin"`)
	do("root-key", "POST", path, `{"name":"anna","account":"acme","role":"sender","password":"anna-password"}`, 201, `"password":"***"`)
	do("root-key", "POST", path, `{"name":"anna","account":"acme","role":"sender"}`, 409)
	do("root-key", "POST", path, `{"name":"eva","account":"nobody","role":"sender"}`, 422, `"account"`)
	do("root-key", "POST", path, `{"name":"eva","account":"acme","role":"boss"}`, 422, `"role"`)
	do("root-key", "PATCH", path+"/anna", `{"language":"sv"}`, 200, `"language":"sv"`, `"password":"***"`)
	do("root-key", "DELETE", path+"/filed", "", 409, `"in_file"`)
	do("root-key", "DELETE", "/v1/config/accounts/acme", "", 409)
	do("root-key", "GET", path, "", 200, `"filed"`, `"anna"`)
	do("root-key", "GET", "/v1/audit?noun=users", "", 200, `"anna"`, `"language"`, `"after":{"language":"sv"}`, `"password":"***"`)
	do("root-key", "DELETE", path+"/anna", "", 200)
}

// A customer gives users passwords, never hashes: those would say how much memory and time a sign-in takes.
func TestUsersHaveNoHashOfCustomers(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(usersText, t.TempDir())))
	c := newCaller(t, s)
	const heavy = `"password":"$argon2id$v=19$m=1048576,t=64,p=255$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo"`
	for _, call := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/v1/users", `{"name":"anna","role":"sender",` + heavy + `}`, 422},
		{"POST", "/v1/users", `{"name":"anna","role":"sender"}`, 201},
		{"PATCH", "/v1/users/anna", `{` + heavy + `}`, 422},
		{"PATCH", "/v1/users/anna", `{"password":"anna-password"}`, 200},
	} {
		if got := c.do(t, "acme-key", call.method, call.path, call.body); got.status != call.status {
			t.Errorf("%s %s %s: %d %s, want %d", call.method, call.path, call.body, got.status, got.body, call.status)
		}
	}
}
