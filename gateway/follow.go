package gateway

import (
	"slices"
	"time"

	"kurir/connector"
)

// followMost is how many gathers that are on disk may wait for their answers
// and hand-overs before the writer waits, too.
const followMost = 2

// follow does what waited for gathers, one after the other: acknowledgements to
// operators, answers to customers, hand-overs to sessions, deliveries. It has a
// goroutine of its own, so that the next gather is written meanwhile.
//
// Operators come first: their windows are what receipts come through, and when
// they are short of answers receipts fall behind what is accepted.
//
// A customer is answered before his messages leave for the operator: no receipt
// can overtake the answer to its message. What goes to a session that has ended
// meanwhile is taken back: it was not sent.
func (g *Gateway) follow() {
	for b := range g.following {
		g.followOne(b)
	}
}

func (g *Gateway) followOne(b *gather) {
	for _, f := range b.after {
		f(nil)
	}
	answer(b.accepts)
	for i := range b.hands {
		if h := &b.hands[i]; len(h.out) > 0 && h.taken.CompareAndSwap(false, true) {
			h.refused = h.conn.Send(h.sess.num, h.out)
		}
	}
	g.makeCalls()

	g.mu.Lock()
	defer g.mu.Unlock()
	g.unfollowed = slices.DeleteFunc(g.unfollowed, func(have *gather) bool { return have == b })
	g.handedOver(b, g.now())
	g.tellEvents(b.Events)
	b.reset(0)
	g.spares = append(g.spares, b)
}

// handOver marks what goes on the wire next, or takes it back when the session
// has ended before its gather was on disk.
func (g *Gateway) handOver(h *hand, now time.Time) {
	h.conn = h.sess.link.conn
	if !h.sess.down && h.conn != nil {
		for _, o := range h.out {
			e := o.Ref.(*entry)
			e.wired, e.handed = true, now.UnixMilli()
		}
		return
	}
	g.takeBackOut(h.out, h.sess, now)
	h.out = h.out[:0]
}

// handedOver sees to what was handed over to sessions that ended meanwhile: what
// the connector refused was not sent, the rest is uncertain as far as the end of
// the session has not brought it back.
func (g *Gateway) handedOver(b *gather, now time.Time) {
	for i := range b.hands {
		h := &b.hands[i]
		switch {
		case !h.sess.down:
			h.sess.refused = append(h.sess.refused, h.refused...) // its end is about to be told
		case len(h.out) > 0:
			g.takeBackOut(h.refused, h.sess, now)
			for _, o := range h.out {
				if e := o.Ref.(*entry); e.station == granted && e.sess == h.sess && e.wired {
					g.release(e)
					g.uncertain(e, now)
				}
			}
			g.dispatch(h.sess.link, now)
			g.signal()
		}
		h.refused = nil
	}
}

// beingHanded tells of what is being handed over to a session right now, so that
// it is not known yet what becomes of it.
func (g *Gateway) beingHanded(s *session) map[*entry]bool {
	list := map[*entry]bool{}
	for _, b := range g.unfollowed {
		for i := range b.hands {
			if h := &b.hands[i]; h.sess == s {
				for _, o := range h.out {
					list[o.Ref.(*entry)] = true
				}
			}
		}
	}
	return list
}

// recall takes back what is on disk and was not yet handed over to a session
// that has ended.
func (g *Gateway) recall(s *session, now time.Time) {
	for _, b := range g.unfollowed {
		for i := range b.hands {
			if h := &b.hands[i]; h.sess == s && h.taken.CompareAndSwap(false, true) {
				g.takeBackOut(h.out, s, now)
			}
		}
	}
}

// takeBackOut takes back what was granted to a session and has not been sent,
// the last first, so that it keeps its order.
func (g *Gateway) takeBackOut(out []*connector.Outgoing, s *session, now time.Time) {
	for i := len(out) - 1; i >= 0; i-- {
		if e := out[i].Ref.(*entry); e.station == granted && e.sess == s {
			g.takeBackGrant(e, now)
		}
	}
}

// newGather returns an empty gather, with the memory of an earlier one if there
// is one.
func (g *Gateway) newGather() *gather {
	g.sequence++
	b := &gather{}
	if n := len(g.spares); n > 0 {
		b = g.spares[n-1]
		g.spares = g.spares[:n-1]
	}
	b.reset(g.sequence)
	b.Node, b.Term = g.opt.Node, g.opt.Term
	return b
}
