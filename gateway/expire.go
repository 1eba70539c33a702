package gateway

import (
	"context"
	"time"
)

const (
	tick     = 10 * time.Millisecond  // while something waits for a link that is up
	idleTick = 100 * time.Millisecond // while nothing does
)

// tickLoop keeps time: paced links every tick, everything else less often.
func (g *Gateway) tickLoop(ctx context.Context) {
	t := time.NewTimer(tick)
	defer t.Stop()
	var second, marked, tenth time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.hurry:
		case <-t.C:
		}
		now, wall := time.Now(), g.now() // not the tick's: a slow second must not be made up for
		next := idleTick
		if g.tickLinks(wall) {
			next = tick
		}
		if now.Sub(marked) >= markPause {
			marked = now
			g.shelve(wall)
			g.advanceMark(wall)
		}
		if now.Sub(second) >= time.Second {
			second = now
			g.mu.Lock()
			g.seeAll(wall)
			g.mu.Unlock()
			g.everySecond(wall)
		}
		if now.Sub(tenth) >= 10*time.Second {
			tenth = now
			g.everyTenSeconds(wall)
		}
		t.Reset(next)
	}
}

// tickLinks lets paced and paused links go on and wakes what is due. It tells
// whether something waits that may go soon.
func (g *Gateway) tickLinks(now time.Time) (soon bool) {
	g.mu.Lock()
	g.readClock()
	if g.full == nil && !g.clockHeld() {
		g.wakeDue(now)
		for _, l := range g.links {
			if l.up() {
				g.dispatch(l, now)
				soon = soon || l.lanes.n > 0
			}
		}
		soon = soon || len(g.due) > 0 && g.due[0].due <= now.Add(idleTick).UnixMilli()
	}
	g.ticking = soon
	work := !g.cur.empty()
	g.mu.Unlock()
	if work {
		g.signal()
	}
	return soon
}

func (g *Gateway) everySecond(now time.Time) {
	g.mu.Lock()
	if g.full != nil || g.clockHeld() {
		g.mu.Unlock()
		return
	}
	ms := now.UnixMilli()
	for _, l := range g.links {
		g.sweep(l, now)
		g.refill(l)
	}
	for s, list := range g.deadlines {
		if s*1000 > ms || !g.endsUnanswered() {
			continue
		}
		delete(g.deadlines, s)
		for _, id := range list {
			if e := g.fetch(id); e != nil && e.station == enroute && e.deadline() <= ms {
				g.endWithoutReceipt(e, now)
			}
		}
	}
	g.wakeMissing(ms)
	for _, b := range g.boxes {
		g.loadOwed(b)
	}
	g.lookAtDisk(now)
	g.lookAtBalances()
	g.mu.Unlock()
	g.signal()
}

// lookAtDisk runs fromDisk beside the ticks, once at a time. The lock is held.
func (g *Gateway) lookAtDisk(now time.Time) {
	if g.looking || g.ctx.Err() != nil {
		return
	}
	g.looking = true
	g.jobs.Add(1)
	go func() {
		defer g.jobs.Done()
		if err := g.fromDisk(g.ctx, now); err != nil && g.ctx.Err() == nil {
			g.log.Error("look for what is due on disk", "error", err)
		}
		g.mu.Lock()
		g.looking = false
		g.mu.Unlock()
		g.signal()
	}()
}

// sweep ends what is too old in a link's lanes and, when the link has been
// down for long, moves what has another link that is up and has room.
func (g *Gateway) sweep(l *link, now time.Time) {
	if l.lanes.n == 0 {
		return
	}
	ms := now.UnixMilli()
	var old, moved, freed []*entry
	free := g.opt.Shared && (!l.up() && time.Since(l.downAt) > freeAfter || l.rates.none && time.Since(l.rates.since) > freeAfter)
	down := !l.up() && time.Since(l.downAt) > l.set.FallbackWait
	room := map[*link]int{}
	l.lanes.sweep(func(e *entry) bool {
		switch {
		case g.expired(e.m, ms):
			old = append(old, e)
			return true
		case free && e.past == nil:
			freed = append(freed, e)
			return true
		case down && g.mayLeave(e) && g.hasRoom(e, room):
			moved = append(moved, e)
			return true
		}
		return false
	})
	for _, e := range old {
		g.expire(e, now)
	}
	for _, e := range freed {
		g.setFree(e)
	}
	for _, e := range moved {
		g.move(e, nowhere, false)
		e.hop = g.another(e)
		e.link = g.link(e.m.Links[e.hop])
		g.partLeft(e, l)
		g.wait(e, false)
	}
	for to := range room {
		g.dispatch(to, now)
	}
}

// hasRoom tells whether another link that is up can take the message, and
// counts it there.
func (g *Gateway) hasRoom(e *entry, room map[*link]int) bool {
	if len(e.m.Links) < 2 {
		return false
	}
	to := g.link(e.m.Links[g.another(e)])
	if !to.up() {
		return false
	}
	n, seen := room[to]
	if !seen {
		n = g.opt.QueueMemory - to.lanes.n
	}
	room[to] = n - 1
	return n > 0
}

func (g *Gateway) everyTenSeconds(now time.Time) {
	g.mu.Lock()
	if g.full == nil {
		g.dropOldHeld(now)
		g.joinOld(now)
		g.dropOldParts(now)
		g.passEvents(now)
	}
	g.mu.Unlock()
}
