package api

import (
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// Alphabet returns what data_coding 0 means to a customer. Nobody's is GSM.
func (s *SMPPServer) Alphabet(name string) gsm.DefaultAlphabet {
	a := s.accounts().ByName(name)
	if a == nil || a.SMPP.Alphabet == "" {
		return gsm.DefaultGSM
	}
	alphabet, _ := gsm.ParseDefaultAlphabet(a.SMPP.Alphabet) // checked with the configuration
	return alphabet
}

// encoding returns how the text of a message from a phone is to be written for
// a customer whose default alphabet is another than GSM's: in UCS-2 what that
// alphabet lacks, and what it would make too long.
func (b *smppDeliverBuilder) encoding(c *message.Content) gsm.Encoding {
	if b.alphabet == gsm.DefaultGSM || b.alphabet == gsm.DefaultPacked || c.Class != gsm.NoClass || c.Text == "" {
		return gsm.Auto
	}
	octets, ok := b.alphabet.Append(nil, c.Text, 0)
	if b.alphabet == gsm.DefaultUCS2 || !ok || b.alphabet == gsm.DefaultUTF8 && len(octets) > smppMostUTF8 {
		return gsm.UCS2
	}
	return gsm.Auto
}

// smppMostUTF8 is up to how many octets a text goes out in UTF-8, so that its
// parts, cut by characters, have room in a short_message.
const smppMostUTF8 = 200

// recode writes the text of a deliver_sm in the customer's default alphabet, if
// that is what its data_coding says.
func (b *smppDeliverBuilder) recode(d *smpp.DeliverSM, s *gsm.Segment, c *message.Content) {
	if b.alphabet == gsm.DefaultGSM || s.Encoding != gsm.GSM7 {
		return
	}
	var text []byte
	switch {
	case b.alphabet == gsm.DefaultPacked:
		text = gsm.Pack(nil, s.Payload, gsm.FillBits(len(s.Header)))
	case c.Class != gsm.NoClass:
		return // its data_coding says that it is GSM's
	default:
		text, _ = b.alphabet.Append(nil, gsm.DecodeGSM7(s.Payload), len(s.Header))
	}
	d.Text = append(append(make([]byte, 0, len(s.Header)+len(text)), s.Header...), text...)
}
