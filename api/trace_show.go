package api

import (
	"bytes"
	"encoding/hex"
	"strings"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
	"kurir/ucp"
)

// pduView is one PDU of a trace in answers.
type pduView struct {
	N         uint64 `json:"n"`
	At        string `json:"at"`
	Direction string `json:"direction"` // in or out, as we see it
	Session   uint64 `json:"session"`
	Octets    int    `json:"octets"`
	PDU       string `json:"pdu"`
	Text      string `json:"text,omitempty"`
	Hex       string `json:"hex,omitempty"`
}

// frameView shows what the sessions of one protocol say.
type frameView struct {
	describe func(frame []byte) string // in a line, without passwords and texts
	open     func(frame []byte, r pduReading) (openFrame, bool)
}

// openFrame is a frame that could be read.
type openFrame struct {
	text string
	from message.Address         // who wrote it
	mask func(texts bool) []byte // its octets, passwords hidden, and without texts the text too; nil: they cannot be shown
}

// frameViews are those of all that a session may speak.
var frameViews = map[message.Dialect]frameView{
	message.SMPP:  {smpp.Describe, openSMPP},
	message.UCP:   {ucp.Describe, openUCP},
	message.CIMD2: {cimd2.Describe, openCIMD2},
	message.AT:    {describeAT, openAT},
}

// viewPDU shows a PDU. Its line has neither passwords nor texts; texts adds the
// text, read by the alphabet of the session. hexes adds the octets: with
// passwords, and without texts the text too, overwritten; none where what is to
// be overwritten cannot be found.
func viewPDU(p *tracedPDU, reading pduReading, texts, hexes bool) pduView {
	show := frameViews[p.speaks]
	v := pduView{N: p.n, At: seenTime(p.at), Direction: "in", Session: p.session, Octets: len(p.frame), PDU: show.describe(p.frame)}
	if p.sent {
		v.Direction = "out"
	}
	if !texts && !hexes {
		return v
	}
	f, ok := show.open(p.frame, reading)
	if !ok {
		return v
	}
	if texts {
		texts = reading.secret == nil || !reading.secret(f.from, f.text)
	}
	if texts {
		v.Text = f.text
	}
	if hexes {
		v.Hex = hex.EncodeToString(f.mask(texts))
	}
	return v
}

// openSMPP opens a PDU of SMPP.
func openSMPP(frame []byte, r pduReading) (openFrame, bool) {
	var pdu smpp.PDU
	if smpp.Decode(frame, &pdu) != nil {
		return openFrame{}, false
	}
	if r.ofLink && hideReceiptText(pdu.Body) {
		if again, err := smpp.Append(nil, &pdu); err == nil {
			frame = again
		}
	}
	return openFrame{
		text: textOf(pdu.Body, r.alphabet), from: senderOf(pdu.Body),
		mask: func(texts bool) []byte { return maskedSMPP(frame, &pdu, texts) },
	}, true
}

// hideReceiptText puts stars in place of what a receipt tells of the text of its
// message, which may be secret, and tells whether there was any.
func hideReceiptText(body smpp.Body) (hidden bool) {
	w, ok := wordingOf(body)
	if !ok || !smpp.IsReceipt(w.esm) {
		return false
	}
	hide := func(text []byte) {
		if at := bytes.LastIndex(bytes.ToLower(text), []byte("text:")); at >= 0 {
			copy(text[at+len("text:"):], stars(len(text)))
			hidden = true
		}
	}
	if w.text != nil {
		*w.text = bytes.Clone(*w.text) // the trace keeps the octets
		hide(*w.text)
	}
	for i := range *w.tlvs {
		if t := &(*w.tlvs)[i]; t.Tag == smpp.TagMessagePayload {
			t.Value = bytes.Clone(t.Value)
			hide(t.Value)
		}
	}
	return hidden
}

// senderOf returns the source address of a message.
func senderOf(body smpp.Body) message.Address {
	var a smpp.Address
	switch b := body.(type) {
	case *smpp.SubmitSM:
		a = b.Source
	case *smpp.SubmitMulti:
		a = b.Source
	case *smpp.DataSM:
		a = b.Source
	case *smpp.ReplaceSM:
		a = b.Source
	}
	return message.Address{TON: message.TON(a.TON), NPI: message.NPI(a.NPI), Number: a.Addr}
}

// wording is where a PDU holds the text of a message.
type wording struct {
	text        *[]byte
	tlvs        *smpp.TLVs
	coding, esm uint8
}

func wordingOf(body smpp.Body) (w wording, ok bool) {
	switch b := body.(type) {
	case *smpp.SubmitSM:
		return wording{&b.Text, &b.TLVs, b.DataCoding, b.ESMClass}, true
	case *smpp.DeliverSM:
		return wording{&b.Text, &b.TLVs, b.DataCoding, b.ESMClass}, true
	case *smpp.SubmitMulti:
		return wording{&b.Text, &b.TLVs, b.DataCoding, b.ESMClass}, true
	case *smpp.DataSM:
		return wording{nil, &b.TLVs, b.DataCoding, b.ESMClass}, true
	case *smpp.ReplaceSM:
		return wording{&b.Text, &b.TLVs, 0, 0}, true
	case *smpp.BroadcastSM:
		return wording{nil, &b.TLVs, b.DataCoding, 0}, true
	}
	return w, false
}

// textOf reads the text of a PDU as the session's side does; empty if it has none
// that can be read. replace_sm has no data_coding, and is read by the alphabet.
func textOf(body smpp.Body, alphabet gsm.DefaultAlphabet) string {
	w, ok := wordingOf(body)
	if !ok {
		return ""
	}
	var octets []byte
	if w.text != nil {
		octets = *w.text
	}
	if payload, ok := w.tlvs.Get(smpp.TagMessagePayload); ok && len(payload) > 0 {
		octets = payload
	}
	header, shift := 0, gsm.Shift{}
	if w.esm&smpp.ESMUDHI != 0 && len(octets) > 0 && int(octets[0]) < len(octets) {
		h, _, _ := gsm.ParseHeader(octets)
		header, shift = 1+int(octets[0]), h.Shift()
		octets = octets[header:]
	}
	if _, submitted := body.(*smpp.SubmitSM); !submitted && smpp.IsReceipt(w.esm) {
		return gsm.DecodeLatin1(octets) // ASCII, whatever the alphabet
	}
	if text, ok := gsm.DecodeCharset(w.coding, octets); ok {
		return text
	}
	coding, ok := gsm.ParseSMPPDataCoding(w.coding, alphabet.Encoding())
	switch {
	case !ok || coding.Encoding == gsm.Binary || coding.Compressed:
		return ""
	case coding.Encoding == gsm.GSM7 && !shift.IsZero():
		if alphabet == gsm.DefaultPacked {
			octets = gsm.UnpackAll(octets, header)
		}
		return gsm.DecodeShifted(octets, shift)
	case w.coding == 0 || alphabet == gsm.DefaultPacked && coding.Encoding == gsm.GSM7:
		if alphabet == gsm.DefaultGSM {
			return smppDefaultText(octets)
		}
		return alphabet.Decode(octets, header)
	}
	return gsm.Decode(coding.Encoding, octets)
}

// hiddenTLVs belong to the text of a message.
var hiddenTLVs = []smpp.Tag{smpp.TagMessagePayload, smpp.TagCallbackNumAtag}

// maskedSMPP is the octets of a PDU. Passwords are stars, and so are texts unless
// they may be shown.
func maskedSMPP(frame []byte, pdu *smpp.PDU, texts bool) []byte {
	masked := false
	switch b := pdu.Body.(type) {
	case *smpp.Bind:
		b.Password, masked = strings.Repeat("*", len(b.Password)), true
	case *smpp.Outbind:
		b.Password, masked = strings.Repeat("*", len(b.Password)), true
	}
	if w, ok := wordingOf(pdu.Body); ok && !texts {
		masked = true
		if w.text != nil {
			*w.text = stars(len(*w.text))
		}
		for i := range *w.tlvs {
			for _, tag := range hiddenTLVs {
				if t := &(*w.tlvs)[i]; t.Tag == tag {
					t.Value = stars(len(t.Value))
				}
			}
		}
	}
	if !masked {
		return frame
	}
	again, err := smpp.Append(nil, pdu)
	if err != nil {
		return nil
	}
	return again
}

func stars(n int) []byte { return []byte(strings.Repeat("*", n)) }
