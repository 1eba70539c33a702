package gateway

import (
	"context"
	"maps"
	"time"

	"kurir/message"
	"kurir/store"
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
	if !g.opt.Shared {
		e.link.spill[e.m.Priority].pass.added(g.cur.seq)
	}
}

// spill leaves a new message, which waits, on disk only.
func (g *Gateway) spill(e *entry) {
	l := e.link
	sp := &l.spill[e.m.Priority]
	e.setBatch()
	if g.opt.Shared {
		row := g.waitingRow(e)
		row.Node = store.Free
		g.cur.WaitingAdd = append(g.cur.WaitingAdd, row)
		return
	}
	sp.put(e.m.Account, g.cur.seq).add(e, l.lanes.of(e.m.Priority, e.m.Account))
	sp.rows++
	g.cur.WaitingAdd = append(g.cur.WaitingAdd, g.waitingRow(e))
}

// put books that a gather adds a row of an account.
func (sp *spill) put(account string, seq uint64) *onDisk {
	if sp.on == nil {
		sp.on = map[string]*onDisk{}
	}
	d := sp.on[account]
	if d == nil {
		d = &onDisk{}
		sp.on[account] = d
	}
	sp.some, sp.last, d.newest = true, seq, seq
	return d
}

// emptied forgets the accounts that have no rows any more, by a helping that saw
// all gathers up to seen; behind are those that may have some, nil if that is
// not known.
func (sp *spill) emptied(behind map[string]struct{}, seen uint64) {
	if behind == nil {
		return
	}
	for account, d := range sp.on {
		if _, more := behind[account]; !more && d.newest <= seen {
			delete(sp.on, account)
		}
	}
}

// aheadShare is the part of the memory of a link's queue that a single account,
// or a single batch of one of which more waits, may take in a lane when memory is
// full. So much is let in above the memory that was set, together at most as much
// again, and half as much for batches.
const aheadShare = 16

// fullFor tells whether memory has no place for one more message. What others
// have waiting does not keep out an account of which little waits, and neither
// what its account has keeps out a batch: a password does not wait on disk behind
// a campaign.
func (g *Gateway) fullFor(e *entry) bool {
	l, most := e.link, g.opt.QueueMemory
	n := l.lanes.n + l.coming
	if n < most || n >= 2*most {
		return n >= most
	}
	q := l.lanes.of(e.m.Priority, e.m.Account)
	if q == nil || q.n*aheadShare < most {
		return false
	}
	return n*2 >= 3*most || q.beside(e)*aheadShare >= most
}

// spills tells whether a new message is left on disk only: when memory is full
// for it, and behind others of its batch that are there.
func (g *Gateway) spills(e *entry) bool {
	e.setBatch()
	l, p, account := e.link, e.m.Priority, e.m.Account
	d := l.spill[p].on[account]
	return d != nil && d.before(e, l.lanes.of(p, account)) || g.fullFor(e)
}

// refill loads what waits on disk only when the lanes run low.
func (g *Gateway) refill(l *link) {
	for p := range l.spill {
		sp := &l.spill[p]
		if !sp.some || sp.loading || l.lanes.lane[p].ready()*refillAt > g.opt.QueueMemory || g.now().Before(sp.again) || g.ctx.Err() != nil {
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
	passed := g.passOver(l, p)
	for account := range passed {
		after[account] = lastID
	}
	n := min(g.opt.helping(refillMost), max(1, g.opt.QueueMemory/2))
	r := g.beginReading()
	if sp.after == nil {
		sp.pass.begin(r)
		sp.passing = sp.claims
	}
	g.mu.Unlock()

	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	got, err := g.store.Refill(ctx, g.opt.Node, l.name, p, after, n)
	if err != nil && g.ctx.Err() == nil {
		g.log.Error("read what waits for a link", "link", l.name, "error", err)
	}

	now := g.now()
	g.mu.Lock()
	sp.loading = false
	if err != nil {
		sp.again = now.Add(brokePause)
	} else {
		g.loaded(l, p, &got, passed, r, now)
	}
	g.endReading(r)
	g.mu.Unlock()
	g.signal()
}

// loaded puts what was read into the lanes. What is in memory already, or was
// ended while it was being read, is passed over; so are accounts in passed.
func (g *Gateway) loaded(l *link, p message.Priority, got *store.Refilled, passed map[string]struct{}, r *reading, now time.Time) {
	sp := &l.spill[p]
	if sp.after == nil {
		sp.after = map[string]message.ID{}
	}
	for _, m := range got.Messages {
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
	if got.Behind != nil {
		maps.Copy(got.Behind, passed)
	}
	sp.emptied(got.Behind, r.seen)
	switch {
	case got.More:
	case len(passed) > 0:
		sp.beginWithout(passed, now.Add(emptyPause))
	case !sp.pass.whole():
		sp.after, sp.again = nil, now.Add(emptyPause)
	case sp.claims != sp.passing:
		sp.after = nil
	case sp.last > r.seen: // what was added meanwhile may not have been seen
		sp.again = now.Add(emptyPause)
	default:
		sp.some, sp.rows, sp.after, sp.on = false, 0, nil, nil
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
	e.station, e.rowed, e.claimed = waiting, true, g.opt.Shared
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
