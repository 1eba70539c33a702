package gateway

import (
	"context"
	"time"

	"kurir/message"
	"kurir/store"
)

// What waits for a link is free, a row in table waiting that is nobody's:
//
//  1. at acceptance, if there is no session of the link here, or one that is busy while another
//     gateway has one too (leavesFree), and whenever memory is full;
//  2. when the link has had no session here for freeAfter (sweep, wait).
//
// A gateway whose sessions have room claims free rows (claim), by lane and account in turn. From
// then on they are its own, and are read like everything else that waits on disk only. A claim is
// no larger than the credit of the link's sessions, for each lane less what was claimed for it
// before and still waits.
//
// If no gateway has a session for long, one that has a session of a further link passes the messages on (passOn).

// freeAfter is how long messages wait in memory for a session to come back.
const freeAfter = time.Second

// freed notes that free rows may wait for the link.
func (l *link) freed() {
	l.free = true
	l.frees++
}

// credits returns what the link's sessions may hold, and how much of that is left.
func (l *link) credits() (credit, room int) {
	for _, s := range l.sessions {
		credit += s.credit
		room += max(0, s.room())
	}
	return credit, room
}

// reachable tells whether a session of the link may send, here or elsewhere.
func (l *link) reachable() bool { return l.up() || l.elsewhere }

// leavesFree tells whether a new message for a link is left to whoever can send it.
func (g *Gateway) leavesFree(l *link) bool {
	if !g.opt.Shared || !l.sends() {
		return g.opt.Shared
	}
	credit, _ := l.credits()
	return l.elsewhere && l.lanes.n+l.coming >= credit
}

// setFree drops a message from memory that waits in no lane; its row is for whoever claims it.
func (g *Gateway) setFree(e *entry) {
	g.move(e, nowhere, false)
	row := g.waitingRow(e)
	row.Node = store.Free
	g.cur.WaitingAdd = append(g.cur.WaitingAdd, row)
	g.forget(e)
}

// claim has free rows claimed for a link whose sessions have room. The lock is held.
func (g *Gateway) claim(l *link) {
	if !g.opt.Shared || !l.free || l.claiming || !l.sends() || g.full != nil || g.ctx.Err() != nil {
		return
	}
	credit, n := l.credits()
	if l.lanes.n > 0 {
		n = credit // those of other gateways take turns with what waits here
	}
	if rate := l.pace.rate; rate > 0 {
		n = min(n, int(rate)+1)
	}
	var most [message.Priorities]int
	some := false
	for p := range most {
		most[p] = max(0, credit-l.lanes.lane[p].claimed-int(l.spill[p].rows))
		some = some || most[p] > 0
	}
	if n <= 0 || !some {
		return
	}
	l.claiming = true
	frees := l.frees
	g.jobs.Go(func() { g.claimNow(l, most, n, frees) })
}

func (g *Gateway) claimNow(l *link, most [message.Priorities]int, n int, frees uint64) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	rows, more, err := g.store.Claim(ctx, g.opt.Node, g.opt.Term, l.name, most, n)
	if err != nil && g.ctx.Err() == nil {
		g.log.Error("claim what waits for a link", "link", l.name, "error", err)
	}
	g.mu.Lock()
	l.claiming = false
	if err == nil {
		l.free = more || l.frees != frees
		l.rates.more = more
	}
	for i := range rows {
		l.spill[rows[i].Priority].claimed(rows[i].Account)
	}
	if len(rows) > 0 {
		g.refill(l)
	}
	g.mu.Unlock()
}

// claimed books a row that has become this gateway's. It may stand before where a walk over the rows is.
func (sp *spill) claimed(account string) {
	sp.put(account, sp.last).addAny()
	sp.rows++
	sp.claims++
	sp.again = time.Time{}
}

// endFree ends what waits in free rows and is too old.
func (g *Gateway) endFree(ctx context.Context, now time.Time) error {
	rows, err := g.store.WaitingExpired(ctx, store.Free, now.UnixMilli(), g.opt.helping(diskMost))
	if err != nil || len(rows) == 0 {
		return err
	}
	if rows, err = g.store.ClaimRows(ctx, g.opt.Node, g.opt.Term, rows); err != nil || len(rows) == 0 {
		return err
	}
	return g.endRows(ctx, rows, g.look(), now)
}

// passOn gives messages whose link no gateway has had a session of for long to a further link of theirs that is up here.
func (g *Gateway) passOn(ctx context.Context, now time.Time) error {
	var links []*link
	g.mu.Lock()
	for _, l := range g.links {
		if !l.reachable() && time.Since(l.downAt) > l.set.FallbackWait {
			links = append(links, l)
		}
	}
	g.mu.Unlock()
	for _, l := range links {
		if err := g.passOnFrom(ctx, l, now); err != nil {
			return err
		}
	}
	return nil
}

// passOnFrom looks at one helping of a link's free rows; the next one is that of the next call.
func (g *Gateway) passOnFrom(ctx context.Context, l *link, now time.Time) error {
	after := l.passed
	if after.Link == "" {
		after = store.Waiting{Node: store.Free, Link: l.name, Priority: 0}
	}
	rows, err := g.store.WaitingAfter(ctx, after, g.opt.helping(diskMost))
	if err != nil {
		return err
	}
	at := map[message.ID]store.Waiting{}
	var ids []message.ID
	l.passed = store.Waiting{}
	for i := range rows {
		if rows[i].Link != l.name {
			break
		}
		at[rows[i].ID], l.passed = rows[i], rows[i]
		ids = append(ids, rows[i].ID)
	}
	if len(ids) == 0 {
		return nil
	}
	list, err := g.store.MessagesByID(ctx, ids)
	if err != nil {
		return err
	}
	var wanted []store.Waiting
	g.mu.Lock()
	room := map[*link]int{}
	for _, m := range list {
		e := newEntry(m)
		e.link = l
		if len(m.Links) > 1 && g.hasRoom(e, room) {
			wanted = append(wanted, at[m.ID])
		}
	}
	g.mu.Unlock()
	if len(wanted) == 0 {
		return nil
	}
	if wanted, err = g.store.ClaimRows(ctx, g.opt.Node, g.opt.Term, wanted); err != nil {
		return err
	}
	return g.moveRows(ctx, l, wanted, now)
}

// moveRows takes messages that have rows of this gateway, for a link that is down, into the lanes of another one.
func (g *Gateway) moveRows(ctx context.Context, l *link, rows []store.Waiting, now time.Time) error {
	at := map[message.ID]store.Waiting{}
	var ids []message.ID
	for _, w := range rows {
		at[w.ID] = w
		ids = append(ids, w.ID)
	}
	touched := map[*link]bool{}
	err := g.fromIDs(ctx, ids, g.look(), func(m *message.Message) {
		e := newEntry(m)
		if len(m.Log) > 0 {
			e.readLog(g)
		}
		e.link, e.station, e.rowed = l, waiting, true
		if m.State != message.Queued && m.State != message.Sending {
			g.removeRow(e) // it does not wait
			return
		}
		m.State = message.Queued
		g.move(e, nowhere, false)
		e.hop = g.another(e)
		e.link = g.link(m.Links[e.hop])
		touched[e.link] = true
		g.wait(e, false)
	}, func(id message.ID) { g.cur.WaitingRemove = append(g.cur.WaitingRemove, at[id]) })
	g.mu.Lock()
	for to := range touched {
		g.dispatch(to, now)
	}
	g.mu.Unlock()
	g.signal()
	return err
}
