package web

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"kurir/account"
)

// What is live ends when the user's role or account is another, though the page may be seen with both: it was made with the rights of
// when it began.
func TestLiveEndsWithRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"eva": "support"})
	b := s.as("eva")
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", s.URL+"/console/live", nil)
	for _, c := range b.client.Jar.Cookies(at) {
		r.AddCookie(c)
	}
	v := &visit{Server: s.web, w: httptest.NewRecorder(), r: r, page: &page{right: account.SeeOperation}}
	if v.recognise(); v.user == nil || !v.stillMay() {
		t.Fatal("who has signed in may not see it")
	}
	for what, change := range map[string]func(u *account.User){
		"texts": func(u *account.User) { u.Texts = true },
		"role":  func(u *account.User) { u.Role = "operator" },
		"off":   func(u *account.User) { u.Disabled = true },
	} {
		s.mu.Lock()
		before := s.users[0]
		change(&s.users[0])
		s.mu.Unlock()
		if v.stillMay() {
			t.Errorf("%s: what was live before goes on", what)
		}
		s.mu.Lock()
		s.users[0] = before
		s.mu.Unlock()
	}
}
