package gateway

import (
	"container/heap"
	"context"
	"time"

	"kurir/message"
)

// Waits between attempts: they double from the first to the longest, and an
// eighth more or less keeps messages that failed together apart.
const (
	firstRetry   = 5 * time.Second
	longestRetry = 15 * time.Minute
	nearRetry    = 30 * time.Second // retries within this time stay in memory
	dueMost      = 2000             // read from disk at a time
)

// retryDelay returns the wait after the n-th failure (from 1).
func retryDelay(n int, seed uint64) time.Duration {
	d := firstRetry
	for ; n > 1 && d < longestRetry; n-- {
		d *= 2
	}
	d = min(d, longestRetry)
	seed ^= uint64(n) * 0x9e3779b97f4a7c15
	seed *= 0xbf58476d1ce4e5b9
	spread := int64(d) / 4
	return d - time.Duration(spread/2) + time.Duration(int64(seed>>33)%spread)
}

// delay keeps a message until a time: in memory if that is near, else on disk.
func (g *Gateway) delay(e *entry, until time.Time) {
	e.due = until.UnixMilli()
	if time.Until(until) > nearRetry || len(g.due) >= g.opt.QueueMemory {
		g.move(e, delayed, true)
		g.forget(e)
		return
	}
	g.move(e, delayed, false)
	heap.Push(&g.due, e)
}

// wakeDue puts what is due back into its lanes.
func (g *Gateway) wakeDue(now time.Time) {
	ms := now.UnixMilli()
	for len(g.due) > 0 && g.due[0].due <= ms {
		e := heap.Pop(&g.due).(*entry)
		if e.station != delayed {
			continue // cancelled meanwhile
		}
		g.again(e, now)
	}
}

// again lets a message have another attempt, unless it has become too old.
func (g *Gateway) again(e *entry, now time.Time) {
	if e.m.Expires <= now.UnixMilli() {
		g.expire(e, now)
		return
	}
	if e.m.State == message.Scheduled {
		e.m.State = message.Queued
		g.change(e)
	}
	if !e.link.up() {
		e.hop = g.firstUp(e.m.Links)
		g.move(e, nowhere, false)
		e.link = g.link(e.m.Links[e.hop])
	}
	g.wait(e, false)
}

// loadDue reads what has become due on disk.
func (g *Gateway) loadDue(ctx context.Context, now time.Time) error {
	rows, err := g.store.DueBefore(ctx, now.UnixMilli(), dueMost)
	if err != nil || len(rows) == 0 {
		return err
	}
	ids := make([]message.ID, 0, len(rows))
	due := make(map[message.ID]int64, len(rows))
	for _, r := range rows {
		ids = append(ids, r.ID)
		due[r.ID] = r.At
	}
	list, err := g.store.MessagesByID(ctx, ids)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.signal()
	defer g.mu.Unlock()
	if g.full != nil {
		return nil
	}
	touched := map[*link]bool{}
	for _, m := range list {
		e := g.open[m.ID]
		if e != nil {
			continue // it came back by itself
		}
		e = newEntry(m)
		e.station, e.rowed, e.due = delayed, true, due[m.ID]
		e.link = g.link(m.Links[g.firstUp(m.Links)])
		if m.State.Final() {
			g.removeRow(e)
			continue
		}
		if e.link.lanes.n >= 2*g.opt.QueueMemory {
			break // the lanes are full; the row stays
		}
		g.again(e, now)
		touched[e.link] = true
	}
	for l := range touched {
		g.dispatch(l, now)
	}
	return nil
}

// dueHeap orders delayed messages by time.
type dueHeap []*entry

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(*entry)) }

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
