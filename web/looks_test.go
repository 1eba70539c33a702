package web

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"kurir/account"
)

// logoOf is a small picture as an account has it.
func logoOf(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 60, 20))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// at asks as a browser does that was given another host.
func (b *tab) at(host, path string, form ...string) answer {
	return b.with(http.Header{"Host": {host}}, path, form...)
}

// dressedSite has an account with looks and a host, one below it, and another.
func dressedSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, map[string]string{"region:rut": "manager", "clinic:clara": "sender", "anna": "sender", "root": "system"})
	s.more = []account.Account{
		{Name: "region", Web: account.Web{Name: "Region <SMS>", Logo: logoOf(t), Color: "#ffcc00", Band: "#003366", Host: "sms.region.example", Language: "sv", Functions: []string{"compose", "rota"}}},
		{Name: "clinic", Parent: "region"},
	}
	return s
}

// The pages look as the user's account says, those before signing in as that of the host; files are served by their version.
func TestLooks(t *testing.T) {
	t.Parallel()
	s := dressedSite(t)
	a := s.open().at("sms.region.example", "/signin")
	a.wants(t, http.StatusOK, "Region &lt;SMS&gt;", `lang="sv"`, `<title>Logga in – Region &lt;SMS&gt;</title>`)
	names := regexp.MustCompile(`"(/looks/[0-9a-f]+\.(?:css|png))"`).FindAllStringSubmatch(a.body, -1)
	if len(names) != 2 {
		t.Fatalf("the page has %q", names)
	}
	sheet, logo := s.open().do(names[0][1]), s.open().do(names[1][1])
	if sheet.wants(t, http.StatusOK, "--band: #003366", "prefers-color-scheme: dark"); sheet.header.Get("Content-Type") != "text/css; charset=utf-8" || strings.Contains(sheet.body, "#ffcc00; --main-ink: #ffffff") {
		t.Errorf("the sheet: %v %s", sheet.header, sheet.body)
	}
	if h := logo.header; h.Get("Content-Type") != "image/png" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "immutable") {
		t.Errorf("the logo: %d %v", logo.status, logo.header)
	}
	if a = s.open().do("/looks/0123456789abcdef01234567.css"); a.status != http.StatusNotFound {
		t.Errorf("another version: %d", a.status)
	}
	if a = s.open().do("/signin"); strings.Contains(a.body, "/looks/") || !strings.Contains(a.body, "– Kurir</title>") {
		t.Errorf("without the host: %s", a.body)
	}
	a = s.as("clinic:clara").do("/compose")
	a.wants(t, http.StatusOK, "Region &lt;SMS&gt;", names[0][1], `lang="sv"`)
}

// A page that the account leaves out is not there, and not in the menu.
func TestFunctions(t *testing.T) {
	t.Parallel()
	s := dressedSite(t)
	b := s.as("clinic:clara")
	a := b.do("/compose")
	if a.wants(t, http.StatusOK, `href="/duty"`); strings.Contains(a.body, `href="/sent"`) {
		t.Error("what is left out is in the menu")
	}
	for path, want := range map[string]int{"/sent": 404, "/sent/nothing": 404, "/duty": 200, "/me": 200} {
		if a = b.do(path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
	if a = b.do("/sent/nothing/cancel", "x", ""); a.status != http.StatusNotFound {
		t.Errorf("an act of it: %d", a.status)
	}
	if a = s.as("anna").do("/sent"); a.status != http.StatusOK {
		t.Errorf("another account: %d", a.status)
	}
}

// At the host of an account its users sign in and those below; others only where it says so. What changes holds at once.
func TestHost(t *testing.T) {
	t.Parallel()
	s := dressedSite(t)
	for name, want := range map[string]int{"region:rut": 303, "clinic:clara": 303, "anna": 403, "root": 303} {
		if a := s.open().at("sms.region.example:8080", "/signin", "name", name, "password", password); a.status != want {
			t.Errorf("%s at the host: %d, want %d", name, a.status, want)
		}
	}
	if a := s.as("anna").at("sms.region.example", "/compose"); a.to == "" {
		t.Errorf("a session of another host is taken along: %d", a.status)
	}
	s.more[0].Web.Open = true
	if a := s.open().at("sms.region.example", "/signin", "name", "anna", "password", password); a.status != http.StatusSeeOther {
		t.Errorf("where all may: %d", a.status)
	}
}

// Every page of people is part of a function, or is everybody's.
func TestEveryPageHasAFunction(t *testing.T) {
	t.Parallel()
	always := " {$} signin signout setup forgot password second users audit web looks me console "
	for _, p := range pages() {
		first, _, _ := strings.Cut(strings.TrimPrefix(p.path(), "/"), "/")
		if f := p.function(); f == "" && !strings.Contains(always, " "+first+" ") {
			t.Errorf("%s is part of no function that an account can leave out", p.pattern)
		}
	}
}
