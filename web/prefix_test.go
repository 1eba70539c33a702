package web

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// below has the site reached below a path, as a reverse proxy does that takes it off.
func (s *site) below(prefix string) {
	s.web.Proxied = func(*http.Request) Proxied { return Proxied{Prefix: prefix} }
}

// Addresses get the path in front, what people wrote does not.
func TestBelow(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		`<a href="/sent">`: `<a href="/kurir/sent">`,
		"<form method=\"post\"\naction=\"/compose\">":    "<form method=\"post\"\naction=\"/kurir/compose\">",
		`<a href="//evil.example/">`:                     `<a href="//evil.example/">`,
		`<a href="https://example.com/">`:                `<a href="https://example.com/">`,
		`<a href="?cursor=1"><img src="/web/a.svg?v=1">`: `<a href="?cursor=1"><img src="/kurir/web/a.svg?v=1">`,
		`<input value="/sent">`:                          `<input value="/sent">`,
		`<p>href=&#34;/sent&#34;</p>`:                    `<p>href=&#34;/sent&#34;</p>`,
		`<button formaction="/x/y" data-url="/z">`:       `<button formaction="/kurir/x/y" data-url="/kurir/z">`,
	} {
		if got := string(below([]byte(page), "/kurir", `="`)); got != want {
			t.Errorf("%s becomes %s, want %s", page, got, want)
		}
		piece, placed := frameOf(parts{"live": page}), frameOf(parts{"live": want})
		if got := below(piece, "/kurir", `=\"`); !bytes.Equal(got, placed) {
			t.Errorf("%s becomes %s, want %s", piece, got, placed)
		}
	}
}

// address finds what a page leads to.
var address = regexp.MustCompile(`\s(?:` + strings.Join(addressed(), "|") + `)="([^"]*)"`)

// All pages below a path lead to pages below it, and nowhere else; signing in and its cookie are there too.
func TestPrefixWalk(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "system"})
	s.below("/kurir")
	b := s.open()
	a := b.do("/compose?to=1")
	if a.to != "/kurir/signin?to=%2Fcompose%3Fto%3D1" {
		t.Errorf("without a session: %s", a.to)
	}
	a = b.do("/signin", "name", "anna", "password", password, "to", "/compose?to=1")
	cookie := a.header.Get("Set-Cookie")
	if a.to != "/kurir/compose?to=1" || !strings.Contains(cookie, "Path=/kurir/;") {
		t.Errorf("signed in: to %s with %s", a.to, cookie)
	}
	signed := http.Header{"Cookie": {cookie[:strings.Index(cookie, ";")]}} // the jar of the test knows no path in front
	seen, queue := map[string]bool{}, []string{"/"}
	for len(queue) > 0 {
		path := queue[0]
		if queue = queue[1:]; seen[path] {
			continue
		}
		seen[path] = true
		a := b.with(signed, path)
		found := []string{a.to}
		for _, m := range address.FindAllStringSubmatch(a.body, -1) {
			found = append(found, strings.ReplaceAll(m[1], "&amp;", "&"))
		}
		for _, to := range found {
			u, err := url.Parse(to)
			switch {
			case err == nil && u.Scheme == "otpauth": // an app of the device
			case err != nil || u.Host != "" || u.Scheme != "":
				t.Errorf("%s leads to %q", path, to)
			case !strings.HasPrefix(to, "/"):
			case !strings.HasPrefix(to, "/kurir/"):
				t.Errorf("%s leads out of the path, to %q", path, to)
			case !strings.Contains(to, "/kurir/signout") && !strings.HasSuffix(u.Path, "/live"): // which has no end
				queue = append(queue, strings.TrimPrefix(u.RequestURI(), "/kurir"))
			}
		}
	}
	for _, path := range []string{"/compose", "/sent", "/duty", "/me"} {
		if !seen[path] {
			t.Errorf("%s was not come by", path)
		}
	}
}

// Scripts and styles have no address from the root in them: those are in the pages.
func TestAssetAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	from := regexp.MustCompile("[\"'`(]/[a-z][a-z/]*")
	for name, a := range s.web.assets {
		if vendored(name) || strings.HasSuffix(name, ".svg") {
			continue
		}
		if found := from.FindAllString(string(a.body), -1); found != nil {
			t.Errorf("%s has the addresses %q", name, found)
		}
	}
}

// vendored tells whether a file beside the pages is somebody else's.
func vendored(name string) bool {
	return strings.HasPrefix(name, "htmx") || strings.HasPrefix(name, "uPlot") || strings.HasPrefix(name, "uplot")
}

// Origins that are named may show the pages in a frame, over TLS with a cookie that comes along there; nobody else may.
func TestFrames(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	a := s.open().do("/signin")
	if p := a.header.Get("Content-Security-Policy"); !strings.HasSuffix(p, "frame-ancestors 'none'") {
		t.Errorf("nobody is named: %s", p)
	}
	s.web.Frames = func() []string { return []string{"https://intranet.example.com"} }
	a = s.open().do("/signin", "name", "anna", "password", password)
	if p := a.header.Get("Content-Security-Policy"); !strings.HasSuffix(p, "frame-ancestors 'self' https://intranet.example.com") {
		t.Errorf("one is named: %s", p)
	}
	if cookie := a.header.Get("Set-Cookie"); !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("without TLS: %s", cookie)
	}
	s.web.Base = func() string { return "https://sms.example.se" }
	a = s.open().do("/signin", "name", "anna", "password", password)
	if cookie := a.header.Get("Set-Cookie"); !strings.Contains(cookie, "SameSite=None") || !strings.Contains(cookie, "Partitioned") || !strings.Contains(cookie, "Secure") {
		t.Errorf("over TLS: %s", cookie)
	}
	signed := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Cookie": {strings.Split(a.header.Get("Set-Cookie"), ";")[0]}}
	if a = s.open().with(signed, "/me/language", "language", "sv"); a.status != http.StatusForbidden {
		t.Errorf("another site sends a form: %d", a.status)
	}
}
