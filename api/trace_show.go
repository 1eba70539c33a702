package api

import (
	"bytes"
	"encoding/hex"
	"strings"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
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

// viewPDU shows a PDU. Its line has neither passwords nor texts; texts adds the
// text, read by alphabet where data_coding is 0. hexes adds the octets: with passwords, and without texts the text too,
// overwritten; none where what is to be overwritten cannot be found.
func viewPDU(p *tracedPDU, reading pduReading, texts, hexes bool) pduView {
	v := pduView{N: p.n, At: seenTime(p.at), Direction: "in", Session: p.session, Octets: len(p.frame), PDU: smpp.Describe(p.frame)}
	if p.sent {
		v.Direction = "out"
	}
	if !texts && !hexes {
		return v
	}
	var pdu smpp.PDU
	if smpp.Decode(p.frame, &pdu) != nil {
		return v
	}
	if texts && reading.ofLink && hideReceiptText(pdu.Body) {
		if again, err := smpp.Append(nil, &pdu); err == nil {
			p = &tracedPDU{frame: again}
		}
	}
	text := ""
	if texts {
		text = textOf(pdu.Body, reading.alphabet)
		texts = reading.secret == nil || !reading.secret(senderOf(pdu.Body), text)
	}
	if texts {
		v.Text = text
	}
	if hexes {
		v.Hex = maskedHex(p.frame, &pdu, texts)
	}
	return v
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

// maskedHex writes a PDU in hexadecimal digits. Passwords are stars, and so are
// texts unless they may be shown.
func maskedHex(frame []byte, pdu *smpp.PDU, texts bool) string {
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
		return hex.EncodeToString(frame)
	}
	again, err := smpp.Append(nil, pdu)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(again)
}

func stars(n int) []byte { return []byte(strings.Repeat("*", n)) }
