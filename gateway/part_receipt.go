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
	m := e.m
	if !g.tellsParts(m) || !m.Receipts.Wants(message.Delivered) {
		return
	}
	b := g.box(m.Target.Kind, m.Target.Account)
	copied := *m
	copied.Log = m.Log[:len(m.Log):len(m.Log)]
	if first := b.midway[m.ID]; first != nil {
		first.parts = &copied // it comes behind that, also if the message leaves memory
		return
	}
	g.oweUntold(b, &copied)
}

// tellsParts tells whether who is told of a message is told of each part.
func (g *Gateway) tellsParts(m *message.Message) bool {
	if !g.partwise || m.Parts < 2 || m.Target.Kind != message.SMPPTarget {
		return false
	}
	a := g.snap.Load().Accounts.ByName(m.Target.Account)
	return a != nil && a.SMPP.ReceiptsPer == account.ReceiptsPerPart
}

// oweUntold owes the first part that was not told; false if there is none. m is
// the item's.
func (g *Gateway) oweUntold(b *outbox, m *message.Message) bool {
	it := &Item{Message: m, Target: m.Target, box: b}
	if g.untoldItem(it, m); it.Part == 0 {
		return false
	}
	g.addItemRow(it)
	b.midway[m.ID] = it
	g.cur.owed = append(g.cur.owed, it)
	return true
}

// untoldItem makes it the item of the part whose receipt came first of those
// that were not told. Of a message that is final nobody is told that way: its
// final state brings what is left.
func (g *Gateway) untoldItem(it *Item, m *message.Message) {
	if m.State.Final() {
		return
	}
	parts := message.PartReports(m)
	for i := range parts {
		p := &parts[i]
		if p.State.Final() && !p.Told && (it.Part == 0 || p.At < it.Since) {
			it.Part, it.State, it.Since = uint8(i+1), p.State, p.At
		}
	}
}
