package api

import (
	"encoding/hex"
	"encoding/json"
	"strconv"

	"kurir/gsm"
	"kurir/message"
)

// inbound is the arguments of a call with an inbound message. Jasmin gives its
// text in the octets of its coding; message.JasminText asks for characters.
func (j *JasminCallback) inbound(in *message.Inbound, mask uint8) (f jasminForm) {
	octets, enc := inboundOctets(in)
	content := string(octets)
	if mask&message.JasminText != 0 && in.Encoding != gsm.Binary {
		content = in.Content.Text
	}
	coding := gsm.Coding(enc, in.Content.Class).SMPP()
	x := in.Content.Extra
	if x != nil && x.Coding != 0 {
		coding = x.Coding
	}
	f.add("id", in.ID.UUID())
	f.add("from", in.From.String())
	f.add("to", in.To.String())
	f.add("origin-connector", in.Link)
	f.add("content", content)
	f.add("binary", hex.EncodeToString(octets))
	f.add("coding", strconv.Itoa(int(coding)))
	if shown := showTLVs(j.tlvs(), x); shown != nil {
		text, _ := json.Marshal(shown) // texts can be written
		f.add("tlv_params", string(text))
	}
	return f
}

// inboundOctets is the text of an inbound message as it came, in UCS-2 if its
// encoding lacks a character: it came by a national table, say.
func inboundOctets(in *message.Inbound) (octets []byte, enc gsm.Encoding) {
	ok, text := false, in.Content.Text
	switch in.Encoding {
	case gsm.Binary:
		return in.Content.Data, gsm.Binary
	case gsm.GSM7:
		octets, ok = gsm.AppendGSM7(nil, text)
	case gsm.Latin1:
		octets, ok = gsm.AppendLatin1(nil, text)
	}
	if !ok {
		return gsm.AppendUCS2(nil, text), gsm.UCS2
	}
	return octets, in.Encoding
}
