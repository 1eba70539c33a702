package gateway

import (
	"context"
	"sync"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// Receipts that are missing, of messages whose rule says may_repeat and missing:
//
//  1. When the operator takes such a message it is noted in memory by the second at
//     which its receipt is missing.
//  2. When the mark passes it (mark.go) that goes from memory into table missing.
//  3. What is due is looked after, from memory or from the table in helpings; a row
//     goes when that is done, so that a restart goes on where it was.
type missingReceipts struct {
	due   map[int64]map[message.ID]uint8 // by Unix second: the attempts
	n     int                            // in due
	disk  int64                          // Unix milliseconds: when to look at the table; 0 for never
	sweep bool                           // somebody does
	asked chan struct{}                  // a place for each receipt that is being looked after
}

const (
	askMissingMost = 8       // receipts looked after at a time
	missingMost    = 1 << 20 // in memory
	missingHelping = 200     // rows of the table
	missingPause   = 5 * time.Second
)

// missingSecond is when the receipt of a message is missing that its operator has
// taken, a Unix second; 0 if nobody looks.
func (g *Gateway) missingSecond(m *message.Message) int64 {
	f := g.fallbackOf(m)
	if f == nil || !f.MayRepeat || f.Missing == 0 {
		return 0
	}
	return (takenAt(m)+f.Missing.Milliseconds())/1000 + 1
}

// watchMissing sees to it that somebody looks when the receipt of a message is
// missing that its operator has taken.
func (g *Gateway) watchMissing(e *entry) {
	w := &g.missing
	if e.rowed {
		return // missingRow has
	}
	second := g.missingSecond(e.m)
	if second == 0 || w.n >= missingMost {
		return // its negative receipt still counts
	}
	if w.due[second] == nil {
		w.due[second] = map[message.ID]uint8{}
	}
	w.due[second][e.m.ID] = e.hop
	w.n++
}

// missingRow moves what watchMissing noted into the table, but for what is due.
func (g *Gateway) missingRow(e *entry) {
	second := g.missingSecond(e.m)
	if second == 0 || second*1000 <= g.now().UnixMilli() {
		return
	}
	w := &g.missing
	if _, there := w.due[second][e.m.ID]; there {
		delete(w.due[second], e.m.ID)
		w.n--
	}
	g.cur.MissingAdd = append(g.cur.MissingAdd, store.Missing{At: second * 1000, ID: e.m.ID, Hop: e.hop})
	w.lookAt(second * 1000)
}

// lookAt sees to it that the table is looked at at a time.
func (w *missingReceipts) lookAt(ms int64) {
	if ms != 0 && (w.disk == 0 || ms < w.disk) {
		w.disk = ms
	}
}

// wakeMissing looks after the receipts that are missing now. The lock is held.
func (g *Gateway) wakeMissing(ms int64) {
	w := &g.missing
	if g.ctx.Err() != nil {
		return
	}
	var due []store.Missing
	for second, attempts := range w.due {
		if second*1000 > ms {
			continue
		}
		for id, hop := range attempts {
			due = append(due, store.Missing{ID: id, Hop: hop})
		}
		delete(w.due, second)
		w.n -= len(attempts)
	}
	if len(due) > 0 {
		g.jobs.Go(func() { g.lookForReceipts(due) })
	}
	if w.disk != 0 && w.disk <= ms && !w.sweep {
		w.sweep, w.disk = true, 0
		onDisk := g.onDisk() // of rows that are being written
		g.jobs.Go(func() {
			next := g.sweepMissing(ms, onDisk)
			g.mu.Lock()
			w.sweep = false
			w.lookAt(next)
			g.mu.Unlock()
		})
	}
}

// sweepMissing looks after what table missing has up to a time, and returns when to
// look at it again, 0 for never.
func (g *Gateway) sweepMissing(until int64, onDisk <-chan error) (next int64) {
	err := settledBy(g.ctx, onDisk)
	for at := (store.Missing{}); err == nil; {
		var list []store.Missing
		if list, err = g.store.MissingAfter(g.ctx, g.opt.Node, at, missingHelping); err != nil {
			break
		}
		n := 0
		for n < len(list) && list[n].At <= until {
			n++
		}
		if n == 0 {
			if len(list) > 0 {
				return list[0].At
			}
			return 0
		}
		at = list[n-1]
		g.lookForReceipts(list[:n])
		if err = g.forgetMissing(list[:n]); err == nil {
			err = g.roomInMemory(g.ctx)
		}
	}
	if g.ctx.Err() == nil {
		g.log.Warn("receipts that are missing cannot be looked after now", "error", err)
	}
	return g.now().Add(missingPause).UnixMilli()
}

// forgetMissing removes rows that are done with.
func (g *Gateway) forgetMissing(list []store.Missing) error {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return f
	}
	g.cur.MissingRemove = append(g.cur.MissingRemove, list...)
	g.mu.Unlock()
	g.signal()
	return g.ctx.Err()
}

// roomInMemory waits while there is much in memory: messages that are sent again
// come into it.
func (g *Gateway) roomInMemory(ctx context.Context) error {
	for {
		g.mu.Lock()
		crowded := len(g.open) > g.opt.OpenMemory
		g.mu.Unlock()
		if !crowded {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// lookForReceipts looks after receipts, some at a time, and returns when that is done.
func (g *Gateway) lookForReceipts(list []store.Missing) {
	var looks sync.WaitGroup
	defer looks.Wait()
	for _, w := range list {
		select {
		case g.missing.asked <- struct{}{}:
		case <-g.ctx.Done():
			return
		}
		looks.Go(func() {
			g.lookForReceipt(w)
			<-g.missing.asked
		})
	}
}

// lookForReceipt asks the operator for a receipt that is missing, if the link can,
// and lets the next link send the message if there is still none.
func (g *Gateway) lookForReceipt(w store.Missing) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	m, err := g.Message(ctx, "", w.ID)
	if err != nil || m.State != message.Enroute || int(w.Hop) >= len(m.Links) { // it ended, or was moved to a link of its own since
		return
	}
	if _, able := g.linkConnector(m.Links[w.Hop]).(connector.Querier); able {
		_, _ = g.AskOperator(ctx, "", w.ID) // what he does not say is missing
	}
	for try := 0; try < staleMost; try++ {
		r := g.look()
		list, err := g.store.MessagesByID(ctx, []message.ID{w.ID})
		g.mu.Lock()
		done := err != nil || g.full != nil
		if !done && g.reviveAll(list, r) {
			if e := g.fetch(w.ID); e != nil && e.station == enroute && e.hop == w.Hop {
				g.repeat(e, message.NoFailure, false, g.now())
			}
			done = true
		}
		g.endReading(r)
		g.mu.Unlock()
		if done || !g.settled(ctx) {
			break
		}
	}
	g.signal()
}
