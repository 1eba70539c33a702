package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// smppDeliverBuilder makes deliver_sm's of what a customer is owed. It gathers
// those of a batch in memory that the next batch uses again: a session has
// encoded what it took when Send returns.
type smppDeliverBuilder struct {
	tlvs     bool // the peer understands optional parameters
	ids      smppIDForm
	zone     *time.Location // of dates; nil for UTC
	refs     *gsm.References
	alphabet gsm.DefaultAlphabet // what data_coding 0 means to the peer

	reported bool                // receipts may have parameters of the operator's
	perPart  bool                // a receipt for each part
	part     *message.PartReport // whose receipt is being made; nil for a message's
	bodies   []smpp.DeliverSM
	octets   []byte // texts and parameters of the batch
	params   []smpp.TLV
	segments []gsm.Segment

	submitted, done smppDate
}

// reset begins a batch.
func (b *smppDeliverBuilder) reset(p *smppPeer) {
	b.tlvs, b.ids, b.zone, b.refs = p.tlvs, p.ids, p.zone, p.server.refs
	clear(b.bodies)
	b.bodies, b.octets, b.params = b.bodies[:0], b.octets[:0], b.params[:0]
}

// add appends the deliver_sm's of an item and tells how many there are: one
// for a receipt, one per part for an inbound message.
func (b *smppDeliverBuilder) add(it *gateway.Item) (int, error) {
	if it.Inbound != nil {
		return b.inbound(it.Inbound)
	}
	if it.Part != 0 || b.perPart && it.State.Final() && it.Message.Parts > 1 {
		return b.partReceipts(it), nil
	}
	b.receipt(it)
	return 1, nil
}

// receipt appends the receipt of a message (SMPP 3.4 appendix B): as text for
// everyone, and as parameters for peers of version 3.4. Its addresses are
// those of the message, swapped.
func (b *smppDeliverBuilder) receipt(it *gateway.Item) {
	m := it.Message
	state, _ := it.State.SMPP()
	var code uint32
	if it.State.Final() && it.State != message.Delivered && it.State != message.Sent {
		code = smppErrorCode(m)
		if b.part != nil {
			code = b.part.Code
		}
	}
	b.bodies = append(b.bodies, smpp.DeliverSM{})
	d := &b.bodies[len(b.bodies)-1]
	d.Source, d.Dest = smppShown(m.To), smppShown(m.From)
	d.ESMClass = smpp.ESMReceipt
	if !it.State.Final() {
		d.ESMClass = smpp.ESMIntermediate
	}
	at := len(b.octets)
	b.octets = b.receiptText(b.octets, it, code)
	d.Text = b.octets[at:len(b.octets):len(b.octets)]
	if !b.tlvs {
		return
	}
	first := len(b.params)
	at = len(b.octets)
	b.octets = append(b.appendID(b.octets, m, false), 0)
	b.param(smpp.TagReceiptedMessageID, at)
	at = len(b.octets)
	b.octets = append(b.octets, state)
	b.param(smpp.TagMessageState, at)
	at = len(b.octets)
	b.octets = binary.BigEndian.AppendUint16(append(b.octets, smppNetworkGSM), uint16(min(code, 0xFFFF)))
	b.param(smpp.TagNetworkErrorCode, at)
	if m.Via == message.ViaSMPP && message.AllDigits(m.Reference) {
		if ref, err := strconv.ParseUint(m.Reference, 10, 16); err == nil {
			at = len(b.octets)
			b.octets = binary.BigEndian.AppendUint16(b.octets, uint16(ref))
			b.param(smpp.TagUserMessageReference, at)
		}
	}
	d.TLVs = smpp.TLVs(b.params[first:len(b.params):len(b.params)])
	if b.reported {
		b.report(d, it)
	}
}

// report adds what a link hands on of the operator's receipt.
func (b *smppDeliverBuilder) report(d *smpp.DeliverSM, it *gateway.Item) {
	for _, t := range message.ReportTLVs(it.Message, it.Part, it.State.Final()) {
		if _, own := d.TLVs.Get(smpp.Tag(t.Tag)); !own {
			d.TLVs = append(d.TLVs, smpp.TLV{Tag: smpp.Tag(t.Tag), Value: t.Value})
		}
	}
}

// smppNetworkGSM is the type of network in network_error_code
// (SMPP 3.4 5.3.2.31).
const smppNetworkGSM = 3

// param appends a parameter whose value stands in octets from at on.
func (b *smppDeliverBuilder) param(tag smpp.Tag, at int) {
	b.params = append(b.params, smpp.TLV{Tag: tag, Value: b.octets[at:len(b.octets):len(b.octets)]})
}

// receiptText appends the text of a receipt. Dates are in the
// session's zone.
func (b *smppDeliverBuilder) receiptText(dst []byte, it *gateway.Item, code uint32) []byte {
	m := it.Message
	_, stat := it.State.SMPP()
	delivered := 0
	if it.State == message.Delivered {
		delivered = int(m.Parts)
	}
	if b.part != nil {
		delivered = b.part.Delivered
	}
	done := it.Since
	if it.State.Final() && m.Final != 0 && b.part == nil {
		done = m.Final
	}
	dst = b.appendID(append(dst, "id:"...), m, true)
	dst = smppThree(append(dst, " sub:"...), int(m.Parts))
	dst = smppThree(append(dst, " dlvrd:"...), delivered)
	dst = b.submitted.append(append(dst, " submit date:"...), m.ID.Millis(), b.zone)
	dst = b.done.append(append(dst, " done date:"...), done, b.zone)
	dst = append(append(dst, " stat:"...), stat...)
	dst = smppThree(append(dst, " err:"...), int(code))
	text := m.Content.Text
	if m.Secret() {
		text = ""
	}
	return smppReceiptText(append(dst, " text:"...), text)
}

// appendID appends the id by which the customer knows a message, in the form
// of the session, or as the alias that the response had. An alias is decimal in
// texts.
func (b *smppDeliverBuilder) appendID(dst []byte, m *message.Message, inText bool) []byte {
	form := b.ids
	if m.Via == message.ViaSMPP && len(m.Reference) == len(smppAliasPrefix)+smppAliasDigits {
		if n, ok := smppAliasOf(m.Reference); ok {
			if inText {
				return fmt.Appendf(dst, "%010d", n)
			}
			form = smppIDAlias
		}
	}
	return form.append(dst, message.KnownAs(m), m.Reference)
}

// smppReceiptText appends the first 20 characters of a message as far as they
// have the same code in ASCII and in the GSM alphabet, by either of which a
// receipt may be read.
func smppReceiptText(dst []byte, text string) []byte {
	n := 0
	for _, r := range text {
		if n++; n > 20 {
			break
		}
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			r = ' '
		case r < ' ' || r > 'z' || r == '$' || r == '@' || r == '_' || r == '`' || '[' <= r && r <= '^':
			r = '?'
		}
		dst = append(dst, byte(r))
	}
	return dst
}

// smppThree appends a number in at least three digits.
func smppThree(dst []byte, n int) []byte {
	if n > 999 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, '0'+byte(n/100), '0'+byte(n/10%10), '0'+byte(n%10))
}

// smppDate remembers the last date written, for most of a batch share one.
type smppDate struct {
	minute int64
	text   [10]byte
}

// append appends a time in Unix milliseconds as YYMMDDhhmm.
func (d *smppDate) append(dst []byte, ms int64, zone *time.Location) []byte {
	if minute := ms / 60_000; minute != d.minute {
		if zone == nil {
			zone = time.UTC
		}
		d.minute = minute
		smpp.AppendReceiptTime(d.text[:0], time.UnixMilli(ms).In(zone))
	}
	return append(dst, d.text[:]...)
}

// smppErrorCode returns the last code that the network or an operator gave for
// a message, 0 if there was none.
func smppErrorCode(m *message.Message) uint32 {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for i := len(events) - 1; i >= 0; i-- {
		switch e := &events[i]; e.Kind {
		case message.EventReport, message.EventFailed:
			if e.Code != 0 {
				return e.Code
			}
		}
	}
	return 0
}

// smppAsData makes a data_sm of a deliver_sm (SMPP 3.4 4.7.1).
func smppAsData(d *smpp.DeliverSM) *smpp.DataSM {
	tlvs := append(make(smpp.TLVs, 0, len(d.TLVs)+1), d.TLVs...)
	return &smpp.DataSM{
		Source: d.Source, Dest: d.Dest, ESMClass: d.ESMClass, DataCoding: d.DataCoding,
		TLVs: append(tlvs, smpp.TLV{Tag: smpp.TagMessagePayload, Value: d.Text}),
	}
}

// inbound appends a message from a phone, cut again if it is long
// (SMPP 3.4 4.6.1).
func (b *smppDeliverBuilder) inbound(in *message.Inbound) (int, error) {
	c := &in.Content
	o := gsm.SplitOptions{Reference: uint16(b.refs.Next8(in.To.Number))}
	if len(c.Header) > 0 {
		h, _, err := gsm.ParseHeader(c.Header)
		if err != nil {
			return 0, fmt.Errorf("the user data header cannot be read: %w", err)
		}
		o.Header = h
	}
	o.Encoding = b.encoding(c)
	var err error
	if err = b.split(in, o); errors.Is(err, gsm.ErrTooLong) {
		// A part that came alone, and numbered in another way, without our
		// header: it leaves as a message of its own.
		o.Header = o.Header.Without(gsm.ElementConcat8, gsm.ElementConcat16)
		err = b.split(in, o)
	}
	if err != nil {
		return 0, fmt.Errorf("cut the message for deliver_sm: %w", err)
	}
	for i := range b.segments {
		s := &b.segments[i]
		b.bodies = append(b.bodies, smpp.DeliverSM{})
		d := &b.bodies[len(b.bodies)-1]
		d.Source, d.Dest = smppShown(in.From), smppShown(in.To)
		d.DataCoding = gsm.Coding(s.Encoding, c.Class).SMPP()
		d.Text = s.Payload
		if s.Header != nil {
			d.ESMClass = smpp.ESMUDHI
			d.Text = append(append(make([]byte, 0, len(s.Header)+len(s.Payload)), s.Header...), s.Payload...)
		}
		b.recode(d, s, c)
		if c.Extra != nil {
			b.extra(d, c.Extra)
		}
	}
	return len(b.segments), nil
}

// split cuts an inbound message into b.segments.
func (b *smppDeliverBuilder) split(in *message.Inbound, o gsm.SplitOptions) (err error) {
	if c := &in.Content; in.Encoding == gsm.Binary || c.Text == "" && len(c.Data) > 0 {
		b.segments, err = gsm.SplitBinary(c.Data, o)
	} else {
		b.segments, err = gsm.AppendSegments(b.segments[:0], c.Text, o)
	}
	return err
}

// smppMostAddress is the length of an address in octets (SMPP 3.4 5.2.8).
const smppMostAddress = 20

// smppShown returns an address as customers see it: names in ISO-8859-1, and
// what an operator had more than SMPP has room for left out.
func smppShown(a message.Address) smpp.Address {
	s := smpp.Address{TON: uint8(a.TON), NPI: uint8(a.NPI), Addr: a.Number}
	for i := range len(s.Addr) {
		if s.Addr[i] >= utf8.RuneSelf {
			s.Addr = smppLatin1(s.Addr)
			break
		}
	}
	s.Addr = s.Addr[:min(len(s.Addr), smppMostAddress)]
	return s
}

// smppLatin1 returns a text in ISO-8859-1, with a question mark for what that
// lacks.
func smppLatin1(text string) string {
	octets := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xFF {
			r = '?'
		}
		octets = append(octets, byte(r))
	}
	return string(octets)
}
