package wire

import "time"

// timing is what the timers of a session need to know. Together with a moment it decides what is due: nextTimer is a
// pure function, so that it can be tested without a clock.
type timing struct {
	login, alive, response, inactivity time.Duration // 0: no such timer

	opened time.Time // connection made
	heard  time.Time // last octets of the peer, of any kind
	active time.Time // last PDU in either direction that is no question for life
	oldest time.Time // oldest request of ours without an answer, zero if none
	asks   bool      // that is a question for life
	asked  time.Time // when the last was made, or could not be
	bound  bool
}

// timerAction is what a timer asks for.
type timerAction uint8

const (
	timerNone     timerAction = iota
	timerAlive                // ask the peer whether it lives
	closeLogin                // nobody has logged in in time
	closeSilent               // the question for life was not answered
	closeExpired              // a request was not answered in time
	closeInactive             // no traffic within the inactivity timeout
)

// timerIdleInterval is when to ask again if nothing is due at all.
const timerIdleInterval = time.Hour

// nextTimer gives what is due now, or timerNone and the moment at which to ask again. While a request of ours is open
// it is the response that shows whether the peer lives; without a time limit for responses the question for life has as
// long as the silence before it. The log-in is a request too, and has the time for it, which may be longer.
func (t *timing) nextTimer(now time.Time) (timerAction, time.Time) {
	next := now.Add(timerIdleInterval)
	due := func(from time.Time, after time.Duration) bool {
		if after <= 0 || from.IsZero() {
			return false
		}
		at := from.Add(after)
		if !at.After(now) {
			return true
		}
		if at.Before(next) {
			next = at
		}
		return false
	}
	response := t.response
	switch {
	case t.asks && response <= 0:
		response = t.alive
	case !t.bound && t.login > 0:
		response = 0
	}
	switch {
	case !t.bound && due(t.opened, t.login):
		return closeLogin, now
	case due(t.oldest, response) && t.asks:
		return closeSilent, now
	case due(t.oldest, response):
		return closeExpired, now
	case t.bound && due(t.active, t.inactivity):
		return closeInactive, now
	case t.bound && t.oldest.IsZero() && due(later(t.heard, t.asked), t.alive):
		return timerAlive, now
	}
	return timerNone, next
}

// later gives the later of two moments.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// tick does what the timers ask for and sets the read's deadline to the moment of the next.
func (s *Session[P]) tick() {
	for {
		now := time.Now()
		s.mu.Lock()
		if s.finishing {
			over := !s.deadline.After(now)
			s.mu.Unlock()
			if over {
				s.Close(nil) // the peer has not closed its side within the time for that
			}
			return
		}
		s.timing.oldest = s.window.oldest()
		action, next := s.timing.nextTimer(now)
		if action == timerNone {
			s.deadline = next
			_ = s.conn.SetReadDeadline(next)
			s.shrink()
		}
		s.mu.Unlock()
		if action == timerNone || !s.timer(action, now) {
			return
		}
	}
}

// timer does what one timer asks for; it returns false if the session ends.
func (s *Session[P]) timer(action timerAction, now time.Time) bool {
	switch action {
	case timerAlive:
		s.mu.Lock()
		defer s.mu.Unlock()
		err := s.add(s.protocol.Alive(), aliveRef{}, now)
		s.timing.asks, s.timing.asked = err == nil, now
		s.kick()
		return true
	case closeLogin:
		s.Close(ErrLoginTimeout)
	case closeSilent:
		s.Abort(ErrAliveTimeout)
	case closeExpired:
		s.expire(now)
	case closeInactive:
		s.Close(ErrInactive)
	}
	return false
}

// expire tells whose requests were not answered in time, and ends the session: their numbers cannot be used again.
func (s *Session[P]) expire(now time.Time) {
	s.mu.Lock()
	expired := s.window.drain(now.Add(-s.cfg.Response))
	s.info.Expired += uint64(len(expired))
	s.mu.Unlock()
	s.giveUp(expired, ErrResponseTimeout)
	s.Abort(ErrResponseTimeout)
}

// giveUp tells everyone who waits for a response that there will be none.
func (s *Session[P]) giveUp(list []entry[P], reason error) {
	responses := make([]Response[P], 0, len(list))
	for i := range list {
		e := &list[i]
		resp := Response[P]{Request: e.pdu, Ref: e.ref, Err: reason, Sent: e.sent}
		switch ref := e.ref.(type) {
		case aliveRef:
		case *call[P]:
			ref.answer <- resp
		default:
			responses = append(responses, resp)
		}
	}
	if len(responses) > 0 {
		s.reader.h.Responses(s, responses)
	}
}
