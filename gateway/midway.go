package gateway

import (
	"time"

	"kurir/message"
	"kurir/store"
)

// oweBuffered tells a customer who asked for intermediate states that the
// operator sent one: behind the state that he has the message, if that is not
// told yet. e's log says so already. It is told once.
func (g *Gateway) oweBuffered(e *entry, now time.Time) {
	m := e.m
	if !m.Receipts.Wants(message.Buffered) || reportsMidway(m) > 1 {
		return
	}
	g.noteMidway(m, message.Buffered, now)
	if m.Target.Kind == message.NoTarget {
		return
	}
	if _, told := midwayState(g.withLate(m)); told { // when another attempt was on the way
		return
	}
	b := g.box(m.Target.Kind, m.Target.Account)
	if first := b.midway[m.ID]; first != nil {
		first.buffered = true
		return
	}
	copied := *m
	copied.Log = m.Log[:len(m.Log):len(m.Log)]
	g.oweMidway(b, &copied, now)
}

// oweMidway makes the item. The row of the state before may have been left free: this one's says the same and takes its place.
func (g *Gateway) oweMidway(b *outbox, m *message.Message, now time.Time) {
	it := &Item{Message: m, State: message.Buffered, Since: now.UnixMilli(), Target: m.Target, box: b}
	if g.opt.Shared {
		row := it.row()
		row.Node = store.Free
		g.cur.OwedRemove = append(g.cur.OwedRemove, row)
	}
	g.addItemRow(it)
	b.midway[m.ID] = it
	g.cur.owed = append(g.cur.owed, it)
}

// oweNext follows an intermediate state that is settled by ev, if another has
// come meanwhile. A final state that waits for both goes on waiting.
func (g *Gateway) oweNext(it *Item, ev message.Event) bool {
	parts := it.entry == nil && it.then == nil && it.Inbound == nil && g.tellsParts(it.Message)
	if !it.buffered && !parts {
		return false
	}
	copied := *it.Message
	if e := g.open[copied.ID]; e != nil {
		copied = *e.m
		copied.Log = copied.Log[:len(copied.Log):len(copied.Log)]
	} else {
		if it.parts != nil {
			copied = *it.parts
		}
		copied.Log = message.AppendEvent(copied.Log[:len(copied.Log):len(copied.Log)], copied.ID, ev)
	}
	if parts {
		return g.oweNews(it.box, g.withLate(&copied))
	}
	g.oweMidway(it.box, &copied, time.UnixMilli(ev.At))
	it.box.midway[copied.ID].then = it.then
	return true
}

// reportsMidway counts the operator's intermediate reports since he last took
// the message.
func reportsMidway(m *message.Message) int {
	n := 0
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		switch {
		case e.Kind == message.EventTaken:
			n = 0
		case e.Kind == message.EventReport && !e.State.Final():
			n++
		}
	}
	return n
}

// midwayState returns which intermediate state a row of a message means, and
// whether it was told or given up.
func midwayState(m *message.Message) (s message.State, told bool) {
	s = message.Enroute
	if reportsMidway(m) > 0 {
		s = message.Buffered
	}
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		told = told || (e.Kind == message.EventTold || e.Kind == message.EventToldTooOld) && e.State == s
	}
	return s, told
}
