package gateway

import (
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// station is where an open message in memory stands.
type station uint8

const (
	nowhere   station = iota
	accepting         // in a batch that is not on disk
	waiting           // in its link's lanes
	delayed           // in the heap of retries
	granted           // with a session
	enroute           // with the operator
	owing             // final, its state is owed to the customer
)

// entry is an open message in memory. All fields are guarded by Gateway.mu,
// but for those of m that never change.
type entry struct {
	m    *message.Message
	out  connector.Outgoing
	link *link

	sess       *session // while granted
	prev, next *entry   // of the same session, or while it waits of the same flow (batches.go)
	wired      bool     // handed to the connector
	hold       *grant   // the grant row that names it, nil when its own row does
	handed     int64    // Unix milliseconds, when it was handed to the connector
	answered   int64    // Unix milliseconds of the last answer, or of the grant behind it

	past      *past    // attempts that gave way to the next (repeat.go); nil for most
	keys      []uint64 // of the operator's ids whose receipts are awaited, by part; 0 = came
	oneKey    [1]uint64
	station   station
	hop       uint8  // index of link in m.Links
	round     uint8  // links that failed since the last pause
	failed    uint8  // failures on link since it came there, while a rule's fallback counts them
	tries     uint16 // failures but for those that follow
	throttled uint16 // answers that asked for less speed
	doubts    uint16 // times that it became uncertain
	claimed   bool   // it came from a row that was claimed, and waits
	rowed     bool   // a row of a spill table says where it stands
	batch     uint32 // see batches.go; 0 is none
	due       int64  // Unix milliseconds, while delayed

	rowIn    uint64 // sequence of the gather that adds that row
	changeIn uint64 // sequence of the gather that holds its Change
	rowAt    int32  // where in the former
	changeAt int32  // where in the latter
	item     *Item
}

func newEntry(m *message.Message) *entry {
	e := &entry{m: m}
	e.out.Message, e.out.Ref = m, e
	return e
}

// event appends to the message's log.
func (e *entry) event(ev message.Event) {
	e.m.Log = message.AppendEvent(e.m.Log, e.m.ID, ev)
}

// stamp returns the time for an answer's event: never before the grant.
func (e *entry) stamp(now time.Time) int64 {
	e.answered = max(now.UnixMilli(), e.answered, e.m.ID.Millis())
	return e.answered
}

// cost is how much of a session's credit the message takes.
func (e *entry) cost() int { return max(1, int(e.m.Parts)) }

// move puts the message at a station and keeps the rows of the spill tables
// true: the old station's row goes; a message that lies behind the mark, or is
// to leave memory (spill), gets one for the new station.
func (g *Gateway) move(e *entry, to station, spill bool) {
	if to == enroute && e.station != enroute && g.needsRow(e.m.ID) {
		g.resting.push(rest{e, g.now().Add(g.opt.MarkLag)})
	}
	if e.rowed {
		g.removeRow(e)
	}
	if e.station == owing {
		g.removeItemRow(e.item)
	}
	e.station = to
	if spill || g.needsRow(e.m.ID) {
		g.addRow(e)
	}
}

// addRow writes where e stands into the spill table of its station.
func (g *Gateway) addRow(e *entry) {
	if e.rowed {
		return
	}
	b := g.cur
	at := 0
	switch e.station {
	case waiting:
		at = len(b.WaitingAdd)
		b.WaitingAdd = append(b.WaitingAdd, g.waitingRow(e))
	case delayed:
		at = len(b.DueAdd)
		b.DueAdd = append(b.DueAdd, store.Due{ID: e.m.ID, At: e.due})
	case enroute:
		at = len(b.OpenAdd)
		deadline := e.deadline()
		for _, k := range e.awaited() {
			if k != 0 {
				b.OpenAdd = append(b.OpenAdd, store.Outstanding{Key: k, ID: e.m.ID, Deadline: deadline})
			}
		}
		g.missingRow(e)
	case owing:
		g.addItemRow(e.item)
		return
	case granted:
		if e.hold == nil {
			g.holdGrant(e, g.now())
		}
		return
	default:
		return
	}
	e.rowed, e.rowIn, e.rowAt = true, b.seq, int32(at)
}

// removeRow takes back what addRow wrote. A row that is still in the gather is
// blanked there, for within a batch removals are applied first.
func (g *Gateway) removeRow(e *entry) {
	b := g.cur
	same := e.rowIn == b.seq
	e.rowed = false
	switch e.station {
	case waiting:
		if same {
			b.WaitingAdd[e.rowAt].ID = 0
			return
		}
		b.WaitingRemove = append(b.WaitingRemove, g.waitingRow(e))
	case delayed:
		if same {
			b.DueAdd[e.rowAt].ID = 0
			return
		}
		b.DueRemove = append(b.DueRemove, e.m.ID)
	case enroute:
		if same {
			for i := int(e.rowAt); i < len(b.OpenAdd) && b.OpenAdd[i].ID == e.m.ID; i++ {
				b.OpenAdd[i].ID = 0
			}
			return
		}
		for _, k := range e.awaited() {
			if k != 0 {
				b.OpenRemove = append(b.OpenRemove, store.Outstanding{Key: k, ID: e.m.ID})
			}
		}
	}
}

func (g *Gateway) waitingRow(e *entry) store.Waiting {
	return store.Waiting{
		Node: g.opt.Node, Link: e.link.name, Priority: e.m.Priority, Account: e.m.Account,
		ID: e.m.ID, Expires: e.m.Expires,
	}
}

// waitingRows returns the rows that the message may have, one per link.
func (g *Gateway) waitingRows(e *entry) []store.Waiting {
	rows := make([]store.Waiting, 0, len(e.m.Links))
	for _, name := range e.m.Links {
		w := g.waitingRow(e)
		w.Link = name
		rows = append(rows, w)
	}
	return rows
}

// deadline is when a message that the operator took is given up.
func (e *entry) deadline() int64 {
	return e.m.Expires + e.link.set.ReceiptWait.Milliseconds()
}

// change puts the message's progress into the gather; several changes of one
// message in one gather are one.
func (g *Gateway) change(e *entry) {
	m := e.m
	c := store.Change{ID: m.ID, State: m.State, Owed: m.Owed, Final: m.Final, Log: m.Log[:len(m.Log):len(m.Log)], Account: m.Account, Via: m.Via}
	if len(m.Links) > 0 {
		c.Link = m.Links[0]
	}
	if e.changeIn == g.cur.seq {
		g.cur.Changed[e.changeAt] = c
		return
	}
	e.changeIn, e.changeAt = g.cur.seq, int32(len(g.cur.Changed))
	g.cur.Changed = append(g.cur.Changed, c)
}

// forget drops a message from memory; its row (and spill row) stay.
func (g *Gateway) forget(e *entry) {
	delete(g.open, e.m.ID)
	g.left(e.m.ID)
	e.station = nowhere
}

// queue is a first-in first-out queue without waste.
type queue[T any] struct {
	items []T
	head  int
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

func (q *queue[T]) push(v T) { q.items = append(q.items, v) }

func (q *queue[T]) peek() T { return q.items[q.head] }

// at returns the i-th, 0 being the next one.
func (q *queue[T]) at(i int) T { return q.items[q.head+i] }

func (q *queue[T]) pop() T {
	var zero T
	v := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	if q.head > 64 && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return v
}
