package gateway

import (
	"math"
	"time"

	"kurir/message"
)

// Whatever the writer spends on new messages is missing for those on their
// way, and a queue that grows beyond memory costs twice as much per message. So
// while a link is behind, a commit takes hardly more new messages than the last
// one gave to sessions, and fewer when the queue has grown long or beyond
// memory: their customers wait for the answer a little longer, and their windows
// do the rest.

const (
	behindShare  = 8   // a link is behind when its lanes hold more than this part of their memory
	crowdedShare = 2   // and far behind from this part on
	helping      = 128 // new messages that a commit takes in any case while a link is behind
	leastLetIn   = 32  // and while it is far behind
)

// applicant is a call of Accept that waits to be let in.
type applicant struct {
	good    []*message.Message
	index   []int
	results []Result
	done    Done
	multi   bool   // they are one request, known by the id of the first
	batch   bool   // they are one request
	stream  uint32 // its number, when they are a part of it; 0 for all of it
	settles *Item  // nil for most
	bill    *bill  // nil where nothing is said about the customer's money and limits
	key     *Keyed
	of      *Keyed          // the request of which it is one of with
	asks    []*askedMessage // what good are of escalations; nil for most
	repeats []repeat        // by which good are known again on other nodes; nil for most
	atomic  bool
	with    []applicant // further ones of the same request that come into the same commit, for its key
}

// messages counts what comes in at once.
func (a *applicant) messages() int {
	n := len(a.good)
	for i := range a.with {
		n += len(a.with[i].good)
	}
	return n
}

// apply lets a call of Accept in, or lets it wait for its turn.
func (g *Gateway) apply(a *applicant, now time.Time) *message.Failure {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil {
		return g.refusal()
	}
	if len(g.cur.Accepted)+g.applying+a.messages() > g.opt.MaxGathered {
		return &message.Failure{Kind: message.Overloaded}
	}
	if g.applicants.len() > 0 || len(g.cur.Accepted) >= g.letIn {
		g.applicants.push(*a)
		g.applying += a.messages()
		return nil
	}
	g.join(a, now)
	return nil
}

// admit decides how many new messages the gather that begins may hold and lets
// in those who wait. last is the gather that is about to be written.
func (g *Gateway) admit(last *gather, now time.Time) {
	left := 0
	for i := range last.hands {
		left += len(last.hands[i].out)
	}
	behind, far := g.behind()
	switch {
	case far:
		g.letIn = max(leastLetIn, left*3/4)
	case behind:
		g.letIn = max(helping, left+left/8)
	default:
		g.letIn = math.MaxInt
	}
	for g.applicants.len() > 0 && len(g.cur.Accepted) < g.letIn {
		a := g.applicants.pop()
		g.applying -= a.messages()
		g.join(&a, now)
	}
}

// behind tells whether a link that could send more waits for us, and whether
// its queue has grown long or beyond memory.
func (g *Gateway) behind() (behind, far bool) {
	for _, l := range g.links {
		if !l.up() || l.pace.rate != 0 {
			continue
		}
		behind = behind || l.lanes.n*behindShare > g.opt.QueueMemory
		far = far || l.lanes.n*crowdedShare > g.opt.QueueMemory
		for i := range l.spill {
			far = far || l.spill[i].some
		}
	}
	return behind || far, far
}

// turnAway refuses everyone who waits to be let in. It returns what is to be
// called when the lock is free.
func (g *Gateway) turnAway() (calls []acceptance) {
	for g.applicants.len() > 0 {
		a := g.applicants.pop()
		f := g.refusal()
		g.turnDown(&a, f)
		calls = append(calls, acceptance{results: a.results, done: a.done})
		for i := range a.with {
			g.turnDown(&a.with[i], f)
			calls = append(calls, acceptance{results: a.with[i].results, done: a.with[i].done})
		}
	}
	g.applying = 0
	return calls
}
