package store

import (
	"fmt"
	"strings"
	"testing"
)

// audited fills a store with changes, every hundredth of them of the account calm, the others of the account busy. The oldest alone is anna's.
func audited(t *testing.T, n int) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) INSERT INTO %s FROM n"
	for _, into := range []string{
		"audit SELECT n, n, CASE n WHEN 1 THEN 'anna' ELSE 'root' END, 'contacts', 'busy/' || n, 'change', 'note', ''",
		"audit_account SELECT CASE n % 100 WHEN 0 THEN 'calm' ELSE 'busy' END, n",
	} {
		if err := query(s.conn, fmt.Sprintf(numbers, n, into), nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// What a field narrows is looked for among so many changes a call, and the next goes on behind them; few of an account are found at once
// however many there are of others.
func TestAuditBounds(t *testing.T) {
	t.Parallel()
	s := audited(t, 3*listExamine)
	for _, one := range []struct {
		filter AuditFilter
		pages  int
		found  string
	}{
		{AuditFilter{Who: "anna"}, 4, "[1]"},
		{AuditFilter{Who: "nobody"}, 4, "[]"},
		{AuditFilter{Name: "busy/7"}, 1, "[7]"},
		{AuditFilter{Name: "busy/7", Accounts: []string{"busy"}}, 12, "[7]"},
		{AuditFilter{Who: "anna", Accounts: []string{"busy"}}, 12, "[1]"},
		{AuditFilter{Who: "anna", Accounts: []string{"busy", "calm"}}, 13, "[1]"},
		{AuditFilter{Who: "anna", Accounts: []string{"busy"}, Oldest: true}, 12, "[1]"},
		{AuditFilter{Who: "anna", Accounts: []string{"calm"}}, 1, "[]"},
		{AuditFilter{Name: "busy/200", Accounts: []string{"calm", "other"}}, 1, "[200]"},
	} {
		one.filter.Limit = 3
		var found []int64
		pages := 0
		for next := int64(1); next != 0; pages++ {
			var list []Audit
			var err error
			if list, next, err = s.Audits(t.Context(), one.filter); err != nil {
				t.Fatal(err)
			}
			for i := range list {
				found = append(found, list[i].Number)
			}
			one.filter.After = next
		}
		if pages != one.pages || fmt.Sprint(found) != one.found {
			t.Errorf("%+v: %v by %d pages, want %s by %d", one.filter, found, pages, one.found, one.pages)
		}
	}
}

// What an account finds of the audit goes by indexes, however much has been changed.
func TestAuditPlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, f := range []AuditFilter{{}, {Oldest: true, Who: "root"}, {Name: "a"}} {
		l := auditLook{AuditFilter: &f, narrowed: f.narrowed()}
		text := "SELECT number FROM audit WHERE " + l.apart([]any{"a", "b"}).text() + " ORDER BY number " + l.order() + " LIMIT 9"
		if plan, err := planOf(s, text); err != nil || !strings.Contains(plan, "audit_account USING PRIMARY KEY (account=? AND number>? AND number<?)") || strings.Contains(plan, "SCAN audit") {
			t.Errorf("%s: %s %v", text, plan, err)
		}
	}
	if plan, err := planOf(s, sinceText(2)); err != nil || !strings.Contains(plan, "audit_name (name=?)") {
		t.Errorf("%s: %v", plan, err)
	}
}
