package gateway

import (
	"context"
	"errors"
	"time"

	"kurir/billing"
	"kurir/message"
	"kurir/store"
)

const (
	actMost = 500     // messages at a time
	actSeen = 100_000 // remembered, so that none of them is counted twice
)

// waitsAt is where a message waits.
type waitsAt struct {
	id   message.ID
	link string // in whose lanes; empty if the message itself says it
}

// act does what a job asks for, a slice after the other. It looks at what waits
// in memory, at what waits on disk for its time and for links, and at memory
// once more, for what came there meanwhile. What was accepted after it began is
// not meant.
func (g *Gateway) act(ctx context.Context, j *actJob) error {
	if err := g.waitWritten(ctx); err != nil { // what is being accepted waits somewhere afterwards
		return err
	}
	seen := map[message.ID]struct{}{}
	dup := func(id message.ID) bool {
		_, dup := seen[id]
		if !dup && len(seen) < actSeen {
			seen[id] = struct{}{}
		}
		return dup
	}
	memory := func() error {
		var list []waitsAt
		for _, at := range g.waitingInMemory(&j.req.Filter) {
			if !dup(at.id) {
				list = append(list, at)
			}
		}
		return g.actAll(ctx, j, list)
	}
	if err := memory(); err != nil {
		return err
	}
	for after := message.ID(0); ; {
		ids, err := g.store.DueAfter(ctx, g.opt.Node, after, g.opt.helping(actMost))
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
		list := make([]waitsAt, 0, len(ids))
		for _, id := range ids {
			if !dup(id) {
				list = append(list, waitsAt{id: id})
			}
		}
		if err := g.actAll(ctx, j, list); err != nil {
			return err
		}
	}
	free := false
	for after := (store.Waiting{Node: g.opt.Node}); ; {
		rows, err := g.store.WaitingAfter(ctx, after, g.opt.helping(actMost))
		if err != nil {
			return err
		}
		if len(rows) == 0 && g.opt.Shared && !free { // what others may claim comes last
			free, after = true, store.Waiting{Node: store.Free}
			continue
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1]
		list := make([]waitsAt, 0, len(rows))
		for _, w := range rows {
			if dup(w.ID) || j.req.Filter.Account != "" && j.req.Filter.Account != w.Account || j.req.Filter.Link != "" && j.req.Filter.Link != w.Link {
				continue
			}
			list = append(list, waitsAt{w.ID, w.Link})
		}
		if err := g.actAll(ctx, j, list); err != nil {
			return err
		}
	}
	return memory()
}

// waitingInMemory lists what waits in lanes and for its next try.
func (g *Gateway) waitingInMemory(f *QueueFilter) (list []waitsAt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.links {
		if f.Link != "" && f.Link != l.name {
			continue
		}
		for p := range l.lanes.lane {
			for name, q := range l.lanes.lane[p].queues {
				if f.Account != "" && f.Account != name {
					continue
				}
				q.each(func(e *entry) { list = append(list, waitsAt{e.m.ID, l.name}) })
			}
		}
	}
	for _, e := range g.due {
		if e.station == delayed {
			list = append(list, waitsAt{id: e.m.ID})
		}
	}
	return list
}

// actAll does it with a slice and rests as long as that took, so that an act
// over millions takes half of the disk's time at most.
func (g *Gateway) actAll(ctx context.Context, j *actJob, list []waitsAt) error {
	for len(list) > 0 {
		n := min(len(list), g.opt.helping(actMost))
		began := time.Now()
		for _, at := range list[:n] {
			if err := g.actOn(ctx, j, at); err != nil {
				return err
			}
		}
		list = list[n:]
		if j.req.Act != ActCount {
			g.signal()
			if err := g.waitWritten(ctx); err != nil {
				return err
			}
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// actOn does it with one message, if it still waits and is meant.
func (g *Gateway) actOn(ctx context.Context, j *actJob, at waitsAt) error {
	if at.id > j.ID {
		return nil
	}
	e, err := g.waitingEntry(ctx, "", at.id)
	var f *message.Failure
	switch {
	case errors.Is(err, ErrNotFound), errors.As(err, &f) && f.Kind == message.NotPermitted: // it has left, or ended
		return nil
	case errors.As(err, &f) && f.Kind == message.Busy: // another gateway has it
		j.count(1, 0, 1)
		return nil
	case errors.As(err, &f) && f.Kind == message.StoreFull && ctx.Err() == nil:
		if err := g.waitWritten(ctx); err != nil {
			return err
		}
		return g.actOn(ctx, j, at)
	case err != nil:
		return err
	}
	defer g.mu.Unlock()
	if e.station == nowhere && at.link != "" {
		e.link, e.hop = g.link(at.link), hopOf(e.m.Links, at.link)
	}
	if !j.req.Filter.means(g.snap.Load(), e.m, e.link.name) {
		j.count(1, 0, 0)
		return nil
	}
	switch done, f := g.actOnEntry(e, j, g.now()); {
	case f != nil:
		j.count(1, 0, 1)
	case done:
		j.count(1, 1, 0)
	default:
		j.count(1, 0, 0)
	}
	return nil
}

// actOnEntry does it with a message that waits; done is false if it is as it is
// wanted already. The lock is held.
func (g *Gateway) actOnEntry(e *entry, j *actJob, now time.Time) (done bool, f *message.Failure) {
	ev := message.Event{At: now.UnixMilli(), Text: j.By}
	c := *e.m
	c.Log = e.m.Log[:len(e.m.Log):len(e.m.Log)]
	switch j.req.Act {
	case ActCount:
		if paused(e.m.Log, e.m.ID) {
			j.mu.Lock()
			j.paused++
			j.mu.Unlock()
		}
		return true, nil
	case ActCancel:
		g.cancelEntry(e, now)
		return true, nil
	case ActPause, ActResume:
		if paused(e.m.Log, e.m.ID) == (j.req.Act == ActPause) {
			return false, nil
		}
		if ev.Kind = message.EventPaused; j.req.Act == ActResume {
			ev.Kind = message.EventResumed
		}
	case ActLane:
		if c.Priority == j.req.Lane {
			return false, nil
		}
		c.Priority = j.req.Lane
		ev.Kind, ev.Text = message.EventLane, c.Priority.String()
	case ActMove:
		if len(c.Links) == 1 && c.Links[0] == j.req.Link {
			return false, nil
		}
		if len(c.Content.Header) > 0 && !g.mayLeave(e) {
			return false, message.Fail(message.NotPermitted, "link", "other parts of its text have left by another link")
		}
		if e.past.had(j.req.Link) {
			return false, message.Fail(message.NotPermitted, "link", "the link has had the message, and may still deliver it")
		}
		if f := g.snap.Load().carriedBy(&c, j.req.Link); f != nil {
			return false, f
		}
		if f := g.priceBy(&c, j.req.Link, now); f != nil {
			return false, f
		}
		c.Links = []string{j.req.Link}
		ev.Kind, ev.Text = message.EventMoved, j.req.Link
	}
	if j.req.Act == ActLane || j.req.Act == ActMove {
		g.cur.Replaced = append(g.cur.Replaced, &c)
	}
	g.rehome(e, &c, ev, now)
	return true, nil
}

// priceBy makes the price of a message that of another link, which it takes
// alone: what it reserved more or less is moved.
func (g *Gateway) priceBy(m *message.Message, link string, now time.Time) *message.Failure {
	a := g.snap.Load().Accounts.ByName(m.Account)
	r, open := reservation(m)
	if r != nil {
		for i, name := range m.Links {
			if name == link && i < len(r.Units) {
				one := *r
				one.Units = []message.Amount{r.Units[i]}
				return g.repriceAs(m, &one, open, now)
			}
		}
	}
	if a == nil || a.Terms() == nil {
		return nil
	}
	asked := *m
	asked.Links = []string{link}
	fresh, f := g.snap.Load().rate(a.Terms(), &asked, now)
	if f != nil || len(fresh.Units) == 0 || r == nil && asked.Price == 0 {
		return f
	}
	if r == nil {
		open = fresh.Rule != billing.ChargeAccepted
	} else {
		fresh.Payer, fresh.Currency, fresh.Rule = r.Payer, r.Currency, r.Rule
	}
	return g.repriceAs(m, &fresh, open, now)
}

// paused tells whether a log says that somebody paused the message and nobody
// resumed it.
func paused(log []byte, base message.ID) (is bool) {
	if len(log) == 0 {
		return false
	}
	events, _ := message.DecodeLog(log, base)
	for _, ev := range events {
		switch ev.Kind {
		case message.EventPaused:
			is = true
		case message.EventResumed:
			is = false
		}
	}
	return is
}
