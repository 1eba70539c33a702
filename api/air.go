package api

import (
	"bytes"
	"errors"
	"fmt"

	"kurir/gsm"
	"kurir/message"
)

// What customers say as it goes over the air: septets of the GSM alphabet, UTF-16 and octets, with a data coding scheme and
// a user data header (3GPP TS 23.038 4, 23.040 9.2.3.24).

// airContent reads a message. ud is septets, one an octet, where the data coding says that it is text in the GSM alphabet,
// else octets, without the header. ok is false if the header or UTF-16 cannot be read.
func airContent(coding uint8, header, ud []byte) (c message.Content, ok bool) {
	d := gsm.ParseDataCoding(coding)
	c.Class = d.Class
	part, shift := false, gsm.Shift{}
	if len(header) > 1 {
		h, _, err := gsm.ParseHeader(header)
		if err != nil {
			return c, false
		}
		c.Header = bytes.Clone(header)
		_, part = h.Concat()
		shift = h.Shift()
	}
	switch {
	case d.Compressed || d.Encoding == gsm.Binary:
		c.Data, c.Want = bytes.Clone(ud), gsm.Binary
		return c, true
	case d.Encoding == gsm.UCS2:
		if len(ud)%2 != 0 {
			return c, false
		}
		c.Want = gsm.UCS2
	case part || !shift.IsZero():
		c.Want = gsm.GSM7
	}
	c.Text = gsm.DecodeIn(d.Encoding, shift, ud)
	if part && smppCutCharacter(d.Encoding, ud) {
		c.Want, c.Data = d.Encoding, bytes.Clone(ud) // what goes out; the text is for people
	}
	return c, true
}

// airNumber hands a number over that a customer wrote without a type: with + or 00 in front, or as long as one with a
// country code and without a zero in front, it is international; else the gateway reads it as the account's numbers are
// read.
func airNumber(number string) (text string, addr message.Address) {
	digits := number
	switch {
	case len(digits) > 1 && digits[0] == '+':
		digits = digits[1:]
	case len(digits) > 2 && digits[:2] == "00":
		digits = digits[2:]
	case len(digits) < 9 || digits[0] == '0':
		return number, message.Address{}
	}
	if !smppDigits(digits) || len(digits) > smppMostDigits || len(digits) < 7 {
		return number, message.Address{}
	}
	return number, message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}
}

// airParts cuts a message from a phone for a customer, as it came or, if it is long, anew.
func airParts(in *message.Inbound, refs *gsm.References) ([]gsm.Segment, error) {
	c := &in.Content
	o := gsm.SplitOptions{Reference: uint16(refs.Next8(in.To.Number)), Encoding: in.Encoding}
	if len(c.Header) > 0 {
		h, _, err := gsm.ParseHeader(c.Header)
		if err != nil {
			return nil, fmt.Errorf("the user data header cannot be read: %w", err)
		}
		o.Header = h
	}
	if o.Encoding == gsm.Latin1 || o.Encoding == gsm.Auto {
		o.Encoding = gsm.UCS2
		if gsm.IsGSM7(c.Text) {
			o.Encoding = gsm.GSM7
		}
	}
	cut := func() ([]gsm.Segment, error) {
		if in.Encoding == gsm.Binary || c.Text == "" && len(c.Data) > 0 {
			return gsm.SplitBinary(c.Data, o)
		}
		return gsm.AppendSegments(nil, c.Text, o)
	}
	parts, err := cut()
	if errors.Is(err, gsm.ErrTooLong) { // a part that came alone: it leaves as a message of its own
		o.Header = o.Header.Without(gsm.ElementConcat8, gsm.ElementConcat16)
		parts, err = cut()
	}
	if err != nil {
		return nil, fmt.Errorf("cut the message: %w", err)
	}
	return parts, nil
}

// airShown is a number as protocols without types of number write it.
func airShown(a message.Address, most int) string { return a.Number[:min(len(a.Number), most)] }
