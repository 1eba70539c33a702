package api

import (
	"sync"

	"kurir/gateway"
)

// callQueue holds what Receivers are given until a worker calls the customer's
// server, and keeps a bounded number of workers per account and in all. An
// account whose servers are slow holds up no other: a free worker takes the
// next account in turn that has something to say and is within its bound.
//
// Memory is bounded by the gateway, which gives no more than Limit items of
// one account.
type callQueue struct {
	perAccount int // calls under way for one account
	total      int // calls under way in all
	call       func(*gateway.Item) gateway.Delivered
	told       func([]gateway.Delivered) // Gateway.Delivered

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
	active int
	inTurn bool
}

func newCallQueue(perAccount, total int, told func([]gateway.Delivered), call func(*gateway.Item) gateway.Delivered) *callQueue {
	return &callQueue{perAccount: perAccount, total: total, call: call, told: told, accounts: map[string]*accountCalls{}}
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
	for wanted := min(len(items), q.perAccount-a.active); wanted > 0 && q.workers < q.total; wanted-- {
		q.workers++
		q.running.Go(q.work)
	}
}

// offer puts an account into the turn if a worker may take from it.
func (q *callQueue) offer(a *accountCalls) {
	if !a.inTurn && len(a.items) > 0 && a.active < q.perAccount {
		a.inTurn = true
		q.turn = append(q.turn, a)
	}
}

// work calls until nothing is left that it may take.
func (q *callQueue) work() {
	var verdict [1]gateway.Delivered
	a, item := q.next(nil)
	for item != nil {
		verdict[0] = q.call(item)
		q.told(verdict[:])
		a, item = q.next(a)
	}
}

// next returns the next item and its account, nil when the worker is not
// needed any more. done is the account whose call has just ended.
func (q *callQueue) next(done *accountCalls) (*accountCalls, *gateway.Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if done != nil {
		done.active--
		q.offer(done)
		if len(done.items) == 0 && done.active == 0 {
			delete(q.accounts, done.name)
		}
	}
	if len(q.turn) == 0 || q.closed {
		q.workers--
		return nil, nil
	}
	a := q.turn[0]
	q.turn[0] = nil
	if q.turn = q.turn[1:]; len(q.turn) == 0 {
		q.turn = nil
	}
	a.inTurn = false
	item := a.items[0]
	a.items[0] = nil
	a.items = a.items[1:]
	a.active++
	q.offer(a)
	return a, item
}

// close lets calls under way finish and waits for them. What was not called is
// still owed and comes again after the next start.
func (q *callQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.running.Wait()
}
