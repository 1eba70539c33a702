package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kurir/smpp"
)

// receipt is what a delivery receipt says.
type receipt struct {
	id        uint64
	ids       IDForm
	form      ReceiptForm
	state     smpp.MessageState
	cause     uint8 // error code, and network_error_code of GSM
	submitted time.Time
	done      time.Time
	text      []byte // of the message, as it was encoded
	coding    uint8
	sender    smpp.Address // of the message: the receipt goes there
	recipient smpp.Address
	interim   bool // an intermediate notification
	version   smpp.Version
	alias     string // of a message that came in another language
	reports   uint8  // one more than the status report request of CIMD2; 0: registered_delivery says it all
}

// Error codes of receipts: those of the network for a short message that could not be delivered.
// 3GPP TS 29.002, as the operators' lists of codes have them.
const (
	causeUnknownSubscriber = 1
	causeAbsent            = 27
	causeFull              = 32
	causeRefused           = 36
)

// stamps remembers the text of the last minute, because nearly all receipts of a batch have the same.
type stamps struct {
	minute int64
	text   [10]byte
}

// append appends YYMMDDhhmm in UTC.
func (s *stamps) append(dst []byte, t time.Time) []byte {
	if m := t.Unix() / 60; m != s.minute || s.minute == 0 {
		t.UTC().AppendFormat(s.text[:0], "0601021504")
		s.minute = m
	}
	return append(dst, s.text[:]...)
}

// receiptWriter builds receipts with buffers that it uses again. It is not safe for concurrent use.
type receiptWriter struct {
	submitted, done stamps
	id, text        []byte
	body            smpp.DeliverSM
	values, done8   [8]byte
	tlvs            [8]smpp.TLV
}

// append appends the deliver_sm with sequence number 0. more are parameters beyond its own.
func (w *receiptWriter) append(dst []byte, r *receipt, more smpp.TLVs) ([]byte, error) {
	w.id = r.ids.receipt(w.id[:0], shown(r.id))
	b := &w.body
	b.Source, b.Dest = r.recipient, r.sender // swapped: it comes from the phone
	b.ESMClass = smpp.ESMReceipt
	if r.interim {
		b.ESMClass = smpp.ESMIntermediate
	}
	if r.alias != "" {
		return w.aliased(dst, r)
	}
	b.Text, b.TLVs = nil, w.tlvs[:0]
	switch r.form {
	case formOdd:
		b.Text = w.odd(r)
		return smpp.Append(dst, &smpp.PDU{Body: b})
	case FormPayload:
		b.TLVs = append(b.TLVs, smpp.TLV{Tag: smpp.TagMessagePayload, Value: w.appendixB(r)})
	case FormBoth, FormText:
		b.Text = w.appendixB(r)
	}
	if r.form != FormText && r.version.TLVs() {
		w.id = append(w.id, 0)
		w.values = [8]byte{byte(r.state), 3, 0, r.cause}
		b.TLVs = append(b.TLVs, smpp.TLV{Tag: smpp.TagReceiptedMessageID, Value: w.id}, smpp.TLV{Tag: smpp.TagMessageState, Value: w.values[:1]})
		if r.cause != 0 {
			b.TLVs = append(b.TLVs, smpp.TLV{Tag: smpp.TagNetworkErrorCode, Value: w.values[1:4]})
		}
		b.TLVs = append(b.TLVs, more...)
	}
	return smpp.Append(dst, &smpp.PDU{Body: b})
}

// appendixB writes the text of SMPP 3.4 appendix B.
func (w *receiptWriter) appendixB(r *receipt) []byte {
	delivered := "000"
	if r.state == smpp.MessageDelivered {
		delivered = "001"
	}
	t := append(w.text[:0], "id:"...)
	t = append(t, w.id...)
	t = append(t, " sub:001 dlvrd:"...)
	t = append(t, delivered...)
	t = append(t, " submit date:"...)
	t = w.submitted.append(t, r.submitted)
	t = append(t, " done date:"...)
	t = w.done.append(t, r.done)
	t = append(t, " stat:"...)
	t = append(t, r.state.Stat()...)
	t = append(t, " err:"...)
	t = append(t, '0'+r.cause/100, '0'+r.cause/10%10, '0'+r.cause%10)
	t = append(t, " text:"...)
	if r.coding == 0 { // other alphabets would not be read as what they are
		t = append(t, r.text[:min(20, len(r.text))]...)
	}
	w.text = t
	return t
}

// oddStats are words that operators use instead of those of the specification.
var oddStats = map[smpp.MessageState]string{
	smpp.MessageDelivered: "DELIVERED", smpp.MessageUndeliverable: "UNDELIVERABLE", smpp.MessageRejected: "REJECTED", smpp.MessageEnroute: "BUFFRED",
}

// odd writes a text that readers of appendix B stumble over.
func (w *receiptWriter) odd(r *receipt) []byte {
	stat, ok := oddStats[r.state]
	if !ok {
		stat = r.state.Stat()
	}
	t := append(w.text[:0], "ID:"...)
	t = append(t, w.id...)
	t = append(t, " STAT:"...)
	t = append(t, stat...)
	t = append(t, " ERR:0x"...)
	t = strconv.AppendUint(t, uint64(r.cause), 16)
	t = append(t, " Submit Date:"...)
	t = r.submitted.UTC().AppendFormat(t, "060102150405")
	t = append(t, " Done Date:"...)
	t = r.done.UTC().AppendFormat(t, "060102150405")
	t = append(t, " Text:stat:UNKNOWN id:0"...)
	w.text = t
	return t
}

// ParseTLV reads an optional parameter as people write it: 0x1500=24007.
func ParseTLV(text string) (smpp.TLV, error) {
	name, value, ok := strings.Cut(text, "=")
	tag, err := strconv.ParseUint(name, 0, 16)
	if !ok || err != nil {
		return smpp.TLV{}, fmt.Errorf("%q is no parameter: write a tag such as 0x1500, = and the text of its value", text)
	}
	return smpp.TLV{Tag: smpp.Tag(tag), Value: []byte(value)}, nil
}
