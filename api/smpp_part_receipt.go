package api

import (
	"slices"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// partReceipts appends the receipt of the item's part, or one for each part of
// which the customer was not told when its own receipt came, for accounts with
// receipts_per: part. All have the message's id; sub counts the parts, dlvrd those
// delivered so far, and sar_total_segments and sar_segment_seqnum name the part
// (SMPP 3.4 5.3.2.23, 5.3.2.24). A part of which the operator said nothing shares
// the fate of the message.
func (b *smppDeliverBuilder) partReceipts(it *gateway.Item) (n int) {
	parts := message.PartReports(it.Message)
	again := !slices.ContainsFunc(parts, func(p message.PartReport) bool { return !p.Told })
	for i := range parts {
		if p := &parts[i]; it.Part == 0 && (again || !p.Told) || int(it.Part) == i+1 {
			b.partReceipt(it, p, i+1, len(parts))
			n++
		}
	}
	return n
}

// partReceipt appends the receipt of one part.
func (b *smppDeliverBuilder) partReceipt(it *gateway.Item, p *message.PartReport, number, of int) {
	one := gateway.Item{Message: it.Message, State: p.State, Since: p.At, Part: uint8(number), Target: it.Target}
	if !p.State.Final() {
		one.State, one.Since = it.State, it.Message.Final
	}
	b.part = p
	b.receipt(&one)
	b.part = nil
	if !b.tlvs {
		return
	}
	d := &b.bodies[len(b.bodies)-1]
	// They outlast the batch, in memory that is used again.
	own := make(smpp.TLVs, 0, len(d.TLVs)+2)
	for _, t := range d.TLVs {
		own = append(own, smpp.TLV{Tag: t.Tag, Value: slices.Clone(t.Value)})
	}
	own.SetU8(smpp.TagSARTotalSegments, uint8(of))
	own.SetU8(smpp.TagSARSegmentSeqnum, uint8(number))
	d.TLVs = own
}

// perPart tells whether an account gets a receipt for each part of a message.
func (s *SMPPServer) perPart(name string) bool {
	a := s.accounts().ByName(name)
	return a != nil && a.SMPP.ReceiptsPer == account.ReceiptsPerPart
}
