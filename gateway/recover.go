package gateway

import (
	"context"
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
	var elsewhere map[message.ID]struct{}
	if g.opt.Shared {
		var err error
		if elsewhere, err = g.othersHave(ctx, g.opt.Node); err != nil {
			return err
		}
	}
	seen := map[message.ID]bool{}
	if err := g.recoverGrants(ctx, seen); err != nil {
		return err
	}
	var list []*message.Message
	err := g.store.OpenAfterMark(ctx, g.opt.Node, func(m *message.Message) (err error) {
		if list = append(list, m); len(list) == recoverMost {
			err = g.recoverMessages(ctx, list, seen, elsewhere)
			list = list[:0]
		}
		return err
	})
	if err == nil {
		err = g.recoverMessages(ctx, list, seen, elsewhere)
	}
	if err != nil {
		return err
	}
	if err := g.recoverInbound(ctx); err != nil {
		return err
	}
	g.log.Info("open messages read", "open", len(g.open), "uncertain", g.count.uncertain.Load(),
		"took", time.Since(began).Round(time.Millisecond))
	return nil
}

// othersHave gives the open messages of a gateway's that others have, and sees to it
// that a walk over the tables comes behind: what another has done with one of them
// and no longer has by now stands in the tables.
func (g *Gateway) othersHave(ctx context.Context, node int) (map[message.ID]struct{}, error) {
	ids, err := g.store.Elsewhere(ctx, node)
	if err != nil {
		return nil, err
	}
	return ids, g.store.Settle()
}

func (g *Gateway) recoverNumbers(ctx context.Context) error {
	last, err := g.store.LastID(ctx)
	if err != nil {
		return err
	}
	if g.mark, err = g.store.Mark(ctx, g.opt.Node); err != nil {
		return err
	}
	position, err := g.recoverEvents(ctx)
	if err != nil {
		return err
	}
	grant, err := g.store.LastGrant(ctx)
	if err != nil {
		return err
	}
	held, err := g.store.LastHeld(ctx)
	if err != nil {
		return err
	}
	g.ids = message.NewIDs(g.opt.Node, max(last, g.mark, position, message.ID(grant), message.ID(held))) // retention may have removed the newest
	g.readClock()
	audit, err := g.store.LastAudit(ctx)
	if err != nil {
		return err
	}
	g.people.audits.Store(audit)
	rows, err := g.store.MissingAfter(ctx, g.opt.Node, store.Missing{}, 1)
	if len(rows) > 0 {
		g.missing.lookAt(rows[0].At)
	}
	return err
}

func (g *Gateway) recoverCounts(ctx context.Context) error {
	waiting, err := g.store.WaitingCounts(ctx, g.opt.Node)
	if err != nil {
		return err
	}
	for lane, accounts := range waiting {
		for name, n := range accounts {
			sp := &g.link(lane.Link).spill[lane.Priority]
			sp.put(name, 0).addAny()
			sp.rows += n
		}
	}
	queues, err := g.store.OwedQueues(ctx, g.opt.Node)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if k, ok := parseBoxKey(q.Queue); ok {
			b := g.boxOf(k)
			b.stored, b.behind = true, true
		}
	}
	return nil
}

// recoverGrants marks what was granted by a grant row and not answered. The
// rows go in the same commit that says so.
func (g *Gateway) recoverGrants(ctx context.Context, seen map[message.ID]bool) error {
	grants, err := g.store.Grants(ctx, g.opt.Node)
	if err != nil {
		return err
	}
	now := g.now()
	for _, gr := range grants {
		list, err := g.store.MessagesByID(ctx, gr.IDs)
		if err != nil {
			return err
		}
		for _, m := range list {
			restored := gr.Session >= store.SessionRestoredAgain
			if seen[m.ID] || !mayBeSent(m.State, restored) || answeredSince(m, gr.At) {
				continue
			}
			seen[m.ID] = true
			e := newEntry(m)
			e.readLog(g)
			if restored {
				g.notePart(e, now)
				g.doubt(e, now, onceRestored(gr.Session, e.link), message.UncertainByCopy)
				continue
			}
			e.link = g.link(gr.Link)
			e.hop = hopOf(m.Links, gr.Link)
			e.answered = max(e.answered, gr.At)
			g.notePart(e, now)
			g.uncertain(e, now)
		}
		g.cur.GrantDone = append(g.cur.GrantDone, gr.Number)
	}
	return nil
}

// mayBeSent tells whether a message in this state may be on the wire when a grant
// names it. Restore names scheduled ones, too, whose time has passed.
func mayBeSent(s message.State, restored bool) bool {
	return s == message.Queued || s == message.Sending || restored && s == message.Scheduled
}

// onceRestored tells whether what was open in a copy is not sent again.
func onceRestored(session uint32, l *link) bool {
	switch session {
	case store.SessionRestoredOnce:
		return true
	case store.SessionRestoredAgain:
		return false
	}
	return l.set.Once
}

func answeredSince(m *message.Message, at int64) bool {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, ev := range events {
		if ev.At >= at && endsGrant(ev.Kind) {
			return true
		}
	}
	return false
}

// endsGrant tells whether an event says what became of a grant.
func endsGrant(k message.EventKind) bool {
	switch k {
	case message.EventTaken, message.EventFailed, message.EventUncertain, message.EventQueued:
		return true
	}
	return false
}

// recoverMessages puts open messages back to their stations.
func (g *Gateway) recoverMessages(ctx context.Context, list []*message.Message, seen map[message.ID]bool, elsewhere map[message.ID]struct{}) error {
	rowed, err := g.rowed(ctx, g.opt.Node, list)
	if err != nil {
		return err
	}
	for _, m := range list {
		g.recent.push(place{id: m.ID})
		if _, other := elsewhere[m.ID]; !other && !seen[m.ID] && !rowed[m.ID] {
			g.recoverMessage(m)
		}
	}
	return nil
}

// recoverMessage puts one open message, which stands in no row, back to its station.
func (g *Gateway) recoverMessage(m *message.Message) {
	e := newEntry(m)
	e.readLog(g)
	now := g.now()
	switch {
	case m.State.Final():
		g.recoverOwed(m)
	case m.State == message.Enroute:
		g.open[m.ID] = e
		e.station = enroute
		if e.past != nil {
			g.awaitPast(e)
		}
		g.watchMissing(e)
		for _, k := range e.keys {
			if k != 0 {
				g.outstanding.add(k, e)
			}
		}
		g.watchDeadline(e, now)
		g.notePart(e, now)
		g.partTaken(e)
		if m.ID < g.firstIDAt(now.Add(-shelveAfter)) {
			g.shelveOne(e, g.passed+g.recent.len()-1)
		}
	case m.State == message.Sending:
		g.notePart(e, now)
		g.uncertain(e, now)
	default:
		g.recoverWaiting(e)
	}
}

func (g *Gateway) recoverOwed(m *message.Message) {
	it := &Item{box: g.box(m.Target.Kind, m.Target.Account)}
	g.finalItem(it, m)
	g.cur.owed = append(g.cur.owed, it)
}

// owedRows returns the rows that may say of a final message that it is owed.
func (g *Gateway) owedRows(it *Item, m *message.Message) []store.Owed {
	it.Message = m
	row := func(due int64) store.Owed {
		return store.Owed{Node: it.box.node, Queue: it.box.key.String(), Due: due, ID: m.ID, Index: finalIndex}
	}
	rows := []store.Owed{row(0)}
	tried := func(s message.State, part uint8) {
		var failed int64
		if it.Tries, failed = lastTry(m.Log, m.ID, s, part); it.Tries > 0 {
			rows = append(rows, row(it.nextTry(failed)))
		}
	}
	for _, s := range []message.State{m.State, message.Enroute, message.Buffered} { // behind its intermediate state it waits as long as that
		tried(s, 0)
	}
	for part := uint8(1); g.tellsParts(m) && part <= m.Parts; part++ {
		tried(message.Delivered, part)
	}
	return rows
}

func (g *Gateway) recoverWaiting(e *entry) {
	g.placePart(e, g.now())
	if g.fullFor(e) {
		g.spillOld(e)
		return
	}
	g.wait(e, false)
}

func (g *Gateway) recoverInbound(ctx context.Context) error {
	err := g.store.Held(ctx, 0, func(h *store.HeldReport) error {
		if h.Node != g.opt.Node && !g.opt.Shared {
			return nil
		}
		g.recoverHeld(h).foreign = h.Node != g.opt.Node
		return nil
	})
	if err != nil {
		return err
	}
	snap := g.snap.Load()
	err = g.store.InboundParts(ctx, 0, func(p *store.InboundPart) error {
		if p.Node != g.opt.Node {
			return nil
		}
		a := g.joins[p.Key]
		if a == nil {
			a = newAssembly(p.Key, int(p.Total), p.Received)
			g.joins[p.Key] = a
			var err error
			if a.answer, err = g.answerOf(snap, p.Part.Link, p.Part.From, p.Part.To, time.UnixMilli(p.Received)); err != nil {
				return err
			}
		}
		if int(p.Number) <= len(a.parts) && p.Number > 0 {
			a.add(p.Number, p.Part)
			p.Part.ID = p.ID
			g.keepPart(a, p.Part)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return g.store.OpenInbound(ctx, g.opt.Node, func(in *message.Inbound, missing uint32) error {
		for i, t := range in.Targets {
			it := &Item{box: g.inBox(t)}
			if missing>>i&1 == 1 && g.inboundItem(it, in, i) {
				g.aim(it, in.Log, in.ID, uint8(i+1))
				g.cur.owed = append(g.cur.owed, it)
			}
		}
		return nil
	})
}

// begin starts what recover found.
func (g *Gateway) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, b := range g.boxes {
		g.loadOwed(b)
	}
	for _, l := range g.links {
		g.refill(l)
	}
}

// readLog takes from a message's log what an entry has to know: the link it
// was last with, its operator ids that still await receipts, its setbacks.
func (e *entry) readLog(g *Gateway) {
	events, _ := message.DecodeLog(e.m.Log, e.m.ID)
	name := e.m.Links[0]
	e.keys = e.oneKey[:0]
	type key struct {
		part uint8
		id   string
		tag  uint32 // of the host that gave it
	}
	var ids []key
	for _, ev := range events {
		if endsGrant(ev.Kind) {
			e.answered = max(e.answered, ev.At)
		}
		switch ev.Kind {
		case message.EventGranted:
			name, ids = ev.Text, ids[:0]
		case message.EventTaken:
			ids = append(ids, key{ev.Part, ev.Text, ev.Code})
		case message.EventFailed:
			switch ev.Failure {
			case message.Throttled:
				e.throttled++
			case message.NoAnswer: // the doubt that follows counts
			default:
				e.tries++
			}
			ids = ids[:0]
		case message.EventUncertain:
			e.doubts++
		case message.EventRepeat:
			keys := make([]uint64, 0, len(ids))
			for _, k := range ids {
				if k.id == "" || ev.Code != 0 {
					keys = append(keys, 0)
				} else {
					keys = append(keys, g.scopeOf(g.link(name), k.tag).key(k.id))
				}
			}
			e.gaveWay(name, keys, ev.Code != 0)
			if next := e.untried(); next >= 0 { // a link that has had it never sends it again
				name = e.m.Links[next]
			}
			ids = ids[:0]
		case message.EventMoved:
			name = ev.Text
		case message.EventEarlier:
			e.past.book(ev.Text, int(ev.Part), ev.State)
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
		e.keys = append(e.keys, g.scopeOf(e.link, k.tag).key(k.id))
	}
}
