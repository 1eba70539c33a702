package gateway

import (
	"time"

	"kurir/message"
	"kurir/store"
)

// wait puts a message into the lanes of its link.
func (g *Gateway) wait(e *entry, front bool) {
	if g.opt.Shared && e.past == nil && (e.link.elsewhere && !e.link.up() || e.link.rates.none) {
		g.setFree(e)
		return
	}
	if e.past != nil {
		g.awaitPast(e)
	}
	g.open[e.m.ID] = e
	if e.station != waiting || !e.rowed {
		g.move(e, waiting, false)
	}
	e.link.lanes.push(e, front)
	if !g.ticking && e.link.up() {
		g.ticking = true
		select {
		case g.hurry <- struct{}{}:
		default:
		}
	}
}

// dispatch grants what waits for a link to its sessions, as far as their
// credit and the link's rate allow.
func (g *Gateway) dispatch(l *link, now time.Time) {
	g.lookAtClock(now)
	if g.full != nil || g.clockHeld() {
		return
	}
	l.lanes.goOn(now)
	for l.lanes.ready() > 0 {
		s := l.best()
		if s == nil {
			break
		}
		if parts, ok := l.pace.room(now); !ok || parts < 1 {
			l.rates.held = true
			break
		}
		if l.lanes.slow(now) {
			continue
		}
		e := l.lanes.head()
		if g.expired(e.m, now.UnixMilli()) {
			l.lanes.pop()
			g.expire(e, now)
			continue
		}
		if g.hours || e.m.Special != nil {
			if until, _ := g.snap.Load().opens(e.m, now); !until.IsZero() {
				l.lanes.pop()
				g.putOff(e, until, now)
				continue
			}
		}
		if !s.fits(e) {
			break // the session with the most room runs empty first
		}
		l.lanes.pop()
		g.grantTo(s, e, now, true)
	}
	g.refill(l)
	g.claim(l)
}

// mayGrant tells whether a new message may go to a session at once.
func (g *Gateway) mayGrant(l *link, s *session, e *entry, now time.Time) bool {
	for i := range l.spill {
		if l.spill[i].some {
			return false
		}
	}
	if g.clockHeld() || !s.fits(e) || !g.mayLeaveNow(l, e.m.Account, now) {
		return false
	}
	parts, ok := l.pace.room(now)
	return ok && (parts >= e.cost() || parts >= 1 && l.set.Rate > 0)
}

// grantTo books a message on a session and writes the grant: into the
// message's own row when that is being written, else into a row per session
// and batch.
func (g *Gateway) grantTo(s *session, e *entry, now time.Time, later bool) {
	m, l := e.m, s.link
	l.pace.take(e.cost())
	p := g.paces[m.Account]
	if p != nil {
		p.take(e.cost())
	}
	if g.opt.Divided {
		l.rates.granted(p, e.cost(), now)
	}
	s.add(e) // first: behind the mark, move writes a grant row of the session
	if later {
		g.move(e, granted, false)
	} else {
		e.station = granted
	}
	m.State = message.Sending
	e.event(message.Event{Kind: message.EventGranted, At: now.UnixMilli(), Code: s.num, Text: l.name})
	e.out.From, e.out.To = m.From, m.To
	if m.Special != nil || l.set.Senders != nil {
		e.show(l, now)
	}
	e.out.Receipt = l.set.wantsReceipt(m.Receipts) || l.set.Receipts != ReceiptsNever && g.repeats(m)
	if len(m.Content.Header) > 0 {
		g.partGranted(e)
	}
	h := g.hand(s)
	h.out = append(h.out, &e.out)
	if later && e.hold == nil {
		g.holdGrant(e, now)
	}
	g.open[m.ID] = e
}

// holdGrant names a granted message in the grant row of its session. The row's
// time lies behind every earlier answer to the message, and before the answer
// to this grant (see stamp), whatever the clock does: by that a restart tells
// which of the two it is.
func (g *Gateway) holdGrant(e *entry, now time.Time) {
	s, b := e.sess, g.cur
	h := g.hand(s)
	if h.row == nil {
		number := int64(g.nextID(g.now()))
		h.row = &grant{number: number}
		h.at = len(b.Granted)
		b.Granted = append(b.Granted, store.Grant{
			Number: number, Link: s.link.name, Session: s.num, At: now.UnixMilli(),
		})
	}
	row := &b.Granted[h.at]
	row.At = max(row.At, e.answered+1, e.m.ID.Millis())
	h.row.at = row.At
	row.IDs = append(row.IDs, e.m.ID)
	h.row.open++
	e.hold = h.row
}

// release takes a message back from its session: its credit is free again, and
// its grant row goes when it was the last in it.
func (g *Gateway) release(e *entry) {
	if e.sess != nil {
		e.sess.remove(e)
		if len(e.m.Content.Header) > 0 {
			g.partReleased(e)
		}
	}
	if h := e.hold; h != nil {
		e.hold = nil
		e.answered = max(e.answered, h.at)
		if h.open--; h.open == 0 {
			g.cur.GrantDone = append(g.cur.GrantDone, h.number)
		}
	}
}

// takeBackGrant lets a message wait again that was granted and never written
// to the wire: its log says so, lest a restart take it for uncertain.
func (g *Gateway) takeBackGrant(e *entry, now time.Time) {
	g.release(e)
	e.event(message.Event{Kind: message.EventQueued, At: e.stamp(now), Text: e.link.name})
	if e.past != nil && e.past.arrived {
		g.final(e, message.Delivered, message.NoFailure, now)
		return
	}
	e.m.State = message.Queued
	g.change(e)
	g.wait(e, true)
}
