package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
)

const (
	pushMost = 500 // rows at a time
	pushLook = 50 * time.Millisecond
)

// toCurrent is the Code of an EventPushed after which something goes to the
// account's webhook of the time at which it is told, wherever it was owed.
const toCurrent = 1

// lastPush returns the last push of something owed, zero if there was none; its
// Code is toCurrent if that of any was. part is 0 for a message's final state,
// else the target's index plus one.
func lastPush(log []byte, base message.ID, part uint8) (last message.Event) {
	events, _ := message.DecodeLog(log, base)
	for _, e := range events {
		if e.Kind == message.EventPushed && e.Part == part {
			e.Code = max(e.Code, last.Code)
			last = e
		}
	}
	return last
}

// aim puts into an item what the last push of it says: since when it is owed,
// and whether it goes to the account's webhook of today.
func (g *Gateway) aim(it *Item, log []byte, base message.ID, part uint8) {
	last := lastPush(log, base, part)
	it.Since = max(it.Since, last.At)
	if last.Code == toCurrent {
		it.Target = g.current(it.Target)
	}
}

// current gives a webhook of an account in the place of the one that it has now,
// if it has one.
func (g *Gateway) current(t message.Target) message.Target {
	if a := g.snap.Load().Accounts.ByName(t.Account); t.Kind == message.WebhookTarget && a != nil && a.Webhook != "" {
		t.Address = a.Webhook
	}
	return t
}

// toldBefore tells whether the target part-1 had an inbound message before it was
// pushed. What it was told in a gather that could not be written does not count.
func toldBefore(in *message.Inbound, part uint8) (again bool) {
	events, _ := message.DecodeLog(in.Log, in.ID)
	told := false
	for _, e := range events {
		switch {
		case e.Part != part:
		case e.Kind == message.EventPushed:
			again = again || told
		case e.Kind == message.EventTold, e.Kind == message.EventTellFailed:
			told = e.Kind == message.EventTold
		}
	}
	return again
}

// gaveUp tells whether the last thing that a log says of telling a state (or an
// inbound message to the target part-1) is that it was given up.
func gaveUp(log []byte, base message.ID, state message.State, part uint8) (gave bool) {
	events, _ := message.DecodeLog(log, base)
	for _, e := range events {
		if e.State != state || e.Part != part {
			continue
		}
		switch e.Kind {
		case message.EventTold:
			gave = false
		case message.EventToldTooOld:
			gave = true
		}
	}
	return gave
}

// push makes owed again what a job asks for, a slice after the other, in the
// order in which it was accepted or came:
//
//  1. A slice is read and, under the lock, each row gets its owed flag, an event
//     and a row in table owed: one commit, so that it is owed again or it is not.
//  2. It is not taken into memory: the queue's own pass over the disk tells it,
//     in order.
//  3. The next slice waits until the customer has taken this one, so that what
//     is new never waits behind more than a slice. Of an absent customer nothing
//     is new in memory, and all slices go to disk at once.
func (g *Gateway) push(ctx context.Context, j *pushJob) error {
	switch r := &j.req; {
	case len(r.IDs) > 0:
		return g.pushIDs(ctx, j)
	case r.ToCurrent:
		if err := g.redirectOwed(ctx, j); err != nil {
			return err
		}
	}
	switch r := &j.req; {
	case r.GivenUp && r.Called:
		return g.pushDead(ctx, j)
	case r.From.IsZero() && r.To.IsZero() && r.ToCurrent:
		return nil
	}
	receipts := &pushWalk{job: j, done: !j.req.Receipts, slice: g.messageSlice}
	inbound := &pushWalk{job: j, done: !j.req.Inbound, slice: g.inboundSlice}
	for {
		w := receipts
		if receipts.done || !inbound.done && inbound.after < receipts.after {
			w = inbound
		}
		if w.done {
			return nil
		}
		if err := w.next(ctx, g); err != nil {
			return err
		}
		if reached := min(receipts.reached(), inbound.reached()); reached > 0 && !(receipts.done && inbound.done) {
			j.reached(reached)
		}
	}
}

// pushWalk is how far a job has come with one kind.
type pushWalk struct {
	job   *pushJob
	after message.ID
	done  bool
	slice func(context.Context, *pushJob, Filter) (message.ID, error)
}

func (w *pushWalk) reached() message.ID {
	if w.done {
		return 1<<63 - 1
	}
	return w.after
}

func (w *pushWalk) next(ctx context.Context, g *Gateway) error {
	r := &w.job.req
	next, err := w.slice(ctx, w.job, Filter{
		Account: r.Account, Since: r.From, Until: r.To, Oldest: true, After: w.after, Limit: g.opt.helping(pushMost),
	})
	if err != nil {
		return err
	}
	w.after, w.done = next, next == 0
	return g.pushed(ctx, w.job)
}

// messageSlice pushes the final states of a page of messages and returns where
// the next page begins, 0 after the last.
func (g *Gateway) messageSlice(ctx context.Context, j *pushJob, f Filter) (message.ID, error) {
	for _, s := range message.States() {
		if s.Final() {
			f.States = append(f.States, s)
		}
	}
	r := g.look()
	list, next, err := g.store.Messages(ctx, f)
	again := g.pushMessages(j, list, r)
	if err == nil {
		err = g.pushAgain(ctx, again, func(ids []message.ID, r *reading) ([]message.ID, error) {
			list, err := g.store.MessagesByID(ctx, ids)
			return g.pushMessages(j, list, r), err
		})
	}
	return next, err
}

// inboundSlice pushes a page of inbound messages.
func (g *Gateway) inboundSlice(ctx context.Context, j *pushJob, f Filter) (message.ID, error) {
	r := g.look()
	list, next, err := g.store.InboundList(ctx, f)
	again := g.pushInbounds(j, list, r)
	if err == nil {
		err = g.pushAgain(ctx, again, func(ids []message.ID, r *reading) ([]message.ID, error) {
			list, err := g.store.InboundByID(ctx, ids)
			return g.pushInbounds(j, list, r), err
		})
	}
	return next, err
}

// pushIDs pushes what has the ids of a job.
func (g *Gateway) pushIDs(ctx context.Context, j *pushJob) error {
	ids := slices.Clone(j.req.IDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	known := map[message.ID]bool{}
	for slice := range slices.Chunk(ids, g.opt.helping(pushMost)) {
		states, inbound := slice, slice
		if !j.req.Receipts {
			states = nil
		}
		if !j.req.Inbound {
			inbound = nil
		}
		if err := g.pushSlice(ctx, j, states, inbound, known); err != nil {
			return err
		}
	}
	j.count(func(p *PushProgress) { p.Unknown += int64(len(ids) - len(known)) })
	return nil
}

// pushSlice pushes messages and messages from phones with ids, as far as they
// are the job's business, and notes which there are in known.
func (g *Gateway) pushSlice(ctx context.Context, j *pushJob, ids, inbound []message.ID, known map[message.ID]bool) error {
	err := g.pushAgain(ctx, ids, func(ids []message.ID, r *reading) ([]message.ID, error) {
		list, err := g.store.MessagesByID(ctx, ids)
		list = slices.DeleteFunc(list, func(m *message.Message) bool {
			if j.mayHave(m.Account) {
				known[m.ID] = true
			}
			return !known[m.ID]
		})
		return g.pushMessages(j, list, r), err
	})
	if err != nil {
		return err
	}
	err = g.pushAgain(ctx, inbound, func(ids []message.ID, r *reading) ([]message.ID, error) {
		list, err := g.store.InboundByID(ctx, ids)
		list = slices.DeleteFunc(list, func(in *message.Inbound) bool {
			if j.mayHave(in.Account) {
				known[in.ID] = true
			}
			return !known[in.ID]
		})
		return g.pushInbounds(j, list, r), err
	})
	if err != nil {
		return err
	}
	return g.pushed(ctx, j)
}

// pushAgain calls read, within a reading of its own, until nothing that it
// returns was out of date.
func (g *Gateway) pushAgain(ctx context.Context, ids []message.ID, read func([]message.ID, *reading) ([]message.ID, error)) error {
	for len(ids) > 0 {
		if err := g.waitWritten(ctx); err != nil {
			return err
		}
		var err error
		if ids, err = read(ids, g.look()); err != nil {
			return err
		}
	}
	return nil
}

// pushMessages pushes final states and ends the reading that brought them. It
// returns the ids of those that have changed meanwhile.
func (g *Gateway) pushMessages(j *pushJob, list []*message.Message, r *reading) (again []message.ID) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.endReading(r)
	var p PushProgress
	for _, m := range list {
		if g.open[m.ID] == nil && (g.full != nil || r.stale(m.ID)) {
			again = append(again, m.ID)
			continue
		}
		p.Looked++
		g.pushMessage(j, m, &p, now)
	}
	j.count(func(total *PushProgress) { total.add(&p) })
	return again
}

func (g *Gateway) pushMessage(j *pushJob, m *message.Message, p *PushProgress, now time.Time) {
	if e := g.open[m.ID]; e != nil || m.Owed {
		if m.Owed || e.station == owing {
			p.Owed++
		}
		return
	}
	if !m.State.Final() || m.Target.Kind == message.NoTarget || !m.Receipts.Wants(m.State) || len(m.Log) >= logMost {
		return
	}
	gave := gaveUp(m.Log, m.ID, m.State, 0)
	if j.req.GivenUp && !gave || !j.aimsAt(g, m.Target, m.Log, m.ID, 0) {
		return
	}
	m.Owed = true
	it := &Item{box: g.box(m.Target.Kind, m.Target.Account)}
	g.finalItem(it, m)
	if gave {
		g.unbury(it)
	}
	g.itemEvent(it, message.Event{Kind: message.EventPushed, At: max(now.UnixMilli(), m.Final), State: m.State, Code: j.code(m.Target)})
	g.leave(it)
	j.touched[it.box] = struct{}{}
	p.Receipts++
}

// aimsAt tells whether a target is one that the job is about, with the log of what
// is owed to it.
func (j *pushJob) aimsAt(g *Gateway, t message.Target, log []byte, base message.ID, part uint8) bool {
	if j.req.Called && !t.Kind.Called() {
		return false
	}
	if j.req.Address == "" {
		return true
	}
	if lastPush(log, base, part).Code == toCurrent {
		t = g.current(t)
	}
	return CalledAt(t) == j.req.Address
}

// code is that of the job's EventPushed for a target.
func (j *pushJob) code(t message.Target) uint32 {
	if j.req.ToCurrent && t.Kind == message.WebhookTarget {
		return toCurrent
	}
	return 0
}

// pushInbounds pushes inbound messages, likewise.
func (g *Gateway) pushInbounds(j *pushJob, list []*message.Inbound, r *reading) (again []message.ID) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.endReading(r)
	var p PushProgress
	for _, in := range list {
		if ie := g.openIn[in.ID]; ie != nil {
			in = ie.in
		} else if r.stale(in.ID) {
			again = append(again, in.ID)
			continue
		}
		if g.full != nil {
			again = append(again, in.ID)
			continue
		}
		p.Looked++
		g.pushInbound(j, in, &p, now)
	}
	j.count(func(total *PushProgress) { total.add(&p) })
	return again
}

func (g *Gateway) pushInbound(j *pushJob, in *message.Inbound, p *PushProgress, now time.Time) {
	for i, t := range in.Targets {
		switch {
		case !j.mayHave(t.Account) || len(in.Log) >= logMost || !j.aimsAt(g, t, in.Log, in.ID, uint8(i+1)):
			continue
		case in.Owed>>i&1 == 1:
			p.Owed++
			continue
		case (j.req.GivenUp || !t.Kind.Customer()) && !gaveUp(in.Log, in.ID, 0, uint8(i+1)):
			continue // nobody is answered twice, and no program started
		case in.Content.Text == "" && len(in.Content.Data) == 0: // erased by retention: there is nothing to tell
			p.Gone++
			continue
		}
		in.Owed |= 1 << i
		it := &Item{box: g.inBox(t)}
		g.inboundItem(it, in, i)
		if gaveUp(in.Log, in.ID, 0, uint8(i+1)) {
			g.unbury(it)
		}
		g.itemEvent(it, message.Event{Kind: message.EventPushed, At: max(now.UnixMilli(), in.Received), Code: j.code(t)})
		g.leave(it)
		j.touched[it.box] = struct{}{}
		p.Inbound++
	}
}

// pushed waits until a slice is on disk and those who are there have taken it.
func (g *Gateway) pushed(ctx context.Context, j *pushJob) error {
	if len(j.touched) == 0 {
		return ctx.Err()
	}
	if err := g.waitWritten(ctx); err != nil {
		return err
	}
	g.mu.Lock()
	for b := range j.touched {
		g.loadOwed(b)
	}
	g.mu.Unlock()
	defer clear(j.touched)
	t := time.NewTicker(pushLook)
	defer t.Stop()
	for {
		g.mu.Lock()
		busy := false
		for b := range j.touched {
			busy = busy || b.behind && !b.absent && g.receivers[b.key.kind] != nil
		}
		g.mu.Unlock()
		if !busy {
			return ctx.Err()
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waitWritten waits until what has gathered is on disk, however long the disk
// takes to be writable again.
func (g *Gateway) waitWritten(ctx context.Context) error {
	for !g.settled(ctx) {
		select {
		case <-time.After(brokePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
