package gateway

import (
	"context"
	"fmt"
	"time"

	"kurir/message"
	"kurir/store"
)

const (
	adoptMost  = 200                  // messages taken over in one commit
	adoptRows  = 1000                 // rows of a table likewise
	adoptPause = 2 * time.Millisecond // between those, in which others are served
)

// Adopt takes over what another gateway had, once nothing is committed for it any
// more (its term has been raised):
//
//  1. What was granted and has no answer is uncertain, a grant a commit.
//  2. Open messages behind its mark that stand in no row come into memory here, with a row of this
//     gateway, adoptMost a commit, which moves the mark of the other.
//  3. Messages from phones that are owed, likewise.
//  4. Its rows become this gateway's, those that wait for links free, and its escalations go on here.
//
// Each step is whole by itself: after a crash in the middle anybody may begin
// anew, and finds what is left. What is done twice changes nothing.
func (g *Gateway) Adopt(ctx context.Context, node int) error {
	if node == g.opt.Node {
		return fmt.Errorf("take over the messages of server %d: it is this one", node)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.ctx, cancel)()
	began := time.Now()
	a := &adoption{g: g, node: node, seen: map[message.ID]bool{}}
	for _, step := range []func(context.Context) error{a.settle, a.grants, a.messages, a.inbound, a.rows, a.goOn} {
		if err := step(ctx); err != nil {
			if g.ctx.Err() != nil {
				err = ErrStopped
			}
			return fmt.Errorf("take over the messages of server %d: %w", node, err)
		}
	}
	g.log.Info("another server's messages were taken over", "node", node, "open", a.open, "uncertain", a.uncertain, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// adoption is what Adopt knows while it is at it.
type adoption struct {
	g               *Gateway
	node            int
	seen            map[message.ID]bool
	elsewhere       map[message.ID]struct{}
	open, uncertain int
}

func (a *adoption) settle(ctx context.Context) (err error) {
	a.elsewhere, err = a.g.othersHave(ctx, a.node)
	return err
}

// commit runs do under the lock, and waits until what it has gathered is on disk.
func (a *adoption) commit(ctx context.Context, do func(now time.Time)) error {
	g := a.g
	for {
		g.mu.Lock()
		if g.stopping {
			g.mu.Unlock()
			return ErrStopped
		}
		if g.full == nil {
			break
		}
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryCommit):
		}
	}
	do(g.now())
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	return settledBy(ctx, done)
}

func (a *adoption) grants(ctx context.Context) error {
	g := a.g
	grants, err := g.store.Grants(ctx, a.node)
	if err != nil {
		return err
	}
	for _, gr := range grants {
		list, err := g.store.MessagesByID(ctx, gr.IDs)
		if err != nil {
			return err
		}
		err = a.commit(ctx, func(now time.Time) {
			for _, m := range list {
				if a.seen[m.ID] || g.known(m.ID) || m.State != message.Queued && m.State != message.Sending || answeredSince(m, gr.At) {
					continue
				}
				e := newEntry(m)
				e.readLog(g)
				e.link = g.link(gr.Link)
				e.hop = hopOf(m.Links, gr.Link)
				e.answered = max(e.answered, gr.At)
				a.doubt(e, now)
			}
			g.cur.GrantDone = append(g.cur.GrantDone, gr.Number)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// doubt takes over a message that may have been sent.
func (a *adoption) doubt(e *entry, now time.Time) {
	a.seen[e.m.ID] = true
	a.uncertain++
	a.g.notePart(e, now)
	a.g.uncertain(e, now)
}

// messages takes over what the other gateway had in memory only.
func (a *adoption) messages(ctx context.Context) error {
	var list []*message.Message
	err := a.g.store.OpenAfterMark(ctx, a.node, func(m *message.Message) error {
		if list = append(list, m); len(list) < adoptMost {
			return nil
		}
		err := a.some(ctx, list)
		list = nil
		time.Sleep(adoptPause)
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return a.some(ctx, list)
}

func (a *adoption) some(ctx context.Context, list []*message.Message) error {
	rowed, err := a.g.rowed(ctx, a.node, list) // a row of the other gateway, which is inherited
	if err != nil {
		return err
	}
	var take []*message.Message
	for _, m := range list {
		if _, other := a.elsewhere[m.ID]; !other && !a.seen[m.ID] && !rowed[m.ID] {
			take = append(take, m)
		}
	}
	return a.commit(ctx, func(now time.Time) {
		for _, m := range take {
			if !a.g.known(m.ID) {
				a.open++
				a.take(m, now)
			}
		}
		a.g.cur.Marks = append(a.g.cur.Marks, store.ShareMark{Node: a.node, Mark: list[len(list)-1].ID})
	})
}

// take puts a message that the other gateway had in memory where it was, here.
func (a *adoption) take(m *message.Message, now time.Time) {
	g := a.g
	e := newEntry(m)
	switch {
	case m.State.Final():
		it := &Item{box: g.box(m.Target.Kind, m.Target.Account)}
		g.finalItem(it, m)
		g.addItemRow(it)
		g.cur.owed = append(g.cur.owed, it)
	case m.State == message.Enroute:
		e.readLog(g)
		g.open[m.ID] = e
		g.move(e, enroute, false)
		if e.past != nil {
			g.awaitPast(e)
		}
		for _, k := range e.keys {
			if k != 0 {
				g.outstanding.add(k, e)
			}
		}
		g.watchDeadline(e, now)
		g.notePart(e, now)
		g.partTaken(e)
	case m.State == message.Sending:
		e.readLog(g)
		a.doubt(e, now)
	default:
		e.readLog(g)
		g.placePart(e, now)
		if g.leavesFree(e.link) || g.fullFor(e) {
			g.setFree(e)
			return
		}
		g.wait(e, false)
	}
}

// inbound takes over messages from phones that are owed and stand in no row.
func (a *adoption) inbound(ctx context.Context) error {
	g := a.g
	return g.store.OpenInbound(ctx, a.node, func(in *message.Inbound, missing uint32) error {
		return a.commit(ctx, func(time.Time) {
			for i, t := range in.Targets {
				it := &Item{box: g.inBox(t)}
				if missing>>i&1 == 1 && g.inboundItem(it, in, i) {
					g.aim(it, in.Log, in.ID, uint8(i+1))
					g.addItemRow(it)
					g.cur.owed = append(g.cur.owed, it)
				}
			}
		})
	})
}

// rows takes over what stands on disk.
func (a *adoption) rows(ctx context.Context) error {
	for {
		more, err := a.g.store.Inherit(a.node, a.g.opt.Node, a.g.opt.Term, adoptRows)
		if err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(adoptPause):
		}
	}
}

// goOn sees to it that what was taken over is looked at.
func (a *adoption) goOn(ctx context.Context) error {
	g := a.g
	queues, err := g.store.OwedQueues(ctx, g.opt.Node)
	if err != nil {
		return err
	}
	missing, err := g.store.MissingAfter(ctx, g.opt.Node, store.Missing{}, 1)
	if err != nil {
		return err
	}
	var held []store.HeldReport
	err = g.store.Held(ctx, 0, func(h *store.HeldReport) error {
		held = append(held, *h)
		return nil
	})
	if err != nil {
		return err
	}
	g.mu.Lock()
	for _, q := range queues {
		if k, ok := parseBoxKey(q.Queue); ok {
			b := g.boxOf(k)
			b.stored, b.behind, b.again = true, true, time.Time{}
			b.claims++ // a pass that is under way may have passed them
			g.loadOwed(b)
		}
	}
	if len(missing) > 0 {
		g.missing.lookAt(missing[0].At)
	}
	for i := range held {
		h := &held[i]
		switch have := g.numbered[h.Number]; {
		case have != nil:
			have.foreign = h.Node != g.opt.Node
		case g.dealt[h.Number] == 0:
			g.recoverHeld(h).foreign = h.Node != g.opt.Node
		}
	}
	for _, l := range g.links {
		l.freed()
		g.claim(l)
	}
	g.mu.Unlock()
	g.signal()
	if err := g.readEscalations(ctx, 0); err != nil {
		return err
	}
	return g.lookAtHeld(ctx, g.allHeld())
}
