package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestResources: what was made is there after a start, what went is not, and both stand in the audit.
func TestResources(t *testing.T) {
	t.Parallel()
	opt := Options{Path: t.TempDir()}
	s, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(changes ...ResourceChange) {
		t.Helper()
		if err := s.Commit(&Batch{Resources: changes}); err != nil {
			t.Fatal(err)
		}
	}
	one := Resource{Kind: "routes", Name: "a", Position: 1, Body: []byte(`{"via":["op1"]}`), Revision: 1, ChangedAt: 5, ChangedBy: "root"}
	two := Resource{Kind: "routes", Name: "b", Position: 2, Body: []byte(`{}`), Revision: 2, ChangedAt: 6, ChangedBy: "root"}
	made := func(n int64, name string) Audit {
		return Audit{Number: n, At: 4 + n, Who: "root", Kind: "routes", Name: name, Action: "create", Fields: []string{"to", "via"}}
	}
	commit(ResourceChange{Audit: made(1, "a"), Put: []Resource{one}})
	gone := Audit{Number: 3, At: 7, Who: "root", Kind: "routes", Name: "a", Action: "delete"}
	commit(ResourceChange{Audit: made(2, "b"), Put: []Resource{two}}, ResourceChange{Audit: gone, Gone: true})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, last, err := s.Resources(t.Context())
	if err != nil || last != 3 {
		t.Fatalf("last %d, %v", last, err)
	}
	if diff := cmp.Diff([]Resource{two}, list); diff != "" {
		t.Error(diff)
	}
	audits, _, err := s.Audits(t.Context(), AuditFilter{Kind: "routes", Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Audit{gone, made(2, "b")}, audits); diff != "" {
		t.Error(diff)
	}
}
