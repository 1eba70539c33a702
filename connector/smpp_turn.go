package connector

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ErrCrowded says that as many requests as may wait for room at the operator do.
var ErrCrowded = errors.New("too many requests wait for room in the link's window")

const (
	// smppMostAsked is how many requests that are no messages a session has on
	// the wire: a quarter of its window, and at most as many.
	smppMostAsked = 8
	// smppMostWaiting is how many wait for room on a session.
	smppMostWaiting = 32
)

// smppTurns are the places of query_sm, cancel_sm and replace_sm in the window of
// a session, which the operator counts as he counts messages. They come in turn
// with messages: when an answer leaves room, who waits here goes first, and when
// one of these is answered a message does. So neither keeps the other away, even
// in a window of one.
type smppTurns struct {
	open int             // on the wire, or given up and perhaps not answered yet
	line []chan struct{} // closed when it is one's turn
}

// enter waits for a place in the window; leave gives it back.
func (s *smppSession) enter(ctx context.Context) error {
	s.mu.Lock()
	switch {
	case s.ended:
		s.mu.Unlock()
		return ErrNoSession
	case len(s.turns.line) >= smppMostWaiting:
		s.mu.Unlock()
		return ErrCrowded
	}
	turn := make(chan struct{})
	s.turns.line = append(s.turns.line, turn)
	s.admit()
	s.mu.Unlock()
	var err error
	select {
	case <-turn:
		return nil
	case <-s.sess.Done():
		err = ErrNoSession
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	s.mu.Lock()
	i := slices.Index(s.turns.line, turn)
	if i >= 0 {
		s.turns.line = slices.Delete(s.turns.line, i, i+1)
	}
	s.mu.Unlock()
	if i < 0 { // its turn has come meanwhile
		s.leave(0)
	}
	return err
}

// admit gives places to those who wait for them; mu is held.
func (s *smppSession) admit() {
	for len(s.turns.line) > 0 && !s.ended && s.wire < s.window && s.turns.open < max(1, min(s.window/4, smppMostAsked)) {
		close(s.turns.line[0])
		s.turns.line = slices.Delete(s.turns.line, 0, 1)
		s.turns.open++
		s.wire++
	}
}

// leave gives a place back. A request that was given up may still be answered: the
// room is the messages' at once, and no other request's for as long as that may
// take, lest an operator who answers none is asked more and more.
func (s *smppSession) leave(unanswered time.Duration) {
	s.mu.Lock()
	s.wire--
	if unanswered > 0 {
		time.AfterFunc(unanswered, s.left)
	} else {
		s.turns.open--
	}
	s.pump()
	s.admit()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}

// left ends the time in which an answer may come.
func (s *smppSession) left() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns.open--
	s.admit()
}

// room is how much of the window is free, less who waits for it.
func (s *smppSession) room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window - s.wire - len(s.turns.line)
}
