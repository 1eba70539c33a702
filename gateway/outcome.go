package gateway

import (
	"time"

	"kurir/connector"
	"kurir/message"
)

// Answered implements connector.Core.
func (c linkCore) Answered(num uint32, answers []connector.Answer) {
	g, now := c.g, c.g.now()
	var times answerTimes
	g.mu.Lock()
	for i := range answers {
		e, ok := answers[i].Out.Ref.(*entry)
		if !ok || e.station != granted || e.sess == nil || e.sess.num != num {
			continue // its session was given up before
		}
		times.add(g, c.l, e, &answers[i], now)
		g.release(e)
		g.outcome(e, &answers[i], now)
	}
	times.flush(g, c.l, now)
	g.dispatch(c.l, now)
	g.mu.Unlock()
	g.signal()
}

// Throttled implements connector.Core.
func (c linkCore) Throttled(uint32) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.l.pace.slow(c.g.now(), c.l.set.ThrottleWait)
	c.l.count.throttled.Add(1)
}

// outcome decides what becomes of a message after the operator's answer. It is
// the only place that does.
func (g *Gateway) outcome(e *entry, a *connector.Answer, now time.Time) {
	if a.ID != "" {
		g.taken(e, a, now)
	}
	if e.past != nil && e.past.arrived { // an earlier attempt, while this one was on its way
		g.final(e, message.Delivered, message.NoFailure, now)
		return
	}
	if a.Failure == nil {
		l := e.link
		if len(e.m.Content.Header) > 0 {
			g.partTaken(e)
		}
		l.pace.success(now, e.cost())
		l.count.taken.Add(1)
		if e.m.Price != 0 {
			g.chargeTaken(e, now)
		}
		if e.out.Receipt && a.ID != "" {
			g.awaitReceipt(e, a, now)
			return
		}
		if e.m.Receipts.Wants(message.Enroute) {
			e.m.State = message.Enroute
			g.noteMidway(e.m, message.Enroute, now)
			g.owe(e, true, now) // no receipt will say it
		}
		e.keys = nil
		g.finish(e, message.Sent, message.NoFailure, now)
		return
	}
	e.keys = nil
	f := a.Failure
	e.event(message.Event{Kind: message.EventFailed, At: e.stamp(now), Failure: f.Kind, Code: f.Code, Text: e.link.name})
	e.link.count.failed.Add(1)
	switch {
	case f.Kind == message.Throttled:
		e.link.pace.slow(now, e.link.set.ThrottleWait)
		e.link.count.throttled.Add(1)
		e.throttled++
		g.aside(e, f.Kind, int(e.throttled)-patience, now)
	case f.Kind == message.NoAnswer:
		g.uncertain(e, now)
	case f.Kind.Temporary():
		if a.QueueFull {
			e.link.queueFull(e.m.To.Number, now)
		}
		g.retry(e, f.Kind, now)
	case g.leads(e, f.Kind) && g.toNext(e):
	default:
		g.finish(e, message.Rejected, f.Kind, now)
	}
}

// taken writes the operator's ids into the log, a part each.
func (g *Gateway) taken(e *entry, a *connector.Answer, now time.Time) {
	at, tag := e.stamp(now), e.link.tagOf(a.Host)
	s := g.scopeOf(e.link, tag)
	e.keys = e.oneKey[:0]
	e.event(message.Event{Kind: message.EventTaken, At: at, Part: 1, Text: a.ID, Code: tag})
	e.keys = append(e.keys, s.answered(a.ID, g.awaits))
	for i, id := range a.More {
		e.event(message.Event{Kind: message.EventTaken, At: at, Part: uint8(i + 2), Text: id, Code: tag})
		e.keys = append(e.keys, s.answered(id, g.awaits))
	}
}

// awaitReceipt makes the message enroute. Receipts that overtook the answer
// have been held and are applied now.
func (g *Gateway) awaitReceipt(e *entry, a *connector.Answer, now time.Time) {
	e.m.State = message.Enroute
	g.change(e)
	g.move(e, enroute, false)
	for _, k := range e.keys {
		g.outstanding.add(k, e)
	}
	g.watchDeadline(e, now)
	if e.past != nil {
		g.awaitPast(e)
	} else if e.m.Receipts.Wants(message.Enroute) {
		g.noteMidway(e.m, message.Enroute, now)
		g.owe(e, true, now)
	}
	g.watchMissing(e)
	if g.heldCount > 0 {
		g.claimHeld(e, g.scopeOf(e.link, e.link.tagOf(a.Host)), a, now)
	}
}

// watchDeadline sees to it that a message is given up in time which may end
// before it leaves memory; of others the disk says when (disk.go).
func (g *Gateway) watchDeadline(e *entry, now time.Time) {
	if d := e.deadline(); d < now.Add(2*g.opt.MarkLag).UnixMilli() {
		g.deadlines[d/1000+1] = append(g.deadlines[d/1000+1], e.m.ID)
	}
}

// retry follows a failure that may pass: the next link at once, and when all
// have been tried a pause that grows.
func (g *Gateway) retry(e *entry, kind message.FailureKind, now time.Time) {
	m := e.m
	e.tries++
	if g.retries.Load()[kind].over(m, int(e.tries), now) {
		g.finish(e, message.Undeliverable, kind, now)
		return
	}
	m.State = message.Queued
	if g.leads(e, kind) && g.toNext(e) {
		return
	}
	if int(e.round)+1 >= len(m.Links) {
		e.round = 0
	}
	g.pause(e, kind, int(e.tries), now)
}

// pause delays a message after its n-th setback, at most to the end of its
// validity.
func (g *Gateway) pause(e *entry, kind message.FailureKind, n int, now time.Time) {
	wait := g.retries.Load()[kind].delay(n, uint64(e.m.ID))
	if left := time.Duration(e.m.Expires-now.UnixMilli()) * time.Millisecond; left < wait {
		wait = left
	}
	e.event(message.Event{Kind: message.EventRetry, At: now.UnixMilli(), Code: uint32(max(0, wait) / time.Second)})
	g.change(e)
	g.delay(e, now.Add(wait), now)
}

// uncertain follows a message that may or may not have been sent: it is sent
// again, marked, unless the link's policy is once.
func (g *Gateway) uncertain(e *entry, now time.Time) { g.doubt(e, now, e.link.set.Once, 0) }

// doubt is uncertain with a policy, and with what the log says of the reason.
func (g *Gateway) doubt(e *entry, now time.Time, once bool, code uint32) {
	g.count.uncertain.Add(1)
	e.event(message.Event{Kind: message.EventUncertain, At: e.stamp(now), Code: code, Text: e.link.name})
	if e.past != nil && e.past.arrived {
		g.final(e, message.Delivered, message.NoFailure, now)
		return
	}
	if once {
		g.finish(e, message.Unknown, message.NoAnswer, now)
		return
	}
	e.doubts++
	g.aside(e, message.NoAnswer, min(int(e.doubts)-1, longestDoubt), now)
}

// longestDoubt bounds the pause of an uncertain message to the second step
// (10 s): most of them are only near to what went wrong, several times if the
// server itself was killed several times.
const longestDoubt = 2

// patience is how often the operator may ask for less speed over the same
// message before others go first.
const patience = 3

// aside lets a message wait again: first in its lane, or, when it has held up
// the others n times more than may happen to anyone, after a pause that grows.
// Otherwise one recipient whom the operator always throttles, or one text that
// makes it cut the connection, would stop the link for good.
func (g *Gateway) aside(e *entry, kind message.FailureKind, n int, now time.Time) {
	if g.retries.Load()[kind].over(e.m, int(e.throttled)+int(e.doubts), now) {
		if kind == message.NoAnswer {
			g.finish(e, message.Unknown, kind, now) // it may have arrived
		} else {
			g.finish(e, message.Undeliverable, kind, now)
		}
		return
	}
	e.m.State = message.Queued
	if n <= 0 {
		g.change(e)
		g.wait(e, true)
		return
	}
	g.pause(e, kind, n, now)
}

// expire ends a message whose validity is over.
func (g *Gateway) expire(e *entry, now time.Time) {
	g.finish(e, message.Expired, message.TooOld, now)
}

// finish makes a state final by our own decision.
func (g *Gateway) finish(e *entry, s message.State, why message.FailureKind, now time.Time) {
	if s != message.Sent {
		e.event(message.Event{Kind: message.EventState, At: now.UnixMilli(), State: s, Failure: why})
	}
	g.final(e, s, why, now)
}

// final ends a message's life; what is left is to tell the customer. why is told apart in reports.
func (g *Gateway) final(e *entry, s message.State, why message.FailureKind, now time.Time) {
	m := e.m
	if m.Price != 0 {
		g.settleFinal(e, s, now)
	}
	if len(m.Content.Header) > 0 {
		g.partEnded(e, s)
	}
	for _, k := range e.keys {
		if k != 0 {
			g.outstanding.remove(k, e)
			g.outstanding.settle(k, m.ID, s)
		}
	}
	if e.past != nil {
		g.endPast(e, s)
	}
	m.State, m.Final = s, now.UnixMilli()
	g.noteState(m, now)
	if m.Secret() {
		g.cur.Erased = append(g.cur.Erased, m.ID)
	}
	g.countFinal(e, s, why, now)
	g.count.final[s].Add(1)
	if s != message.Delivered && s != message.Sent {
		g.count.lost(m)
	}
	if m.Receipts.Wants(s) && m.Target.Kind != message.NoTarget {
		m.Owed = true
		g.change(e)
		g.owe(e, false, now)
		return
	}
	g.change(e)
	g.move(e, nowhere, false)
	g.forget(e)
}
