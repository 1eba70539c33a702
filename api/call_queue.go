package api

import (
	"slices"
	"sync"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// callQueue holds what Receivers are given until a worker calls the customer's
// server, and keeps a bounded number of workers per account and in all. An
// account whose servers are slow holds up no other while places are left: a
// free worker takes the next account in turn that has something to say and is
// within its bound. Servers that do not answer give their places up after a few
// calls (call_breaker.go).
//
// Two calls of one queue about the same message are never under way at a time:
// its states arrive in their order. Webhooks and Kannel's callbacks have a
// queue each; the states of a message have one target, so they are in one of
// them.
//
// Memory is bounded by the gateway, which gives no more than Limit items of
// one account.
type callQueue struct {
	perAccount int // calls under way for one account
	total      int // calls under way in all
	call       func(*gateway.Item) gateway.Delivered
	told       func([]gateway.Delivered) // Gateway.Delivered
	caller     *httpCaller               // by which call does it; nil for another way
	attempts   *Attempts                 // nil for nobody

	mu       sync.Mutex
	accounts map[string]*accountCalls
	turn     []*accountCalls // have items and a call free, in turn
	workers  int
	closed   bool
	running  sync.WaitGroup
}

// accountCalls is what waits for one account.
type accountCalls struct {
	name   string
	items  []*gateway.Item
	active []message.ID // under way
	inTurn bool
}

// itemID names what an item is about.
func itemID(item *gateway.Item) message.ID {
	if item.Inbound != nil {
		return item.Inbound.ID
	}
	return item.Message.ID
}

// free returns the place of the first item about no message that is under way,
// -1 if there is none.
func (a *accountCalls) free() int {
	for i, item := range a.items {
		if !slices.Contains(a.active, itemID(item)) {
			return i
		}
	}
	return -1
}

// take removes the item at a place and counts it as under way.
func (a *accountCalls) take(at int) *gateway.Item {
	item := a.items[at]
	copy(a.items[1:at+1], a.items[:at]) // at is 0 but for states of one message in a row
	a.items[0] = nil
	a.items = a.items[1:]
	a.active = append(a.active, itemID(item))
	return item
}

// done counts an item as told.
func (a *accountCalls) done(item *gateway.Item) {
	at := slices.Index(a.active, itemID(item))
	last := len(a.active) - 1
	a.active[at] = a.active[last]
	a.active = a.active[:last]
}

// newCallQueue makes a callQueue with bounds, Told and Attempts of o.
func newCallQueue(o *WebhookOptions, caller *httpCaller, call func(*gateway.Item) gateway.Delivered) *callQueue {
	return &callQueue{
		perAccount: o.PerAccount, total: o.Total, call: call, told: o.Told, caller: caller, attempts: o.Attempts,
		accounts: map[string]*accountCalls{},
	}
}

// deliver takes items of one account and returns at once. After close they
// stay where they are owed.
func (q *callQueue) deliver(account string, items []*gateway.Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	a := q.accounts[account]
	if a == nil {
		a = &accountCalls{name: account}
		q.accounts[account] = a
	}
	a.items = append(a.items, items...)
	q.offer(a)
	for wanted := min(len(items), q.perAccount-len(a.active)); wanted > 0 && q.workers < q.total; wanted-- {
		q.workers++
		q.running.Go(q.work)
	}
}

// offer puts an account into the turn if a worker may take from it.
func (q *callQueue) offer(a *accountCalls) {
	if !a.inTurn && len(a.active) < q.perAccount && a.free() >= 0 {
		a.inTurn = true
		q.turn = append(q.turn, a)
	}
}

// work calls until nothing is left that it may take.
func (q *callQueue) work() {
	var verdict [1]gateway.Delivered
	a, item := q.next(nil, nil)
	for item != nil {
		n := noteOf(item)
		verdict[0] = q.call(item)
		n.took = time.Since(n.at)
		q.told(verdict[:])
		q.attempts.record(&n, &verdict[0], q.caller)
		a, item = q.next(a, item)
	}
}

// next returns the next item and its account, nil when the worker is not
// needed any more. told is the item of an account whose call has just ended.
func (q *callQueue) next(of *accountCalls, told *gateway.Item) (*accountCalls, *gateway.Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if of != nil {
		of.done(told)
		q.offer(of)
		if len(of.items) == 0 && len(of.active) == 0 {
			delete(q.accounts, of.name)
		}
	}
	for len(q.turn) > 0 && !q.closed {
		a := q.turn[0]
		q.turn[0] = nil
		if q.turn = q.turn[1:]; len(q.turn) == 0 {
			q.turn = nil
		}
		a.inTurn = false
		at := a.free()
		if at < 0 {
			continue // comes back when a call ends
		}
		item := a.take(at)
		q.offer(a)
		return a, item
	}
	q.workers--
	return nil, nil
}

// close lets calls under way finish and waits for them. What was not called is
// still owed and comes again after the next start.
func (q *callQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.running.Wait()
}
