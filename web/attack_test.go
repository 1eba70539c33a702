package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// partOf finds the parts in braces of a pattern.
var partOf = regexp.MustCompile(`\{[a-z]+\}`)

// Whatever is posted from another site is refused, also with a good cookie: every act of the table.
func TestForeignActs(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system"})
	b := s.as("root")
	acts := 0
	for _, p := range pages() {
		if !strings.HasPrefix(p.pattern, "POST ") {
			continue
		}
		acts++
		path := partOf.ReplaceAllString(p.path(), "nothing")
		for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
			if a := b.with(header, path, "x", ""); a.status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", p.pattern, header, a.status)
			}
		}
	}
	if acts < 10 || len(s.core.subs) != 0 {
		t.Errorf("%d acts, and %d messages are sent", acts, len(s.core.subs))
	}
}

// A session is one of a token that the server has made: one that somebody else has put into the browser is never taken up, and that
// of before signing in is not the one of after it.
func TestFixation(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "olle": "sender"})
	for _, name := range []string{"kurir", "__Host-kurir", "kurir-proxy"} {
		b := s.open()
		fixed := http.Header{"Cookie": {name + "=FIXED"}}
		a := b.with(fixed, "/signin", "name", "anna", "password", password)
		if cookie := a.header.Get("Set-Cookie"); a.status != http.StatusSeeOther || strings.Contains(cookie, "FIXED") {
			t.Errorf("%s: %d %s", name, a.status, cookie)
		}
		if a = s.open().with(fixed, "/me"); a.status == http.StatusOK {
			t.Errorf("%s: the fixed token is signed in", name)
		}
	}
	first := s.as("olle")
	before := first.do("/signin").header
	a := first.do("/signin", "name", "anna", "password", password)
	one, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	if one == "" || strings.Contains(before.Get("Set-Cookie"), one) {
		t.Error("the token stays the same")
	}
	a = first.do("/me")
	a.wants(t, http.StatusOK, ">anna</a>")
}

// Templates have no words of their own: what people read is in the table of words, in both languages.
func TestTemplateWords(t *testing.T) {
	t.Parallel()
	entries, err := files.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	drop := regexp.MustCompile(`(?s)\{\{.*?\}\}|\s[a-z-]+="[^"]*"|<[^>]*>|&[a-z#0-9]+;`)
	marked := regexp.MustCompile(`\s(?:aria-label|title|alt|placeholder)="([^"{]*[a-z]{3,}[^"{]*)"`)
	word := regexp.MustCompile(`[A-Za-z]{3,}`)
	names := " min dBm Kurir Svenska English iCalendar Unicode flash CSV XLSX Excel vCard JSON SMS TLV UDH PDU UTC html doctype "
	for _, e := range entries {
		body, err := files.ReadFile("templates/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range word.FindAllString(drop.ReplaceAllString(string(body), " "), -1) {
			if !strings.Contains(names, " "+found+" ") {
				t.Errorf("%s says %q in one language", e.Name(), found)
			}
		}
		for _, m := range marked.FindAllStringSubmatch(string(body), -1) {
			if m[1] != "sms.example.com" {
				t.Errorf("%s says %q in one language", e.Name(), m[1])
			}
		}
	}
}
