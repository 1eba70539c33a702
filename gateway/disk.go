package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// What is on disk only is looked at once a second, in helpings.
const (
	diskMost  = 2000 // rows at a time
	diskTurns = 10   // helpings in a second
)

// fromDisk looks at what is on disk only: retries and schedules that are due,
// what is too old, receipts that never came, what is owed to customers who do
// not come.
func (g *Gateway) fromDisk(ctx context.Context, now time.Time) error {
	if err := g.keepLate(ctx); err != nil {
		return err
	}
	if err := g.endAbsent(ctx, now); err != nil {
		return err
	}
	if err := g.loadReachable(ctx, now); err != nil {
		return err
	}
	if err := g.passAlerts(ctx, now); err != nil {
		return err
	}
	have := g.store.Counts()
	tables := []struct {
		rows int64
		look func(context.Context, time.Time) (more bool, err error)
	}{{have.Due, g.loadDue}, {have.Waiting, g.endWaiting}, {have.Outstanding, g.endOutstanding}}
	for _, table := range tables {
		if table.rows == 0 {
			continue
		}
		for range diskTurns {
			more, err := table.look(ctx, now)
			if err != nil {
				return err
			}
			if !more {
				break
			}
			g.signal()
			if !g.settled(ctx) {
				break
			}
		}
	}
	return nil
}

// settled waits until what has been gathered so far is on disk, so that the
// next look at the disk does not find the same again.
func (g *Gateway) settled(ctx context.Context) bool {
	done := make(chan error, 1)
	g.mu.Lock()
	if g.full != nil {
		g.mu.Unlock()
		return false
	}
	g.cur.after = append(g.cur.after, func(err error) { done <- err })
	g.mu.Unlock()
	g.signal()
	select {
	case err := <-done:
		return err == nil
	case <-ctx.Done():
		return false
	}
}

// lateReport is an event for the log of a message that need not be in memory:
// a receipt that contradicts the final state, say.
type lateReport struct {
	id message.ID
	message.Event
}

const lateMost = 1000 // in a second; more are only counted

// contradict keeps a receipt that contradicts the final state: in the log.
func (g *Gateway) contradict(id message.ID, r *message.Report, now time.Time) {
	g.later(id, message.Event{Kind: message.EventLate, At: now.UnixMilli(), State: r.State, Code: r.Code})
}

// later has an event written into the log of a message within a second.
func (g *Gateway) later(id message.ID, ev message.Event) {
	if len(g.late) < lateMost {
		g.late = append(g.late, lateReport{id, ev})
	}
}

// keepLate writes such events into the logs of their messages.
func (g *Gateway) keepLate(ctx context.Context) error {
	g.mu.Lock()
	late := g.late
	if len(late) == 0 {
		g.mu.Unlock()
		return nil
	}
	g.late, g.lateNow = nil, late
	r := g.beginReading()
	g.mu.Unlock()
	ids := make([]message.ID, 0, len(late))
	for _, l := range late {
		ids = append(ids, l.id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	write := func(e *entry) {
		for _, l := range late {
			if l.id == e.m.ID && len(e.m.Log) < logMost {
				e.event(l.Event)
				g.change(e)
			}
		}
	}
	written := map[message.ID]bool{}
	err := g.fromIDs(ctx, ids, r, func(m *message.Message) {
		if g.opt.Shared && !closed(m) {
			return // it may be another gateway's, and is looked at again
		}
		write(newEntry(m))
		g.left(m.ID)
		written[m.ID] = true
	}, func(id message.ID) { written[id] = true })
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lateNow = nil
	for _, id := range ids {
		if e := g.fetch(id); e != nil && g.full == nil {
			m := *e.m // who tells the final state may be reading it
			e.m = &m
			write(e)
			written[id] = true
		}
	}
	for _, l := range late { // the next look finds it
		if !written[l.id] && len(g.late) < lateMost {
			g.late = append(g.late, l)
		}
	}
	return err
}

// fromIDs reads messages by id and hands those that are not in memory and not
// out of date to use, under the lock; missing gets the ids that are nowhere.
func (g *Gateway) fromIDs(ctx context.Context, ids []message.ID, r *reading, use func(*message.Message), missing func(message.ID)) error {
	list, err := g.store.MessagesByID(ctx, ids)
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.endReading(r)
	if err != nil || g.full != nil {
		return err
	}
	at := 0
	for _, id := range ids {
		if at < len(list) && list[at].ID == id {
			m := list[at]
			at++
			if !g.known(id) && !r.stale(id) {
				use(m)
			}
			continue
		}
		if !g.known(id) && !r.stale(id) {
			missing(id)
		}
	}
	return nil
}

// look begins a reading.
func (g *Gateway) look() *reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.beginReading()
}

func (g *Gateway) endLook(r *reading) {
	g.mu.Lock()
	g.endReading(r)
	g.mu.Unlock()
}

// loadDue reads what has become due on disk.
func (g *Gateway) loadDue(ctx context.Context, now time.Time) (more bool, err error) {
	r := g.look()
	rows, err := g.store.DueBefore(ctx, g.opt.Node, now.UnixMilli(), g.opt.helping(diskMost))
	if err != nil || len(rows) == 0 {
		g.endLook(r)
		return false, err
	}
	ids := make([]message.ID, 0, len(rows))
	due := make(map[message.ID]int64, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ID)
		due[row.ID] = row.At
	}
	touched := map[*link]bool{}
	err = g.fromIDs(ctx, ids, r, func(m *message.Message) {
		if g.giving[m.ID] {
			return
		}
		e := newEntry(m)
		e.readLog(g)
		e.hop = g.another(e)
		e.link = g.link(m.Links[e.hop])
		e.station, e.rowed, e.due = delayed, true, due[m.ID]
		if m.State.Final() || m.State == message.Enroute {
			g.removeRow(e) // a row that was left over
			return
		}
		touched[e.link] = true
		if e.m.Expires > now.UnixMilli() && g.fullFor(e) {
			g.dueToDisk(e)
			return
		}
		g.again(e, now)
	}, func(id message.ID) { g.cur.DueRemove = append(g.cur.DueRemove, id) })
	g.mu.Lock()
	for l := range touched {
		g.dispatch(l, now)
	}
	g.mu.Unlock()
	return len(rows) == g.opt.helping(diskMost), err
}

// dueToDisk lets a message wait on disk whose time has come while the lanes of
// its link are full.
func (g *Gateway) dueToDisk(e *entry) {
	g.removeRow(e)
	if e.m.State == message.Scheduled {
		e.m.State = message.Queued
		g.change(e)
	}
	g.spillOld(e)
	g.left(e.m.ID)
}

// endWaiting ends what waits on disk only and is too old.
func (g *Gateway) endWaiting(ctx context.Context, now time.Time) (more bool, err error) {
	r := g.look()
	rows, err := g.store.WaitingExpired(ctx, g.opt.Node, now.UnixMilli(), g.opt.helping(diskMost))
	if err != nil || len(rows) == 0 {
		g.endLook(r)
		return false, err
	}
	return len(rows) == g.opt.helping(diskMost), g.endRows(ctx, rows, r, now)
}

// endRows ends messages that wait in rows of this gateway's.
func (g *Gateway) endRows(ctx context.Context, rows []store.Waiting, r *reading, now time.Time) error {
	ids := make([]message.ID, 0, len(rows))
	at := make(map[message.ID]store.Waiting, len(rows))
	for _, w := range rows {
		ids = append(ids, w.ID)
		at[w.ID] = w
	}
	return g.fromIDs(ctx, ids, r, func(m *message.Message) {
		e := newEntry(m)
		e.station, e.rowed, e.link = waiting, true, g.link(at[m.ID].Link)
		sp := &e.link.spill[m.Priority]
		sp.rows = max(0, sp.rows-1)
		if m.State == message.Queued || m.State == message.Sending {
			g.expire(e, now)
			return
		}
		g.removeRow(e) // a row that was left over
	}, func(id message.ID) { g.cur.WaitingRemove = append(g.cur.WaitingRemove, at[id]) })
}

// endOutstanding ends messages whose receipts never came.
func (g *Gateway) endOutstanding(ctx context.Context, now time.Time) (more bool, err error) {
	g.mu.Lock()
	if !g.endsUnanswered() {
		g.mu.Unlock()
		return false, nil
	}
	r := g.beginReading()
	g.mu.Unlock()
	rows, err := g.store.OutstandingDeadline(ctx, g.opt.Node, now.UnixMilli(), g.opt.helping(diskMost))
	if err != nil || len(rows) == 0 {
		g.endLook(r)
		return false, err
	}
	ids := make([]message.ID, 0, len(rows))
	of := make(map[message.ID][]store.Outstanding, len(rows))
	for _, o := range rows {
		if of[o.ID] == nil {
			ids = append(ids, o.ID)
		}
		of[o.ID] = append(of[o.ID], o)
	}
	drop := func(id message.ID) { g.cur.OpenRemove = append(g.cur.OpenRemove, of[id]...) }
	err = g.fromIDs(ctx, ids, r, func(m *message.Message) {
		drop(m.ID)
		if m.State == message.Enroute {
			e := g.revive(m)
			e.rowed = false
			g.endWithoutReceipt(e, now)
		}
	}, drop)
	g.mu.Lock()
	for _, id := range ids {
		if e := g.fetch(id); e != nil && e.station == enroute && e.deadline() <= now.UnixMilli() {
			g.endWithoutReceipt(e, now)
		}
	}
	g.mu.Unlock()
	return len(rows) == g.opt.helping(diskMost), err
}
