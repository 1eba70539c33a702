package web

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// What is parsed when it is first asked for is whole on every page.
func TestTemplates(t *testing.T) {
	t.Parallel()
	made := newTemplates()
	paths, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d templates, %v", len(paths), err)
	}
	for _, path := range paths {
		if slices.Contains(sharedTemplates(), path) {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "templates/"), ".html")
		if parsed, err := made.of(name); err != nil || parsed.Lookup("layout") == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := made.of("nowhere"); err == nil {
		t.Error("a page that there is not has a template")
	}
}
