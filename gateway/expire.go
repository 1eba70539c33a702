package gateway

import (
	"context"
	"time"

	"kurir/message"
)

const (
	tick      = 10 * time.Millisecond
	agedMost  = 500   // read from disk at a time
	markMost  = 2_000 // messages looked at for the mark at a time
	markPause = 100 * time.Millisecond
)

// tickLoop keeps time: paced links every tick, everything else less often.
func (g *Gateway) tickLoop(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	var second, marked, tenth time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			g.tickLinks(now)
			if now.Sub(marked) >= markPause {
				marked = now
				g.advanceMark(now)
			}
			if now.Sub(second) >= time.Second {
				second = now
				g.everySecond(ctx, now)
			}
			if now.Sub(tenth) >= 10*time.Second {
				tenth = now
				g.everyTenSeconds(now)
			}
		}
	}
}

// tickLinks lets paced and paused links go on and wakes what is due.
func (g *Gateway) tickLinks(now time.Time) {
	g.mu.Lock()
	if g.full == nil {
		g.wakeDue(now)
		for _, l := range g.links {
			if l.up() {
				g.dispatch(l, now)
			}
		}
	}
	work := !g.cur.empty()
	g.mu.Unlock()
	if work {
		g.signal()
	}
}

func (g *Gateway) everySecond(ctx context.Context, now time.Time) {
	g.mu.Lock()
	if g.full != nil {
		g.mu.Unlock()
		return
	}
	ms := now.UnixMilli()
	for _, l := range g.links {
		g.sweep(l, now)
		g.refill(l)
	}
	for s, list := range g.deadlines {
		if s*1000 > ms {
			continue
		}
		delete(g.deadlines, s)
		for _, e := range list {
			if e.station == enroute && e.deadline() <= ms {
				g.finish(e, message.Unknown, message.NoAnswer, now)
			}
		}
	}
	for _, b := range g.boxes {
		g.loadOwed(b)
	}
	g.mu.Unlock()
	if err := g.fromDisk(ctx, now); err != nil && ctx.Err() == nil {
		g.log.Error("look for what is due on disk", "error", err)
	}
	g.signal()
}

// sweep ends what is too old in a link's lanes and, when the link has been
// down for long, moves what has another link that is up.
func (g *Gateway) sweep(l *link, now time.Time) {
	ms := now.UnixMilli()
	var old, moved []*entry
	down := !l.up() && now.Sub(l.downAt) > l.set.FallbackWait
	l.lanes.sweep(func(e *entry) bool {
		switch {
		case e.station != waiting:
			return true // cancelled
		case e.m.Expires <= ms:
			old = append(old, e)
			return true
		case down && g.otherUp(e):
			moved = append(moved, e)
			return true
		}
		return false
	})
	for _, e := range old {
		g.expire(e, now)
	}
	to := map[*link]bool{}
	for _, e := range moved {
		g.move(e, nowhere, false)
		e.hop = g.firstUp(e.m.Links)
		e.link = g.link(e.m.Links[e.hop])
		g.wait(e, false)
		to[e.link] = true
	}
	for l := range to {
		g.dispatch(l, now)
	}
}

func (g *Gateway) otherUp(e *entry) bool {
	return len(e.m.Links) > 1 && g.link(e.m.Links[g.firstUp(e.m.Links)]).up()
}

// fromDisk looks at what is on disk only: retries and schedules that are due,
// what is too old, receipts that never came.
func (g *Gateway) fromDisk(ctx context.Context, now time.Time) error {
	have := g.store.Counts()
	if have.Due > 0 {
		if err := g.loadDue(ctx, now); err != nil {
			return err
		}
	}
	if have.Waiting > 0 {
		if err := g.endWaiting(ctx, now); err != nil {
			return err
		}
	}
	if have.Outstanding > 0 {
		return g.endOutstanding(ctx, now)
	}
	return nil
}

func (g *Gateway) endWaiting(ctx context.Context, now time.Time) error {
	rows, err := g.store.WaitingExpired(ctx, now.UnixMilli(), agedMost)
	if err != nil {
		return err
	}
	links := make(map[message.ID]string, len(rows))
	ids := make([]message.ID, 0, len(rows))
	for _, w := range rows {
		links[w.ID] = w.Link
		ids = append(ids, w.ID)
	}
	return g.endOld(ctx, ids, links, now)
}

func (g *Gateway) endOutstanding(ctx context.Context, now time.Time) error {
	open, err := g.store.OutstandingDeadline(ctx, now.UnixMilli(), agedMost)
	if err != nil {
		return err
	}
	ids := make([]message.ID, 0, len(open))
	for _, o := range open {
		ids = append(ids, o.ID)
	}
	return g.endOld(ctx, ids, nil, now)
}

// endOld makes messages final that lie on disk only and are too old. links
// names the queue in which each waits.
func (g *Gateway) endOld(ctx context.Context, ids []message.ID, links map[message.ID]string, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := g.store.MessagesByID(ctx, ids)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range list {
		switch {
		case g.full != nil || g.open[m.ID] != nil:
		case links == nil:
			if m.State == message.Enroute {
				g.finish(g.revive(m), message.Unknown, message.NoAnswer, now)
			}
		default:
			e := newEntry(m)
			e.station, e.rowed, e.link = waiting, true, g.link(links[m.ID])
			e.link.unspill(m.Priority)
			g.move(e, nowhere, false)
			if !m.State.Final() {
				g.expire(e, now)
			}
		}
	}
	return nil
}

func (g *Gateway) everyTenSeconds(now time.Time) {
	g.mu.Lock()
	if g.full == nil {
		g.dropOldHeld(now)
		g.joinOld(now)
	}
	g.mu.Unlock()
}

// advanceMark moves the mark towards the present. What is still open behind it
// gets a row in the spill table of its station; what awaits receipts leaves
// memory when that row is on disk.
func (g *Gateway) advanceMark(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil || g.carry != nil {
		return
	}
	lag := g.opt.MarkLag
	if len(g.open) > g.opt.OpenMemory {
		lag = min(lag, 2*time.Second)
	}
	limit := message.FirstIDAt(now.Add(-lag))
	last := message.ID(0)
	for n := 0; n < markMost*8 && len(g.cur.OpenAdd) < markMost && g.recent.len() > 0; n++ {
		if id := g.recent.peek(); id >= limit && !g.safeOnDisk(id) {
			break
		}
		last = g.recent.pop()
		g.settleBehind(last)
	}
	if last != 0 {
		g.mark = last
		g.cur.Mark = last
	}
}

// safeOnDisk tells whether the mark may pass a message at once: it is no
// longer in memory, or waits in a queue of which more is on disk anyway.
func (g *Gateway) safeOnDisk(id message.ID) bool {
	if g.openIn[id] != nil {
		return false
	}
	e := g.open[id]
	return e == nil || e.station == waiting && e.link.spill[e.m.Priority].rows > 0
}

// settleBehind writes a row for a message that is about to lie behind the mark.
func (g *Gateway) settleBehind(id message.ID) {
	if e := g.open[id]; e != nil {
		g.addRow(e)
		if e.station == enroute && e.rowed {
			g.cur.evict = append(g.cur.evict, e)
		}
	}
	if ie := g.openIn[id]; ie != nil {
		g.rowInbound(ie)
	}
}
