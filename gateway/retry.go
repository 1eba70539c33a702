package gateway

import (
	"cmp"
	"container/heap"
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// nearRetry is within how long retries stay in memory.
const nearRetry = 30 * time.Second

// RetryRule says how often and how long messages are tried that fail in one way.
type RetryRule struct {
	// Failure is what it is for: throttled, busy, link_down, no_answer, absent or memory_full.
	Failure string `yaml:"failure" example:"absent"`
	// First is the wait after the first failure, 1s to 24h; the waits double, and are an eighth longer or shorter so
	// that messages that failed together do not come back together. 0: as in docs/failures.md.
	First time.Duration `yaml:"first" example:"1m"`
	// Longest is the longest wait, 1s to 24h. 0: as in docs/failures.md.
	Longest time.Duration `yaml:"longest" example:"1h"`
	// Tries is after how many failures a message is given up as undeliverable, 1 to 1000. 0: never.
	Tries int `yaml:"tries"`
	// Age is how long after its time a message is given up as undeliverable when it fails so, up to 30 days. 0: when
	// its validity ends.
	Age time.Duration `yaml:"age"`
}

// retryKinds are the failures that pass.
func retryKinds() []message.FailureKind {
	return []message.FailureKind{message.Throttled, message.Busy, message.LinkDown, message.NoAnswer, message.Absent, message.MemoryFull}
}

// retryTable holds a rule for each kind of failure that passes.
type retryTable [message.MemoryFull + 1]RetryRule

// newRetryTable gives the defaults, and what rules that Validate found nothing
// wrong with say in their place.
func newRetryTable(rules []RetryRule) *retryTable {
	t := &retryTable{
		message.Absent:     {First: time.Minute, Longest: time.Hour},
		message.MemoryFull: {First: 2 * time.Minute, Longest: time.Hour},
	}
	for i := range t {
		if t[i].First == 0 {
			t[i] = RetryRule{First: 5 * time.Second, Longest: 15 * time.Minute}
		}
	}
	for _, r := range rules {
		kind, ok := message.ParseFailure(r.Failure, retryKinds())
		if !ok {
			continue
		}
		first, longest := cmp.Or(r.First, t[kind].First), cmp.Or(r.Longest, t[kind].Longest)
		r.First, r.Longest = min(first, cmp.Or(r.Longest, first)), max(longest, r.First)
		t[kind] = r
	}
	return t
}

// Validate reports what is wrong with a rule.
func (r *RetryRule) Validate(report func(field, problem string)) {
	if _, ok := message.ParseFailure(r.Failure, retryKinds()); !ok {
		var names []string
		for _, k := range retryKinds() {
			names = append(names, k.Code())
		}
		report("failure", fmt.Sprintf("%q is no failure that passes; there are %s", r.Failure, strings.Join(names, ", ")))
	}
	span := func(field string, d, most time.Duration) {
		if d != 0 && (d < time.Second || d > most) {
			report(field, fmt.Sprintf("%v is not between 1s and %v", d, most))
		}
	}
	span("first", r.First, 24*time.Hour)
	span("longest", r.Longest, 24*time.Hour)
	span("age", r.Age, 30*24*time.Hour)
	if r.First > r.Longest && r.Longest != 0 {
		report("longest", "is shorter than first")
	}
	if r.Tries < 0 || r.Tries > 1000 {
		report("tries", fmt.Sprintf("%d is not between 1 and 1000", r.Tries))
	}
}

// over tells whether a message that failed n times is not to be tried again.
func (r *RetryRule) over(m *message.Message, n int, now time.Time) bool {
	return r.Tries > 0 && n >= r.Tries || r.Age > 0 && now.UnixMilli() >= max(m.ID.Millis(), m.SendAt)+r.Age.Milliseconds()
}

// delay returns the wait after the n-th failure (from 1).
func (r *RetryRule) delay(n int, seed uint64) time.Duration {
	d := r.First
	for ; n > 1 && d < r.Longest; n-- {
		d *= 2
	}
	d = min(d, r.Longest)
	seed ^= uint64(n) * 0x9e3779b97f4a7c15
	seed *= 0xbf58476d1ce4e5b9
	spread := int64(d) / 4
	return d - time.Duration(spread/2) + time.Duration(int64(seed>>33)%spread)
}

// retryDelay is the wait before a customer is told again after n failures.
func retryDelay(n int, seed uint64) time.Duration {
	r := RetryRule{First: 5 * time.Second, Longest: 15 * time.Minute}
	return r.delay(n, seed)
}

// delay keeps a message until a time: in memory if that is near, else on disk.
func (g *Gateway) delay(e *entry, until, now time.Time) {
	e.due = until.UnixMilli()
	if e.past == nil && (until.Sub(now) > nearRetry || len(g.due) >= g.opt.QueueMemory) {
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
	if g.expired(e.m, now.UnixMilli()) {
		g.expire(e, now)
		return
	}
	if e.m.State == message.Scheduled {
		e.m.State = message.Queued
		g.change(e)
	}
	if !g.keepWithParts(e) && !e.link.reachable() {
		e.hop = g.another(e)
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
