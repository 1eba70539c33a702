package gateway

import (
	"container/heap"
	"time"

	"kurir/message"
)

// Waits between attempts: they double from the first to the longest, and an
// eighth more or less keeps messages that failed together apart.
const (
	firstRetry   = 5 * time.Second
	longestRetry = 15 * time.Minute
	nearRetry    = 30 * time.Second // retries within this time stay in memory
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
func (g *Gateway) delay(e *entry, until, now time.Time) {
	e.due = until.UnixMilli()
	if until.Sub(now) > nearRetry || len(g.due) >= g.opt.QueueMemory {
		g.move(e, delayed, true)
		g.forget(e)
		return
	}
	g.open[e.m.ID] = e // for the mark to see, when it comes from disk
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
	if !g.keepWithParts(e) && !e.link.up() {
		e.hop = g.firstUp(e.m.Links)
		g.move(e, nowhere, false)
		e.link = g.link(e.m.Links[e.hop])
	}
	g.wait(e, false)
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
