package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// recover reads from the store what is open and puts it where it was:
//
//  1. The numbers from which ids, grants and held receipts go on, and the mark.
//  2. How much waits on disk, per link and lane, and what is owed per queue.
//  3. Grants: every message named there, or in its own row, without an answer
//     after the grant is uncertain.
//  4. Messages behind the mark's far side that are in no spill table.
//  5. Held receipts, parts of inbound messages, inbound messages still owed.
//
// What it changes (uncertain messages wait again, say) is gathered and
// committed by Run before anything else.
func (g *Gateway) recover(ctx context.Context) error {
	began := time.Now()
	if err := g.recoverNumbers(ctx); err != nil {
		return err
	}
	if err := g.recoverCounts(ctx); err != nil {
		return err
	}
	if err := g.recoverGrants(ctx); err != nil {
		return err
	}
	if err := g.store.OpenAfterMark(ctx, func(m *message.Message) error {
		return g.recoverMessage(ctx, m)
	}); err != nil {
		return err
	}
	if err := g.recoverInbound(ctx); err != nil {
		return err
	}
	g.log.Info("open messages read", "open", len(g.open), "uncertain", g.count.uncertain.Load(),
		"took", time.Since(began).Round(time.Millisecond))
	return nil
}

func (g *Gateway) recoverNumbers(ctx context.Context) error {
	last, err := g.store.LastID(ctx)
	if err != nil {
		return err
	}
	g.ids = message.NewIDs(g.opt.Node, last)
	if g.mark, err = g.store.Mark(ctx); err != nil {
		return err
	}
	if g.lastGrant, err = g.store.LastGrant(ctx); err != nil {
		return err
	}
	g.lastHeld, err = g.store.LastHeld(ctx)
	return err
}

func (g *Gateway) recoverCounts(ctx context.Context) error {
	waiting, err := g.store.WaitingCounts(ctx)
	if err != nil {
		return err
	}
	for lane, accounts := range waiting {
		for _, n := range accounts {
			g.link(lane.Link).spill[lane.Priority].rows += n
		}
	}
	queues, err := g.store.OwedQueues(ctx)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if k, ok := parseBoxKey(q.Queue); ok {
			b := g.box(k.kind, k.account)
			b.stored, b.behind = true, true
		}
	}
	return nil
}

func parseBoxKey(s string) (boxKey, bool) {
	for _, kind := range []message.TargetKind{message.SMPPTarget, message.WebhookTarget, message.KannelTarget} {
		prefix := kind.String() + "/"
		if len(s) > len(prefix) && s[:len(prefix)] == prefix {
			return boxKey{kind, s[len(prefix):]}, true
		}
	}
	return boxKey{}, false
}

// recoverGrants marks what was granted by a grant row and not answered. The
// rows go in the same commit that says so.
func (g *Gateway) recoverGrants(ctx context.Context) error {
	grants, err := g.store.Grants(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, gr := range grants {
		list, err := g.store.MessagesByID(ctx, gr.IDs)
		if err != nil {
			return err
		}
		for _, m := range list {
			if g.open[m.ID] != nil || m.State != message.Queued && m.State != message.Sending || answeredSince(m, gr.At) {
				continue
			}
			e := newEntry(m)
			e.readLog(g)
			e.link = g.link(gr.Link)
			e.hop = hopOf(m.Links, gr.Link)
			g.open[m.ID] = e
			g.uncertain(e, now)
		}
		g.cur.GrantDone = append(g.cur.GrantDone, gr.Number)
	}
	return nil
}

func answeredSince(m *message.Message, at int64) bool {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, ev := range events {
		if ev.At >= at && (ev.Kind == message.EventTaken || ev.Kind == message.EventFailed || ev.Kind == message.EventUncertain) {
			return true
		}
	}
	return false
}

// recoverMessage puts one open message back to its station.
func (g *Gateway) recoverMessage(ctx context.Context, m *message.Message) error {
	if g.open[m.ID] != nil {
		return nil // its grant row has been seen
	}
	e := newEntry(m)
	e.readLog(g)
	now := time.Now()
	g.recent.push(m.ID)
	switch {
	case m.State.Final():
		return g.recoverOwed(ctx, e, now)
	case m.State == message.Enroute:
		g.open[m.ID] = e
		e.station = enroute
		for _, k := range e.keys {
			if k != 0 {
				g.outstanding.add(k, e)
			}
		}
		d := e.deadline()/1000 + 1
		g.deadlines[d] = append(g.deadlines[d], e)
	case m.State == message.Sending:
		g.open[m.ID] = e
		g.uncertain(e, now)
	default:
		return g.recoverWaiting(ctx, e)
	}
	return nil
}

func (g *Gateway) recoverOwed(ctx context.Context, e *entry, now time.Time) error {
	m := e.m
	it := &Item{
		Message: m, State: m.State, Since: m.Final, Target: m.Target, entry: e,
		box: g.box(m.Target.Kind, m.Target.Account),
	}
	has, err := g.store.OwedHas(ctx, []store.Owed{it.row()})
	if err != nil || has[0] {
		return err
	}
	e.item, e.station = it, owing
	g.open[m.ID] = e
	g.cur.owed = append(g.cur.owed, it)
	return nil
}

func (g *Gateway) recoverWaiting(ctx context.Context, e *entry) error {
	if has, err := g.store.DueHas(ctx, []message.ID{e.m.ID}); err != nil || has[0] {
		return err
	}
	if has, err := g.store.WaitingHas(ctx, e.waitingRows()); err != nil || slices.Contains(has, true) {
		return err
	}
	if sp := &e.link.spill[e.m.Priority]; e.link.lanes.n >= g.opt.QueueMemory {
		sp.rows++
		g.cur.WaitingAdd = append(g.cur.WaitingAdd, e.waitingRow())
		return nil
	}
	g.wait(e, false)
	return nil
}

func (g *Gateway) recoverInbound(ctx context.Context) error {
	err := g.store.Held(ctx, func(h *store.HeldReport) error {
		g.keepHeld(heldReport{*h})
		return nil
	})
	if err != nil {
		return err
	}
	err = g.store.InboundParts(ctx, func(p *store.InboundPart) error {
		a := g.joins[p.Key]
		if a == nil {
			a = &assembly{key: p.Key, parts: make([]*message.Inbound, p.Total), since: p.Received}
			g.joins[p.Key] = a
		}
		if int(p.Number) <= len(a.parts) && p.Number > 0 && a.parts[p.Number-1] == nil {
			a.parts[p.Number-1] = p.Part
			a.ids = append(a.ids, p.ID)
			a.have++
		}
		return nil
	})
	if err != nil {
		return err
	}
	return g.store.OpenInbound(ctx, func(in *message.Inbound, missing uint32) error {
		g.recent.push(in.ID)
		for i, t := range in.Targets {
			it := &Item{box: g.box(t.Kind, t.Account)}
			if missing>>i&1 == 1 && g.inboundItem(it, in, i) {
				g.cur.owed = append(g.cur.owed, it)
			}
		}
		return nil
	})
}

// begin starts what recover found: the ids that were read in two passes are
// brought into order first.
func (g *Gateway) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	sortIDs(&g.recent)
	for _, b := range g.boxes {
		g.loadOwed(b)
	}
	for _, l := range g.links {
		g.refill(l)
	}
}

// readLog takes from a message's log what an entry has to know: the link it
// was last with, its operator ids that still await receipts, its tries.
func (e *entry) readLog(g *Gateway) {
	events, _ := message.DecodeLog(e.m.Log, e.m.ID)
	name := e.m.Links[0]
	e.keys = e.oneKey[:0]
	type key struct {
		part uint8
		id   string
	}
	var ids []key
	for _, ev := range events {
		switch ev.Kind {
		case message.EventGranted:
			name, ids = ev.Text, ids[:0]
		case message.EventTaken:
			ids = append(ids, key{ev.Part, ev.Text})
		case message.EventFailed:
			e.tries++
			ids = ids[:0]
		case message.EventReport:
			for i := range ids {
				if ids[i].part == ev.Part && ev.State.Final() {
					ids[i].id = ""
				}
			}
		}
	}
	e.link = g.link(name)
	e.hop = hopOf(e.m.Links, name)
	for _, k := range ids {
		if k.id == "" {
			e.keys = append(e.keys, 0)
			continue
		}
		e.keys = append(e.keys, receiptKey(name, k.id))
	}
}
