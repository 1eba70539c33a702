package gateway

import (
	"slices"

	"kurir/message"
)

// lanes holds what waits for a link in memory: a lane per priority, in each the
// accounts, and of each account its batches (batches.go), served in turn. The
// highest lane that has something goes first, but of sixteen turns each lane
// below the highest has some of its own, so that none starves: two are high's,
// one is normal's and one bulk's.
type lanes struct {
	lane  [message.Priorities]lane
	n     int
	later int // of these, of accounts that are slowed (account_pace.go)
	turn  uint
	paces map[string]*pace // of accounts with a rate
}

type lane struct {
	queues map[string]*accountQueue // those that are not empty
	turns  turns[*accountQueue]
	n      int

	slowed []*accountQueue // not in turns
	later  int             // messages of these

	claimed int // messages that were claimed (free.go)
}

func (l *lanes) push(e *entry, front bool) {
	ln := &l.lane[e.m.Priority]
	q := ln.queues[e.m.Account]
	if q == nil {
		if ln.queues == nil {
			ln.queues = map[string]*accountQueue{}
		}
		q = &accountQueue{account: e.m.Account, pace: l.paces[e.m.Account]}
		ln.queues[e.m.Account] = q
	}
	l.count(ln, q, 1)
	if e.claimed {
		ln.claimed++
	}
	q.push(e, front)
	ln.turns.enter(q)
}

// of returns what waits of an account in a lane, nil for nothing.
func (l *lanes) of(p message.Priority, account string) *accountQueue {
	return l.lane[p].queues[account]
}

// next returns the lane whose turn it is. There is a message that is ready.
func (l *lanes) next() *lane {
	p := message.Urgent
	switch l.turn % 16 {
	case 3, 11:
		p = message.High
	case 7:
		p = message.Normal
	case 15:
		p = message.Bulk
	}
	if l.lane[p].ready() > 0 {
		return &l.lane[p]
	}
	p = message.Urgent
	for l.lane[p].ready() == 0 {
		p--
	}
	return &l.lane[p]
}

// head shows the message that pop takes next. There is one that is ready.
func (l *lanes) head() *entry { return l.next().turns.head().turns.head().first }

// pop takes the next message. There is one that is ready.
func (l *lanes) pop() *entry {
	ln := l.next()
	l.turn++
	q := ln.turns.head()
	l.count(ln, q, -1)
	e := q.pop()
	ln.leaves(e)
	ln.turns.next()
	if q.n == 0 {
		delete(ln.queues, q.account)
	}
	return e
}

// sweep takes out every message for which drop says so. It is called once a
// second, for what is too old and for links that stay down.
func (l *lanes) sweep(drop func(*entry) bool) {
	for p := range l.lane {
		ln := &l.lane[p]
		for _, q := range slices.Concat(ln.turns.all(), ln.slowed) {
			for _, f := range q.turns.all() {
				for e := f.first; e != nil; {
					next := e.next
					if drop(e) {
						l.take(ln, q, f, e)
					}
					e = next
				}
			}
		}
	}
}

// remove takes out one message, if it is there.
func (l *lanes) remove(e *entry) {
	ln := &l.lane[e.m.Priority]
	if q := ln.queues[e.m.Account]; q != nil {
		if f := q.find(e); f != nil {
			l.take(ln, q, f, e)
		}
	}
}

// leaves books that a message is not in the lane any more.
func (ln *lane) leaves(e *entry) {
	if e.claimed {
		e.claimed = false
		ln.claimed--
	}
}

func (l *lanes) take(ln *lane, q *accountQueue, f *flow, e *entry) {
	l.count(ln, q, -1)
	ln.leaves(e)
	q.take(f, e)
	if q.n == 0 {
		delete(ln.queues, q.account)
	}
}

// turns lets several wait for their turn. One that has been emptied otherwise
// than by next is passed over when its turn comes.
type turns[T interface{ wait() *waiter }] struct {
	queue[T]
	tidyAt int // length at which those that are empty are looked for
}

// waiter is what turns knows of those in it.
type waiter struct {
	n      int  // messages
	queued bool // it is in the turns
}

func (w *waiter) wait() *waiter { return w }

// enter lets v take turns, behind the others, if it does not yet.
func (t *turns[T]) enter(v T) {
	w := v.wait()
	if w.queued {
		return
	}
	if t.len() > t.tidyAt {
		t.keep(func(v T) bool {
			w := v.wait()
			w.queued = w.n > 0
			return w.queued
		})
		t.tidyAt = 2*t.len() + 16
	}
	w.queued = true
	t.push(v)
}

// head returns whose turn it is. There is one that has messages.
func (t *turns[T]) head() T {
	for {
		v := t.peek()
		w := v.wait()
		if w.n > 0 {
			return v
		}
		w.queued = false
		t.pop()
	}
}

// next follows a message that head has given.
func (t *turns[T]) next() {
	if w := t.peek().wait(); w.n == 0 {
		w.queued = false
		t.pop()
	} else if t.len() > 1 {
		t.push(t.pop())
	}
}

// all are those in it, in turn.
func (t *turns[T]) all() []T { return t.items[t.queue.head:] }

// keep removes the values for which f says no, in order.
func (q *queue[T]) keep(f func(T) bool) {
	live := q.items[q.head:]
	n := 0
	for _, v := range live {
		if f(v) {
			live[n] = v
			n++
		}
	}
	clear(live[n:])
	q.items = q.items[:q.head+n]
}
