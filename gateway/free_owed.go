package gateway

import (
	"context"
	"time"

	"kurir/message"
	"kurir/store"
)

// What is owed to a customer who has no session here may be told by another
// gateway: it is left in free rows of table owed (leave), and a gateway where
// somebody is there claims it, a helping at a time, and reads it like what it has left there
// itself.

// owedEvery is after how many looks a gateway asks what is free in all queues.
const owedEvery = 5

// freed notes that something free may be owed in the queue.
func (b *outbox) freed() {
	b.free = true
	b.frees++
}

// freeItem leaves an item to whoever has the customer.
func (g *Gateway) freeItem(it *Item) {
	if !it.free {
		g.removeItemRow(it)
		it.free = true
	}
	g.addItemRow(it)
	it.box.freed()
	it.box.freeIn = g.cur.seq
}

// leftFree tells whether what a queue has on disk is for whoever has the customer.
func (g *Gateway) leftFree(b *outbox) bool {
	return g.opt.Shared && (b.absent || g.receivers[b.key.kind] == nil)
}

// claimOwed has free rows of a queue claimed if somebody is there. The lock is held.
func (g *Gateway) claimOwed(b *outbox) {
	r := g.receivers[b.key.kind]
	if !g.opt.Shared || !b.free || b.claiming || b.absent || r == nil || g.full != nil || g.ctx.Err() != nil ||
		b.fifo.len() > g.opt.OutboxMemory/4 || time.Now().Before(b.claimAt) || r.Limit(b.key.account) == 0 {
		return
	}
	b.claiming = true
	frees, done := b.frees, g.done
	g.jobs.Go(func() { g.claimOwedNow(b, frees, done) })
}

func (g *Gateway) claimOwedNow(b *outbox, frees, done uint64) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	most := g.opt.helping(owedMost)
	n, err := g.store.ClaimOwed(ctx, g.opt.Node, g.opt.Term, b.key.String(), g.now().UnixMilli(), most)
	if err != nil && g.ctx.Err() == nil {
		g.log.Error("claim what is owed", "queue", b.key.String(), "error", err)
	}
	g.mu.Lock()
	b.claiming = false
	switch {
	case err != nil:
		b.claimAt = time.Now().Add(brokePause)
	default:
		b.free = n >= most || b.frees != frees || b.freeIn > done // what is not on disk yet was not seen
	}
	switch {
	case n > 0:
		b.stored, b.behind, b.again = true, true, time.Time{}
		b.closing = b.closing || b.fresh.len() > 0
		b.claims++
		g.loadOwed(b)
	case err == nil && !b.behind:
		g.putFresh(b)
		g.pump(b)
		g.claimOwed(b) // again, if something was left meanwhile
	}
	g.mu.Unlock()
	g.makeCalls()
}

// freeOwed gives up what is on disk for customers who have left, and looks now and then what is free.
func (g *Gateway) freeOwed(ctx context.Context) error {
	var left []*outbox
	g.mu.Lock()
	for _, b := range g.boxes {
		if g.leftFree(b) && b.stored && !b.loading && b.inFlight == 0 {
			left = append(left, b)
		}
	}
	g.looks++
	ask := g.looks%owedEvery == 1
	g.mu.Unlock()
	for _, b := range left {
		if err := g.freeRows(ctx, b); err != nil {
			return err
		}
	}
	if !ask {
		return nil
	}
	queues, err := g.store.OwedQueues(ctx, store.Free)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, q := range queues {
		if k, ok := parseBoxKey(q.Queue); ok {
			b := g.boxOf(k)
			b.freed()
			g.claimOwed(b)
		}
	}
	return nil
}

// claimAbsent claims what may be too old of what is free in each queue for which nobody is anywhere near, so that it can
// be given up. Nothing else is taken: if this gateway died with it, what comes later would be told first.
func (g *Gateway) claimAbsent(ctx context.Context) error {
	queues, err := g.store.OwedQueues(ctx, store.Free)
	if err != nil {
		return err
	}
	for _, q := range queues {
		k, ok := parseBoxKey(q.Queue)
		if !ok {
			continue
		}
		g.mu.Lock()
		b := g.boxOf(k)
		absent := g.leftFree(b)
		g.mu.Unlock()
		if !absent {
			continue
		}
		old, err := g.oldOwed(ctx, q.Queue)
		if err != nil {
			return err
		}
		if old == 0 {
			continue
		}
		n, err := g.store.ClaimOwed(ctx, g.opt.Node, g.opt.Term, q.Queue, lastDue, old)
		if err != nil {
			return err
		}
		if n > 0 {
			g.mu.Lock()
			b.stored = true
			b.claims++
			g.mu.Unlock()
		}
	}
	return nil
}

// oldOwed counts the rows at the beginning of what is free in a queue, within a helping, up to the last whose message is older than what
// is owed may become.
func (g *Gateway) oldOwed(ctx context.Context, queue string) (n int, err error) {
	rows, err := g.store.OwedNext(ctx, store.Free, queue, lastDue, store.Owed{}, g.opt.helping(owedMost))
	now := g.now()
	for i := range rows {
		if g.tooOld(rows[i].ID.Millis(), now) {
			n = i + 1
		}
	}
	return n, err
}

// freeRows makes one helping of this gateway's rows of a queue free.
func (g *Gateway) freeRows(ctx context.Context, b *outbox) error {
	r := g.look()
	defer g.endLook(r)
	rows, err := g.store.OwedNext(ctx, g.opt.Node, b.key.String(), lastDue, store.Owed{}, g.opt.helping(owedMost))
	if err != nil {
		return err
	}
	owed, err := g.stillOwed(ctx, rows)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.leftFree(b) || g.full != nil {
		return nil
	}
	if len(rows) == 0 && b.later <= r.seen && b.pass.newest <= r.seen {
		b.stored, b.behind, b.soonest, b.after = false, false, 0, store.Owed{}
		return nil
	}
	for _, row := range rows {
		if r.stale(row.ID) || g.inOutbox(b, row) {
			continue
		}
		g.cur.OwedRemove = append(g.cur.OwedRemove, row)
		if row.Inbound && !owed[row] { // it was fetched while it was here
			continue
		}
		row.Node = store.Free
		g.cur.OwedAdd = append(g.cur.OwedAdd, row)
		g.left(row.ID)
		b.freed()
		b.freeIn = g.cur.seq
	}
	g.signal()
	return nil
}

// stillOwed tells of rows of messages from phones which are owed.
func (g *Gateway) stillOwed(ctx context.Context, rows []store.Owed) (map[store.Owed]bool, error) {
	var ids []message.ID
	for _, row := range rows {
		if row.Inbound {
			ids = append(ids, row.ID)
		}
	}
	list, err := g.store.InboundByID(ctx, ids)
	bits := map[message.ID]uint32{}
	for _, in := range list {
		bits[in.ID] = in.Owed
	}
	owed := map[store.Owed]bool{}
	for _, row := range rows {
		owed[row] = row.Inbound && bits[row.ID]>>row.Index&1 == 1
	}
	return owed, err
}

// inOutbox tells whether what a row says is in memory.
func (g *Gateway) inOutbox(b *outbox, row store.Owed) bool {
	switch {
	case row.Inbound:
		ie := g.openIn[row.ID]
		return ie != nil && ie.item(int(row.Index)) != nil
	case row.Index == finalIndex:
		e := g.open[row.ID]
		return e != nil && e.item != nil
	}
	return b.midway[row.ID] != nil
}

// lastDue is behind every time at which something is due.
const lastDue = int64(^uint64(0) >> 1)

// closed tells whether nothing more happens to a message by itself, so that any gateway may write into its log.
func closed(m *message.Message) bool { return m.State.Final() && !m.Owed }
