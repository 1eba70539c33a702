package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"kurir/account"
)

// mayDo says, by right, which roles have it: what account.roles is to say, and what each page with that right is held to.
var mayDo = map[account.Right]string{
	0:                      "auditor groups manager operator project sender support system",
	account.SendMessages:   "groups manager sender system",
	account.SeeMessages:    "auditor groups manager operator project sender support system",
	account.SeeTexts:       "groups manager sender system",
	account.ChangePeople:   "groups manager system",
	account.ManageUsers:    "manager system",
	account.ManageAccount:  "manager system",
	account.SeeMoney:       "auditor manager project system",
	account.SeeReports:     "auditor manager operator project support system",
	account.SeeAudit:       "auditor manager system",
	account.SeeOperation:   "auditor operator support system",
	account.Operate:        "operator system",
	account.SeeSettings:    "auditor operator support system",
	account.ChangeSettings: "system",
	account.Everywhere:     "auditor operator support system",
}

// TestRoles: each role has the rights of the table and no others.
func TestRoles(t *testing.T) {
	t.Parallel()
	for right, roles := range mayDo {
		var have []string
		for _, role := range account.Roles() {
			if account.RoleRights(role)&right == right {
				have = append(have, role)
			}
		}
		if slices.Sort(have); strings.Join(have, " ") != roles {
			t.Errorf("right %b is that of %q, want %q", right, have, roles)
		}
	}
	for right := account.Right(1); right <= account.Everywhere; right <<= 1 {
		if mayDo[right] == "" {
			t.Errorf("the table does not say who has right %b", right)
		}
	}
}

// TestRights: every page and act is refused to each role that has not its right, and to whoever has not signed in.
func TestRights(t *testing.T) {
	t.Parallel()
	roles := map[string]string{}
	for _, role := range account.Roles() {
		roles[role] = role
	}
	s := newSite(t, roles)
	tabs := map[string]*tab{}
	for role := range roles {
		tabs[role] = s.as(role)
	}
	for _, p := range pages() {
		if p.open || p.bare || p.stays || p.pattern == "POST /signout" {
			continue
		}
		allowed, known := mayDo[p.right]
		if !known { // several rights: who has all of them
			allowed = whoHave(p.right)
		}
		if p.or != 0 {
			either := strings.Fields(allowed + " " + whoHave(p.or))
			slices.Sort(either)
			allowed = strings.Join(slices.Compact(either), " ")
		}
		method, path, _ := strings.Cut(filled(p.pattern), " ")
		var form []string
		if method == http.MethodPost {
			form = []string{"id", "nothing"}
		}
		var got []string
		for role, b := range tabs {
			if b.do(path, form...).status != http.StatusForbidden {
				got = append(got, role)
			}
			s.failed = 0
		}
		if slices.Sort(got); strings.Join(got, " ") != allowed {
			t.Errorf("%s is for %q, want %q", p.pattern, got, allowed)
		}
		a := s.open().do(path, form...)
		if method == http.MethodPost && a.status != http.StatusUnauthorized || method == http.MethodGet && !strings.HasPrefix(a.to, "/signin") {
			t.Errorf("%s without a session: %d %s", p.pattern, a.status, a.to)
		}
	}
}

// whoHave gives the roles that have all of several rights, by the table.
func whoHave(several account.Right) string {
	roles := account.Roles()
	slices.Sort(roles)
	for right, who := range mayDo {
		if right != 0 && several&right != 0 {
			roles = slices.DeleteFunc(roles, func(role string) bool { return !slices.Contains(strings.Fields(who), role) })
		}
	}
	return strings.Join(roles, " ")
}

// filled gives a pattern with something in place of what it leaves open.
func filled(pattern string) string {
	for {
		from := strings.Index(pattern, "{")
		to := strings.Index(pattern, "}")
		if from < 0 || to < from {
			return pattern
		}
		pattern = pattern[:from] + "nothing" + pattern[to+1:]
	}
}
