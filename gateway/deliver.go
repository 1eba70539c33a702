package gateway

import (
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// outbox is what is owed to one account by one kind of target.
type outbox struct {
	key      boxKey
	node     int     // whose rows are in table owed
	twin     *outbox // of the same account, see share.go; nil if it has none
	fifo     queue[*Item]
	inFlight int
	absent   bool                 // nobody is there until Wake
	dirty    bool                 // being looked at
	midway   map[message.ID]*Item // intermediate states in memory

	// What is in table owed and not in memory (owed.go).
	stored  bool         // there may be such rows
	behind  bool         // and some of them come before what is new
	closing bool         // nearly all of those have been read: what is new waits in fresh
	fresh   queue[*Item] // until they have, and until it is known whether something older is free
	pass    pass         // over what may be told
	after   store.Owed   // which has come up to here
	again   time.Time    // when the next helping is worth reading
	soonest int64        // when the first of those is due that have to wait, Unix milliseconds; 0: none
	later   uint64       // sequence of the newest gather that adds one that has to wait
	loading bool

	free     bool      // something free may be owed (free_owed.go)
	frees    uint64    // how often that was noted
	freeIn   uint64    // sequence of the newest gather that leaves something free
	claiming bool      // some is being claimed
	claimAt  time.Time // not to be tried before
	claims   uint64    // how often rows were claimed
	passing  uint64    // and how often when the pass began

	outRowed int     // of those in flight, how many have a row
	failure  failure // the last
}

// delivery is a call of a Receiver, made when the lock is free.
type delivery struct {
	to      Receiver
	account string
	items   []*Item
}

// owe makes the state of a message an item; it goes out when the gather is on
// disk. An intermediate state always gets a row of its own, for nothing in the
// message says that it is owed.
func (g *Gateway) owe(e *entry, intermediate bool, now time.Time) {
	if e.m.Target.Kind == message.NoTarget {
		return
	}
	it := &Item{
		Message: e.m, State: e.m.State, Since: now.UnixMilli(), Target: e.m.Target,
		box: g.box(e.m.Target.Kind, e.m.Target.Account),
	}
	if intermediate {
		m := *e.m
		m.Log = m.Log[:len(m.Log):len(m.Log)]
		it.Message = &m
		g.addItemRow(it)
		it.box.midway[m.ID] = it
	} else {
		if e.rowed {
			g.removeRow(e)
		}
		it.entry, e.item, e.keys = e, it, nil
		g.move(e, owing, false)
		g.open[e.m.ID] = e
	}
	g.cur.owed = append(g.cur.owed, it)
}

// enqueue puts an item that is on disk into its box, or leaves it there when
// nobody is present or memory is full.
func (g *Gateway) enqueue(it *Item) {
	b := it.box
	switch {
	case g.waitsForMidway(it):
		g.leave(it)
	case b.absent || b.fifo.len()+b.fresh.len() >= g.opt.OutboxMemory || g.receivers[b.key.kind] == nil:
		g.leave(it)
	case b.closing:
		b.fresh.push(it)
	case !b.behind && b.free && g.opt.Shared: // what is older may be free: that is known as soon as it has been claimed
		b.fresh.push(it)
		if g.receivers[b.key.kind].Limit(b.key.account) == 0 {
			g.nobody(b) // and it is not claimed
		} else {
			g.claimOwed(b)
		}
	case b.behind:
		g.leave(it)
	default:
		b.put(it)
		g.pump(b)
	}
}

// put puts an item into the queue; a final state waits for the intermediate one
// of its message, lest that be told behind it.
func (b *outbox) put(it *Item) {
	if it.entry != nil {
		if first := b.midway[it.Message.ID]; first != nil {
			first.then = it
			return
		}
	}
	it.queued = true
	b.fifo.push(it)
}

// pump prepares deliveries as far as the receiver's limit allows.
func (g *Gateway) pump(b *outbox) {
	r := g.receivers[b.key.kind]
	if r == nil || b.absent || b.fifo.len() == 0 {
		return
	}
	limit := r.Limit(b.key.account)
	if limit == 0 {
		g.nobody(b)
		return
	}
	n := min(b.room(limit), b.fifo.len())
	if n <= 0 {
		return
	}
	b.inFlight += n
	last := len(g.calls) - 1
	if last < 0 || g.calls[last].to != r || g.calls[last].account != b.key.account {
		g.calls = append(g.calls, delivery{r, b.key.account, make([]*Item, 0, n)})
		last++
	}
	for range n {
		it := b.fifo.pop()
		b.out(it, true)
		g.calls[last].items = append(g.calls[last].items, it)
	}
}

// nobody puts everything in the box onto disk until somebody is there. What was
// read already is then to come first again.
func (g *Gateway) nobody(b *outbox) {
	b.absent, b.closing, b.after = true, false, store.Owed{}
	for b.fifo.len() > 0 {
		g.leave(b.fifo.pop())
	}
	for b.fresh.len() > 0 {
		g.leave(b.fresh.pop())
	}
}

// makeCalls makes the calls that were prepared, in their order: if somebody is
// at it, the rest is left to him. The lock is not held.
func (g *Gateway) makeCalls() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calling {
		return
	}
	g.calling = true
	for len(g.calls) > 0 {
		calls := g.calls
		g.calls = nil
		g.mu.Unlock()
		for _, c := range calls {
			c.to.Deliver(c.account, c.items)
		}
		g.mu.Lock()
	}
	g.calling = false
}

// Wake tells that somebody has come who can take what an account is owed.
func (g *Gateway) Wake(kind message.TargetKind, account string) {
	g.mu.Lock()
	for b := g.box(kind, account); b != nil; b = b.next() {
		b.absent, b.again = false, time.Time{}
		b.freed()
		g.pump(b)
		g.loadOwed(b)
	}
	g.mu.Unlock()
	g.makeCalls()
}

// Delivered takes the verdicts of a Receiver.
func (g *Gateway) Delivered(list []Delivered) {
	if list = g.replies(list); len(list) == 0 {
		return
	}
	now := g.now()
	g.mu.Lock()
	var boxes []*outbox
	for i := range list {
		d := &list[i]
		b := d.Item.box
		b.inFlight--
		b.out(d.Item, false)
		g.verdict(d, now)
		if !b.dirty {
			b.dirty = true
			boxes = append(boxes, b)
		}
	}
	for _, b := range boxes {
		b.dirty = false
		if b.twin != nil {
			g.pump(b.twin) // what was freed is its turn
		}
		g.pump(b)
		g.loadOwed(b)
	}
	g.mu.Unlock()
	g.signal()
	g.makeCalls()
}

func (g *Gateway) verdict(d *Delivered, now time.Time) {
	it, b := d.Item, d.Item.box
	if it.settled {
		return // with what was accepted for it
	}
	switch d.Verdict {
	case Acknowledged:
		g.count.told.Add(1)
		g.settleItem(it, message.Event{Kind: message.EventTold, At: now.UnixMilli(), State: it.State, Code: d.Code})
	case NobodyThere:
		b.absent = b.absent || g.opt.Shared
		g.leave(it)
		g.nobody(b)
		if r := g.receivers[b.key.kind]; r != nil && r.Limit(b.key.account) > 0 {
			b.absent, b.again = false, now.Add(brokePause) // somebody has come meanwhile
		}
	case GiveUp:
		it.Tries++
		g.giveUp(it, d, now)
	default:
		g.tellLater(it, d, now)
	}
}

const (
	clipAt   = 60
	clipFrom = 4 // tries: what the target said is kept of the first ones
)

func clip(s string) string {
	if len(s) > clipAt {
		return s[:clipAt]
	}
	return s
}

func (g *Gateway) giveUp(it *Item, d *Delivered, now time.Time) {
	d.Verdict = GiveUp
	g.count.toldGivenUp.Add(1)
	it.box.failed(d, now)
	g.bury(it, d, now)
	g.settleItem(it, message.Event{Kind: message.EventToldTooOld, At: now.UnixMilli(), State: it.State, Code: d.Code, Text: clip(d.Text)})
}

// restedEnough is how often an item is put off because its target rests, about
// twenty minutes, before its age counts: the age may be that of our own pause.
const restedEnough = 8

// tellLater puts an item onto disk until its next try. What has been owed for
// too long is given up. An item that was put off untried waits longer each time
// too, for a backlog that came back every few seconds would be read and written
// all the time.
func (g *Gateway) tellLater(it *Item, d *Delivered, now time.Time) {
	it.Tries++
	if !d.Untried {
		g.count.tellFailed.Add(1)
		it.box.failed(d, now)
	}
	if g.tooOld(it.Since, now) && (!d.Untried || it.Tries > restedEnough) {
		g.giveUp(it, d, now)
		return
	}
	ev := message.Event{Kind: message.EventTellFailed, At: now.UnixMilli(), State: it.State, Code: d.Code}
	if it.Tries < clipFrom {
		ev.Text = clip(d.Text)
	}
	g.itemEvent(it, ev)
	g.removeItemRow(it)
	it.due = it.nextTry(ev.At)
	d.Again = it.due
	g.leave(it)
}

// tooOld tells whether what has been owed since a time (Unix milliseconds) is
// given up.
func (g *Gateway) tooOld(since int64, now time.Time) bool {
	return now.UnixMilli()-since > g.opt.MaxAge.Milliseconds()
}

// settleItem ends an item.
func (g *Gateway) settleItem(it *Item, ev message.Event) {
	ev.Part = it.Part
	g.removeItemRow(it)
	if it.inb != nil {
		it.Inbound.Owed &^= 1 << it.Index
	} else if it.entry != nil {
		it.entry.m.Owed = false
		it.entry.station = nowhere
	}
	g.itemEvent(it, ev)
	g.forgetItem(it)
	if !g.oweNext(it, ev) && it.then != nil {
		g.enqueue(it.then)
	}
}

func (g *Gateway) forgetItem(it *Item) {
	switch {
	case it.inb != nil:
		ie := it.inb
		ie.list = slices.DeleteFunc(ie.list, func(have *Item) bool { return have == it })
		if len(ie.list) == 0 {
			delete(g.openIn, it.Inbound.ID)
		}
		g.left(it.Inbound.ID)
	case it.entry != nil:
		g.forget(it.entry)
	default:
		delete(it.box.midway, it.Message.ID)
		g.left(it.Message.ID)
	}
}

// itemEvent writes an event into the log of what is owed.
func (g *Gateway) itemEvent(it *Item, ev message.Event) {
	switch {
	case it.inb != nil:
		if it.Target.Kind == message.CommandTarget {
			g.commander.end(it)
		}
		ev.Part = uint8(it.Index + 1)
		it.Inbound.Log = message.AppendEvent(it.Inbound.Log, it.Inbound.ID, ev)
		g.cur.InboundChanged = append(g.cur.InboundChanged, store.InboundChange{
			ID: it.Inbound.ID, Owed: it.Inbound.Owed, Log: it.Inbound.Log[:len(it.Inbound.Log):len(it.Inbound.Log)],
		})
	case it.entry != nil:
		it.entry.event(ev)
		g.change(it.entry)
	default: // an intermediate state: its message goes on by itself
		ev.Part = it.Part
		if e := g.fetch(it.Message.ID); e != nil {
			e.event(ev)
			g.change(e)
		} else { // on disk, from where it may come back and be buffered at another operator
			g.later(it.Message.ID, ev)
		}
	}
}
