package gateway

import (
	"math"
	"time"

	"kurir/message"
)

// Whatever the writer spends on new messages is missing for those on their
// way: a long commit holds up the grants and answers of every link, and a queue
// that grows beyond memory costs twice as much per message. So while a link is
// behind, a commit takes only a helping of new messages, and when the writer has
// no pause any more, or the queue has grown beyond memory, only as many as others go out: their customers wait for the
// answer a little longer, and their windows do the rest.

const (
	behindShare = 8   // a link is behind when its lanes hold more than this part of their memory
	helping     = 128 // new messages a commit while a link is behind
	busyStreak  = 8   // commits in a row without a pause
	leastLetIn  = 32  // new messages a commit when there is none
	changesEach = 8   // changes for which one new message is let in; a life has two or three
)

// applicant is a call of Accept that waits to be let in.
type applicant struct {
	good    []*message.Message
	index   []int
	results []Result
	done    Done
}

// apply lets a call of Accept in, or lets it wait for its turn.
func (g *Gateway) apply(a applicant, now time.Time) *message.Failure {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil {
		return g.refusal()
	}
	if len(g.cur.Accepted)+g.applying+len(a.good) > g.opt.MaxGathered {
		return &message.Failure{Kind: message.Overloaded}
	}
	if g.applicants.len() > 0 || len(g.cur.Accepted) >= g.letIn {
		g.applicants.push(a)
		g.applying += len(a.good)
		return nil
	}
	g.join(a, now)
	return nil
}

// admit decides how many new messages the gather that begins may hold and lets
// in those who wait. last is the gather that is about to be written.
func (g *Gateway) admit(last *gather, now time.Time) {
	behind, spilled := g.behind()
	g.letIn = math.MaxInt
	if behind {
		g.letIn = helping
	}
	if spilled || behind && g.streak >= busyStreak {
		g.letIn = min(helping, max(leastLetIn, len(last.Changed)/changesEach))
	}
	for g.applicants.len() > 0 && len(g.cur.Accepted) < g.letIn {
		a := g.applicants.pop()
		g.applying -= len(a.good)
		g.join(a, now)
	}
}

// behind tells whether a link that could send more waits for us, and whether
// its queue has grown beyond memory.
func (g *Gateway) behind() (behind, spilled bool) {
	for _, l := range g.links {
		if !l.up() || l.pace.rate != 0 {
			continue
		}
		behind = behind || l.lanes.n*behindShare > g.opt.QueueMemory
		for i := range l.spill {
			spilled = spilled || l.spill[i].some
		}
	}
	return behind, spilled
}

// turnAway refuses everyone who waits to be let in. It returns what is to be
// called when the lock is free.
func (g *Gateway) turnAway() (calls []acceptance) {
	for g.applicants.len() > 0 {
		a := g.applicants.pop()
		f := g.refusal()
		for _, i := range a.index {
			a.results[i] = Result{To: a.results[i].To, Failure: f}
		}
		g.count.refused.Add(int64(len(a.good)))
		calls = append(calls, acceptance{results: a.results, done: a.done})
	}
	g.applying = 0
	return calls
}
