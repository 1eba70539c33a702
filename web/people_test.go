package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"kurir/account"
)

// proposed is the secret that a page proposes as second factor.
func proposed(t *testing.T, a *answer) string {
	t.Helper()
	found := regexp.MustCompile(`name="secret" value="([A-Z2-7]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("the page proposes no secret: %d %s", a.status, a.body)
	}
	return found[1]
}

// shows is the code that a device shows, after so many half minutes.
func (s *site) shows(secret string, later int) string {
	s.t.Helper()
	code, err := totp.GenerateCode(secret, s.now().Add(time.Duration(later)*30*time.Second))
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// With a second factor a password is not enough: it takes a code, each once, or a recovery code.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.still = time.Now() // a code is another after half a minute, and one that was used is to be tried again
	b, other := s.as("anna"), s.as("anna")
	a := b.do("/second")
	a.wants(t, http.StatusOK, "<svg", `<path d="M4 4h7v1h-7z`, `href="otpauth://totp/Kurir:anna?`)
	secret := proposed(t, &a)
	a = b.do("/second", "secret", secret, "code", "000000")
	a.wants(t, http.StatusUnprocessableEntity, "The code is wrong", secret)
	a = b.do("/second", "secret", "SHORT", "code", "000000")
	a.wants(t, http.StatusUnprocessableEntity)
	a = b.do("/second", "secret", secret, "code", s.shows(secret, 0))
	a.wants(t, http.StatusOK, "Recovery codes")
	recovery := regexp.MustCompile(`<code>([a-z2-7-]{19})</code>`).FindAllStringSubmatch(a.body, -1)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes: %s", len(recovery), a.body)
	}
	if a = other.do("/me"); a.to == "" {
		t.Error("the session without goes on")
	}
	if a = b.do("/me"); a.status != http.StatusOK {
		t.Error("the own session ends")
	}
	half := s.open()
	before := half.do("/signin", "name", "anna", "password", password, "to", "/sent")
	if before.to != "/signin/code?to=%2Fsent" {
		t.Fatalf("the password leads to %s", before.to)
	}
	for _, path := range []string{"/me", "/compose", "/second"} {
		if a = half.do(path); !strings.HasPrefix(a.to, "/signin") {
			t.Errorf("%s without the code: %d %s", path, a.status, a.to)
		}
	}
	a = half.do("/second", "secret", secret, "code", s.shows(secret, 1))
	if !strings.HasPrefix(a.to, "/signin/code") {
		t.Error("whoever has the password alone sets up another second factor")
	}
	a = half.do("/signin/code", "code", s.shows(secret, 0))
	a.wants(t, http.StatusUnauthorized, "used before")
	taken := s.shows(secret, 1)
	a = half.do("/signin/code", "code", taken, "to", "/sent")
	if a.to != "/sent" || a.header.Get("Set-Cookie") == before.header.Get("Set-Cookie") {
		t.Errorf("the code leads to %s", a.to)
	}
	if a = half.do("/sent"); a.status != http.StatusOK {
		t.Errorf("signed in: %d", a.status)
	}
	s.failed = 0
	half = s.open()
	half.do("/signin", "name", "anna", "password", password)
	if a = half.do("/signin/code", "code", recovery[4][1]); a.to != "/compose" {
		t.Errorf("a recovery code leads to %s: %s", a.to, a.body)
	}
	a = half.do("/second")
	a.wants(t, http.StatusOK, "9 recovery codes are left")
	a = half.do("/second/change", "act", "codes", "code", recovery[5][1])
	a.wants(t, http.StatusOK, "Recovery codes")
	a = half.do("/second/change", "act", "remove", "code", recovery[6][1])
	a.wants(t, http.StatusUnauthorized)
	code := regexp.MustCompile(`<code>([a-z2-7-]{19})</code>`)
	again := half.do("/second/change", "act", "codes", "code", taken)
	again.wants(t, http.StatusUnauthorized)
	s.mu.Lock()
	s.later += 5 * time.Minute
	s.mu.Unlock()
	s.failed = 0
	again = half.do("/second/change", "act", "codes", "code", s.shows(secret, 0))
	if n := len(code.FindAllString(again.body, -1)); n != 10 {
		t.Errorf("%d new codes: %s", n, again.body)
	}
	if a = half.do("/second/change", "act", "remove", "code", code.FindStringSubmatch(again.body)[1]); a.to != "/me" {
		t.Errorf("removed: %d %s", a.status, a.body)
	}
	if a = s.open().do("/signin", "name", "anna", "password", password); a.to != "/compose" {
		t.Errorf("without it: %s", a.to)
	}
	want := "acme/anna anna set up second factor, acme/anna anna make recovery codes, acme/anna anna make recovery codes, acme/anna anna remove second factor"
	if got := strings.Join(s.core.noted, ", "); got != want {
		t.Errorf("the audit has %s", got)
	}
}

// Where the role asks for a second factor, nobody gets in without setting one up, and nobody puts it off.
func TestSecondFactorRequired(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "eva": "auditor"})
	s.secondFactor = []string{"auditor"}
	if a := s.open().do("/signin", "name", "anna", "password", password); a.to != "/compose" {
		t.Errorf("another role: %s", a.to)
	}
	b := s.open()
	if a := b.do("/signin", "name", "eva", "password", password); a.to != "/second" {
		t.Fatalf("the password leads to %s", a.to)
	}
	if a := b.do("/sent"); !strings.HasPrefix(a.to, "/signin") {
		t.Errorf("it is put off: %d %s", a.status, a.to)
	}
	a := b.do("/second")
	a.wants(t, http.StatusOK, "asks for a second factor")
	secret := proposed(t, &a)
	a = b.do("/second", "secret", secret, "code", s.shows(secret, 0))
	a.wants(t, http.StatusOK, `href="/sent"`)
	a = b.do("/sent")
	a.wants(t, http.StatusOK)
	a = b.do("/second/change", "act", "remove", "code", s.shows(secret, 1))
	a.wants(t, http.StatusForbidden)
}

// An account's second factor holds for the users of those below.
func TestSecondFactorOfAccount(t *testing.T) {
	t.Parallel()
	d := account.NewDirectory([]account.Account{{Name: "top", SecondFactor: true}, {Name: "mid", Parent: "top"}, {Name: "low", Parent: "mid"}, {Name: "other"}}, nil)
	if !d.WantsFactor("low") || !d.WantsFactor("top") || d.WantsFactor("other") || d.WantsFactor("nobody") || !d.Within("low", "top") || d.Within("top", "low") {
		t.Error("it does not go by what is above")
	}
}

// A forgotten password is replaced by a link that comes by mail and is good once; whether there is such a user is not said.
func TestForgot(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "olle": "sender"})
	a := s.open().do("/forgot")
	a.wants(t, http.StatusNotFound, "cannot send mail") // its own address is not known, and nobody's word is taken for it
	s.web.Base = func() string { return "http://sms.example.se" }
	s.mu.Lock()
	for i := range s.users {
		if s.users[i].Name == "anna" {
			s.users[i].Mail = "anna@example.se"
		}
	}
	s.mu.Unlock()
	before := s.as("anna")
	var answers []string
	for _, name := range []string{"anna", "ANNA@example.se", "nobody", "olle"} {
		a := s.open().do("/forgot", "name", name)
		a.wants(t, http.StatusOK, "a link is on its way")
		answers = append(answers, strings.ReplaceAll(a.body, name, "NAME"))
		s.failed = 0
	}
	s.web.Wait()
	for _, other := range answers[1:] {
		if other != answers[0] {
			t.Error("the answer tells who there is")
		}
	}
	if len(s.mails) != 1 || !strings.HasPrefix(s.mails[0], "anna@example.se\n") { // the second within two minutes is not sent
		t.Fatalf("the mails are %q", s.mails)
	}
	path := regexp.MustCompile(`http://sms\.example\.se(/password\?token=\w+)`).FindStringSubmatch(s.mails[0])[1]
	token := strings.TrimPrefix(path, "/password?token=")
	b := s.open()
	a = b.do(path)
	a.wants(t, http.StatusOK, "Another password for anna")
	a = b.do("/password", "token", token, "password", "another-horse", "again", "other")
	a.wants(t, http.StatusUnprocessableEntity)
	if a = b.do("/password", "token", token, "password", "another-horse", "again", "another-horse"); a.to != "/compose" {
		t.Fatalf("taken: %d %s", a.status, a.body)
	}
	if a = b.do("/compose"); a.status != http.StatusOK {
		t.Error("not signed in")
	}
	if a = before.do("/compose"); a.to == "" {
		t.Error("the session before it goes on")
	}
	for _, again := range [][]string{nil, {"token", token, "password", "another-horse", "again", "another-horse"}} {
		at := "/password"
		if again == nil {
			at = path
		}
		a = s.open().do(at, again...)
		a.wants(t, http.StatusNotFound, "has been used")
	}
	s.failed = 3
	a = s.open().do("/forgot", "name", "anna")
	a.wants(t, http.StatusTooManyRequests)
}

// An invitation goes by mail, lets in whoever has no password yet, and is over when the user is disabled.
func TestInvite(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.web.Base = func() string { return "http://sms.example.se/" }
	s.mu.Lock()
	s.users[0].Password, s.users[0].Mail, s.users[0].Language = "", "anna@example.se", "sv"
	s.mu.Unlock()
	u := s.accounts().UserByName("anna")
	v, err := s.web.Invite(t.Context(), u, "acme/admin")
	if err != nil || !v.Mailed || v.Mail != nil || len(s.mails) != 1 || !strings.Contains(s.mails[0], "acme/admin har bjudit in dig") || !strings.Contains(s.mails[0], v.Link) {
		t.Fatalf("invited: %+v, %v, %q", v, err, s.mails)
	}
	if got := strings.Join(s.core.noted, ", "); got != "acme/admin anna invite" {
		t.Errorf("the audit has %s", got)
	}
	path := strings.TrimPrefix(v.Link, "http://sms.example.se")
	token := strings.TrimPrefix(path, "/password?token=")
	b := s.open()
	a := b.do(path)
	a.wants(t, http.StatusOK, "Your user name is anna")
	s.mu.Lock()
	s.users[0].Disabled = true
	s.mu.Unlock()
	a = b.do(path)
	a.wants(t, http.StatusNotFound)
	s.mu.Lock()
	s.users[0].Disabled = false
	s.mu.Unlock()
	if a = b.do("/password", "token", token, "password", password, "again", password); a.to != "/compose" {
		t.Errorf("taken: %d %s", a.status, a.body)
	}
	s.mu.Lock()
	s.users[0].Mail = ""
	s.mu.Unlock()
	if v, err = s.web.Invite(t.Context(), s.accounts().UserByName("anna"), "acme/admin"); err != nil || v.Mailed || len(s.mails) != 1 {
		t.Errorf("without an address: %+v, %v", v, err)
	}
}
