package connector

import (
	"time"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// smppBuilder makes submit_sm's of messages as one link wants them. It gathers
// the parts of a batch in memory that the next batch uses again: a session has
// encoded what it took when Send returns.
type smppBuilder struct {
	cfg  SMPPConfig // with defaults
	self uint64     // our id, said to an operator that is a Kurir too; 0 for others
	refs *gsm.References

	parts    []smpp.SubmitSM
	segments []gsm.Segment // of one message
	octets   []byte        // texts and headers of the batch

	validFor  int64 // what validText says
	validText string
}

// smppMaxShort is the longest short_message (SMPP 3.4 5.2.22).
const smppMaxShort = 254

// reset begins a batch.
func (b *smppBuilder) reset() {
	clear(b.parts)
	b.parts, b.octets = b.parts[:0], b.octets[:0]
}

// add appends the submit_sm's of one message to the batch and tells how many
// there are. The failure says why it cannot be written on this link at all.
func (b *smppBuilder) add(out *Outgoing, now time.Time) (parts int, f *message.Failure) {
	m := out.Message
	coding, ref, f := b.split(out)
	if f != nil {
		return 0, f
	}
	from, ok := b.cfg.sender(out.From, out.To)
	if !ok {
		return 0, message.Fail(message.BadSender, "from", "the sender %q has characters that SMPP cannot carry (ISO-8859-1)", out.From.Number)
	}
	to := b.cfg.recipient(out.To)
	common := smpp.ShortMessage{
		ServiceType: b.cfg.ServiceType, Source: from, Dest: to,
		Priority:   b.priority(m.Priority),
		Validity:   b.validity(m.Expires, now),
		DataCoding: coding, Private: m.Secret(),
	}
	if out.Receipt {
		common.RegisteredDelivery = smpp.ReceiptFinal
		if m.Receipts&message.ReceiptIntermediate != 0 {
			common.RegisteredDelivery |= smpp.ReceiptIntermediate
		}
	}
	b.cfg.fields.apply(&common, m)
	if b.self != 0 {
		b.passing(&common, m)
	}
	for i := range b.segments {
		b.parts = append(b.parts, smpp.SubmitSM{ShortMessage: common})
		p, s := &b.parts[len(b.parts)-1].ShortMessage, &b.segments[i]
		b.setText(p, s)
		if b.cfg.Long == "sar" && s.Total > 1 {
			p.TLVs.SetU16(smpp.TagSARMsgRefNum, ref)
			p.TLVs.SetU8(smpp.TagSARTotalSegments, uint8(s.Total))
			p.TLVs.SetU8(smpp.TagSARSegmentSeqnum, uint8(s.Number))
		}
	}
	return len(b.segments), nil
}

// setText puts header and payload of a segment where they fit.
func (b *smppBuilder) setText(p *smpp.ShortMessage, s *gsm.Segment) {
	text := s.Payload
	if s.Header != nil {
		p.ESMClass |= smpp.ESMUDHI
		at := len(b.octets)
		b.octets = append(append(b.octets, s.Header...), s.Payload...)
		text = b.octets[at:len(b.octets):len(b.octets)]
	}
	if len(text) <= smppMaxShort {
		p.Text = text
		return
	}
	p.TLVs.Set(smpp.TagMessagePayload, text)
}

// smppPriorities gives the priority_flag of each priority. Bulk and normal are
// ours to tell apart: an operator may charge for any other than 0.
var smppPriorities = [message.Priorities]uint8{message.Bulk: 0, message.Normal: 0, message.High: 1, message.Urgent: 2}

// priority gives the priority_flag of a message.
func (b *smppBuilder) priority(p message.Priority) uint8 {
	if b.cfg.Priority == "none" {
		return 0
	}
	return smppPriorities[p%message.Priorities]
}

// split cuts a message for the link into b.segments and gives the data_coding
// of its parts, and their reference if they needed one.
func (b *smppBuilder) split(out *Outgoing) (coding uint8, ref uint16, f *message.Failure) {
	c := &out.Message.Content
	o := gsm.SplitOptions{
		Encoding: out.Message.Encoding, Wide: b.cfg.Long == "udh16", Bare: b.cfg.Long == "sar",
	}
	if len(c.Header) > 0 {
		h, _, err := gsm.ParseHeader(c.Header)
		if err != nil {
			return 0, 0, message.Fail(message.BadContent, "udh", "the user data header cannot be read: %v", err)
		}
		o.Header = h
	}
	own := b.ownAlphabet(c, &o)
	if out.Message.Parts > 1 || own || o.Encoding != out.Message.Encoding {
		o.Reference = b.reference(out.To.Number)
	}
	whole := out.Message.Parts > 1 && c.Header == nil && (b.cfg.Long == "payload" || b.cfg.Long == "single")
	if o.Encoding == gsm.Binary && whole && (b.cfg.Long == "payload" || len(c.Data) <= smppMaxShort) {
		b.segments = append(b.segments[:0], gsm.Segment{Payload: c.Data, Encoding: gsm.Binary, Number: 1, Total: 1})
		return smppCoding(c, gsm.Binary), 0, nil
	}
	if o.Encoding == gsm.Binary {
		segments, err := gsm.SplitBinary(c.Data, o)
		if err != nil {
			return 0, 0, message.Fail(message.BadContent, "data", "%v", err)
		}
		b.segments = append(b.segments[:0], segments...)
		return smppCoding(c, gsm.Binary), o.Reference, nil
	}
	if len(c.Data) > 0 && c.Want == o.Encoding && !own { // a part cut within a character
		segments, err := gsm.SplitBinary(c.Data, o)
		if err != nil {
			return 0, 0, message.Fail(message.BadContent, "text", "%v", err)
		}
		b.segments = append(b.segments[:0], segments...)
		b.pack(o.Encoding)
		return smppCoding(c, o.Encoding), 0, nil
	}
	if whole {
		coding, f = b.whole(c, o.Encoding, own)
		if b.cfg.Long == "payload" || f == nil && len(b.segments[0].Payload) <= smppMaxShort {
			return coding, 0, f
		}
	}
	o.Buffer = b.grab(2*len(c.Text) + int(out.Message.Parts)*(len(c.Header)+8))
	var err error
	b.segments, err = gsm.AppendSegments(b.segments[:0], c.Text, o)
	if err != nil {
		return 0, 0, message.Fail(message.BadContent, "text", "%v", err)
	}
	if own {
		for i := range b.segments {
			s := &b.segments[i]
			s.Payload, _ = b.cfg.fields.alphabet.Append(nil, gsm.DecodeGSM7(s.Payload), len(s.Header))
		}
		return 0, o.Reference, nil
	}
	b.pack(b.segments[0].Encoding)
	return smppCoding(c, b.segments[0].Encoding), o.Reference, nil
}

// grab returns an empty slice with room for n octets that lasts as long as the
// batch.
func (b *smppBuilder) grab(n int) []byte {
	at := len(b.octets)
	if cap(b.octets)-at < n {
		b.octets = make([]byte, 0, max(n, 64<<10))
		at = 0
	}
	b.octets = b.octets[:at+n]
	return b.octets[at : at : at+n]
}

// reference draws the number that holds the parts of a long message together.
// With long: payload it is for what is cut all the same.
func (b *smppBuilder) reference(recipient string) uint16 {
	switch b.cfg.Long {
	case "udh16", "sar":
		return b.refs.Next16(recipient)
	}
	return uint16(b.refs.Next8(recipient))
}

// ownAlphabet tells whether a text goes out with data_coding 0 in an alphabet
// of the link's own. A text that this alphabet lacks characters of goes out as
// UCS-2. A message class has a data coding of its own, by which the alphabet
// is GSM's in any case.
func (b *smppBuilder) ownAlphabet(c *message.Content, o *gsm.SplitOptions) bool {
	most := rune(utf8.MaxRune)
	switch b.cfg.fields.alphabet {
	case gsm.DefaultGSM, gsm.DefaultPacked:
		return false
	case gsm.DefaultUCS2:
		if o.Encoding != gsm.Binary {
			o.Encoding = gsm.UCS2
			withoutShift(o)
		}
		return false
	case gsm.DefaultLatin1:
		most = 0xFF
	case gsm.DefaultASCII:
		most = 0x7F
	}
	if o.Encoding != gsm.GSM7 || c.Class != gsm.NoClass || c.Extra != nil && c.Extra.Coding != 0 {
		return false
	}
	if !o.Header.Shift().IsZero() {
		o.Encoding = gsm.UCS2 // the tables are those of GSM's septets
		withoutShift(o)
		return false
	}
	for _, r := range c.Text {
		if r > most {
			o.Encoding = gsm.UCS2
			return false
		}
	}
	return true
}

// withoutShift takes the tables of languages out of a header.
func withoutShift(o *gsm.SplitOptions) {
	if !o.Header.Shift().IsZero() {
		o.Header = o.Header.WithShift(gsm.Shift{})
	}
}

// pack packs the septets of the segments where the operator wants them so.
func (b *smppBuilder) pack(enc gsm.Encoding) {
	if b.cfg.fields.alphabet != gsm.DefaultPacked || enc != gsm.GSM7 {
		return
	}
	for i := range b.segments {
		s := &b.segments[i]
		s.Payload = gsm.Pack(make([]byte, 0, len(s.Payload)), s.Payload, gsm.FillBits(len(s.Header)))
	}
}

// whole encodes a long text without cutting it.
func (b *smppBuilder) whole(c *message.Content, enc gsm.Encoding, own bool) (uint8, *message.Failure) {
	buf, ok := b.grab(2*len(c.Text)), true
	coding := smppCoding(c, enc)
	switch {
	case own:
		buf, ok = b.cfg.fields.alphabet.Append(buf, c.Text, 0)
	case enc == gsm.Latin1:
		buf, ok = gsm.AppendLatin1(buf, c.Text)
	case enc == gsm.UCS2:
		buf = gsm.AppendUCS2(buf, c.Text)
	default:
		buf, ok = gsm.AppendGSM7(buf, c.Text)
	}
	if !ok {
		return 0, message.Fail(message.BadContent, "text", "the text has characters that %v cannot carry", enc)
	}
	b.segments = append(b.segments[:0], gsm.Segment{Payload: buf, Encoding: enc, Number: 1, Total: 1})
	if !own {
		b.pack(enc)
	}
	return coding, nil
}

// validity gives validity_period for a message that ends at a time in Unix
// milliseconds (SMPP 3.4 7.1.1). Most messages have the same time to live, so
// the last text is kept; above an hour whole minutes are enough.
func (b *smppBuilder) validity(expires int64, now time.Time) string {
	if expires == 0 || b.cfg.Validity == "none" {
		return ""
	}
	end := (expires + 999) / 1000
	left := max(1, end-now.Unix())
	if most := int64(b.cfg.MaxValidity / time.Second); most > 0 {
		left = min(left, most)
	}
	if left > 3600 {
		left = (left + 59) / 60 * 60
	}
	key := left
	if b.cfg.Validity == "absolute" {
		key = now.Unix() + left
	}
	if key != b.validFor {
		b.validFor = key
		if b.cfg.Validity == "absolute" {
			b.validText = string(smpp.AppendTime(nil, time.Unix(key, 0)))
		} else {
			b.validText = string(smpp.AppendRelative(nil, time.Duration(left)*time.Second))
		}
	}
	return b.validText
}
