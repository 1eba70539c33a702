package api

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDocs holds that /docs shows the page, and that it loads nothing but its own files: no script of others and none within
// the page.
func TestDocs(t *testing.T) {
	t.Parallel()
	s := everything()
	if w := ask(s, http.MethodGet, "/docs", ""); w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "docs/" {
		t.Errorf("/docs: %d %v", w.Code, w.Header())
	}
	page := ask(s, http.MethodGet, "/docs/", "")
	policy := page.Header().Get("Content-Security-Policy")
	if page.Code != 200 || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("/docs/: %d %q", page.Code, policy)
	}
	if strings.Contains(page.Body.String(), "//") || regexp.MustCompile(`<script>|<style|style=|onload`).MatchString(page.Body.String()) {
		t.Errorf("the page has scripts or styles of its own, or addresses of others:\n%s", page.Body)
	}
	for _, found := range regexp.MustCompile(`(?:src|href)="([^"./]+\.[a-z]+)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		if w := ask(s, http.MethodGet, "/docs/"+found[1], ""); w.Code != 200 || w.Header().Get("ETag") == "" {
			t.Errorf("%s: %d", found[1], w.Code)
		}
	}
	for _, file := range []string{"LICENSE", "NOTICE"} {
		if w := ask(s, http.MethodGet, "/docs/"+file, ""); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d", file, w.Code)
		}
	}
	for _, path := range []string{"/docs/nothing.js", "/docs/../api.go", "/docs/docs/index.html"} {
		if w := ask(s, http.MethodGet, path, ""); w.Code == 200 {
			t.Errorf("%s: 200", path)
		}
	}
}
