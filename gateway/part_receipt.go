package gateway

import (
	"kurir/account"
	"kurir/message"
)

// A customer with receipts_per: part is told of each part when its receipt comes.
// As long as others are awaited that is an intermediate state, as the operator's
// own are (midway.go): one at a time, with a row in table owed, and the message's
// final state behind it. The log says which parts were told; with the final state
// go all that were not.

// owePart tells a customer of the parts of a message whose receipts have come.
func (g *Gateway) owePart(e *entry) {
	if !g.tellsParts(e.m) || !e.m.Receipts.Wants(message.Delivered) {
		return
	}
	b, m := g.box(e.m.Target.Kind, e.m.Target.Account), g.withLate(e.m)
	if first := b.midway[m.ID]; first != nil {
		first.parts = m // it comes behind that, also if the message leaves memory
		return
	}
	g.oweNews(b, m)
}

// withLate returns a copy of m whose log has what is still to be written there
// (disk.go).
func (g *Gateway) withLate(m *message.Message) *message.Message {
	copied := *m
	copied.Log = m.Log[:len(m.Log):len(m.Log)]
	for _, list := range [][]lateReport{g.lateNow, g.late} {
		for i := range list {
			if list[i].id == m.ID {
				copied.Log = message.AppendEvent(copied.Log, m.ID, list[i].Event)
			}
		}
	}
	return &copied
}

// tellsParts tells whether who is told of a message is told of each part.
func (g *Gateway) tellsParts(m *message.Message) bool {
	if !g.partwise || m.Parts < 2 || m.Target.Kind != message.SMPPTarget {
		return false
	}
	a := g.snap.Load().Accounts.ByName(m.Target.Account)
	return a != nil && a.SMPP.ReceiptsPer == account.ReceiptsPerPart
}

// oweNews owes what a customer was not told of a message before it is final; false
// if that is nothing. m is the item's.
func (g *Gateway) oweNews(b *outbox, m *message.Message) bool {
	it := &Item{Message: m, Target: m.Target, box: b}
	if !it.news() {
		return false
	}
	g.addItemRow(it)
	b.midway[m.ID] = it
	g.cur.owed = append(g.cur.owed, it)
	return true
}

// news makes it the item of what its log has that was not told: the intermediate
// state, then the part whose receipt came first. Of a message that is final the
// final state brings the parts that are left. It is false if there is nothing.
func (it *Item) news() bool {
	m := it.Message
	if state, told := midwayState(m); !told && m.Receipts.Wants(state) {
		it.State, it.Since = state, takenAt(m)
		return true
	}
	if m.State.Final() || !m.Receipts.Wants(message.Delivered) {
		return false
	}
	parts := message.PartReports(m)
	for i := range parts {
		p := &parts[i]
		if p.State.Final() && !p.Told && (it.Part == 0 || p.At < it.Since) {
			it.Part, it.State, it.Since = uint8(i+1), p.State, p.At
		}
	}
	return it.Part != 0
}
