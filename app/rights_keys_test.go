package app_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kurir/account"
)

// scopeKeys are keys of the administrator, for the file: for each scope one that has no other, and one that has all others.
func scopeKeys() string {
	var text strings.Builder
	text.WriteString("keys:\n")
	for _, only := range account.Scopes() {
		fmt.Fprintf(&text, "  - {name: \"root:only %s\", account: root, key: \"kept-only-%s\", scopes: [%q]}\n", only, only, only)
		fmt.Fprintf(&text, "  - {name: \"root:without %s\", account: root, key: \"kept-without-%s\", scopes: [", only, only)
		for _, s := range account.Scopes() {
			if s != only {
				fmt.Fprintf(&text, "%q,", s)
			}
		}
		text.WriteString("]}\n")
	}
	for _, name := range []string{"reseller", "child"} {
		fmt.Fprintf(&text, "  - {name: \"%s:all\", account: %s, key: kept-all-%s, note: key-of-%s}\n", name, name, name, name)
	}
	return text.String()
}

// scopeOf gives the scope that a call takes, as the refusal of a key without it says. Nothing that the call names is there.
func scopeOf(t *testing.T, c *caller, call string) string {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	for _, of := range []string{"links:read", "messages:read"} { // no call takes both
		got := c.do(t, "kept-only-"+of, method, nowhere(path), "{")
		if _, scope, missing := strings.Cut(got.challenge, `error="insufficient_scope", scope="`); missing {
			scope = strings.TrimSuffix(scope, `"`)
			if got.status != 403 || got.code() != "scope_missing" || !strings.Contains(got.body, scope) {
				t.Errorf("%s: %d %s", call, got.status, got.body)
			}
			return scope
		}
	}
	t.Errorf("%s takes no scope", call)
	return ""
}

// nowhere gives a path with names of what there is not.
func nowhere(path string) string {
	return strings.NewReplacer("{id}", "0000000000000", "{noun}", "accounts", "{kind}", "accounts", "{list}", "nowhere", "{account}", "nowhere", "{name}", "nowhere", "{n}", "9",
		"{phone}", "+46708000000", "{number}", "+46708000000", "{entry}", "+46708000000").Replace(path)
}

// checkScopes holds that each call takes exactly one scope, which docs/keys.md names; that an administrator's key with that
// alone does not reach what is somebody else's; and that no key makes an administrator.
func checkScopes(t *testing.T, c *caller, calls []string, victim *belongings) {
	t.Helper()
	page, err := os.ReadFile("../docs/keys.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+:[a-z]+)` \\|(.*)$").FindAllStringSubmatch(string(page), -1) {
		for _, m := range regexp.MustCompile("`([A-Z]+) (/v1/[^`]+)`").FindAllStringSubmatch(row[2], -1) {
			documented[m[1]+" "+m[2]] = append(documented[m[1]+" "+m[2]], row[1])
		}
	}
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		scope := scopeOf(t, c, call)
		if method == "GET" && !strings.HasSuffix(scope, ":read") {
			t.Errorf("%s takes %s", call, scope)
		}
		if !slices.Equal(documented[call], []string{scope}) {
			t.Errorf("%s takes %s; docs/keys.md says %q", call, scope, documented[call])
		}
		if got := c.do(t, "kept-only-"+scope, method, nowhere(path), "{"); got.code() == "scope_missing" || got.status == 401 {
			t.Errorf("%s with a key of %s: %d %s", call, scope, got.status, got.body)
		}
		if got := c.do(t, "kept-without-"+scope, method, nowhere(path), "{"); got.code() != "scope_missing" {
			t.Errorf("%s with a key of all but %s: %d %s", call, scope, got.status, got.body)
		}
		if rights[call].of == forAdmins {
			if got := c.do(t, "kept-all-child", method, nowhere(path), "{"); got.code() != "not_admin" {
				t.Errorf("%s with a customer's key: %d %s", call, got.status, got.body)
			}
			continue
		}
		(&intruder{c, "an administrator's key of " + scope, "kept-only-" + scope, victim}).call(t, call)
		delete(documented, call)
	}
	for call := range documented {
		if !slices.Contains(calls, call) {
			t.Errorf("docs/keys.md: there is no %s", call)
		}
	}
}
