package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"kurir/account"
)

// Bounds of sessions.
const (
	sessionIdle   = 12 * time.Hour     // without a request it ends
	sessionLife   = 7 * 24 * time.Hour // it ends in any case
	sessionsOf    = 10                 // of a user; one more ends the one that was idle for longest
	sessionsMost  = 10_000             // of all users, likewise
	sessionsForms = 50                 // forms that were sent, of which repeats are known
)

// session is one browser in which somebody has signed in.
type session struct {
	hash  [sha256.Size]byte // of the token
	id    string            // by which the user knows it
	user  string
	mark  [sha256.Size]byte // of the password with which it began
	addr  string
	agent string
	began time.Time
	seen  time.Time

	sent []sentForm // the last of them, guarded by sessions.mu
}

// sentForm is a form that was sent, and where what came of it stands; empty while that is not known.
type sentForm struct{ once, at string }

// sessions are those of this server, kept in memory: a restart ends them. It is safe for concurrent use.
type sessions struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*session
}

func newSessions() *sessions { return &sessions{all: map[[sha256.Size]byte]*session{}} }

// markOf changes when the user's password does.
func markOf(u *account.User) [sha256.Size]byte { return sha256.Sum256([]byte(u.Password.Reveal())) }

// begin makes a session and gives its token, which nobody else has or knows.
func (s *sessions) begin(u *account.User, addr, agent string, now time.Time) (token string) {
	token = rand.Text() + rand.Text() // 256 bits
	one := &session{hash: sha256.Sum256([]byte(token)), user: u.Name, mark: markOf(u), addr: addr, agent: agent[:min(len(agent), 200)], began: now, seen: now}
	one.id = hex.EncodeToString(one.hash[:8])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	s.room(sessionsOf, func(have *session) bool { return have.user == u.Name })
	s.room(sessionsMost, func(*session) bool { return true })
	s.all[one.hash] = one
	return token
}

// expire ends what is over; mu is held.
func (s *sessions) expire(now time.Time) {
	for hash, one := range s.all {
		if one.over(now) {
			delete(s.all, hash)
		}
	}
}

func (o *session) over(now time.Time) bool {
	return now.Sub(o.seen) > sessionIdle || now.Sub(o.began) > sessionLife
}

// room ends the one that was idle for longest, if there are so many of a kind; mu is held.
func (s *sessions) room(most int, of func(*session) bool) {
	n := 0
	var oldest *session
	for _, one := range s.all {
		if !of(one) {
			continue
		}
		if n++; oldest == nil || one.seen.Before(oldest.seen) {
			oldest = one
		}
	}
	if n >= most {
		delete(s.all, oldest.hash)
	}
}

// find gives a copy of the session of a token, nil if there is none any more.
func (s *sessions) find(token string, now time.Time) *session {
	hash := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[hash]
	if one == nil {
		return nil
	}
	if one.over(now) {
		delete(s.all, hash)
		return nil
	}
	one.seen = now
	found := *one
	return &found
}

// of gives a user's sessions, the last used first.
func (s *sessions) of(user string, now time.Time) (list []session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	for _, one := range s.all {
		if one.user == user {
			list = append(list, *one)
		}
	}
	slices.SortFunc(list, func(a, b session) int { return b.seen.Compare(a.seen) })
	return list
}

// end ends one of a user's sessions by its id, all of them by an empty id.
func (s *sessions) end(user, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, one := range s.all {
		if one.user == user && (id == "" || one.id == id) {
			delete(s.all, hash)
		}
	}
}

// claim takes a form for this request; of one that was sent before it says where what came of it stands.
func (s *sessions) claim(of *session, once string) (at string, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[of.hash]
	if one == nil || once == "" {
		return "/compose", false
	}
	for _, f := range one.sent {
		if f.once == once {
			return f.at, false
		}
	}
	if len(one.sent) >= sessionsForms {
		one.sent = slices.Delete(one.sent, 0, 1)
	}
	one.sent = append(one.sent, sentForm{once, "/sent"})
	return "", true
}

// settle notes where what came of a form stands; empty lets it be sent again.
func (s *sessions) settle(of *session, once, at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[of.hash]
	if one == nil {
		return
	}
	if at == "" {
		one.sent = slices.DeleteFunc(one.sent, func(f sentForm) bool { return f.once == once })
		return
	}
	for i := range one.sent {
		if one.sent[i].once == once {
			one.sent[i].at = at
		}
	}
}

// cookieName is that of the session. Over TLS browsers hold by the prefix that no other host and no page without TLS has set it.
func (v *visit) cookieName() string {
	if v.secure() {
		return "__Host-kurir"
	}
	return "kurir"
}

// setCookie gives the browser a token, or with an empty one takes it back.
func (v *visit) setCookie(token string) {
	c := &http.Cookie{
		Name: v.cookieName(), Value: token, Path: "/", HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode,
		MaxAge: int(sessionLife / time.Second),
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}
