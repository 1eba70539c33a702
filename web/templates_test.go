package web

import "testing"

// What is parsed when it is first asked for is whole on every page, and every page has its template.
func TestTemplates(t *testing.T) {
	t.Parallel()
	made := newTemplates()
	names, err := made.names()
	if err != nil || len(names) < 40 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	for _, name := range names {
		if parsed, err := made.of(name); err != nil || parsed.Lookup("layout") == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := made.of("nowhere"); err == nil {
		t.Error("a page that there is not has a template")
	}
}
