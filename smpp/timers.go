package smpp

import "time"

// timing is what the timers of a session need to know. Together with a moment it decides what is due: nextTimer is a
// pure function, so that it can be tested without a clock (SMPP 3.4 7.2).
type timing struct {
	bind, enquire, response, inactivity, unbind time.Duration // 0: no such timer

	opened   time.Time // connection made
	heard    time.Time // last PDU of the peer, of any kind
	active   time.Time // last PDU in either direction that is not enquire_link
	enquired time.Time // our enquire_link without an answer, zero if none
	oldest   time.Time // oldest request of ours without an answer (enquire_link excepted), zero if none
	unbound  time.Time // the peer's unbind that waits for our last answers, zero if none
	bound    bool
}

// timerAction is what a timer asks for.
type timerAction uint8

const (
	timerNone     timerAction = iota
	timerEnquire              // send enquire_link
	timerExpire               // requests are older than the response timeout
	timerUnbind               // stop waiting for our last answers
	closeUnbound              // no bind within the bind timeout
	closeSilent               // enquire_link was not answered
	closeInactive             // no traffic within the inactivity timeout
)

// timerIdleInterval is when to ask again if nothing is due at all.
const timerIdleInterval = time.Hour

// nextTimer gives what is due now, or timerNone and the moment at which to ask again. The peer of an enquire_link has
// the response timeout to answer it, or as long as the enquire interval if there is no response timeout; whatever else
// it sends shows that it lives.
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
	answer := t.response
	if answer <= 0 {
		answer = t.enquire
	}
	enquireFrom := t.heard
	if !t.enquired.IsZero() {
		enquireFrom = time.Time{}
	}
	switch {
	case !t.bound && due(t.opened, t.bind):
		return closeUnbound, now
	case !t.enquired.IsZero() && due(later(t.enquired, t.heard), answer):
		return closeSilent, now
	case t.bound && due(t.active, t.inactivity):
		return closeInactive, now
	case due(t.unbound, t.unbind):
		return timerUnbind, now
	case due(t.oldest, t.response):
		return timerExpire, now
	case t.bound && due(enquireFrom, t.enquire):
		return timerEnquire, now
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

// giveUp tells everyone who waits for a response that there will be none.
func (s *Session) giveUp(list []entry, reason error) {
	r := &s.reader
	r.responses = r.responses[:0]
	for i := range list {
		e := &list[i]
		resp := Response{Request: e.body, Ref: e.ref, Err: reason, Sent: e.sent}
		if c, ok := e.ref.(*call); ok {
			c.answer <- resp
		} else if !e.enquire() {
			r.responses = append(r.responses, resp)
		}
	}
	if len(r.responses) > 0 {
		r.h.Responses(s, r.responses)
		clear(r.responses)
		r.responses = r.responses[:0]
	}
}

// tick does what the timers ask for and sets the read's deadline to the moment of the next.
func (s *Session) tick() {
	for {
		now := time.Now()
		s.mu.Lock()
		if s.finishing {
			if !s.deadline.After(now) {
				s.mu.Unlock()
				s.Close(nil) // the peer has not closed its side within the time for that
				return
			}
			s.mu.Unlock()
			return
		}
		s.timing.oldest = s.window.oldest()
		action, next := s.timing.nextTimer(now)
		if action == timerNone {
			s.deadline = next
			_ = s.conn.SetReadDeadline(next)
			s.shrink()
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if !s.timer(action, now) {
			return
		}
	}
}

// timer does what one timer asks for; it returns false if the session ends.
func (s *Session) timer(action timerAction, now time.Time) bool {
	switch action {
	case timerEnquire:
		s.enquire(now)
	case timerExpire:
		r := &s.reader
		s.mu.Lock()
		r.expired = s.window.expire(now.Add(-s.cfg.ResponseTimeout), r.expired[:0])
		s.info.Expired += uint64(len(r.expired))
		s.checkDrained()
		s.settleUnbind()
		s.mu.Unlock()
		s.giveUp(r.expired, ErrResponseTimeout)
		clear(r.expired)
	case timerUnbind:
		s.mu.Lock()
		s.answerUnbind()
		s.mu.Unlock()
		return false
	case closeUnbound:
		s.Close(ErrBindTimeout)
		return false
	case closeSilent:
		s.Abort(ErrEnquireTimeout)
		return false
	case closeInactive:
		s.Close(ErrInactive)
		return false
	}
	return true
}

// enquire sends enquire_link.
func (s *Session) enquire(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := PDU{Command: CommandEnquireLink, Body: &EnquireLink{}}
	p.Sequence = s.window.add(p.Body, enquireRef{}, now)
	_ = s.append(&p) // it has no fields that could fail
	s.timing.enquired = now
	s.kick()
}
