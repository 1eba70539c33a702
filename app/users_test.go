package app_test

import (
	"fmt"
	"net/http"
	"net/url"
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

// Who is disabled and enabled again signs in anew, also where the browser has asked for nothing in between.
func TestDisabledUserIsOut(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(usersText, t.TempDir())))
	c := newCaller(t, s)
	c.do(t, "acme-key", "POST", "/v1/users", `{"name":"anna","role":"sender","password":"anna-password"}`)
	wire := &http.Transport{}
	t.Cleanup(wire.CloseIdleConnections)
	signIn := url.Values{"name": {"anna"}, "password": {"anna-password"}}
	send := func(method, path, cookie string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr().String()+path, strings.NewReader(signIn.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", cookie)
		answer, err := wire.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer
	}
	cookie, _, _ := strings.Cut(send("POST", "/signin", "").Header.Get("Set-Cookie"), ";")
	if got := send("GET", "/me", cookie); got.StatusCode != http.StatusOK {
		t.Fatalf("signed in: %d", got.StatusCode)
	}
	for _, disabled := range []string{"true", "false"} {
		if got := c.do(t, "acme-key", "PATCH", "/v1/users/anna", `{"disabled":`+disabled+`}`); got.status != http.StatusOK {
			t.Fatalf("disabled: %s: %d %s", disabled, got.status, got.body)
		}
	}
	if got := send("GET", "/me", cookie); got.StatusCode != http.StatusSeeOther {
		t.Errorf("the session goes on: %d", got.StatusCode)
	}
}

// Of two who change a user at once the second is refused who says what he has seen: nothing is overwritten silently.
func TestUserRevision(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(usersText, t.TempDir())))
	ask := func(method, body, match string, status int) http.Header {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr().String()+"/v1/users/anna", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer acme-key")
		req.Header.Set("Content-Type", "application/json")
		if match != "" {
			req.Header.Set("If-Match", match)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s %s with %q: %d, want %d", method, body, match, resp.StatusCode, status)
		}
		return resp.Header
	}
	newCaller(t, s).do(t, "acme-key", "POST", "/v1/users", `{"name":"anna","role":"sender"}`)
	seen := ask("GET", "", "", 200).Get("ETag")
	now := ask("PATCH", `{"language":"sv"}`, seen, 200).Get("ETag")
	ask("PATCH", `{"language":"en"}`, seen, 412)
	ask("PATCH", `{"language":"en"}`, `"x"`, 412)
	ask("DELETE", "", seen, 412)
	ask("DELETE", "", now, 200)
}
