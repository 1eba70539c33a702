package api

import (
	"kurir/account"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// smppExtra returns what a submit_sm says beyond content, addresses and times:
// what a link may hand on to its operator. Nearly all say nothing, and get what
// the account gives every message, usually nil. predefined says that the text
// is ours by its number, of which the operator need not know.
func smppExtra(m *smpp.ShortMessage, a *account.Account, predefined bool) (*message.Extra, smpp.Status) {
	switch m.ESMClass & smpp.ESMTypeMask {
	case 0, smpp.ESMDeliveryAck, smpp.ESMUserAck, smpp.ESMDeliveryAck | smpp.ESMUserAck:
	default: // receipts and notifications are for an SMSC to send (SMPP 3.4 5.2.12)
		return nil, smpp.ESME_RINVESMCLASS
	}
	x := message.Extra{
		ServiceType: m.ServiceType, ESMClass: m.ESMClass &^ smpp.ESMUDHI, ProtocolID: m.ProtocolID,
		Acks: m.RegisteredDelivery & (message.AckDelivery | message.AckUser), DefaultMsgID: m.DefaultMsgID,
		Coding: smppOwnCoding(m.DataCoding),
	}
	if predefined {
		x.DefaultMsgID, x.Coding = 0, 0
	}
	if x.ESMClass&smpp.ESMModeMask == smpp.ESMStoreForward {
		x.ESMClass &^= smpp.ESMModeMask // as without a mode: what Kurir does
	}
	if len(m.TLVs) > 0 {
		var status smpp.Status
		if x.TLVs, status = smppExtraTLVs(m.TLVs); status != smpp.ESME_ROK {
			return nil, status
		}
	}
	if x.IsZero() {
		return a.Extra(nil), smpp.ESME_ROK
	}
	kept := x // x itself stays off the heap
	return a.Extra(&kept), smpp.ESME_ROK
}

// smppExtraTLVs returns the parameters that may go along: neither those that say
// how the text is cut, nor the reference, which is a field of the message.
func smppExtraTLVs(tlvs smpp.TLVs) ([]message.TLV, smpp.Status) {
	var kept []message.TLV
	octets := 0
	for i := range tlvs {
		t := &tlvs[i]
		if t.Tag == smpp.TagUserMessageReference && len(t.Value) == 2 || !message.GoesAlong(uint16(t.Tag)) {
			continue
		}
		octets += len(t.Value)
		if len(kept) == message.MaxTLVs || octets > message.MaxTLVOctets {
			return nil, smpp.ESME_RINVPARLEN
		}
		if kept == nil {
			kept = make([]message.TLV, 0, len(tlvs)-i)
		}
		kept = append(kept, message.TLV{Tag: uint16(t.Tag), Value: append(make([]byte, 0, len(t.Value)), t.Value...)})
	}
	return kept, smpp.ESME_ROK
}

// smppOwnCoding returns a data_coding that says more than encoding and class
// do, 0 for all others: a message waiting indication, one that the phone is to
// delete, a compressed text, pictograms.
func smppOwnCoding(coding uint8) uint8 {
	if coding < smppPictogram {
		return 0
	}
	d, _ := gsm.ParseSMPPDataCoding(coding, gsm.GSM7)
	if coding == smppPictogram || d.Waiting != gsm.NotWaiting || d.AutoDelete || d.Compressed {
		return coding
	}
	return 0
}

// smppPictogram is the data_coding of pictograms, octets that nobody here reads
// (SMPP 3.4 5.2.19).
const smppPictogram = 9

// extra puts what an operator said of a message from a phone beyond its content
// into a deliver_sm.
func (b *smppDeliverBuilder) extra(d *smpp.DeliverSM, x *message.Extra) {
	d.ESMClass |= x.ESMClass
	if !b.tlvs {
		return
	}
	for i := range x.TLVs {
		d.TLVs = append(d.TLVs, smpp.TLV{Tag: smpp.Tag(x.TLVs[i].Tag), Value: x.TLVs[i].Value})
	}
}
