package gateway

import (
	"maps"
	"math"
	"time"

	"kurir/message"
)

// The rate of an account holds on its way out as well: it may have a second's
// worth accepted at once, but what waits for links leaves at the rate, counted
// over all of them. An account that has had what it may is slowed: its messages
// are passed over until its rate allows the next, and no other account waits.

// setPaces follows a new configuration.
func (g *Gateway) setPaces(s *Snapshot) {
	rates := s.Accounts.Rates()
	old := g.paces
	g.paces = make(map[string]*pace, len(rates))
	for account, rate := range rates {
		p := old[account]
		if p == nil {
			p = &pace{}
		}
		p.configure(rate)
		g.paces[account] = p
	}
	g.sharePaces()
	for _, l := range g.links {
		l.lanes.paces = g.paces
		for i := range l.lanes.lane {
			for name, q := range l.lanes.lane[i].queues {
				q.pace = g.paces[name]
			}
		}
	}
}

// mayLeaveNow tells whether the rate of a new message's account lets it go ahead,
// and nothing of the account waits that would be overtaken.
func (g *Gateway) mayLeaveNow(l *link, account string, now time.Time) bool {
	p := g.paces[account]
	if p == nil {
		return true
	}
	parts, ok := p.room(now)
	return ok && parts >= 1 && l.lanes.n == 0
}

// slow has the account whose turn it is wait for its rate, if it has to.
func (l *lanes) slow(now time.Time) bool {
	ln := l.next()
	q := ln.turns.head()
	if q.pace == nil {
		return false
	}
	if parts, ok := q.pace.room(now); ok && parts >= 1 {
		return false
	}
	ln.turns.pop()
	q.slowed = true
	ln.slowed = append(ln.slowed, q)
	ln.later += q.n
	l.later += q.n
	return true
}

// goOn lets accounts go on that have waited for long enough.
func (l *lanes) goOn(now time.Time) {
	for i := range l.lane {
		ln := &l.lane[i]
		still := ln.slowed[:0]
		for _, q := range ln.slowed {
			if q.n > 0 && q.pace != nil {
				if parts, ok := q.pace.room(now); !ok || parts < 1 {
					still = append(still, q)
					continue
				}
			}
			q.slowed, q.queued = false, q.n > 0
			ln.later -= q.n
			l.later -= q.n
			if q.queued {
				ln.turns.push(q)
			}
		}
		clear(ln.slowed[len(still):])
		ln.slowed = still
	}
}

// ready is how many messages wait of accounts that are not slowed.
func (l *lanes) ready() int { return l.n - l.later }

func (l *lane) ready() int { return l.n - l.later }

// count books n more messages of an account.
func (l *lanes) count(ln *lane, q *accountQueue, n int) {
	l.n += n
	ln.n += n
	if q.slowed {
		l.later += n
		ln.later += n
	}
}

// passOver returns the accounts that are slowed and of which enough waits in memory: a
// helping from disk is the others'.
func (g *Gateway) passOver(l *link, p message.Priority) map[string]struct{} {
	var list map[string]struct{}
	for _, q := range l.lanes.lane[p].slowed {
		if q.n > 0 && (q.n*aheadShare >= g.opt.QueueMemory || l.lanes.n >= 2*g.opt.QueueMemory) {
			if list == nil {
				list = map[string]struct{}{}
			}
			list[q.account] = struct{}{}
		}
	}
	return list
}

// lastID is behind every message.
const lastID = message.ID(math.MaxInt64)

// beginWithout has the next helping begin anew for all accounts but those that
// were passed over, which go on where they were.
func (sp *spill) beginWithout(passed map[string]struct{}, again time.Time) {
	maps.DeleteFunc(sp.after, func(account string, _ message.ID) bool {
		_, kept := passed[account]
		return !kept
	})
	sp.again = again
}
