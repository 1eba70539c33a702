package api

import (
	"slices"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// smppPartReceipt is what the receipt of one part says otherwise than that of
// the whole message.
type smppPartReceipt struct {
	state     message.State
	code      uint32
	delivered int // parts so far, this one included
}

// partReceipts appends a receipt for each part of a message that is final, for
// accounts with receipts_per: part. All have the message's id; sub counts the
// parts, dlvrd those delivered so far, and sar_total_segments and
// sar_segment_seqnum name the part (SMPP 3.4 5.3.2.23, 5.3.2.24).
func (b *smppDeliverBuilder) partReceipts(it *gateway.Item) int {
	parts := smppPartStates(it)
	for i := range parts {
		b.part = &parts[i]
		b.receipt(&gateway.Item{Message: it.Message, State: parts[i].state, Since: it.Since, Target: it.Target})
		d := &b.bodies[len(b.bodies)-1]
		if !b.tlvs {
			continue
		}
		// They outlast the batch, in memory that is used again.
		own := make(smpp.TLVs, 0, len(d.TLVs)+2)
		for _, t := range d.TLVs {
			own = append(own, smpp.TLV{Tag: t.Tag, Value: slices.Clone(t.Value)})
		}
		own.SetU8(smpp.TagSARTotalSegments, uint8(len(parts)))
		own.SetU8(smpp.TagSARSegmentSeqnum, uint8(i+1))
		d.TLVs = own
	}
	b.part = nil
	return len(parts)
}

// smppPartStates returns what became of each part. One of which the operator
// said nothing shares the fate of the message.
func smppPartStates(it *gateway.Item) []smppPartReceipt {
	m := it.Message
	parts := make([]smppPartReceipt, m.Parts)
	for i := range parts {
		parts[i].state = it.State
	}
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		if e.Kind == message.EventReport && e.State.Final() && e.Part >= 1 && int(e.Part) <= len(parts) {
			parts[e.Part-1].state, parts[e.Part-1].code = e.State, e.Code
		}
	}
	delivered := 0
	for i := range parts {
		if parts[i].state == message.Delivered {
			delivered++
		}
		parts[i].delivered = delivered
	}
	return parts
}

// perPart tells whether an account gets a receipt for each part of a message.
func (s *SMPPServer) perPart(name string) bool {
	a := s.accounts().ByName(name)
	return a != nil && a.SMPP.ReceiptsPer == "part"
}
