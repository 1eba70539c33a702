package gateway

import (
	"time"

	"kurir/message"
	"kurir/route"
)

// policiesMost bounds what is remembered of fallbacks that were read.
const policiesMost = 1000

// fallbackOf returns the fallback of the rule by which a message was accepted,
// nil for most. It is the first event of the log, so that others pay for one
// comparison.
func (g *Gateway) fallbackOf(m *message.Message) *route.Fallback {
	if len(m.Log) == 0 || m.Log[0] != byte(message.EventFallback) {
		return nil
	}
	first, _ := message.FirstEvent(m.Log, m.ID)
	f := g.policies[first.Text]
	if f == nil {
		read, err := route.ParseFallback(first.Text)
		if err != nil {
			return nil
		}
		if f = &read; len(g.policies) >= policiesMost {
			clear(g.policies)
		}
		g.policies[first.Text] = f
	}
	return f
}

// leads tells whether a failure leads to the next link, and counts it.
func (g *Gateway) leads(e *entry, kind message.FailureKind) bool {
	f := g.fallbackOf(e.m)
	if f == nil {
		return kind.Temporary()
	}
	if !f.Leads(kind) {
		return false
	}
	if e.failed++; int(e.failed) < f.After && kind.Temporary() {
		return false
	}
	return true
}

// toNext lets a message take the next link of its route; false if it has tried
// all of them since its last pause.
func (g *Gateway) toNext(e *entry) bool {
	m := e.m
	if int(e.round)+1 >= len(m.Links) || !g.mayLeave(e) {
		return false
	}
	hop := e.hop
	for range m.Links {
		if hop = (hop + 1) % uint8(len(m.Links)); !e.past.tried(hop) {
			break
		}
	}
	if hop == e.hop {
		return false
	}
	from := e.link
	e.round++
	e.hop, e.failed = hop, 0
	e.link = g.link(m.Links[hop])
	m.State = message.Queued
	g.change(e)
	g.partLeft(e, from)
	g.wait(e, true)
	return true
}

// another returns the index of the link that a waiting message is to take: the
// first that is up, but for those that had it and gave way.
func (g *Gateway) another(e *entry) uint8 {
	if e.past == nil {
		return g.firstUp(e.m.Links)
	}
	for i, name := range e.m.Links {
		if !e.past.tried(uint8(i)) && g.link(name).up() {
			return uint8(i)
		}
	}
	return e.hop
}

// comesBack notes that a link gets a session that sends. One that was away for
// long, so that messages took others, has to stay for a while before it is
// preferred again.
func (l *link) comesBack(now time.Time) {
	if len(l.sessions) == 0 && l.wasUp && (l.returns != 0 || now.Sub(l.downAt) > l.set.FallbackWait) {
		l.returns = now.Add(l.set.ReturnWait).UnixMilli()
	}
	l.wasUp = true
}

// settledBack tells whether a link that was away has stayed for long enough.
func (l *link) settledBack() bool {
	if time.Now().UnixMilli() < l.returns {
		return false
	}
	l.returns = 0
	return true
}
