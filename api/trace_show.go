package api

import (
	"encoding/hex"
	"strings"

	"kurir/gsm"
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
func viewPDU(p *tracedPDU, alphabet gsm.DefaultAlphabet, texts, hexes bool) pduView {
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
	if texts {
		v.Text = textOf(pdu.Body, alphabet)
	}
	if hexes {
		v.Hex = maskedHex(p.frame, &pdu, texts)
	}
	return v
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
