package web

import (
	"net/http"
	"strings"
	"testing"
)

// Files beside the pages and pages come compressed to a browser that takes it, and a file by its version is kept.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	b := s.as("anna")
	for _, name := range []string{"htmx.min.js", "uplot.min.js", "uplot.min.css", "style.css"} {
		whole := b.do("/web/" + name)
		zipped := b.with(http.Header{"Accept-Encoding": {"br, gzip"}}, "/web/"+name+"?v="+s.web.assets[name].version)
		if zipped.header.Get("Content-Encoding") != "gzip" || len(zipped.body) >= len(whole.body) || !strings.Contains(zipped.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d octets of %d, %v", name, len(zipped.body), len(whole.body), zipped.header)
		}
		if whole.header.Get("Content-Encoding") != "" || len(whole.body) != len(s.web.assets[name].body) || whole.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s as it is: %v", name, whole.header)
		}
	}
	page := b.with(http.Header{"Accept-Encoding": {"gzip"}}, "/compose")
	if page.header.Get("Content-Encoding") != "gzip" || strings.Contains(page.body, "<html") {
		t.Errorf("the page: %v", page.header)
	}
}

// What a first visit of the heaviest page loads is under 200 kB.
func TestWeight(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	total := 0
	for _, a := range s.web.assets {
		if zipped := a.zipped(); zipped != nil {
			total += len(zipped)
		} else {
			total += len(a.body)
		}
	}
	if total > 150<<10 {
		t.Errorf("all files beside the pages together have %d octets", total)
	}
	for _, name := range []string{"htmx.min.js", "uplot.min.js"} {
		if strings.Contains(string(s.web.assets[name].body), "sourceMappingURL") {
			t.Errorf("%s names a map that is not served", name)
		}
	}
}
