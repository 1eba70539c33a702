package gateway

import (
	"context"
	"time"

	"kurir/message"
)

const (
	refillAt   = 4 // a lane is refilled when less than this part of the memory is in use
	refillMost = 2000
	readLimit  = 10 * time.Second
	emptyPause = 100 * time.Millisecond
	emptyLoads = 50
)

// refill loads what waits on disk only when the lanes run low.
func (g *Gateway) refill(l *link) {
	for p := range l.spill {
		sp := &l.spill[p]
		if sp.rows <= 0 || sp.loading || time.Now().Before(sp.again) || l.lanes.lane[p].n*refillAt > g.opt.QueueMemory || g.ctx.Err() != nil {
			continue
		}
		sp.loading = true
		g.jobs.Add(1)
		go g.load(l, message.Priority(p))
	}
}

// load reads one helping of a lane, fairly among its accounts.
func (g *Gateway) load(l *link, p message.Priority) {
	defer g.jobs.Done()
	g.mu.Lock()
	sp := &l.spill[p]
	after := make(map[string]message.ID, len(sp.after))
	for k, v := range sp.after {
		after[k] = v
	}
	n := min(refillMost, max(1, g.opt.QueueMemory/2))
	g.mu.Unlock()

	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	loaded, more, err := g.store.Refill(ctx, l.name, p, after, n)
	if err != nil {
		if g.ctx.Err() == nil {
			g.log.Error("read what waits for a link", "link", l.name, "error", err)
		}
		time.AfterFunc(time.Second, func() { g.loaded(l, p, nil, true) })
		return
	}
	g.loaded(l, p, loaded, more)
}

// loaded puts what was read into the lanes. A row that no longer waits (it was
// granted or cancelled meanwhile) is passed over.
func (g *Gateway) loaded(l *link, p message.Priority, list []*message.Message, more bool) {
	now := time.Now()
	g.mu.Lock()
	defer g.signal()
	defer g.mu.Unlock()
	sp := &l.spill[p]
	sp.loading = false
	if len(list) == 0 && !more {
		// What was counted may not be on disk yet; a count that stays wrong ends here.
		if sp.empty++; sp.empty > emptyLoads {
			sp.rows, sp.empty = 0, 0
		}
		sp.again = now.Add(emptyPause)
		return
	}
	sp.empty = 0
	if sp.after == nil {
		sp.after = map[string]message.ID{}
	}
	for _, m := range list {
		sp.after[m.Account] = max(sp.after[m.Account], m.ID)
		if g.open[m.ID] != nil {
			continue
		}
		sp.rows = max(0, sp.rows-1)
		e := newEntry(m)
		e.link, e.station, e.rowed = l, waiting, true
		e.hop = hopOf(m.Links, l.name)
		if m.State != message.Queued && m.State != message.Sending {
			g.removeRow(e)
			continue
		}
		g.open[m.ID] = e
		l.lanes.push(e, false)
	}
	g.dispatch(l, now)
}

func hopOf(links []string, name string) uint8 {
	for i, n := range links {
		if n == name {
			return uint8(i)
		}
	}
	return 0
}
