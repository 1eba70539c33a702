package api

import (
	"fmt"
	"sync"
	"time"
)

const (
	breakAfter = 3                // calls in a row without an answer
	restFor    = 10 * time.Second // until one call is tried
	maxBroken  = 1000             // servers remembered
)

// restingError says that a server was not called, because it did not answer
// the calls before.
type restingError struct {
	host  string
	calls int
}

// Error implements error.
func (e *restingError) Error() string {
	return fmt.Sprintf("not called: %s has not answered the last %d calls", e.host, e.calls)
}

// breaker keeps calls from servers that do not answer, lest they hold the
// places of those that do. A server that breakAfter calls in a row got no
// answer from (none at all: any status is one) rests for restFor; then one call
// at a time finds out whether it is back. Memory is bounded by maxBroken
// servers; what is forgotten is called again.
type breaker struct {
	mu     sync.Mutex
	silent map[callKey]*silence
}

// silence is what is known of a server whose last call had no answer.
type silence struct {
	calls   int       // in a row
	until   time.Time // rests
	probing bool      // one call finds out
}

// enter asks for leave to call. Whoever gets it calls leave afterwards.
func (b *breaker) enter(key callKey) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.silent[key]
	if s == nil || s.calls < breakAfter {
		return nil
	}
	if s.probing || time.Now().Before(s.until) {
		return &restingError{key.host, s.calls}
	}
	s.probing = true
	return nil
}

// leave tells how a call has ended.
func (b *breaker) leave(key callKey, answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if answered {
		delete(b.silent, key)
		return
	}
	s := b.silent[key]
	if s == nil {
		b.makeRoom()
		s = &silence{}
		b.silent[key] = s
	}
	s.calls++
	s.probing, s.until = false, time.Now().Add(restFor)
}

// rests tells until when a server is not called; the zero time if it is.
func (b *breaker) rests(key callKey) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.silent[key]; s != nil && s.calls >= breakAfter && time.Now().Before(s.until) {
		return s.until
	}
	return time.Time{}
}

// makeRoom forgets a server when there are too many: one that does not rest
// any more if there is one.
func (b *breaker) makeRoom() {
	if len(b.silent) < maxBroken {
		return
	}
	var victim callKey
	now := time.Now()
	for key, s := range b.silent {
		victim = key
		if now.After(s.until) && !s.probing {
			break
		}
	}
	delete(b.silent, victim)
}
