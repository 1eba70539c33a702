package web

import (
	"testing"

	"kurir/account"
)

// What is live ends when the user's role or account is another, though the page may be seen with both: it was made with the rights of
// when it began.
func TestLiveEndsWithRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"eva": "support"})
	v := s.visitOf("eva", &page{pattern: "GET /console/live", right: account.SeeOperation})
	for what, change := range map[string]func(u *account.User){
		"texts": func(u *account.User) { u.Texts = true },
		"role":  func(u *account.User) { u.Role = "operator" },
		"off":   func(u *account.User) { u.Disabled = true },
		"words": func(u *account.User) { u.Language = "sv" },
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
