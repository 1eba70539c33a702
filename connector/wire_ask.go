package connector

import (
	"context"
	"errors"

	"kurir/wire"
)

// ask makes a request on the session with most room, or, if ids are those of hosts, on one of a host that gave the id. It
// waits for room in the window, at most as long as for an answer.
func (l *wireLink[P]) ask(ctx context.Context, at AtOperator, p P) (response P, host string, err error) {
	s := l.askable(at)
	if s == nil {
		return response, "", ErrNoSession
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*l.remote.ResponseTimeout, ErrCrowded)
	defer cancel()
	response, err = s.sess.Do(ctx, p)
	if errors.Is(err, wire.ErrWindowFull) {
		err = ErrCrowded
	}
	return response, s.host, err
}

// askable returns the session to ask, nil if there is none.
func (l *wireLink[P]) askable(at AtOperator) (found *wireSession[P]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, slot := range l.slots {
		s, _ := slot.session.(*wireSession[P])
		if s == nil || s.host != "" && at.GaveID != nil && !at.GaveID(s.host) {
			continue
		}
		if found == nil || s.sess.Room() > found.sess.Room() {
			found = s
		}
	}
	return found
}
