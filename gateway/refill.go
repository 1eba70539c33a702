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
	brokePause = time.Second
)

// spillOld leaves a waiting message on disk only that is older than others
// there.
func (g *Gateway) spillOld(e *entry) {
	g.spill(e)
	e.link.spill[e.m.Priority].pass.added(g.cur.seq)
}

// spill leaves a new message, which waits, on disk only.
func (g *Gateway) spill(e *entry) {
	sp := &e.link.spill[e.m.Priority]
	sp.some, sp.last = true, g.cur.seq
	sp.rows++
	g.cur.WaitingAdd = append(g.cur.WaitingAdd, e.waitingRow())
}

// refill loads what waits on disk only when the lanes run low.
func (g *Gateway) refill(l *link) {
	for p := range l.spill {
		sp := &l.spill[p]
		if !sp.some || sp.loading || l.lanes.lane[p].n*refillAt > g.opt.QueueMemory || time.Now().Before(sp.again) || g.ctx.Err() != nil {
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
	n := min(g.opt.helping(refillMost), max(1, g.opt.QueueMemory/2))
	r := g.beginReading()
	if sp.after == nil {
		sp.pass.begin(r)
	}
	g.mu.Unlock()

	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	list, more, err := g.store.Refill(ctx, l.name, p, after, n)
	if err != nil && g.ctx.Err() == nil {
		g.log.Error("read what waits for a link", "link", l.name, "error", err)
	}

	now := time.Now()
	g.mu.Lock()
	sp.loading = false
	if err != nil {
		sp.again = now.Add(brokePause)
	} else {
		g.loaded(l, p, list, more, r, now)
	}
	g.endReading(r)
	g.mu.Unlock()
	g.signal()
}

// loaded puts what was read into the lanes. What is in memory already, or was
// ended while it was being read, is passed over.
func (g *Gateway) loaded(l *link, p message.Priority, list []*message.Message, more bool, r *reading, now time.Time) {
	sp := &l.spill[p]
	if sp.after == nil {
		sp.after = map[string]message.ID{}
	}
	for _, m := range list {
		sp.after[m.Account] = max(sp.after[m.Account], m.ID)
		switch {
		case g.known(m.ID):
		case r.stale(m.ID):
			sp.pass.missed = true
		default:
			sp.rows = max(0, sp.rows-1)
			g.waitAgain(l, m)
		}
	}
	switch {
	case more:
	case !sp.pass.whole():
		sp.after, sp.again = nil, now.Add(emptyPause)
	case sp.last > r.seen: // what was added meanwhile may not have been seen
		sp.again = now.Add(emptyPause)
	default:
		sp.some, sp.rows, sp.after = false, 0, nil
	}
	g.dispatch(l, now)
}

// waitAgain takes a message from disk into the lanes.
func (g *Gateway) waitAgain(l *link, m *message.Message) {
	e := newEntry(m)
	if len(m.Log) > 0 {
		e.readLog(g)
	}
	e.link, e.hop = l, hopOf(m.Links, l.name)
	e.station, e.rowed = waiting, true
	if m.State != message.Queued && m.State != message.Sending {
		g.removeRow(e) // it does not wait
		return
	}
	m.State = message.Queued
	g.open[m.ID] = e
	l.lanes.push(e, false)
}

func hopOf(links []string, name string) uint8 {
	for i, n := range links {
		if n == name {
			return uint8(i)
		}
	}
	return 0
}
