package app_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/account"
)

const auditText = `
data: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [root-key]}
  - {name: reseller, api_keys: [reseller-key]}
  - {name: stranger, api_keys: [stranger-key]}
`

// changeAll makes changes of what is the reseller's, the child's, a stranger's and the operator's.
func changeAll(t *testing.T, c *caller) {
	t.Helper()
	for _, one := range []struct{ key, method, path, body string }{
		{"root-key", "POST", "/v1/config/accounts", `{"name":"child","parent":"reseller","rate":7,"groups":["of-root"],"api_keys":["child-key"]}`},
		{"root-key", "POST", "/v1/config/connectors", `{"name":"of-root","kind":"smpp","hosts":["127.0.0.1:9"],"system_id":"kurir","password":"kept-secret"}`},
		{"root-key", "POST", "/v1/config/routes", `{"name":"of-child-route","account":"child","via":["of-root"]}`},
		{"root-key", "POST", "/v1/config/users", `{"name":"mover","account":"child","role":"sender","mail":"mover@of-child.example"}`},
		{"root-key", "PATCH", "/v1/config/users/mover", `{"account":"stranger","mail":"mover@of-stranger.example"}`},
		{"child-key", "POST", "/v1/users", `{"name":"of-child-user","role":"sender","password":"kept-password"}`},
		{"child-key", "POST", "/v1/keys", `{"name":"of-child-key","scopes":["messages:write"]}`},
		{"child-key", "POST", "/v1/groups", `{"name":"of-child-group"}`},
		{"stranger-key", "POST", "/v1/users", `{"name":"of-stranger-user","role":"sender"}`},
		{"stranger-key", "POST", "/v1/groups", `{"name":"of-stranger-group"}`},
		{"reseller-key", "POST", "/v1/groups", `{"name":"of-reseller-group"}`},
	} {
		if got := c.do(t, one.key, one.method, one.path, one.body); got.status > 299 {
			t.Fatalf("%s %s: %d %s", one.method, one.path, got.status, got.body)
		}
	}
}

// An account finds the changes of what is its own, whoever made them, a user of the pages those of accounts below as well, and
// neither of them anybody else's; of what the operator decides they see that it was changed, and not to what.
func TestAuditOfOwn(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(auditText, t.TempDir())))
	c := newCaller(t, s)
	changeAll(t, c)
	got := c.do(t, "child-key", "POST", "/v1/keys", `{"name":"narrow","scopes":["audit:read"]}`)
	_, secret, _ := strings.Cut(got.body, `"key":"`)
	narrow, _, _ := strings.Cut(secret, `"`)
	ofChild := []string{`"noun":"accounts","name":"child"`, "of-child-route", "of-child-user", "of-child-key", "of-child-group", `"mover"`, `"rate":7`}
	ofUser := func(u account.User, query string) string {
		w := httptest.NewRecorder()
		s.ServeAs(&u, w, httptest.NewRequestWithContext(t.Context(), "GET", "/v1/audit"+query, nil))
		return w.Body.String()
	}
	for _, one := range []struct {
		who, body string
		has, not  []string
	}{
		{"child", c.do(t, "child-key", "GET", "/v1/audit", "").body, ofChild, []string{"of-stranger", "of-reseller", "of-root", "kept-"}},
		{"a key for the audit alone", c.do(t, narrow, "GET", "/v1/audit", "").body, ofChild, []string{`"role":`, `"scopes":`, "of-stranger", "kept-"}},
		{"reseller", c.do(t, "reseller-key", "GET", "/v1/audit", "").body, []string{"of-reseller-group"}, []string{"of-child", "of-stranger", "of-root"}},
		{"stranger", c.do(t, "stranger-key", "GET", "/v1/audit", "").body, []string{"of-stranger-user", "of-stranger-group", `"mover"`}, []string{"child", "reseller", "of-root"}},
		{"a manager", ofUser(account.User{Name: "m", Account: "reseller", Role: "manager"}, ""), append(ofChild, "of-reseller-group"), []string{"of-stranger", "of-root", "kept-", `"account":"stranger"`}},
		{"a sender", ofUser(account.User{Name: "m", Account: "reseller", Role: "sender"}, ""), []string{"scope_missing"}, []string{"of-"}},
		{"an auditor", ofUser(account.User{Name: "m", Account: "stranger", Role: "auditor"}, ""), append(ofChild, "of-root", "of-stranger-user", `"account":"stranger"`), []string{"kept-"}},
		{"a manager who names another's", ofUser(account.User{Name: "m", Account: "reseller", Role: "manager"}, "?name=of-stranger-user"), []string{`"audit":[]`}, nil},
		{"a manager's page", ofUser(account.User{Name: "m", Account: "reseller", Role: "manager"}, "?noun=routes&limit=1"), []string{`"fields":["account","name","via"]`}, []string{"before", "after"}},
	} {
		for _, want := range one.has {
			if !strings.Contains(one.body, want) {
				t.Errorf("%s does not see %s: %s", one.who, want, one.body)
			}
		}
		for _, secret := range one.not {
			if strings.Contains(one.body, secret) {
				t.Errorf("%s sees %s: %s", one.who, secret, one.body)
			}
		}
	}
	// Pages lead through all of them, and to nothing else.
	seen, path := 0, "/v1/audit?limit=2"
	for path != "" {
		got := c.do(t, "child-key", "GET", path, "")
		seen += strings.Count(got.body, `"number"`)
		_, rest, _ := strings.Cut(got.body, `"next":"`)
		next, _, _ := strings.Cut(rest, `"`)
		if path = next; path != "" {
			path = "/v1/audit" + strings.ReplaceAll(path[strings.Index(path, "?"):], `\u0026`, "&")
		}
	}
	if seen != 8 {
		t.Errorf("%d changes by pages, want 8", seen)
	}
}

// Whoever gets an account whose name another had, over REST, sees nothing of that one.
func TestAuditOfSuccessor(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(auditText, t.TempDir())))
	c := newCaller(t, s)
	for _, whose := range []string{"first", "second"} {
		for _, one := range []struct{ key, method, path, body string }{
			{"root-key", "POST", "/v1/config/accounts", `{"name":"again","parent":"reseller","senders":["of-` + whose + `"],"api_keys":["` + whose + `-key"]}`},
			{whose + "-key", "POST", "/v1/groups", `{"name":"of-` + whose + `-group"}`},
			{whose + "-key", "POST", "/v1/users", `{"name":"of-` + whose + `-user","role":"sender"}`},
		} {
			if got := c.do(t, one.key, one.method, one.path, one.body); got.status != 201 {
				t.Fatalf("%s: %d %s", one.path, got.status, got.body)
			}
		}
		of := c.do(t, whose+"-key", "GET", "/v1/audit", "").body
		if strings.Count(of, `"number"`) != 3 || strings.Count(of, "of-") != strings.Count(of, "of-"+whose) || !strings.Contains(of, `"senders":["of-`+whose) {
			t.Errorf("the %s sees %s", whose, of)
		}
		w := httptest.NewRecorder()
		s.ServeAs(&account.User{Name: "m", Account: "reseller", Role: "manager"}, w, httptest.NewRequestWithContext(t.Context(), "GET", "/v1/audit", nil))
		if page := w.Body.String(); strings.Count(page, `"number"`) != 3 || strings.Count(page, "of-") != strings.Count(page, "of-"+whose) {
			t.Errorf("who looks after the %s sees %s", whose, page)
		}
		for _, path := range []string{"/v1/config/users/of-" + whose + "-user", "/v1/config/accounts/again"} {
			if got := c.do(t, "root-key", "DELETE", path, ""); got.status > 299 {
				t.Fatalf("%s: %d %s", path, got.status, got.body)
			}
		}
	}
	if all := c.do(t, "root-key", "GET", "/v1/audit", "").body; strings.Count(all, `"number"`) != 10 {
		t.Errorf("an administrator sees %s", all)
	}
}

// Whoever makes an account that pays beforehand is told of all that it lacks at once.
func TestPrepaidAtOnce(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, fmt.Sprintf(auditText, t.TempDir())))
	c := newCaller(t, s)
	got := c.do(t, "root-key", "POST", "/v1/config/accounts", `{"name":"shop","balance":{"charge":"never"}}`)
	for _, field := range []string{`"field":"password"`, `"field":"prices"`, `"field":"balance.charge"`} {
		if got.status != 422 || !strings.Contains(got.body, field) {
			t.Errorf("%s is not told: %d %s", field, got.status, got.body)
		}
	}
	if got := c.do(t, "root-key", "POST", "/v1/config/prices", `{"name":"standard","currency":"EUR","csv":"destination,price\n*,0.05\n"}`); got.status != 201 {
		t.Fatal(got.body)
	}
	if got := c.do(t, "root-key", "POST", "/v1/config/accounts", `{"name":"shop","password":"shop-password","prices":"standard","balance":{}}`); got.status != 201 {
		t.Errorf("an account with all of it: %d %s", got.status, got.body)
	}
}
