package gateway

import (
	"context"
	"math"
	"time"

	"kurir/message"
	"kurir/store"
)

// redirectOwed has what is owed still to other webhooks of an account go to the
// one that it has now, at once: an address that has moved answers no more, and
// what waits for its next try waited for nothing. It goes through the rows of
// table owed; what is in memory is about to be told where it was owed, and when
// that fails the next redirection finds its row.
func (g *Gateway) redirectOwed(ctx context.Context, j *pushJob) error {
	b := boxKey{message.WebhookTarget, j.req.Account, false}
	for after := (store.Owed{}); ; {
		rows, err := g.store.OwedNext(ctx, g.opt.Node, b.String(), math.MaxInt64, after, g.opt.helping(pushMost))
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1]
		of := map[message.ID][]store.Owed{}
		var ids, inbound []message.ID
		for _, row := range rows {
			switch of[row.ID] = append(of[row.ID], row); {
			case row.Inbound:
				inbound = append(inbound, row.ID)
			case row.Index == finalIndex:
				ids = append(ids, row.ID)
			}
		}
		err = g.pushAgain(ctx, ids, func(ids []message.ID, r *reading) ([]message.ID, error) {
			list, err := g.store.MessagesByID(ctx, ids)
			return g.redirectAll(j, len(list), r, func(i int, now time.Time) (message.ID, func()) {
				m := list[i]
				return m.ID, func() { g.redirectState(j, m, of[m.ID], now) }
			}), err
		})
		if err != nil {
			return err
		}
		err = g.pushAgain(ctx, inbound, func(ids []message.ID, r *reading) ([]message.ID, error) {
			list, err := g.store.InboundByID(ctx, ids)
			return g.redirectAll(j, len(list), r, func(i int, now time.Time) (message.ID, func()) {
				in := list[i]
				return in.ID, func() { g.redirectInbound(j, in, of[in.ID], now) }
			}), err
		})
		if err == nil {
			err = g.pushed(ctx, j)
		}
		if err != nil {
			return err
		}
	}
}

// redirectAll redirects n things that were read, and ends the reading. It returns
// the ids of those that have changed meanwhile.
func (g *Gateway) redirectAll(j *pushJob, n int, r *reading, one func(i int, now time.Time) (message.ID, func())) (again []message.ID) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.endReading(r)
	for i := range n {
		id, redirect := one(i, now)
		switch {
		case g.open[id] != nil || g.openIn[id] != nil: // in memory
		case g.full != nil || r.stale(id):
			again = append(again, id)
		default:
			redirect()
		}
	}
	return again
}

func (g *Gateway) redirectState(j *pushJob, m *message.Message, rows []store.Owed, now time.Time) {
	if !m.Owed || len(m.Log) >= logMost || !j.redirects(g, m.Target, m.Log, m.ID, 0) {
		return
	}
	it := &Item{box: g.box(m.Target.Kind, m.Target.Account)}
	g.finalItem(it, m)
	for _, row := range rows {
		if row.Index == finalIndex {
			g.redirect(j, it, row, message.Event{Kind: message.EventPushed, At: max(now.UnixMilli(), m.Final), State: m.State, Code: toCurrent})
			return
		}
	}
}

func (g *Gateway) redirectInbound(j *pushJob, in *message.Inbound, rows []store.Owed, now time.Time) {
	for _, row := range rows {
		i := int(row.Index)
		if i >= len(in.Targets) || len(in.Log) >= logMost || !j.redirects(g, in.Targets[i], in.Log, in.ID, row.Index+1) {
			continue
		}
		if it := (&Item{box: g.inBox(in.Targets[i])}); g.inboundItem(it, in, i) {
			g.redirect(j, it, row, message.Event{Kind: message.EventPushed, At: max(now.UnixMilli(), in.Received), Code: toCurrent})
		}
	}
}

// redirects tells whether something that is owed goes elsewhere by the job.
func (j *pushJob) redirects(g *Gateway, t message.Target, log []byte, base message.ID, part uint8) bool {
	if t.Kind != message.WebhookTarget || t.Account != j.req.Account || !j.aimsAt(g, t, log, base, part) {
		return false
	}
	return t.Address != g.current(t).Address && lastPush(log, base, part).Code != toCurrent
}

// redirect puts a row that is due at once in the place of the one that an item
// has, with the event that says where it goes.
func (g *Gateway) redirect(j *pushJob, it *Item, row store.Owed, ev message.Event) {
	it.rowed, it.due = true, row.Due
	g.removeItemRow(it)
	g.itemEvent(it, ev)
	it.due, it.Tries = 0, 0
	g.leave(it)
	j.touched[it.box] = struct{}{}
	j.count(func(p *PushProgress) { p.Moved++ })
}
