package gateway

import (
	"kurir/account"
	"kurir/message"
)

// partFates is what the world knows of the parts of one message whose customer
// has a receipt for each.
type partFates struct {
	told     map[uint8]bool // alone, or with the final state
	settled  map[uint8]bool // acknowledged alone in this life of the process
	inFlight map[uint8]bool
}

func newPartFates() partFates {
	return partFates{map[uint8]bool{}, map[uint8]bool{}, map[uint8]bool{}}
}

// snapshot is the usual one, with an account that is told of each part.
func (c *chaos) snapshot() *Snapshot {
	s := testSnapshot()
	var accounts []account.Account
	for _, a := range s.Accounts.All() {
		one := *a
		if one.Name == "acme" {
			one.SMPP.ReceiptsPer = account.ReceiptsPerPart
		}
		one.Mailbox = one.Name == "beta" // beside its webhook
		accounts = append(accounts, one)
	}
	s.Accounts = account.NewDirectory(accounts, nil)
	return s
}

// partwise tells whether a message's customer is to be told of each part.
func (c *chaos) partwise(m *message.Message) bool {
	return m.Account == "acme" && m.Target.Kind == message.SMPPTarget && m.Parts > 1
}

// toldPart notes of which parts an item tells, and is true if that is all of it:
// each is told once, before the final state, which brings what is left.
func (c *chaos) toldPart(f *fate, it *Item) bool {
	p, ref := &f.parts, it.Message.Reference
	if it.Part == 0 {
		if it.State.Final() && c.partwise(it.Message) {
			for part := range p.inFlight {
				if p.inFlight[part] {
					c.t.Errorf("%s is told its final state beside part %d", ref, part)
				}
			}
			for i, r := range message.PartReports(it.Message) {
				p.told[uint8(i+1)] = p.told[uint8(i+1)] || !r.Told
			}
		}
		return false
	}
	switch {
	case !c.partwise(it.Message):
		c.t.Errorf("%s is told part %d, and nobody asked", ref, it.Part)
	case p.inFlight[it.Part]:
		c.t.Errorf("%s is told part %d twice at the same time", ref, it.Part)
	case p.settled[it.Part]:
		c.t.Errorf("%s is told part %d again after it was acknowledged", ref, it.Part)
	case f.settled[message.Delivered] || f.settled[message.Undeliverable]:
		c.t.Errorf("%s is told part %d after its final state", ref, it.Part)
	}
	p.told[it.Part], p.inFlight[it.Part] = true, true
	return true
}
