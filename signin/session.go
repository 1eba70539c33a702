package signin

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"maps"
	"time"

	"kurir/account"
	"kurir/store"
)

// Bounds of sessions.
const (
	Idle = 12 * time.Hour     // without a request a session ends
	Life = 7 * 24 * time.Hour // it ends in any case

	waitLife   = 10 * time.Minute // to give a code in
	mostOf     = 10               // of a person; one more ends the one that was idle for longest
	mostWaits  = 3                // of a person that wait for a code, likewise
	agentOctet = 200              // kept of what a browser says of itself
	touchEvery = time.Minute      // it is written when sessions were used
)

// Session is one browser in which somebody has signed in.
type Session struct {
	ID          string // by which people name it: 16 hexadecimal digits
	Person      string // name of the user
	Addr, Agent string // where it began
	Began, Seen time.Time
	Waits       bool // for the second factor

	token      string // empty for one that was not found by it
	hash, mark []byte
}

// Begin makes a session of a new token, which nobody else has or knows. waits: it is good for giving a code only.
func (b *Book) Begin(u *account.User, addr, agent string, waits bool) (token string, err error) {
	token, hash := newToken()
	now := b.opt.Now()
	limits := store.SessionLimits{
		Most: mostOf, Began: now.Add(-Life).UnixMilli(), Seen: now.Add(-Idle).UnixMilli(), Waited: now.Add(-waitLife).UnixMilli(),
	}
	if waits {
		limits.Most = mostWaits
	}
	return token, b.opt.Store.BeginSession(&store.WebSession{
		Hash: hash, Person: u.Name, Mark: markOf(u, token), Addr: addr, Agent: agent[:min(len(agent), agentOctet)],
		Began: now.UnixMilli(), Seen: now.UnixMilli(), Waits: waits,
	}, limits)
}

// Find gives the session of a token, nil if there is none any more, and notes that it is used. The error is the database's.
func (b *Book) Find(ctx context.Context, token string) (*Session, error) {
	row, err := b.opt.Store.Session(ctx, hashOf(token))
	if err != nil || row == nil {
		return nil, err
	}
	now := b.opt.Now()
	s := b.session(row)
	if s.over(now) {
		return nil, nil
	}
	s.token = token
	b.touch(row.Hash, row.Seen, now)
	return s, nil
}

// Of tells whether the session is that user's, and the password is still the one with which it began.
func (s *Session) Of(u *account.User) bool {
	return u != nil && u.Name == s.Person && hmac.Equal(s.mark, markOf(u, s.token))
}

func (s *Session) over(now time.Time) bool {
	return now.Sub(s.Seen) > Idle || now.Sub(s.Began) > Life || s.Waits && now.Sub(s.Began) > waitLife
}

// session makes of a row what people see.
func (b *Book) session(row *store.WebSession) *Session {
	b.mu.Lock()
	seen := max(row.Seen, b.touched[string(row.Hash)])
	b.mu.Unlock()
	return &Session{
		ID: hex.EncodeToString(row.Hash[:8]), Person: row.Person, Addr: row.Addr, Agent: row.Agent,
		Began: time.UnixMilli(row.Began), Seen: time.UnixMilli(seen), Waits: row.Waits, hash: row.Hash, mark: row.Mark,
	}
}

// touch notes that a session is used. About once a minute that is written for all of them, in the background.
func (b *Book) touch(hash []byte, seen int64, now time.Time) {
	if now.UnixMilli()-seen < touchEvery.Milliseconds() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.touched[string(hash)] = now.UnixMilli()
	if b.writing || now.Sub(b.wrote) < touchEvery {
		return
	}
	b.writing, b.wrote = true, now
	all := maps.Clone(b.touched)
	b.writers.Go(func() {
		err := b.opt.Store.TouchSessions(all)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.writing = false
		maps.DeleteFunc(b.touched, func(hash string, at int64) bool { return err == nil && all[hash] == at })
		if len(b.touched) > 100_000 { // the database has been away for days
			clear(b.touched)
		}
	})
}

// Sessions gives the sessions of a person, of everybody for an empty name; the last used first. Those that wait for a code are not
// among them.
func (b *Book) Sessions(ctx context.Context, person string) ([]*Session, error) {
	rows, err := b.opt.Store.Sessions(ctx, person)
	if err != nil {
		return nil, err
	}
	now := b.opt.Now()
	var list []*Session
	for i := range rows {
		if s := b.session(&rows[i]); !s.Waits && !s.over(now) {
			list = append(list, s)
		}
	}
	return list, nil
}

// End ends one session of a person by its id, and tells whether there was such a one.
func (b *Book) End(ctx context.Context, person, id string) (found bool, err error) {
	list, err := b.Sessions(ctx, person)
	if err != nil {
		return false, err
	}
	for _, s := range list {
		if s.ID == id {
			return true, b.opt.Store.EndSession(person, s.hash)
		}
	}
	return false, nil
}

// EndAll ends the sessions of a person, but for one; nil for all of them.
func (b *Book) EndAll(person string, but *Session) error {
	var hash []byte
	if but != nil {
		hash = but.hash
	}
	return b.opt.Store.EndSessions(person, hash)
}

// Leave ends a session that was found.
func (b *Book) Leave(s *Session) error { return b.opt.Store.EndSession(s.Person, s.hash) }

// Same tells whether two are the same session.
func (s *Session) Same(other *Session) bool { return other != nil && bytes.Equal(s.hash, other.hash) }
