package web

import (
	"net/http"
	"strings"
	"testing"

	"kurir/account"
)

// said has a reverse proxy name a user.
func (s *site) said(name string) {
	s.web.Proxied = func(*http.Request) Proxied { return Proxied{User: name} }
}

// Whom a trusted proxy names is signed in, also without a password; and not any more when it names nobody, or another.
func TestProxyUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "olle": "project"})
	s.users = append(s.users, account.User{Name: "eva", Account: "acme", Role: "sender", Mail: "eva.ek@example.se"})
	s.said("eva")
	b := s.open()
	a := b.do("/compose?to=1")
	if a.wants(t, http.StatusOK, ">eva</a>"); strings.Contains(a.body, "/signout") {
		t.Error("who is signed in by the proxy is offered to sign out")
	}
	if cookie := a.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "kurir-proxy=") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("the cookie is %s", cookie)
	}
	if a = b.do("/me"); a.header.Get("Set-Cookie") != "" {
		t.Errorf("each request begins a session: %s", a.header.Get("Set-Cookie"))
	}
	a = b.do("/compose", "to", "0701234567", "text", "Hej", "once", "1", "act", "send")
	if a.status != http.StatusSeeOther || len(s.core.subs) != 1 {
		t.Errorf("it is not sent: %d %s", a.status, a.body)
	}
	s.said("olle")
	if a = b.do("/me"); !strings.Contains(a.body, ">olle</a>") {
		t.Errorf("another user of the same browser: %s", a.body)
	}
	s.said("EVA.EK@example.se")
	a = b.do("/me")
	a.wants(t, http.StatusOK, ">eva</a>")
	s.said("")
	if a = b.do("/compose"); a.to != "/signin" {
		t.Errorf("without the header: %d %s", a.status, a.to)
	}
	if a = b.do("/signin", "name", "eva", "password", ""); a.status != http.StatusUnauthorized {
		t.Errorf("a user without a password signs in: %d", a.status)
	}
	signed := s.as("anna")
	s.said("olle")
	a = signed.do("/me")
	if !strings.Contains(a.body, ">olle</a>") {
		t.Error("a cookie of a password comes before what the proxy says")
	}
}

// A session that a proxy has begun is none past the proxy, under whatever name the browser sends its cookie.
func TestProxySessionAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.said("anna")
	b := s.open()
	a := b.do("/me")
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	_, token, _ := strings.Cut(cookie, "=")
	if a = b.do("/me"); a.status != http.StatusOK || token == "" || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("by the proxy: %d, cookie %q", a.status, cookie)
	}
	s.said("")
	for _, name := range []string{"kurir", "kurir-proxy", "__Host-kurir"} {
		if a = s.open().with(http.Header{"Cookie": {name + "=" + token}}, "/me"); !strings.HasPrefix(a.to, "/signin") {
			t.Errorf("past the proxy as %s: %d", name, a.status)
		}
	}
}

// Whom the proxy names and who is not there is told so, or is made where that is wanted.
func TestProxyStranger(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.users[0].Disabled = true
	for _, name := range []string{"anna", "<b>eva</b>"} {
		s.said(name)
		a := s.open().do("/compose")
		if a.wants(t, http.StatusForbidden, "there is no such user here"); strings.Contains(a.body, "<b>eva") {
			t.Error("the name is not escaped")
		}
		if a = s.open().do("/web/style.css"); a.status != http.StatusOK {
			t.Errorf("what stands beside pages: %d", a.status)
		}
	}
	s.web.NewUser = func() NewUser { return NewUser{Account: "acme"} }
	s.said("eva")
	a := s.open().do("/compose")
	a.wants(t, http.StatusOK, ">eva</a>")
	if u := s.users[len(s.users)-1]; u.Name != "eva" || u.Role != "sender" || u.Account != "acme" || s.by != "proxy" {
		t.Errorf("made is %+v by %s", u, s.by)
	}
}
