package gateway

import (
	"slices"
	"time"

	"kurir/message"
)

// A message whose rule says may_repeat goes to the next link after a negative
// receipt, or when none comes. The procedure:
//
//  1. The attempt gives way (repeat): the message waits again, for a link that has
//     not had it, and what the earlier operator may still say is kept (past).
//  2. A positive receipt of any attempt ends the message as delivered; an attempt
//     that waits is dropped, one that is with a session ends with its answer.
//  3. Later positive receipts of the others are counted as second deliveries.
//
// Such a message stays in memory while it waits. After a restart it is read with
// what it was. Receipts are looked after by missing.go.

// past is what earlier operators may still say of a message.
type past struct {
	attempts []attempt
	arrived  bool // one of them delivered it
	awaits   bool // their keys are among the outstanding
}

type attempt struct {
	link string
	hop  uint8
	keys []uint64 // by part; 0 = came
	bad  bool     // a part of it did not arrive
}

// tried tells whether a link has had the message.
func (p *past) tried(hop uint8) bool {
	return p != nil && slices.ContainsFunc(p.attempts, func(a attempt) bool { return a.hop == hop })
}

// untried returns the index of the first link that has not had the message, -1 if
// all have.
func (e *entry) untried() int {
	return slices.IndexFunc(e.m.Links, func(link string) bool { return !e.past.had(link) })
}

// had tells whether a link of that name has had the message.
func (p *past) had(link string) bool {
	return p != nil && slices.ContainsFunc(p.attempts, func(a attempt) bool { return a.link == link })
}

// book notes what an operator said of a part of an attempt, and tells whether the
// attempt has delivered the message.
func (p *past) book(link string, part int, s message.State) {
	if p == nil {
		return
	}
	for i := range p.attempts {
		a := &p.attempts[i]
		if a.link != link || part < 1 || part > len(a.keys) {
			continue
		}
		a.keys[part-1] = 0
		a.bad = a.bad || s != message.Delivered
		if !a.bad && !slices.ContainsFunc(a.keys, func(k uint64) bool { return k != 0 }) {
			p.arrived = true
		}
	}
}

// deliverer returns the link of the earlier attempt that delivered the message; false
// if none has.
func (p *past) deliverer() (hop uint8, delivered bool) {
	if p == nil || !p.arrived {
		return 0, false
	}
	for i := range p.attempts {
		a := &p.attempts[i]
		if !a.bad && !slices.ContainsFunc(a.keys, func(k uint64) bool { return k != 0 }) {
			return a.hop, true
		}
	}
	return 0, false
}

// gaveWay notes that an attempt gave way to the next.
func (e *entry) gaveWay(link string, keys []uint64, bad bool) {
	if e.past == nil {
		e.past = &past{}
	}
	e.past.attempts = append(e.past.attempts, attempt{link, hopOf(e.m.Links, link), keys, bad})
}

// awaited lists the keys of all attempts; 0 for those that came.
func (e *entry) awaited() []uint64 {
	if e.past == nil {
		return e.keys
	}
	list := slices.Clone(e.keys)
	for i := range e.past.attempts {
		list = append(list, e.past.attempts[i].keys...)
	}
	return list
}

// awaitPast lets receipts of earlier attempts find the message.
func (g *Gateway) awaitPast(e *entry) {
	if e.past.awaits {
		return
	}
	e.past.awaits = true
	for i := range e.past.attempts {
		for _, k := range e.past.attempts[i].keys {
			if k != 0 {
				g.outstanding.add(k, e)
			}
		}
	}
}

// repeats tells whether a message may be repeated, so that a receipt is needed
// whatever its customer asked for.
func (g *Gateway) repeats(m *message.Message) bool {
	f := g.fallbackOf(m)
	return f != nil && f.MayRepeat
}

// repeat lets the next link send a message that its operator has: after a
// negative receipt, or a missing one. False if it may not, or none is left.
func (g *Gateway) repeat(e *entry, why message.FailureKind, negative bool, now time.Time) bool {
	f, m, ms := g.fallbackOf(e.m), e.m, now.UnixMilli()
	if f == nil || !f.MayRepeat || why == message.BadRecipient || len(m.Content.Header) > 0 || g.expired(m, ms) ||
		f.Within > 0 && ms >= max(m.ID.Millis(), m.SendAt)+f.Within.Milliseconds() {
		return false
	}
	next := -1
	for i, name := range m.Links {
		if uint8(i) == e.hop || e.past.tried(uint8(i)) {
			continue
		}
		if next < 0 {
			next = i
		}
		if g.link(name).up() {
			next = i
			break
		}
	}
	if next < 0 {
		return false
	}
	if e.rowed {
		g.removeRow(e)
	}
	keys, code := slices.Clone(e.keys), uint32(0)
	if negative { // nothing that this operator says can make it whole
		code = 1
		for i, k := range keys {
			if k != 0 {
				g.outstanding.remove(k, e)
				g.outstanding.settle(k, m.ID, message.Undeliverable)
			}
			keys[i] = 0
		}
	}
	e.gaveWay(e.link.name, keys, negative)
	e.past.awaits = true // those that are left are there already
	e.keys = nil
	e.event(message.Event{Kind: message.EventRepeat, At: ms, Text: e.link.name, Code: code})
	g.count.repeated.Add(1)
	e.hop, e.round, e.failed = uint8(next), 0, 0
	e.link = g.link(m.Links[next])
	m.State = message.Queued
	g.change(e)
	g.wait(e, true)
	g.dispatch(e.link, now)
	return true
}

// pastReport books a receipt of an attempt that gave way.
func (g *Gateway) pastReport(e *entry, key uint64, r *message.Report, now time.Time) {
	if e.past == nil || !r.State.Final() {
		return
	}
	for i := range e.past.attempts {
		a := &e.past.attempts[i]
		part := slices.Index(a.keys, key) + 1
		if part == 0 {
			continue
		}
		rowed := e.rowed && e.station == enroute
		if rowed {
			g.removeRow(e) // its keys change
		}
		e.event(message.Event{
			Kind: message.EventEarlier, At: now.UnixMilli(), Part: uint8(part), State: r.State, Failure: r.Failure, Code: r.Code, Text: a.link,
		})
		e.past.book(a.link, part, r.State)
		g.outstanding.remove(key, e)
		g.outstanding.gone.put(key, settled{id: e.m.ID, state: r.State})
		g.change(e)
		switch {
		case e.past.arrived:
			g.arrived(e, now)
		case rowed:
			g.move(e, enroute, false)
		}
		return
	}
}

// arrived ends a message that an earlier attempt delivered. One that is with a
// session ends when that answers.
func (g *Gateway) arrived(e *entry, now time.Time) {
	e.past.arrived = true
	waits, l := e.station == waiting, e.link
	if e.station == granted {
		g.change(e)
		return
	}
	g.final(e, message.Delivered, message.NoFailure, now)
	if waits {
		l.lanes.remove(e)
	}
}

// arrivedLate follows a positive receipt of an attempt of which nothing was
// awaited any more: the message has been delivered twice.
func (g *Gateway) arrivedLate(id message.ID, r *message.Report, now time.Time) {
	g.count.doubleDelivered.Add(1)
	g.contradict(id, r, now)
}

// endPast forgets what earlier operators may say of a message that ends. If it was
// delivered, a positive receipt of another attempt means that it was twice.
func (g *Gateway) endPast(e *entry, s message.State) {
	for _, k := range e.awaited() {
		if k != 0 {
			g.outstanding.remove(k, e)
			g.outstanding.gone.put(k, settled{id: e.m.ID, state: s, other: s == message.Delivered})
		}
	}
}
