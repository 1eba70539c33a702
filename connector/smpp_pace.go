package connector

import (
	"slices"
	"time"
)

// A link with a rate, and an account with one, give the wire no more within a
// tenth of a second than Smooth allows. Parts are asked for in order when they
// could be written. What may not go yet stays where it is, or, if it is only its
// account that has to wait, steps aside among the parts that were begun; a timer
// asks again.

// smppPass is one go at what waits on a session.
type smppPass struct {
	session *smppSession
	now     time.Time
	pacing  bool
	closed  bool      // the link's rate lets nothing go any more
	waiting []string  // accounts that have to wait
	again   time.Time // when to ask again; zero for nothing
}

func (s *smppSession) newPass(now time.Time) smppPass {
	p := smppPass{session: s, now: now, pacing: s.link.smooth != nil || s.link.shared.accounts.Load() != nil}
	if s.lease.silent() {
		p.closed, p.again = true, now.Add(leaseLook)
	}
	return p
}

// goes tells whether a part of an account's message may be written now.
func (p *smppPass) goes(account string) bool {
	switch {
	case !p.pacing:
		return true
	case p.closed || slices.Contains(p.waiting, account): // behind its own
		return false
	}
	link := p.session.link
	goes, again, all := link.smooth.Take(link.shared.smooth(account), p.now)
	if goes {
		return true
	}
	if p.closed = all; !all {
		p.waiting = append(p.waiting, account)
	}
	if p.again.IsZero() || again.Before(p.again) {
		p.again = again
	}
	return false
}

// end arranges for what may not go yet to be asked for again.
func (p *smppPass) end() {
	s, after := p.session, p.again.Sub(p.now)
	switch {
	case p.again.IsZero():
	case s.waker == nil:
		s.waker = time.AfterFunc(after, s.askAgain)
	default:
		s.waker.Reset(after)
	}
}

// askAgain writes what may go by now.
func (s *smppSession) askAgain() {
	s.mu.Lock()
	s.pump()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}
