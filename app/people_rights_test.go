package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/api"
)

// scopesOf says, by role, what a user may over REST: what every page of the console is made of. Pages that are shown or not shown are a
// convenience; this is what holds.
var scopesOf = map[string]string{
	"sender": "events:read inbound:read messages:read messages:write people:read",
	"groups": "events:read inbound:read messages:read messages:write people:read people:write",
	"manager": "audit:read events:read inbound:read keys:read keys:write messages:read messages:write money:read optouts:read optouts:write people:read people:write " +
		"sessions:read sessions:write users:read users:write web:read web:write webhooks:read webhooks:write",
	"project": "events:read inbound:read messages:read money:read people:read",
	"operator": "admin:read admin:write alarms:read alarms:write config:read events:read inbound:read keys:read links:read links:write lists:read messages:read " +
		"messages:write money:read optouts:read people:read queues:read queues:write sessions:read sessions:write traces:read traces:write webhooks:read webhooks:write",
	"support": "admin:read alarms:read config:read events:read inbound:read keys:read links:read lists:read messages:read money:read optouts:read people:read " +
		"queues:read sessions:read traces:read webhooks:read",
	"auditor": "admin:read alarms:read audit:read config:read events:read inbound:read keys:read links:read lists:read messages:read money:read optouts:read people:read " +
		"queues:read sessions:read traces:read users:read webhooks:read",
	"system": "admin:read admin:write alarms:read alarms:write audit:read config:read config:write events:read inbound:read keys:read keys:write links:read links:write lists:read " +
		"lists:write messages:read messages:write money:read money:write optouts:read optouts:write people:read people:write queues:read queues:write sessions:read " +
		"sessions:write traces:read traces:write users:read users:write web:read web:write webhooks:read webhooks:write",
}

// restOf asks the interface as somebody, of things that there are not, and gives the status and the code of a refusal.
func (a *App) restOf(t *testing.T, by *account.Account, call string) (status int, code string) {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	path = regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "0000000000000")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond) // of what stays open
	defer cancel()
	r := httptest.NewRequestWithContext(api.As(ctx, by), method, path, strings.NewReader("{"))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.http.Handler.ServeHTTP(w, r)
	var problem struct{ Code string }
	_ = json.Unmarshal(w.Body.Bytes(), &problem) // of others than problems there is none
	return w.Code, problem.Code
}

// documentedScopes reads which scope each call takes, which TestRights holds to what the interface asks for.
func documentedScopes(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	scopes := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+:[a-z]+)` \\|(.*)$").FindAllSubmatch(page, -1) {
		for _, m := range regexp.MustCompile("`([A-Z]+ /v1/[^`]+)`").FindAllSubmatch(row[2], -1) {
			scopes[string(m[1])] = string(row[1])
		}
	}
	return scopes
}

// TestRolesOverREST: each call of the REST interface is refused to a user of the pages whose role has not its right, whatever page it
// is made for.
func TestRolesOverREST(t *testing.T) {
	t.Parallel()
	file := parsed(t, fmt.Sprintf("data: %q\nhttp: {listen: \"127.0.0.1:0\"}\naccounts:\n  - {name: acme, api_keys: [k]}\n", t.TempDir()))
	a, err := New(t.Context(), Options{File: file, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.closeAll()
	acme := a.gateway.Snapshot().Accounts.ByName("acme")
	for _, role := range account.Roles() {
		u := &account.User{Name: "u", Account: "acme", Role: role}
		var have []string
		for _, s := range u.Rights().Scopes() {
			have = append(have, string(s))
		}
		slices.Sort(have)
		if got := strings.Join(slices.Compact(have), " "); got != scopesOf[role] {
			t.Errorf("%s has the scopes %q, want %q", role, got, scopesOf[role])
		}
	}
	everywhere := []string{"operator", "support", "auditor", "system"}
	calls := documentedScopes(t)
	if len(calls) < 100 {
		t.Fatalf("%d calls are documented", len(calls))
	}
	for call, scope := range calls {
		_, code := a.restOf(t, acme, call) // with all scopes, and no administrator
		admins := code == "not_admin"
		for _, role := range account.Roles() {
			if slices.Contains(strings.Fields(scopesOf[role]), scope) && (!admins || slices.Contains(everywhere, role)) {
				continue
			}
			u := &account.User{Name: "u", Account: "acme", Role: role}
			if status, code := a.restOf(t, u.Acting(acme), call); status != http.StatusForbidden || code != "scope_missing" && code != "not_admin" {
				t.Errorf("%s by %s: %d %s", call, role, status, code)
			}
		}
	}
}
