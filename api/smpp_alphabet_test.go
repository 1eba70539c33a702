package api

import (
	"encoding/hex"
	"testing"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPAlphabetIn: what data_coding 0 means in a customer's submit_sm.
func TestSMPPAlphabetIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		alphabet string
		coding   uint8
		esm      uint8
		octets   string
		text     string
		want     gsm.Encoding
		status   smpp.Status
	}{
		{"", 0, 0, "70e5", "på", gsm.Auto, 0},
		{"gsm", 0, 0, "700f", "på", gsm.Auto, 0},
		{"gsm", 0, 0, "70e5", "p\uFFFD", gsm.Auto, 0},
		{"gsm-packed", 0, 0, "e8329bfd4697d9ec37", "hellohello", gsm.Auto, 0},
		{"gsm-packed", 0xF0, 0, "e8329bfd4697d9ec37", "hellohello", gsm.Auto, 0},
		{"gsm-packed", 0, 0x40, "0500034c0201c2e170381c0e03", "aaaaaaa", gsm.GSM7, 0},
		{"latin1", 0, 0, "70e540", "på@", gsm.Auto, 0},
		{"latin1", 0xF0, 0, "700f00", "på@", gsm.Auto, 0},
		{"ascii", 0, 0, "405f", "@_", gsm.Auto, 0},
		{"utf8", 0, 0, "c3a5e282ac", "å€", gsm.Auto, 0},
		{"utf8", 0, 0, "e5", "å", gsm.Auto, 0},
		{"ucs2", 0, 0, "00e520ac", "å€", gsm.UCS2, 0},
		{"ucs2", 0, 0, "00e520", "", gsm.Auto, 0x01},
		{"", 5, 0, "24332473244b2441244f", "こんにちは", gsm.Auto, 0},
		{"", 6, 0, "bfe0d8d2d5e2", "Привет", gsm.Auto, 0},
		{"", 14, 0x40, "0500034c0201b0a1", "가", gsm.Auto, 0},
	} {
		octets, _ := hex.DecodeString(test.octets)
		c, status := smppContent(&smpp.ShortMessage{DataCoding: test.coding, ESMClass: test.esm, Text: octets}, test.alphabet)
		if status != test.status || status == 0 && (c.Text != test.text || c.Want != test.want || c.Data != nil) {
			t.Errorf("%s, data_coding %d, %s: %q %v %x, %v", test.alphabet, test.coding, test.octets, c.Text, c.Want, c.Data, status)
		}
	}
}

// TestSMPPAlphabetOut: texts from phones in the customer's default alphabet,
// and in UCS-2 what that lacks.
func TestSMPPAlphabetOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		alphabet gsm.DefaultAlphabet
		text     string
		class    int8
		coding   uint8
		octets   string
	}{
		{gsm.DefaultGSM, "på€", gsm.NoClass, 0, "700f1b65"},
		{gsm.DefaultPacked, "hellohello", gsm.NoClass, 0, "e8329bfd4697d9ec37"},
		{gsm.DefaultPacked, "hellohello", 0, 0xF0, "e8329bfd4697d9ec37"},
		{gsm.DefaultLatin1, "på", gsm.NoClass, 0, "70e5"},
		{gsm.DefaultLatin1, "på", 0, 0xF0, "700f"},
		{gsm.DefaultLatin1, "€", gsm.NoClass, 8, "20ac"},
		{gsm.DefaultASCII, "@å", gsm.NoClass, 8, "004000e5"},
		{gsm.DefaultUTF8, "å€", gsm.NoClass, 0, "c3a5e282ac"},
		{gsm.DefaultUTF8, "Ж", gsm.NoClass, 8, "0416"},
		{gsm.DefaultUCS2, "hi", gsm.NoClass, 8, "00680069"},
	} {
		b := smppDeliverBuilder{}
		b.reset(&smppPeer{server: &SMPPServer{refs: gsm.NewReferences()}, tlvs: true})
		b.alphabet = test.alphabet
		n, err := b.inbound(&message.Inbound{Content: message.Content{Text: test.text, Class: test.class}, Encoding: gsm.GSM7, Parts: 1})
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if d := &b.bodies[0]; d.DataCoding != test.coding || hex.EncodeToString(d.Text) != test.octets {
			t.Errorf("%v, %q of class %d: data_coding %#x, %x", test.alphabet, test.text, test.class, d.DataCoding, d.Text)
		}
	}
	b := smppDeliverBuilder{}
	b.reset(&smppPeer{server: &SMPPServer{refs: gsm.NewReferences()}, tlvs: true})
	b.alphabet = gsm.DefaultUCS2
	octets := message.Content{Data: []byte{1, 2, 3}, Want: gsm.Binary, Class: gsm.NoClass}
	if _, err := b.inbound(&message.Inbound{Content: octets, Encoding: gsm.Binary, Parts: 1}); err != nil {
		t.Fatal(err)
	}
	if d := &b.bodies[0]; d.DataCoding != 4 || string(d.Text) != "\x01\x02\x03" {
		t.Errorf("octets: data_coding %#x, %x", d.DataCoding, d.Text)
	}
}
