package connector

import (
	"bytes"

	"kurir/gsm"
	"kurir/message"
)

// What goes over the air, as links that have no words of their own for it take it: septets of the GSM alphabet, UTF-16
// and octets, with a data coding scheme and a user data header (3GPP TS 23.038 4, 23.040 9.2.3.24).

// airPart is a message, or a part of one, as it goes over the air.
type airPart struct {
	gsm.Segment
	coding uint8 // data coding scheme
}

// airCut cuts messages into such parts.
type airCut struct {
	refs *gsm.References
	wide bool // references of 16 bits
}

// parts cuts one message. The failure says why it cannot be written on any such link.
func (a *airCut) parts(out *Outgoing) ([]airPart, *message.Failure) {
	c := &out.Message.Content
	o := gsm.SplitOptions{Encoding: out.Message.Encoding, Wide: a.wide}
	if o.Encoding == gsm.Latin1 { // which is there in SMPP only
		o.Encoding = gsm.UCS2
	}
	if len(c.Header) > 0 {
		h, _, err := gsm.ParseHeader(c.Header)
		if err != nil {
			return nil, message.Fail(message.BadContent, "udh", "the user data header cannot be read: %v", err)
		}
		o.Header = h
	}
	if out.Message.Parts > 1 || o.Encoding != out.Message.Encoding {
		o.Reference = uint16(a.refs.Next8(out.To.Number))
		if a.wide {
			o.Reference = a.refs.Next16(out.To.Number)
		}
	}
	var segments []gsm.Segment
	var err error
	switch {
	case o.Encoding == gsm.Binary, len(c.Data) > 0 && c.Want == o.Encoding: // the latter is a part cut within a character
		segments, err = gsm.SplitBinary(c.Data, o)
	default:
		segments, err = gsm.AppendSegments(nil, c.Text, o)
	}
	if err != nil {
		return nil, message.Fail(message.BadContent, "text", "%v", err)
	}
	parts := make([]airPart, len(segments))
	for i, s := range segments {
		parts[i] = airPart{s, airCoding(c, s.Encoding)}
	}
	return parts, nil
}

// airCoding gives the data coding scheme of a content in an encoding.
func airCoding(c *message.Content, enc gsm.Encoding) uint8 {
	if x := c.Extra; x != nil && x.Coding != 0 {
		if d, _ := gsm.ParseSMPPDataCoding(x.Coding, gsm.GSM7); d.Encoding == enc || d.Compressed && enc == gsm.Binary {
			return d.Octet()
		}
	}
	return gsm.Coding(enc, c.Class).Octet()
}

// airRead makes a message from a phone of what came over the air. ud is septets, one an octet, where the data coding says
// that it is text in the GSM alphabet, else octets, without the header.
func airRead(in *message.Inbound, coding uint8, header, ud []byte) {
	c := &in.Content
	d := gsm.ParseDataCoding(coding)
	in.Parts, in.Encoding, c.Want, c.Class = 1, d.Encoding, d.Encoding, d.Class
	part, shift := false, gsm.Shift{}
	if len(header) > 1 {
		if h, _, err := gsm.ParseHeader(header); err == nil {
			c.Header = bytes.Clone(header)
			_, part = h.Concat()
			shift = h.Shift()
		}
	}
	if d.Compressed || d.Encoding == gsm.Binary {
		in.Encoding, c.Want, c.Data = gsm.Binary, gsm.Binary, bytes.Clone(ud)
		return
	}
	c.Text = gsm.DecodeIn(d.Encoding, shift, ud)
	if part { // the sender may have cut within a character
		c.Data = bytes.Clone(ud)
	}
}

// digitsOf gives a number as protocols without types of number write it: international ones with prefix in front.
func digitsOf(a message.Address, prefix string) string {
	if a.TON == message.TONInternational {
		return prefix + a.Number
	}
	return a.Number
}

// addressOf reads a number as such a protocol writes it: with + or 00 in front, or said to be international.
func addressOf(number string, international bool) message.Address {
	a := message.Address{NPI: message.NPIISDN, Number: number}
	switch {
	case len(number) > 1 && number[0] == '+':
		a.Number, international = number[1:], true
	case len(number) > 2 && number[:2] == "00":
		a.Number, international = number[2:], true
	}
	if international {
		a.TON = message.TONInternational
	}
	return a
}

// stampID names a message by its recipient and its time, as operators do who have no ids. They may write the recipient in
// one way in an answer and in another in a receipt: + and 00 in front do not count.
func stampID(recipient, stamp string) string {
	for len(recipient) > 0 && (recipient[0] == '+' || recipient[0] == '0') {
		recipient = recipient[1:]
	}
	return recipient + ":" + stamp
}
