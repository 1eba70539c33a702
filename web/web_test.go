package web

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
	"kurir/signin"
	"kurir/store"
)

// site is the pages with a core that is a test's.
type site struct {
	*httptest.Server
	t       *testing.T
	web     *Server
	core    *core
	mu      sync.Mutex
	users   []account.User
	more    []account.Account                                                 // beside acme and other
	by      string                                                            // who made the last user
	rest    func(by *account.Account, w http.ResponseWriter, r *http.Request) // nil: there is nothing
	notices []account.Notice
	failed  int

	secondFactor []string // roles that have to have one
	mails        []string // that were sent: address, subject and text
	later        time.Duration
	still        time.Time // where it is set the time does not go on by itself

	made   *account.Directory // of users, while they are those of madeOf
	madeOf []account.User
}

// password of every user.
const password = "correct-horse"

// newSite serves pages for two accounts and these users, name: role; those of the account acme unless the name begins with its
// account and a colon.
func newSite(t *testing.T, roles map[string]string) *site {
	t.Helper()
	s := &site{t: t, core: &core{}}
	hash := message.Secret(account.Seal("password", password))
	for name, role := range roles {
		u := account.User{Name: name, Account: "acme", Role: role, Password: hash}
		if owner, _, owned := strings.Cut(name, ":"); owned {
			u.Account = owner
		}
		if role == "support" {
			u.Until = "2100-01-01"
		}
		s.users = append(s.users, u)
	}
	w, err := New(Options{
		Log: slog.New(slog.DiscardHandler), Core: s.core, Accounts: s.accounts, Country: func() string { return "46" }, Verifier: account.NewVerifier(),
		People: s.people(), CanMail: func() bool { return true }, Mail: s.mail, SecondFactor: func() []string { return s.secondFactor }, Now: s.now,
		REST: s.serveREST, Schema: func(resource.Setting) *resource.Schema { return sample() }, Change: s.change, MayTry: func(netip.Addr, string) bool { return s.failed < 3 }, Failed: func(context.Context, netip.Addr, string) { s.failed++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, path := range w.Paths() {
		mux.Handle(path, w.Handler())
	}
	s.web, s.Server = w, httptest.NewServer(mux)
	return s
}

// people opens a database for those who sign in.
func (s *site) people() *signin.Book {
	s.t.Helper()
	db, err := store.Open(s.t.Context(), store.Options{Path: s.t.TempDir()})
	if err != nil {
		s.t.Fatal(err)
	}
	book := signin.New(signin.Options{Store: db, Now: s.now})
	s.t.Cleanup(func() {
		if s.Server != nil {
			s.Close()
			s.web.Wait()
		}
		book.Wait()
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return book
}

// now is the time, which tests let go on.
func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.still.IsZero() {
		return s.still.Add(s.later)
	}
	return time.Now().Add(s.later)
}

func (s *site) mail(_ context.Context, to, subject, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, to+"\n"+subject+"\n"+text)
	return nil
}

// setupLink is the way to the first user.
func (s *site) setupLink() string {
	s.t.Helper()
	link, err := s.web.SetupLink()
	if err != nil {
		s.t.Fatal(err)
	}
	return link
}

// serveREST answers what pages ask of REST.
func (s *site) serveREST(by *account.Account, w http.ResponseWriter, r *http.Request) {
	if s.rest != nil {
		s.rest(by, w, r)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *site) accounts() *account.Directory {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made != nil && len(s.more)+len(s.notices) == 0 && slices.Equal(s.users, s.madeOf) {
		return s.made
	}
	list := []account.Account{{Name: "acme", Sender: "ACME", Senders: []string{"ACME", "Clinic"}}, {Name: "other"}}
	d := account.NewDirectory(append(list, s.more...), nil)
	d.AddUsers(s.users)
	d.AddNotices(s.notices)
	if s.made, s.madeOf = d, slices.Clone(s.users); len(s.more)+len(s.notices) > 0 {
		s.made = nil
	}
	return d
}

// change makes or changes a user as the settings do.
func (s *site) change(_ context.Context, c resource.Change) (resource.Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := func(field string) string { word, _ := c.Value[field].(string); return word }
	if c.Action == resource.Create {
		s.by = c.By
		s.users = append(s.users, account.User{
			Name: text("name"), Account: text("account"), Role: text("role"), Password: message.Secret(account.Seal("password", text("password"))),
		})
		return resource.Row{}, nil
	}
	for i := range s.users {
		if u := &s.users[i]; u.Name == c.Name {
			if text("password") != "" {
				u.Password = message.Secret(account.Seal("password", text("password")))
			} else {
				u.Language = text("language")
			}
			return resource.Row{}, nil
		}
	}
	return resource.Row{}, resource.Refuse(resource.OfFile, "", "stands in the file")
}

// tab is a browser of a test.
type tab struct {
	*site
	client *http.Client
}

func (s *site) open() *tab {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &tab{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a page said.
type answer struct {
	status int
	to     string // redirect
	body   string
	header http.Header
}

// do asks for a page: GET without a form, else POST with the fields name, value and so on.
func (b *tab) do(path string, form ...string) answer {
	b.t.Helper()
	return b.with(nil, path, form...)
}

func (b *tab) with(header http.Header, path string, form ...string) answer {
	b.t.Helper()
	method, fields := http.MethodGet, url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		method = http.MethodPost
		fields.Add(form[i], form[i+1])
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, values := range header {
		req.Header[name] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(text), resp.Header}
}

// as signs in.
func (s *site) as(name string) *tab {
	s.t.Helper()
	b := s.open()
	if a := b.do("/signin", "name", name, "password", password); a.status != http.StatusSeeOther {
		s.t.Fatalf("%s signs in: %d %s", name, a.status, a.body)
	}
	return b
}

func (a *answer) wants(t *testing.T, status int, parts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("it answers %d, want %d: %s", a.status, status, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page has no %q: %s", part, a.body)
		}
	}
}

// Signing in takes name and password, begins a session of a new token, and is slowed down when it fails.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	b := s.open()
	if a := b.do("/compose?to=0701234567"); a.status != http.StatusSeeOther || a.to != "/signin?to=%2Fcompose%3Fto%3D0701234567" {
		t.Errorf("without a session: %d %s", a.status, a.to)
	}
	a := b.do("/signin", "name", "anna", "password", "wrong-password")
	a.wants(t, http.StatusUnauthorized, "wrong", `value="anna"`)
	a = b.do("/signin", "name", "nobody", "password", password)
	a.wants(t, http.StatusUnauthorized, "The name or the password is wrong.")
	if s.failed != 2 {
		t.Errorf("%d failures are counted", s.failed)
	}
	fixed := http.Header{"Cookie": {"kurir=chosen-by-somebody"}}
	a = b.with(fixed, "/signin", "name", "anna", "password", password, "to", "/compose?to=0701234567")
	cookie := a.header.Get("Set-Cookie")
	if a.to != "/compose?to=0701234567" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || strings.Contains(cookie, "chosen-by-somebody") || strings.Contains(cookie, "Secure") {
		t.Errorf("signed in: to %s with %s", a.to, cookie)
	}
	for query, want := range map[string]string{ // a plus that is no %2B is a blank
		"to=+46701234567": "+46701234567", "to=+46701234567,+46701234568&to=contact:Bo": "+46701234567\n+46701234568\ncontact:Bo", "to=0701,+112": "0701\n112",
	} {
		if a := b.do("/compose?" + query); !strings.Contains(html.UnescapeString(a.body), ">"+want+"</textarea>") {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	a = b.do("/compose?to=0701234567&text=Hej")
	a.wants(t, http.StatusOK, ">0701234567</textarea>", ">Hej</textarea>")
	for _, to := range []string{"//evil.example", "https://evil.example/", `/\evil.example`} {
		if a := s.open().do("/signin", "name", "anna", "password", password, "to", to); a.to != "/compose" {
			t.Errorf("it leads to %s, to %s", to, a.to)
		}
	}
	s.failed = 3
	a = s.open().do("/signin", "name", "anna", "password", password)
	a.wants(t, http.StatusTooManyRequests)
	if a = b.do("/signout", "x", ""); a.to != "/signin" {
		t.Errorf("signed out: %d %s", a.status, a.to)
	}
	if a = b.do("/compose"); a.to != "/signin" {
		t.Errorf("after that: %d %s", a.status, a.to)
	}
}

// Behind TLS the cookie is for TLS alone.
func TestSecureCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.web.Base = func() string { return "https://sms.example.se" }
	a := s.open().do("/signin", "name", "anna", "password", password)
	if cookie := a.header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") || !strings.HasPrefix(cookie, "__Host-") {
		t.Errorf("the cookie is %s", cookie)
	}
}

// What another site has a browser send is refused, and every page says what it may load.
func TestForeignSite(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	b := s.as("anna")
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}} {
		if a := b.with(header, "/compose", "to", "0701234567", "text", "Hej", "once", "1", "act", "send"); a.status != http.StatusForbidden {
			t.Errorf("%v: %d", header, a.status)
		}
	}
	if len(s.core.subs) != 0 {
		t.Error("it was sent")
	}
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|https?://`)
	for _, path := range []string{"/signin", "/compose", "/sent", "/me", "/sent/nothing"} {
		a := b.do(path)
		if p := a.header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: the policy is %q", path, p)
		}
		if found := inline.FindString(a.body); found != "" {
			t.Errorf("%s has %q", path, found)
		}
	}
	if a := b.do("/web/nothing.js"); a.status != http.StatusNotFound {
		t.Errorf("a file that there is not: %d", a.status)
	}
}

// A session ends when its user is disabled or gets another password, and by the user's own wish.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "olle": "sender"})
	one, two, other := s.as("anna"), s.as("anna"), s.as("olle")
	page := one.do("/me")
	ids := regexp.MustCompile(`name="id" value="([0-9a-f]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(ids) != 1 {
		t.Fatalf("the page shows %d sessions to end: %s", len(ids), page.body)
	}
	other.do("/me/end", "id", ids[0][1])
	if a := two.do("/me"); a.status != http.StatusOK {
		t.Error("somebody else ended it")
	}
	one.do("/me/end", "id", ids[0][1])
	if a := two.do("/me"); a.to == "" {
		t.Error("it goes on")
	}
	two = s.as("anna")
	a := one.do("/me/password", "old", "wrong-password", "password", "another-horse", "again", "another-horse")
	a.wants(t, http.StatusUnauthorized, "present password")
	a = one.do("/me/password", "old", password, "password", "short", "again", "short")
	a.wants(t, http.StatusUnprocessableEntity)
	if a = one.do("/me/password", "old", password, "password", "another-horse", "again", "another-horse"); a.to != "/me" {
		t.Errorf("another password: %d", a.status)
	}
	if a = two.do("/me"); a.to == "" {
		t.Error("the other session goes on with the old password")
	}
	a = one.do("/me/language", "language", "sv")
	a = one.do("/me")
	a.wants(t, http.StatusOK, `lang="sv"`, "Ditt konto")
	s.mu.Lock()
	for i := range s.users {
		s.users[i].Disabled = true
	}
	s.mu.Unlock()
	if a = one.do("/me"); a.to == "" {
		t.Error("a disabled user goes on")
	}
}

// Where there is no user, a link makes the first one, once.
func TestSetup(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	link := s.setupLink()
	b := s.open()
	a := b.do("/signin")
	a.wants(t, http.StatusOK, "There is no user yet")
	a = b.do("/setup?token=GUESSED")
	a.wants(t, http.StatusNotFound)
	a = b.do(link)
	a.wants(t, http.StatusOK, "<option>acme</option>", `value="admin"`)
	token := strings.TrimPrefix(link, "/setup?token=")
	a = b.do("/setup", "token", token, "name", "admin", "account", "acme", "password", "short", "again", "short")
	a.wants(t, http.StatusUnprocessableEntity)
	if a = b.do("/setup", "token", token, "name", "admin", "account", "acme", "password", password, "again", password); a.to != "/compose" {
		t.Errorf("the first user: %d %s", a.status, a.body)
	}
	a = b.do("/compose")
	a.wants(t, http.StatusOK)
	if s.users[0].Role != account.SystemRole || s.setupLink() != "" {
		t.Errorf("it is %+v, and the link is %q", s.users[0], s.setupLink())
	}
	a = s.open().do("/setup", "token", token, "name", "second", "account", "acme", "password", password, "again", password)
	a.wants(t, http.StatusNotFound)
}
