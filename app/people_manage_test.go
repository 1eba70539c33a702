package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"kurir/account"
	"kurir/api"
	"kurir/resource"
)

const manageText = `
data: %q
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: top, api_keys: [top-key]}
  - {name: low, parent: top, api_keys: [low-key]}
  - {name: other, api_keys: [other-key]}
users:
  - {name: chief, account: top, role: manager, password: chief-password}
  - {name: root, account: top, role: system, password: root-password}
  - {name: below, account: low, role: sender, password: below-password}
  - {name: abroad, account: other, role: sender, password: abroad-password}
`

// TestManageUsers: a customer's administrator has to do with the users of the own account and those below, and with nobody who may more;
// an account's key with those of the account alone.
func TestManageUsers(t *testing.T) {
	t.Parallel()
	a, err := New(t.Context(), Options{File: parsed(t, fmt.Sprintf(manageText, t.TempDir())), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.closeAll()
	accounts := a.gateway.Snapshot().Accounts
	chief := accounts.UserByName("chief").Acting(accounts.ByName("top"))
	root := accounts.UserByName("root").Acting(accounts.ByName("top"))
	ask := func(by *account.Account, method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequestWithContext(api.As(t.Context(), by), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		a.http.Handler.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct {
		who  string
		by   *account.Account
		want []string
	}{
		{"the manager", chief, []string{"below", "chief", "root"}},
		{"the administrator", root, []string{"abroad", "below", "chief", "root"}},
		{"the account", accounts.ByName("top"), []string{"chief", "root"}},
		{"the account below", accounts.ByName("low"), []string{"below"}},
	} {
		var page struct {
			Users []struct{ Name, State string }
		}
		w := ask(c.by, "GET", "/v1/users", "")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatalf("%s: %d %s", c.who, w.Code, w.Body)
		}
		var names []string
		for _, u := range page.Users {
			names = append(names, u.Name)
			if u.State != "active" {
				t.Errorf("%s is %s", u.Name, u.State)
			}
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("%s sees %q, want %q", c.who, names, c.want)
		}
	}
	for _, c := range []struct {
		by                 *account.Account
		method, path, body string
		status             int
		says               string
	}{
		{chief, "POST", "/v1/users", `{"name":"x","role":"operator"}`, 403, "may more than you"},
		{chief, "POST", "/v1/users", `{"name":"x","role":"sender","account":"other"}`, 403, "not with"},
		{chief, "PATCH", "/v1/users/root", `{"disabled":true}`, 403, "may more than you"},
		{chief, "DELETE", "/v1/users/root/second-factor", "", 403, "may more than you"},
		{chief, "POST", "/v1/users/root/invite", `{}`, 403, "may more than you"},
		{chief, "PATCH", "/v1/users/below", `{"role":"system"}`, 403, "may more than you"},
		{chief, "PATCH", "/v1/users/below", `{"account":"other"}`, 403, "not with"},
		{chief, "GET", "/v1/users/abroad", "", 404, "no user"},
		{chief, "DELETE", "/v1/users/abroad", "", 404, "no user"},
		{chief, "PATCH", "/v1/users/below", `{"language":"sv"}`, 409, "stands in the file"},
		{chief, "POST", "/v1/users/below/invite", `{}`, 409, "stands in the file"},
		{accounts.ByName("low"), "POST", "/v1/users", `{"name":"x","role":"system"}`, 403, "may more than you"},
		{accounts.ByName("top"), "POST", "/v1/users", `{"name":"x","role":"sender","account":"low"}`, 403, "may administrate"},
		{chief, "PATCH", "/v1/users/below", `{"admin":true}`, 400, "admin"},
	} {
		if w := ask(c.by, c.method, c.path, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s %s by %s: %d %s, want %d", c.method, c.path, c.body, c.by.Actor(), w.Code, w.Body, c.status)
		}
	}
}

// TestDeletedBook: who gets the name of somebody who has gone finds nothing of what that one kept alone, in no account.
func TestDeletedBook(t *testing.T) {
	t.Parallel()
	a, err := New(t.Context(), Options{File: parsed(t, fmt.Sprintf(manageText, t.TempDir())), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()
	ask := func(user, of, method, path, body string) string {
		t.Helper()
		accounts := a.gateway.Snapshot().Accounts
		r := httptest.NewRequestWithContext(api.As(t.Context(), accounts.UserByName(user).Acting(accounts.ByName(of))), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		a.http.Handler.ServeHTTP(w, r)
		if w.Code >= 400 {
			t.Fatalf("%s %s by %s: %d %s", method, path, user, w.Code, w.Body)
		}
		return w.Body.String()
	}
	for _, gone := range []string{"/v1/users/anna", "/v1/config/users/anna", "and the books are left", ""} {
		ask("root", "top", "POST", "/v1/users", `{"name":"anna","role":"sender","account":"top","password":"a password of anna"}`)
		for _, of := range []string{"top", "low"} {
			if list := ask("anna", of, "GET", "/v1/contacts?book=own", ""); strings.Contains(list, "Doctor") {
				t.Errorf("in %s the new anna finds %s", of, list)
			}
			ask("anna", of, "POST", "/v1/contacts?book=own", `{"name":"Doctor","mobile":"+46700000001"}`)
			if list := ask("anna", of, "GET", "/v1/contacts?book=own", ""); !strings.Contains(list, "Doctor") {
				t.Errorf("in %s anna finds %s", of, list)
			}
		}
		ask("root", "top", "PATCH", "/v1/users/anna", `{"account":"low"}`) // where nothing of top is to be seen
		switch {
		case strings.HasPrefix(gone, "/"):
			ask("root", "top", "DELETE", gone, "")
		case gone != "": // as when the database fails then
			if _, err := a.changeSetting(t.Context(), resource.Change{Kind: "users", Name: "anna", Action: resource.Delete, By: "root"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
