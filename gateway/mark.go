package gateway

import (
	"time"

	"kurir/message"
)

const (
	markMost  = 16_000 // messages looked at for the mark at a time
	markPause = 100 * time.Millisecond
	hurryLag  = 2 * time.Second // in place of MarkLag while memory is short
)

// rest is a message that awaits receipts behind the mark and has not done so
// for long.
type rest struct {
	e     *entry
	until time.Time
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
	if len(g.open) > g.opt.OpenMemory || g.shelf.octets() > g.opt.ShelfMemory {
		lag = min(lag, hurryLag)
	}
	limit := g.firstIDAt(now.Add(-lag))
	last := message.ID(0)
	for n := 0; n < markMost && g.recent.len() > 0; n++ {
		p := g.recent.peek()
		if p.id >= limit && !g.safeOnDisk(p) {
			break
		}
		e := g.open[p.id]
		if p.ref != 0 {
			e = g.unshelve(p.ref)
		}
		last = g.recent.pop().id
		g.passed++
		if e != nil {
			g.settleBehind(e)
		}
	}
	if last != 0 {
		g.mark = last
		g.cur.Mark = last
	}
	g.evictOld(now, lag)
}

// safeOnDisk tells whether the mark may pass a message at once: it is no
// longer in memory, or waits in a queue of which more is on disk anyway.
func (g *Gateway) safeOnDisk(p place) bool {
	if p.ref != 0 {
		return false
	}
	e := g.open[p.id]
	return e == nil || e.station == waiting && e.link.spill[e.m.Priority].some
}

// settleBehind writes a row for a message that is about to lie behind the mark.
func (g *Gateway) settleBehind(e *entry) {
	g.addRow(e)
	if e.station == enroute {
		g.leaving.push(e)
	}
}

// evictOld drops messages that await receipts from memory whose rows are on
// disk: those that the mark has passed, those that a late receipt brought back,
// and those that became enroute behind the mark, after a while.
func (g *Gateway) evictOld(now time.Time, lag time.Duration) {
	early := g.opt.MarkLag - lag
	for g.resting.len() > 0 && !g.resting.peek().until.Add(-early).After(now) {
		g.leaving.push(g.resting.pop().e)
	}
	for n := g.leaving.len(); n > 0; n-- {
		e := g.leaving.pop()
		if e.station != enroute || !e.rowed {
			continue
		}
		if e.rowIn > g.done || e.changeIn > g.done {
			g.leaving.push(e) // not yet on disk as it is
			continue
		}
		g.evict(e)
	}
}

// evict drops a message that awaits receipts from memory.
func (g *Gateway) evict(e *entry) {
	for _, k := range e.awaited() {
		if k != 0 {
			g.outstanding.remove(k, e)
		}
	}
	g.forget(e)
}
