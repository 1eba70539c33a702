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

// pass is one go at what waits on a session.
type pass struct {
	link    *Smooth // nil without a rate
	shared  *Shared
	now     time.Time
	pacing  bool
	closed  bool      // the link's rate lets nothing go any more
	waiting []string  // accounts that have to wait
	again   time.Time // when to ask again; zero for nothing
}

// newPass begins one on a session that is held by a lease, or by none.
func newPass(link *Smooth, shared *Shared, lease *Lease, now time.Time) pass {
	p := pass{link: link, shared: shared, now: now, pacing: link != nil || shared.accounts.Load() != nil}
	if lease.silent() {
		p.closed, p.again = true, now.Add(leaseLook)
	}
	return p
}

// goes tells whether a part of an account's message may be written now.
func (p *pass) goes(account string) bool {
	switch {
	case !p.pacing:
		return true
	case p.closed || slices.Contains(p.waiting, account): // behind its own
		return false
	}
	goes, again, all := p.link.Take(p.shared.smooth(account), p.now)
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

// end arranges for what may not go yet to be asked for again, by ask and a session's waker, nil before the first time.
func (p *pass) end(waker **time.Timer, ask func()) {
	after := p.again.Sub(p.now)
	switch {
	case p.again.IsZero():
	case *waker == nil:
		*waker = time.AfterFunc(after, ask)
	default:
		(*waker).Reset(after)
	}
}
