package gateway

import "time"

// followMost is how many gathers that are on disk may wait for their answers
// and hand-overs before the writer waits, too.
const followMost = 2

// follow does what waited for gathers, one after the other: answers to
// customers, hand-overs to sessions, acknowledgements to operators, deliveries.
// It has a goroutine of its own, so that the next gather is written meanwhile.
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
	answer(b.accepts)
	g.mu.Lock()
	now := time.Now()
	for i := range b.hands {
		g.handOver(&b.hands[i], now)
	}
	g.mu.Unlock()
	for i := range b.hands {
		if h := &b.hands[i]; len(h.out) > 0 {
			h.conn.Send(h.sess.num, h.out)
		}
	}
	for _, f := range b.after {
		f(nil)
	}
	g.makeCalls()

	g.mu.Lock()
	defer g.mu.Unlock()
	b.reset(0)
	g.spares = append(g.spares, b)
}

// handOver marks what goes on the wire now, or takes it back when the session
// has ended meanwhile.
func (g *Gateway) handOver(h *hand, now time.Time) {
	h.conn = h.sess.link.conn
	if !h.sess.down && h.conn != nil {
		for _, o := range h.out {
			o.Ref.(*entry).wired = true
		}
		return
	}
	for i := len(h.out) - 1; i >= 0; i-- {
		if e := h.out[i].Ref.(*entry); e.station == granted && e.sess == h.sess && !e.wired {
			g.takeBackGrant(e, now)
		}
	}
	h.out = h.out[:0]
	g.signal() // the writer may be idle
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
	return b
}
