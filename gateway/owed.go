package gateway

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

const owedMost = 1000 // read from disk at a time

// row is the item's row in table owed. Index is the target of an inbound
// message; of a message 0 is its intermediate state and 1 the final one, so that
// they are read in this order.
func (it *Item) row() store.Owed {
	o := store.Owed{Node: it.box.node, Queue: it.box.key.String(), Due: it.due}
	if it.free {
		o.Node = store.Free
	}
	switch {
	case it.Inbound != nil:
		o.ID, o.Inbound, o.Index = it.Inbound.ID, true, uint8(it.Index)
	case it.entry == nil:
		o.ID, o.Index = it.Message.ID, midwayIndex
	default:
		o.ID, o.Index = it.Message.ID, finalIndex
	}
	return o
}

const (
	midwayIndex = 0
	finalIndex  = 1
)

// nextTry returns when an item is tried again whose last try failed at a time
// (Unix milliseconds). It follows from what the log says, so that a restart
// finds the item's row.
func (it *Item) nextTry(failed int64) int64 {
	id := message.ID(0)
	if it.Inbound != nil {
		id = it.Inbound.ID
	} else {
		id = it.Message.ID
	}
	return failed + retryDelay(it.Tries, uint64(id)).Milliseconds()
}

// lastTry returns how often telling a state (or an inbound message to the
// target part-1) has failed, and when it did last. What was pushed begins anew.
func lastTry(log []byte, base message.ID, state message.State, part uint8) (tries int, at int64) {
	events, _ := message.DecodeLog(log, base)
	for _, e := range events {
		switch {
		case e.State != state || e.Part != part:
		case e.Kind == message.EventTellFailed:
			tries++
			at = e.At
		case e.Kind == message.EventPushed:
			tries, at = 0, 0
		}
	}
	return tries, at
}

// takenAt returns when the operator last took a message, Unix milliseconds.
func takenAt(m *message.Message) int64 {
	at := m.ID.Millis()
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		if e.Kind == message.EventTaken {
			at = e.At
		}
	}
	return at
}

func (g *Gateway) addItemRow(it *Item) {
	if it.rowed {
		return
	}
	it.rowed, it.rowIn, it.rowAt = true, g.cur.seq, int32(len(g.cur.OwedAdd))
	if it.out {
		it.box.outRowed++
	}
	g.cur.OwedAdd = append(g.cur.OwedAdd, it.row())
}

func (g *Gateway) removeItemRow(it *Item) {
	if !it.rowed {
		return
	}
	it.rowed = false
	if it.out {
		it.box.outRowed--
	}
	if it.rowIn == g.cur.seq {
		g.cur.OwedAdd[it.rowAt].ID = 0
		return
	}
	g.cur.OwedRemove = append(g.cur.OwedRemove, it.row())
}

// leave drops an item from memory, and what waits for it; rows say that they
// are owed.
func (g *Gateway) leave(it *Item) {
	b := it.box
	b.pass.missed = b.pass.missed || it.rowed // it has been passed, in memory
	free := g.leftFree(b) && !g.behindMidway(it)
	if free {
		g.freeItem(it)
	} else {
		g.addItemRow(it)
	}
	switch {
	case free:
	case it.due == 0:
		b.pass.added(it.rowIn)
		b.stored, b.behind, b.again = true, true, time.Time{}
	default:
		b.later = max(b.later, it.rowIn)
		b.waitUntil(it.due)
	}
	g.forgetItem(it)
	if next := it.then; next != nil {
		g.removeItemRow(next)
		next.due = it.due
		g.leave(next)
	}
}

// behindMidway tells whether a final state may come behind an intermediate one of its
// message that this gateway has on disk and has not left free yet: then it is left free behind it.
func (g *Gateway) behindMidway(it *Item) bool {
	b := it.box
	if it.entry == nil || !b.stored || !it.Message.Receipts.Wants(message.Enroute) {
		return false
	}
	_, told := midwayState(it.Message)
	return !told
}

// waitUntil notes a row that is not to be told before due.
func (b *outbox) waitUntil(due int64) {
	if b.soonest == 0 || due < b.soonest {
		b.soonest = due
	}
	if at := time.UnixMilli(due); !b.stored || at.Before(b.again) {
		b.stored, b.again = true, at
	}
}

// loadOwed reads what is owed on disk, one helping at a time.
func (g *Gateway) loadOwed(b *outbox) {
	g.claimOwed(b)
	if !b.stored || b.absent || b.loading || b.fifo.len() > g.opt.OutboxMemory/4 ||
		g.receivers[b.key.kind] == nil || g.ctx.Err() != nil || g.now().Before(b.again) {
		return
	}
	b.loading = true
	g.jobs.Add(1)
	r := g.beginReading()
	if b.after == (store.Owed{}) {
		b.pass.begin(r)
		b.passing = b.claims
	}
	go g.readOwed(b, b.after, r)
}

// owedRead is what one look at table owed has brought.
type owedRead struct {
	rows     []store.Owed
	messages map[message.ID]*message.Message
	inbound  map[message.ID]*message.Inbound
	midway   map[message.ID]bool // messages whose final state waits for their intermediate one (midway_elsewhere.go)
	later    int64               // when the next row is due, if all that are due were read; 0 if there is none
}

func (g *Gateway) readOwed(b *outbox, after store.Owed, r *reading) {
	defer g.jobs.Done()
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	now := g.now()
	found, err := g.askOwed(ctx, b.key.String(), after, now)
	g.mu.Lock()
	b.loading = false
	if err == nil {
		g.ownRows(b, found, r, now)
	} else {
		b.again = now.Add(brokePause)
	}
	g.endReading(r)
	g.mu.Unlock()
	if err != nil && g.ctx.Err() == nil {
		g.log.Error("read what is owed", "queue", b.key.String(), "error", err)
	}
	g.signal()
	g.makeCalls()
}

func (g *Gateway) askOwed(ctx context.Context, queue string, after store.Owed, now time.Time) (*owedRead, error) {
	rows, err := g.store.OwedNext(ctx, g.opt.Node, queue, now.UnixMilli(), after, g.opt.helping(owedMost))
	if err != nil {
		return nil, err
	}
	found := &owedRead{rows: rows, messages: map[message.ID]*message.Message{}, inbound: map[message.ID]*message.Inbound{}}
	if len(rows) < g.opt.helping(owedMost) {
		next, err := g.store.OwedNext(ctx, g.opt.Node, queue, math.MaxInt64, store.Owed{Due: now.UnixMilli() + 1}, 1)
		if err != nil {
			return nil, err
		}
		if len(next) > 0 {
			found.later = next[0].Due
		}
	}
	var ids, inIDs []message.ID
	for _, r := range rows {
		if r.Inbound {
			inIDs = append(inIDs, r.ID)
		} else {
			ids = append(ids, r.ID)
		}
	}
	list, err := g.store.MessagesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		found.messages[m.ID] = m
	}
	inList, err := g.store.InboundByID(ctx, inIDs)
	if err != nil {
		return nil, err
	}
	for _, in := range inList {
		found.inbound[in.ID] = in
	}
	found.midway, err = g.behindOthers(ctx, found, now)
	return found, err
}

// ownRows makes items of rows, passing over those that are in memory or were
// settled while they were being read.
func (g *Gateway) ownRows(b *outbox, found *owedRead, r *reading, now time.Time) {
	if b.absent || g.full != nil {
		b.again = now.Add(brokePause)
		return
	}
	rows, full := found.rows, len(found.rows) == g.opt.helping(owedMost)
	if n := len(rows); full && n > 1 && !rows[n-1].Inbound && rows[n-1].Index == midwayIndex {
		rows = rows[:n-1] // its final state comes next: they are judged together
	}
	early := b.takeEarly(rows)
	for _, row := range rows {
		for ; len(early) > 0 && row.Inbound && early[0].Inbound.ID < row.ID; early = early[1:] {
			b.put(early[0])
		}
		if r.stale(row.ID) || found.midway[row.ID] && row.Index == finalIndex && b.midway[row.ID] == nil {
			b.pass.missed = true
			continue
		}
		if it := g.itemOf(b, row, found); it != nil {
			b.put(it)
		}
	}
	if full {
		if b.after = rows[len(rows)-1]; !b.after.Inbound {
			b.after.Index = finalIndex // of a message one row of which was read: the other is for the next pass
		}
	} else {
		g.ownedAll(b, found.later, r, now)
	}
	g.pump(b)
}

// takeEarly takes from what is new the messages from phones that came before one of
// the rows: another gateway has left that free meanwhile.
func (b *outbox) takeEarly(rows []store.Owed) (early []*Item) {
	var last message.ID
	for _, row := range rows {
		if row.Inbound {
			last = max(last, row.ID)
		}
	}
	if last == 0 {
		return nil
	}
	for range b.fresh.len() {
		if it := b.fresh.pop(); it.Inbound != nil && it.Inbound.ID < last {
			early = append(early, it)
		} else {
			b.fresh.push(it)
		}
	}
	slices.SortFunc(early, func(a, b *Item) int { return cmp.Compare(a.Inbound.ID, b.Inbound.ID) })
	return early
}

// ownedAll ends a pass over what is owed. While more came than the pass could
// see, the next one begins; what is new then waits in memory, for it would
// never end otherwise under load.
func (g *Gateway) ownedAll(b *outbox, later int64, r *reading, now time.Time) {
	b.after = store.Owed{}
	if !b.pass.whole() || b.claims != b.passing {
		b.closing, b.again = b.behind, now.Add(emptyPause)
		return
	}
	b.behind, b.closing, b.stored = false, false, false
	was := b.soonest
	b.soonest, b.again = 0, time.Time{}
	if later != 0 {
		b.waitUntil(later)
	}
	if b.later > r.seen { // rows that this look may not have seen
		b.waitUntil(max(was, now.UnixMilli()))
	}
	g.putFresh(b)
}

// putFresh lets what is new follow what was before it, unless something free may be.
func (g *Gateway) putFresh(b *outbox) {
	for !(b.free && g.opt.Shared) && b.fresh.len() > 0 {
		b.put(b.fresh.pop())
	}
}

// itemOf makes an item of a row; nil when there is nothing to be told.
func (g *Gateway) itemOf(b *outbox, row store.Owed, found *owedRead) *Item {
	it := &Item{box: b, rowed: true, due: row.Due}
	m, in := found.messages[row.ID], found.inbound[row.ID]
	switch e := g.open[row.ID]; {
	case row.Inbound && in != nil:
		if ie := g.openIn[in.ID]; ie != nil && ie.item(int(row.Index)) != nil {
			return nil // in memory
		}
		if g.inboundItem(it, in, int(row.Index)) {
			g.aim(it, in.Log, in.ID, row.Index+1)
			it.Tries, _ = lastTry(in.Log, in.ID, 0, row.Index+1)
			return it
		}
	case m == nil: // it has gone with retention
	case row.Index == finalIndex:
		switch {
		case e != nil && (e.item == nil || e.item.rowed && e.item.row() == row):
			return nil // in memory
		case e != nil: // a restart could not tell this row's time from the log, and nobody else would remove it
		case m.Owed:
			g.finalItem(it, m)
			return it
		}
	case b.midway[m.ID] != nil:
		if first := b.midway[m.ID]; !first.rowed || first.row() == row {
			return nil // in memory
		} // the one before it was to be tried again; nobody else would remove its row
	default:
		m = g.withLate(m)
		state, told := midwayState(m)
		told = told || !m.Receipts.Wants(state)
		if g.tellsParts(m) {
			it.Message = m
			told = !it.news()
			state = it.State
		}
		told = told || m.State.Final() && m.Receipts.Wants(m.State) && (!m.Owed || g.overtaken(row, e))
		if !told && (e == nil || e.station != owing || !e.item.queued) { // else the final state has overtaken it
			b.midway[m.ID] = it
			it.Message, it.State, it.Target = m, state, m.Target
			if it.Part == 0 {
				it.Since = takenAt(m)
			}
			it.Tries, _ = lastTry(m.Log, m.ID, state, it.Part)
			return it
		}
	}
	g.cur.OwedRemove = append(g.cur.OwedRemove, row)
	return nil
}

// finalItem makes it the item of a message's final state.
func (g *Gateway) finalItem(it *Item, m *message.Message) *entry {
	e := newEntry(m)
	e.link, e.station, e.item = g.link(m.Links[0]), owing, it
	it.Message, it.State, it.entry, it.Target, it.Since = m, m.State, e, m.Target, m.Final
	g.aim(it, m.Log, m.ID, 0)
	it.Tries, _ = lastTry(m.Log, m.ID, m.State, 0)
	g.open[m.ID] = e
	return e
}
