package gateway

import (
	"time"

	"kurir/store"
)

// When links and interfaces are there is kept for the report of availability, as
// spans (store.Span): what each server sees of its links, its interfaces and itself.
//
//  1. A change of a link's sessions begins another span at once; what changes by the
//     time or by somebody's wish is noticed within a second.
//  2. A span that goes on is written again every minute. After a crash it ends
//     there: what was up for less than that before is missing, and counts as down.
//  3. An interface is up while it is served and messages can be written.
//  4. When nobody has looked for two minutes the machine slept, or its clock was set: the
//     span before ends with the last look.

const (
	spanAgain = time.Minute     // until a span that goes on is written again
	spanBlind = 2 * time.Minute // without a look
)

// presence is the spans that go on. The gateway's lock guards it.
type presence struct {
	interfaces []string // that are served
	spans      map[spanKey]*openSpan
	looked     int64 // Unix milliseconds
	ended      bool
}

type spanKey struct{ kind, name string }

type openSpan struct {
	store.Span
	written int64 // Unix milliseconds
}

// Serves says which interfaces are served from now on.
func (g *Gateway) Serves(interfaces []string) {
	g.mu.Lock()
	g.presence.interfaces = interfaces
	g.seeAll(g.now())
	g.mu.Unlock()
	g.signal()
}

// seeAll notes how everything is. The lock is held.
func (g *Gateway) seeAll(now time.Time) {
	p, ms := &g.presence, now.UnixMilli()
	if p.ended || g.clockHeld() {
		return
	}
	if p.spans == nil {
		p.spans = map[spanKey]*openSpan{}
	}
	if ms < p.looked || p.looked != 0 && ms-p.looked > spanBlind.Milliseconds() {
		for key, s := range p.spans {
			if p.looked > s.written {
				g.writeSpan(s, p.looked)
			}
			delete(p.spans, key)
		}
	}
	p.looked = ms
	g.saw(store.SpanNode, "", store.SpanUp, ms)
	served := store.SpanUp
	if g.full != nil {
		served = store.SpanDown
	}
	for _, name := range p.interfaces {
		g.saw(store.SpanInterface, name, served, ms)
	}
	configured := g.snap.Load().Links
	for name := range configured {
		g.lookAt(g.link(name), now)
	}
	for key, s := range p.spans {
		_, link := configured[key.name]
		if key.kind == store.SpanLink && !link || key.kind == store.SpanInterface && !p.serves(key.name) {
			g.writeSpan(s, ms)
			delete(p.spans, key)
		}
	}
}

func (p *presence) serves(name string) bool {
	for _, have := range p.interfaces {
		if have == name {
			return true
		}
	}
	return false
}

// lookAt notes how a link is. The lock is held.
func (g *Gateway) lookAt(l *link, now time.Time) {
	if g.presence.spans == nil || g.presence.ended {
		return // before the first look, or after the last
	}
	state := store.SpanDown
	switch l.state(now) {
	case linkUp, linkDraining:
		state = store.SpanUp
	case linkMaintenance:
		state = store.SpanPlanned
	case linkStopped:
		state = store.SpanStopped
	}
	g.saw(store.SpanLink, l.name, state, now.UnixMilli())
}

// saw notes the state of something.
func (g *Gateway) saw(kind, name, state string, ms int64) {
	p, key := &g.presence, spanKey{kind, name}
	s := p.spans[key]
	switch {
	case s == nil:
	case s.State != state:
		g.writeSpan(s, ms)
		s = nil
	case g.full == nil && ms-s.written >= spanAgain.Milliseconds():
		g.writeSpan(s, ms)
	}
	if s == nil {
		s = &openSpan{Span: store.Span{Kind: kind, Name: name, Node: g.opt.Node, Since: ms, State: state}}
		p.spans[key] = s
		g.writeSpan(s, ms)
	}
}

// writeSpan writes how far a span has come.
func (g *Gateway) writeSpan(s *openSpan, until int64) {
	s.Until, s.written = max(until, s.Since), until
	g.cur.Spans = append(g.cur.Spans, s.Span)
}

// lookLast ends all spans, for the server does. The lock is held.
func (g *Gateway) lookLast(now time.Time) {
	g.seeAll(now)
	for _, s := range g.presence.spans {
		g.writeSpan(s, now.UnixMilli())
	}
	g.presence.ended = true
}
