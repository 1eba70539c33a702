package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// boxKey names a queue of what is owed: one per kind of target and account.
type boxKey struct {
	kind    message.TargetKind
	account string
}

func (k boxKey) String() string { return k.kind.String() + "/" + k.account }

// outbox is what is owed to one account by one kind of target.
type outbox struct {
	key      boxKey
	fifo     queue[*Item]
	inFlight int
	absent   bool // nobody is there until Wake
	behind   bool // older items are on disk: new ones queue up behind them
	stored   bool // there may be rows on disk that are not in memory
	loading  bool
	again    time.Time               // rows are not read before
	after    store.Owed              // rows up to here have been read
	dirty    bool                    // being looked at
	// midway are the messages with an intermediate state in memory, each with
	// the final state that waits until that has been told, nil while there is none.
	midway map[message.ID]*Item
}

// delivery is a call of a Receiver, made when the lock is free.
type delivery struct {
	to      Receiver
	account string
	items   []*Item
}

const owedMost = 1000 // read from disk at a time

func (g *Gateway) box(kind message.TargetKind, account string) *outbox {
	k := boxKey{kind, account}
	b := g.boxes[k]
	if b == nil {
		b = &outbox{key: k}
		g.boxes[k] = b
	}
	return b
}

// owe makes the state of a message an item; it goes out when the gather is on
// disk. An intermediate state always gets a row of its own, for nothing in the
// message says that it is owed.
func (g *Gateway) owe(e *entry, intermediate bool, now time.Time) {
	it := &Item{
		Message: e.m, State: e.m.State, Since: now.UnixMilli(), Target: e.m.Target,
		box: g.box(e.m.Target.Kind, e.m.Target.Account),
	}
	if intermediate {
		m := *e.m
		m.Log = m.Log[:len(m.Log):len(m.Log)]
		it.Message = &m
		g.addItemRow(it)
		it.box.keepMidway(m.ID)
	} else {
		if e.rowed {
			g.removeRow(e)
		}
		it.entry, e.item, e.keys = e, it, nil
		g.move(e, owing, false)
	}
	g.cur.owed = append(g.cur.owed, it)
}

// enqueue puts an item that is on disk into its box, or leaves it there when
// nobody is present or memory is full.
func (g *Gateway) enqueue(it *Item) {
	b := it.box
	if b.absent || b.behind || b.fifo.len() >= g.opt.OutboxMemory || g.receivers[b.key.kind] == nil {
		b.stored, b.behind = true, true
		g.leave(it)
		return
	}
	b.fifo.push(it)
	g.pump(b)
}

// leave drops an item from memory; a row says that it is owed.
func (g *Gateway) leave(it *Item) {
	g.addItemRow(it)
	g.forgetItem(it)
}

func (b *outbox) keepMidway(id message.ID) {
	if b.midway == nil {
		b.midway = map[message.ID]*Item{}
	}
	b.midway[id] = nil
}

// holdBack keeps a final state until the intermediate one before it is done
// with: states of one message are told in order, never at the same time.
func (b *outbox) holdBack(it *Item) bool {
	if it.entry == nil {
		return false
	}
	_, midway := b.midway[it.Message.ID]
	if midway {
		b.midway[it.Message.ID] = it
	}
	return midway
}

func (g *Gateway) forgetItem(it *Item) {
	if it.entry == nil && it.inb == nil {
		if final := it.box.midway[it.Message.ID]; final != nil {
			it.box.fifo.push(final)
		}
		delete(it.box.midway, it.Message.ID)
	}
	if it.entry != nil {
		g.forget(it.entry)
	}
	if ie := it.inb; ie != nil {
		ie.list = slices.DeleteFunc(ie.list, func(have *Item) bool { return have == it })
		if len(ie.list) == 0 {
			delete(g.openIn, it.Inbound.ID)
		}
	}
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
	n := min(limit-b.inFlight, b.fifo.len())
	if n <= 0 {
		return
	}
	items := make([]*Item, 0, n)
	for len(items) < n && b.fifo.len() > 0 {
		if it := b.fifo.pop(); !b.holdBack(it) {
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		return
	}
	b.inFlight += len(items)
	if last := len(g.calls) - 1; last >= 0 && g.calls[last].to == r && g.calls[last].account == b.key.account {
		g.calls[last].items = append(g.calls[last].items, items...)
		return
	}
	g.calls = append(g.calls, delivery{r, b.key.account, items})
}

// nobody puts everything in the box onto disk until somebody is there.
func (g *Gateway) nobody(b *outbox) {
	b.absent = true
	for b.fifo.len() > 0 {
		b.stored, b.behind = true, true
		g.leave(b.fifo.pop())
	}
}

func (g *Gateway) takeCalls() []delivery {
	c := g.calls
	g.calls = nil
	return c
}

func (g *Gateway) makeCalls(calls []delivery) {
	for _, c := range calls {
		c.to.Deliver(c.account, c.items)
	}
}

// Wake tells that somebody has come who can take what an account is owed.
func (g *Gateway) Wake(kind message.TargetKind, account string) {
	g.mu.Lock()
	b := g.box(kind, account)
	b.absent, b.after, b.again = false, store.Owed{}, time.Time{}
	g.pump(b)
	g.loadOwed(b)
	calls := g.takeCalls()
	g.mu.Unlock()
	g.makeCalls(calls)
}

// Delivered takes the verdicts of a Receiver.
func (g *Gateway) Delivered(list []Delivered) {
	now := time.Now()
	g.mu.Lock()
	var boxes []*outbox
	for i := range list {
		d := &list[i]
		b := d.Item.box
		b.inFlight--
		g.verdict(d, now)
		if !b.dirty {
			b.dirty = true
			boxes = append(boxes, b)
		}
	}
	for _, b := range boxes {
		b.dirty = false
		g.pump(b)
		if b.fifo.len() == 0 {
			g.loadOwed(b)
		}
	}
	calls := g.takeCalls()
	g.mu.Unlock()
	g.signal()
	g.makeCalls(calls)
}

func (g *Gateway) verdict(d *Delivered, now time.Time) {
	it, b := d.Item, d.Item.box
	switch d.Verdict {
	case Acknowledged:
		g.count.told.Add(1)
		g.settleItem(it, message.Event{Kind: message.EventTold, At: now.UnixMilli(), State: it.State, Code: d.Code})
	case NobodyThere:
		b.stored, b.behind = true, true
		g.leave(it)
		g.nobody(b)
	case GiveUp:
		g.count.toldGivenUp.Add(1)
		g.settleItem(it, message.Event{Kind: message.EventToldTooOld, At: now.UnixMilli(), State: it.State, Code: d.Code, Text: clip(d.Text)})
	default:
		g.tellLater(it, d, now)
	}
}

const clipAt = 60

func clip(s string) string {
	if len(s) > clipAt {
		return s[:clipAt]
	}
	return s
}

// tellLater puts an item onto disk until its next try. What has been tried for
// too long is given up; what a session could not take is kept for ever.
func (g *Gateway) tellLater(it *Item, d *Delivered, now time.Time) {
	it.Tries++
	g.count.tellFailed.Add(1)
	if b := it.box; b.key.kind != message.SMPPTarget && now.UnixMilli()-it.Since > g.opt.MaxAge.Milliseconds() {
		g.count.toldGivenUp.Add(1)
		g.settleItem(it, message.Event{Kind: message.EventToldTooOld, At: now.UnixMilli(), State: it.State, Code: d.Code, Text: clip(d.Text)})
		return
	}
	g.itemEvent(it, message.Event{Kind: message.EventTellFailed, At: now.UnixMilli(), State: it.State, Code: d.Code, Text: clip(d.Text)})
	if it.rowed {
		g.removeItemRow(it)
	}
	it.due = now.Add(retryDelay(it.Tries, uint64(now.UnixNano()))).UnixMilli()
	it.box.stored = true
	g.leave(it)
}

// settleItem ends an item.
func (g *Gateway) settleItem(it *Item, ev message.Event) {
	if it.rowed {
		g.removeItemRow(it)
	}
	if it.inb != nil {
		it.Inbound.Owed &^= 1 << it.Index
	} else if it.entry != nil {
		it.entry.m.Owed = false
		it.entry.station = nowhere
	}
	g.itemEvent(it, ev)
	g.forgetItem(it)
}

// itemEvent writes an event into the log of what is owed.
func (g *Gateway) itemEvent(it *Item, ev message.Event) {
	switch {
	case it.inb != nil:
		ev.Part = uint8(it.Index + 1)
		it.Inbound.Log = message.AppendEvent(it.Inbound.Log, it.Inbound.ID, ev)
		g.cur.InboundChanged = append(g.cur.InboundChanged, store.InboundChange{
			ID: it.Inbound.ID, Owed: it.Inbound.Owed, Log: it.Inbound.Log[:len(it.Inbound.Log):len(it.Inbound.Log)],
		})
	case it.entry != nil:
		it.entry.event(ev)
		g.change(it.entry)
	default: // an intermediate state: its message goes on by itself
		if e := g.open[it.Message.ID]; e != nil {
			e.event(ev)
			g.change(e)
		}
	}
}

// row is the item's row in the table owed. Index is the target of an inbound
// message, or 1 for an intermediate state.
func (it *Item) row() store.Owed {
	o := store.Owed{Queue: it.box.key.String(), Due: it.due}
	switch {
	case it.Inbound != nil:
		o.ID, o.Inbound, o.Index = it.Inbound.ID, true, uint8(it.Index)
	case it.entry == nil:
		o.ID, o.Index = it.Message.ID, 1
	default:
		o.ID = it.Message.ID
	}
	return o
}

func (g *Gateway) addItemRow(it *Item) {
	if it.rowed {
		return
	}
	it.rowed, it.rowIn, it.rowAt = true, g.cur.seq, int32(len(g.cur.OwedAdd))
	g.cur.OwedAdd = append(g.cur.OwedAdd, it.row())
}

func (g *Gateway) removeItemRow(it *Item) {
	if !it.rowed {
		return
	}
	it.rowed = false
	if it.rowIn == g.cur.seq {
		g.cur.OwedAdd[it.rowAt].ID = 0
		return
	}
	g.cur.OwedRemove = append(g.cur.OwedRemove, it.row())
}

// loadOwed reads what is owed on disk, one helping at a time.
func (g *Gateway) loadOwed(b *outbox) {
	if !b.stored || b.absent || b.loading || b.fifo.len() > g.opt.OutboxMemory/4 ||
		g.receivers[b.key.kind] == nil || g.ctx.Err() != nil || time.Now().Before(b.again) {
		return
	}
	b.loading = true
	g.jobs.Add(1)
	go g.readOwed(b, b.after)
}

func (g *Gateway) readOwed(b *outbox, after store.Owed) {
	defer g.jobs.Done()
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	now := time.Now()
	rows, err := g.store.OwedNext(ctx, b.key.String(), now.UnixMilli(), after, owedMost)
	var msgs map[message.ID]*message.Message
	var ins map[message.ID]*message.Inbound
	if err == nil {
		msgs, ins, err = g.readItems(ctx, rows)
	}
	g.mu.Lock()
	b.loading = false
	if err != nil {
		if g.ctx.Err() == nil {
			g.log.Error("read what is owed", "queue", b.key.String(), "error", err)
		}
		b.again = now.Add(time.Second)
		g.mu.Unlock()
		return
	}
	g.ownRows(b, rows, msgs, ins, now)
	calls := g.takeCalls()
	g.mu.Unlock()
	g.makeCalls(calls)
}

func (g *Gateway) readItems(ctx context.Context, rows []store.Owed) (map[message.ID]*message.Message, map[message.ID]*message.Inbound, error) {
	var ids, inIDs []message.ID
	for _, r := range rows {
		if r.Inbound {
			inIDs = append(inIDs, r.ID)
		} else {
			ids = append(ids, r.ID)
		}
	}
	msgs := map[message.ID]*message.Message{}
	ins := map[message.ID]*message.Inbound{}
	list, err := g.store.MessagesByID(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range list {
		msgs[m.ID] = m
	}
	inList, err := g.store.InboundByID(ctx, inIDs)
	if err != nil {
		return nil, nil, err
	}
	for _, in := range inList {
		ins[in.ID] = in
	}
	return msgs, ins, nil
}

// ownRows makes items of rows, passing over those that are in memory.
func (g *Gateway) ownRows(b *outbox, rows []store.Owed, msgs map[message.ID]*message.Message, ins map[message.ID]*message.Inbound, now time.Time) {
	if len(rows) < owedMost {
		b.behind = false
		b.again = now.Add(time.Second)
		b.after = store.Owed{}
	} else {
		b.after = rows[len(rows)-1]
	}
	for _, r := range rows {
		it := &Item{box: b, rowed: true, due: r.Due}
		switch m, in := msgs[r.ID], ins[r.ID]; {
		case r.Inbound && in != nil:
			if !g.inboundItem(it, in, int(r.Index)) {
				continue
			}
		case m != nil && r.Index == 0:
			if g.open[r.ID] != nil {
				continue
			}
			if !m.Owed {
				g.cur.OwedRemove = append(g.cur.OwedRemove, r)
				continue
			}
			e := newEntry(m)
			e.link, e.station, e.item = g.link(m.Links[0]), owing, it
			it.Message, it.State, it.entry, it.Target, it.Since = m, m.State, e, m.Target, m.Final
			it.Tries = failedTells(m.Log, m.ID)
			g.open[m.ID] = e
		case m != nil:
			if _, here := b.midway[r.ID]; here {
				continue
			}
			if e := g.open[r.ID]; e != nil && e.station == owing || m.State.Final() && !m.Owed {
				g.cur.OwedRemove = append(g.cur.OwedRemove, r) // the final state has overtaken it
				continue
			}
			b.keepMidway(r.ID)
			it.Message, it.State, it.Target, it.Since = m, message.Enroute, m.Target, m.ID.Millis()
		default: // its row has gone with retention
			g.cur.OwedRemove = append(g.cur.OwedRemove, r)
			continue
		}
		b.fifo.push(it)
	}
	g.pump(b)
	g.signal()
}

func failedTells(log []byte, base message.ID) (n int) {
	events, _ := message.DecodeLog(log, base)
	for _, e := range events {
		if e.Kind == message.EventTellFailed {
			n++
		}
	}
	return n
}
