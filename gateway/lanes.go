package gateway

import "kurir/message"

// lanes holds what waits for a link in memory: a lane per priority, in each a
// queue per account, served in turn. The highest lane that has something goes
// first, but every lowestTurn-th turn belongs to the lowest, so that none
// starves.
type lanes struct {
	lane [message.Priorities]lane
	n    int
	turn uint
}

const lowestTurn = 16

type lane struct {
	queues map[string]*accountQueue
	order  []*accountQueue // those that are not empty, in turn
	next   int
	n      int
}

type accountQueue struct {
	account string
	queue[*entry]
}

func (l *lanes) push(e *entry, front bool) {
	l.n++
	l.lane[e.m.Priority].push(e, front)
}

// pop takes the next message, nil when there is none.
func (l *lanes) pop() *entry {
	if l.n == 0 {
		return nil
	}
	l.turn++
	if l.turn%lowestTurn == 0 {
		for p := range l.lane {
			if l.lane[p].n > 0 {
				l.n--
				return l.lane[p].pop()
			}
		}
	}
	for p := len(l.lane) - 1; p >= 0; p-- {
		if l.lane[p].n > 0 {
			l.n--
			return l.lane[p].pop()
		}
	}
	return nil
}

func (l *lane) push(e *entry, front bool) {
	q := l.queues[e.m.Account]
	if q == nil {
		if l.queues == nil {
			l.queues = map[string]*accountQueue{}
		}
		q = &accountQueue{account: e.m.Account}
		l.queues[e.m.Account] = q
	}
	if q.len() == 0 {
		l.order = append(l.order, q)
	}
	l.n++
	if front {
		q.pushFront(e)
	} else {
		q.push(e)
	}
}

func (l *lane) pop() *entry {
	if l.next >= len(l.order) {
		l.next = 0
	}
	q := l.order[l.next]
	e := q.pop()
	l.n--
	if q.len() > 0 {
		l.next++
		return e
	}
	delete(l.queues, q.account)
	l.order = append(l.order[:l.next], l.order[l.next+1:]...)
	return e
}

// sweep takes out every message for which drop says so. It is called once a
// second, for what is too old or cancelled and for links that stay down.
func (l *lanes) sweep(drop func(*entry) bool) {
	for p := range l.lane {
		ln := &l.lane[p]
		for i := 0; i < len(ln.order); {
			q := ln.order[i]
			before := q.len()
			q.keep(func(e *entry) bool { return !drop(e) })
			gone := before - q.len()
			ln.n -= gone
			l.n -= gone
			if q.len() == 0 {
				delete(ln.queues, q.account)
				ln.order = append(ln.order[:i], ln.order[i+1:]...)
				continue
			}
			i++
		}
	}
}

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
