package gateway

import "kurir/message"

// lanes holds what waits for a link in memory: a lane per priority, in each a
// queue per account, served in turn. The highest lane that has something goes
// first, but of sixteen turns each lane below the highest has some of its own,
// so that none starves: two are high's, one is normal's and one bulk's.
type lanes struct {
	lane [message.Priorities]lane
	n    int
	turn uint
}

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

// of is how many messages of an account wait in a lane.
func (l *lanes) of(p message.Priority, account string) int {
	if q := l.lane[p].queues[account]; q != nil {
		return q.len()
	}
	return 0
}

// next returns the lane whose turn it is. There is a message.
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
	if l.lane[p].n > 0 {
		return &l.lane[p]
	}
	p = message.Urgent
	for l.lane[p].n == 0 {
		p--
	}
	return &l.lane[p]
}

// head shows the message that pop takes next. There is one.
func (l *lanes) head() *entry { return l.next().head().peek() }

// pop takes the next message. There is one.
func (l *lanes) pop() *entry {
	ln := l.next()
	l.turn++
	l.n--
	return ln.pop()
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

// head returns the queue whose turn it is.
func (l *lane) head() *accountQueue {
	if l.next >= len(l.order) {
		l.next = 0
	}
	return l.order[l.next]
}

func (l *lane) pop() *entry {
	q := l.head()
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
// second, for what is too old and for links that stay down.
func (l *lanes) sweep(drop func(*entry) bool) {
	for p := range l.lane {
		for i := len(l.lane[p].order) - 1; i >= 0; i-- {
			l.take(&l.lane[p], i, drop)
		}
	}
}

// remove takes out one message.
func (l *lanes) remove(e *entry) {
	ln := &l.lane[e.m.Priority]
	for i, q := range ln.order {
		if q.account == e.m.Account {
			l.take(ln, i, func(have *entry) bool { return have == e })
			return
		}
	}
}

// take takes out what drop names of one account's queue, the i-th of a lane.
func (l *lanes) take(ln *lane, i int, drop func(*entry) bool) {
	q := ln.order[i]
	before := q.len()
	q.keep(func(e *entry) bool { return !drop(e) })
	gone := before - q.len()
	ln.n -= gone
	l.n -= gone
	if q.len() == 0 {
		delete(ln.queues, q.account)
		ln.order = append(ln.order[:i], ln.order[i+1:]...)
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
