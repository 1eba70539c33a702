package web

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"kurir/signin"
)

const (
	sessionsMost  = 10_000 // of which is known what forms they have sent
	sessionsForms = 50     // forms of a session, of which repeats are known
)

// sentForm is a form that was sent, and where what came of it stands; empty while that is not known.
type sentForm struct{ once, at string }

// sessionForms are the last forms that a session has sent to this server.
type sessionForms struct {
	sent []sentForm
	used time.Time
}

// forms are those of all sessions, kept in memory. It is safe for concurrent use.
type forms struct {
	mu  sync.Mutex
	all map[string]*sessionForms // by session
}

func newForms() *forms { return &forms{all: map[string]*sessionForms{}} }

// of gives those of a session; mu is held.
func (f *forms) of(s *signin.Session, now time.Time) *sessionForms {
	one := f.all[s.ID]
	if one == nil {
		if len(f.all) >= sessionsMost {
			f.makeRoom(now)
		}
		one = &sessionForms{}
		f.all[s.ID] = one
	}
	one.used = now
	return one
}

// makeRoom forgets those of sessions that are over, or else the one that was not used for longest; mu is held.
func (f *forms) makeRoom(now time.Time) {
	oldest, at := "", now
	for id, one := range f.all {
		if now.Sub(one.used) > signin.Idle {
			delete(f.all, id)
		} else if !one.used.After(at) {
			oldest, at = id, one.used
		}
	}
	if len(f.all) >= sessionsMost {
		delete(f.all, oldest)
	}
}

// claim takes a form for this request; of one that was sent before it says where what came of it stands.
func (f *forms) claim(of *signin.Session, once string) (at string, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if once == "" {
		return "/compose", false
	}
	one := f.of(of, time.Now())
	for _, sent := range one.sent {
		if sent.once == once {
			return sent.at, false
		}
	}
	if len(one.sent) >= sessionsForms {
		one.sent = slices.Delete(one.sent, 0, 1)
	}
	one.sent = append(one.sent, sentForm{once, "/sent"})
	return "", true
}

// settle notes where what came of a form stands; empty lets it be sent again.
func (f *forms) settle(of *signin.Session, once, at string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of(of, time.Now())
	if at == "" {
		one.sent = slices.DeleteFunc(one.sent, func(sent sentForm) bool { return sent.once == once })
		return
	}
	for i := range one.sent {
		if one.sent[i].once == once {
			one.sent[i].at = at
		}
	}
}

// cookieName is that of the session. Over TLS browsers hold by the prefix that no other host and no page without TLS has set it.
// Below a path the cookie is for that path alone, which the prefix of a whole host does not allow.
func (v *visit) cookieName() string {
	said := v.Proxied(v.r)
	name := "kurir"
	if said.User != "" {
		name = "kurir-proxy"
	}
	switch {
	case !v.secure():
		return name
	case said.Prefix != "":
		return "__Secure-" + name
	}
	return "__Host-" + name
}

// setCookie gives the browser a token, or with an empty one takes it back.
func (v *visit) setCookie(token string) {
	c := &http.Cookie{
		Name: v.cookieName(), Value: token, Path: v.Proxied(v.r).Prefix + "/", HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode,
		MaxAge: int(signin.Life / time.Second),
	}
	if token == "" {
		c.MaxAge = -1
	}
	v.framed(c)
	http.SetCookie(v.w, c)
}
