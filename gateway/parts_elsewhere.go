package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// Parts of one message from a phone may come by sessions of several gateways. So
// each part stands in table inbound_part before it is acknowledged, and whoever
// looks there and finds all parts of a message joins them, if the first of them is
// its own: exactly one gateway is that. The commit with the whole message removes
// all the parts, and remembers them for a while, as the operator may repeat one at a
// gateway that knows nothing of them (parts_repeated.go). In memory is only which
// parts have come here.
//
// A part that makes a message whole is acknowledged once that is joined: what the
// phone writes next comes later, and is told behind it. If the gateway that is to join it is dead, and
// nobody has taken over within joinWait, the operator is asked to try again.

// joinWait is how long the acknowledgement of a part waits for that.
const joinWait = 8 * time.Second

var errNotJoined = errors.New("the parts of the message have not been joined yet")

// partsAck is an acknowledgement that waits until messages are joined of which parts have come.
type partsAck struct {
	keys  []string
	since time.Time
	ack   func(error)
}

// onceJoined returns what is to be called when parts are on disk.
func (g *Gateway) onceJoined(keys []string, ack func(error)) func(error) {
	if len(keys) == 0 {
		return ack
	}
	return func(err error) {
		if err == nil && g.news.await(partsAck{keys, g.now(), ack}) {
			return
		}
		ack(err)
	}
}

// await keeps an acknowledgement for the next look at the parts on disk; false if nobody looks any more.
func (n *news) await(a partsAck) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over {
		return false
	}
	n.parts = true
	n.acks = append(n.acks, a)
	n.signal()
	return true
}

// takeAcks returns the acknowledgements that wait.
func (n *news) takeAcks() []partsAck {
	n.mu.Lock()
	defer n.mu.Unlock()
	acks := n.acks
	n.acks = nil
	return acks
}

// end has nobody wait any more.
func (n *news) end() {
	n.mu.Lock()
	n.over = true
	n.mu.Unlock()
	for _, a := range n.takeAcks() {
		a.ack(ErrStopped)
	}
}

// awaitOthers keeps a part until its message is whole on disk.
func (g *Gateway) awaitOthers(a *assembly, m *message.Inbound, p store.InboundPart) {
	g.keepPart(a, m)
	g.cur.Parts = append(g.cur.Parts, p)
}

// readParts joins the messages that are whole on disk, or will not be any more, and
// acknowledges parts of those that need not be joined now.
func (g *Gateway) readParts(ctx context.Context, sweep bool) error {
	acks := g.news.takeAcks()
	open, err := g.joinWhole(ctx, sweep, len(acks) > 0)
	now := g.now()
	for _, a := range acks {
		switch joins := slices.ContainsFunc(a.keys, func(key string) bool { return open[key] }); {
		case err == nil && !joins:
			a.ack(nil)
		case now.Sub(a.since) < joinWait && g.news.keep(a):
		default:
			a.ack(errNotJoined)
		}
	}
	return err
}

// keep has an acknowledgement wait on.
func (n *news) keep(a partsAck) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.over {
		n.acks = append(n.acks, a)
	}
	return !n.over
}

// joinWhole does so, and returns the keys of those that are whole and stand on disk in parts still.
func (g *Gateway) joinWhole(ctx context.Context, sweep, awaited bool) (open map[string]bool, err error) {
	if g.store.Counts().Parts == 0 && !awaited {
		g.forgetParts(map[string]bool{}, g.lastDone())
		return nil, nil
	}
	done := g.lastDone()
	byKey, err := g.partsOnDisk(ctx)
	if err != nil {
		return nil, err
	}
	snap := g.snap.Load()
	wait := snap.JoinWait
	if wait == 0 {
		wait = g.opt.JoinWait
	}
	limit := g.now().Add(-wait).UnixMilli()
	known := map[string]bool{}
	open = map[string]bool{}
	for key, parts := range byKey {
		known[key] = true
		if open[key] = whole(parts); parts[0].Node != g.opt.Node || !open[key] && parts[0].Received >= limit {
			continue
		}
		in := parts[0].Part
		answers, err := g.answerOf(snap, in.Link, in.From, in.To, time.UnixMilli(parts[0].Received))
		if err != nil {
			return nil, err
		}
		g.joinFromDisk(snap, key, parts, answers, done)
	}
	g.forgetParts(known, done)
	if sweep {
		err = g.dropRepeated(ctx, byKey)
	}
	return open, err
}

// partsOnDisk reads all parts of messages, in the order of their ids.
func (g *Gateway) partsOnDisk(ctx context.Context) (map[string][]*store.InboundPart, error) {
	byKey := map[string][]*store.InboundPart{}
	err := g.store.InboundParts(ctx, 0, func(p *store.InboundPart) error {
		byKey[p.Key] = append(byKey[p.Key], &store.InboundPart{ID: p.ID, Key: p.Key, Number: p.Number, Total: p.Total, Received: p.Received, Part: p.Part, Node: p.Node})
		return nil
	})
	return byKey, err
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
		if p.Number == 0 || int(p.Number) > len(a.parts) {
			a.ids = append(a.ids, p.ID)
		} else if _, other := a.add(p.Number, p.Part); !other { // another is of the next message with this reference
			a.ids = append(a.ids, p.ID)
		}
	}
	g.takeIn(snap, g.joined(a, g.nextID(now), now.UnixMilli()), answers, now)
	g.rememberParts(a, now)
	g.joining[key] = g.cur.seq
	if mine := g.joins[key]; mine != nil && mine.parts != nil {
		g.joinSize -= mine.size
		mine.parts, mine.ids, mine.size = nil, nil, 0
	}
	if g.joins[key] != nil || len(g.joins) < assemblyMost {
		g.joins[key] = a
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
