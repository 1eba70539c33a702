package gateway

import (
	"context"
	"time"

	"kurir/message"
	"kurir/store"
)

// Parts of one message from a phone may come by sessions of several gateways. So
// each part stands in table inbound_part before it is acknowledged, and whoever
// looks there and finds all parts of a message joins them, if the first of them is
// its own: exactly one gateway is that. The commit with the whole message removes
// all the parts. In memory is only which parts have come here, so that one that the operator repeats is known.

// awaitOthers keeps a part until its message is whole on disk.
func (g *Gateway) awaitOthers(a *assembly, m *message.Inbound, p store.InboundPart) {
	g.keepPart(a, m)
	g.cur.Parts = append(g.cur.Parts, p)
}

// readParts joins the messages that are whole on disk, or will not be any more.
func (g *Gateway) readParts(ctx context.Context) error {
	if g.store.Counts().Parts == 0 {
		g.forgetParts(map[string]bool{}, g.lastDone())
		return nil
	}
	done := g.lastDone()
	byKey := map[string][]*store.InboundPart{}
	err := g.store.InboundParts(ctx, 0, func(p *store.InboundPart) error {
		byKey[p.Key] = append(byKey[p.Key], &store.InboundPart{ID: p.ID, Key: p.Key, Number: p.Number, Total: p.Total, Received: p.Received, Part: p.Part, Node: p.Node})
		return nil
	})
	if err != nil {
		return err
	}
	snap := g.snap.Load()
	wait := snap.JoinWait
	if wait == 0 {
		wait = g.opt.JoinWait
	}
	limit := g.now().Add(-wait).UnixMilli()
	known := map[string]bool{}
	for key, parts := range byKey {
		known[key] = true
		if first := parts[0]; first.Node != g.opt.Node || !whole(parts) && first.Received >= limit {
			continue
		}
		in := parts[0].Part
		answers, err := g.answerOf(snap, in.Link, in.From, in.To, time.UnixMilli(parts[0].Received))
		if err != nil {
			return err
		}
		g.joinFromDisk(snap, key, parts, answers, done)
	}
	g.forgetParts(known, done)
	return nil
}

// lastDone returns the sequence of the last gather that is on disk.
func (g *Gateway) lastDone() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.done
}

// whole tells whether all parts are there.
func whole(parts []*store.InboundPart) bool {
	numbers := map[uint8]bool{}
	for _, p := range parts {
		numbers[p.Number] = true
	}
	return len(numbers) >= int(parts[0].Total)
}

// joinFromDisk makes one message of parts, which are in the order of their ids. done is the last
// gather that was on disk when they were read.
func (g *Gateway) joinFromDisk(snap *Snapshot, key string, parts []*store.InboundPart, answers replyTo, done uint64) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil || g.joining[key] > done {
		return // what was read is being removed
	}
	a := newAssembly(key, int(parts[0].Total), parts[0].Received)
	for _, p := range parts {
		if p.Number > 0 && int(p.Number) <= len(a.parts) && a.parts[p.Number-1] == nil {
			a.add(p.Number, p.Part)
		}
		a.ids = append(a.ids, p.ID)
	}
	g.takeIn(snap, g.joined(a, g.nextID(now), now.UnixMilli()), answers, now)
	g.joining[key] = g.cur.seq
	if mine := g.joins[key]; mine != nil && mine.parts != nil {
		g.joinSize -= mine.size
		mine.parts, mine.ids, mine.size, mine.since = nil, nil, 0, now.UnixMilli()
	}
	g.signal()
}

// forgetParts notes which messages are whole whose parts are not on disk any more.
func (g *Gateway) forgetParts(onDisk map[string]bool, done uint64) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, seq := range g.joining {
		if seq <= done && !onDisk[key] {
			delete(g.joining, key)
		}
	}
	for key, a := range g.joins {
		if a.parts != nil && a.in <= done && !onDisk[key] {
			g.joinSize -= a.size
			a.parts, a.ids, a.size, a.since = nil, nil, 0, now.UnixMilli()
		}
	}
}
