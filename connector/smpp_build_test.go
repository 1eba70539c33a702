package connector

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// built makes the submit_sm's of a content on a link.
func built(t *testing.T, cfg SMPPConfig, c message.Content, change func(*Outgoing)) ([]smpp.SubmitSM, *message.Failure) {
	t.Helper()
	m := &message.Message{Content: c, Parts: 1, Encoding: gsm.Binary, Priority: message.Normal}
	if c.Data == nil {
		size, err := gsm.Measure(c.Text, c.Want)
		if err != nil {
			t.Fatal(err)
		}
		m.Encoding, m.Parts = size.Encoding, uint8(size.Parts)
	} else if size, err := gsm.MeasureBinary(len(c.Data), len(c.Header)); err == nil {
		m.Parts = uint8(size.Parts)
	}
	out := &Outgoing{
		Message: m, From: message.Address{TON: 5, Number: "ACME"}, To: message.Address{TON: 1, NPI: 1, Number: "46701234567"},
	}
	if change != nil {
		change(out)
	}
	b := smppBuilder{cfg: cfg.WithDefaults(), refs: gsm.NewReferences()}
	n, f := b.add(out, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	if f == nil && n != len(b.parts) {
		t.Fatalf("%d parts announced, %d built", n, len(b.parts))
	}
	return b.parts, f
}

// TestSMPPBuildCoding: texts and codings, with the octets that Kannel sends for
// the same texts (SMPP 3.4 5.2.19).
func TestSMPPBuildCoding(t *testing.T) {
	t.Parallel()
	const none = gsm.NoClass
	for _, test := range []struct {
		name     string
		alphabet string
		content  message.Content
		coding   uint8
		esm      uint8
		octets   string
	}{
		{"GSM", "gsm", message.Content{Text: "Hej åäö € []", Class: none}, 0, 0, "48656a200f7b7c201b65201b3c1b3e"},
		{"UCS-2", "gsm", message.Content{Text: "Привет", Class: none}, 8, 0, "041f04400438043204350442"},
		{"surrogates", "gsm", message.Content{Text: "😀", Class: none}, 8, 0, "d83dde00"},
		{"flash", "gsm", message.Content{Text: "hi", Class: 0}, 0xF0, 0, "6869"},
		{"class 1", "gsm", message.Content{Text: "hi", Class: 1}, 0xF1, 0, "6869"},
		{"flash UCS-2", "gsm", message.Content{Text: "Ж", Class: 0}, 0x18, 0, "0416"},
		{"octets", "gsm", message.Content{Data: []byte{0, 255}, Class: none}, 4, 0, "00ff"},
		{"octets of class 2", "gsm", message.Content{Data: []byte{0, 255}, Class: 2}, 0xF6, 0, "00ff"},
		{
			"ports", "gsm",
			message.Content{Data: []byte{1, 2, 3}, Header: []byte{6, 5, 4, 0x0B, 0x84, 0x23, 0xF0}, Class: none},
			4, 0x40, "0605040b8423f0010203",
		},
		{"a part the customer cut", "gsm", message.Content{Text: "AAAAA", Header: []byte{5, 0, 3, 0x4C, 2, 1}, Class: none}, 0, 0x40, "0500034c02014141414141"},
		{"asked for ISO-8859-1", "gsm", message.Content{Text: "å", Want: gsm.Latin1, Class: none}, 3, 0, "e5"},
		{"link in ISO-8859-1", "latin1", message.Content{Text: "Hej åäö @[]", Class: none}, 0, 0, "48656a20e5e4f620405b5d"},
		{"not in the link's alphabet", "latin1", message.Content{Text: "€", Class: none}, 8, 0, "20ac"},
		{"link in ASCII", "ascii", message.Content{Text: "a@b_", Class: none}, 0, 0, "6140625f"},
		{"not ASCII", "ascii", message.Content{Text: "å", Class: none}, 8, 0, "00e5"},
		{"packed", "gsm-packed", message.Content{Text: "hellohello", Class: none}, 0, 0, "e8329bfd4697d9ec37"},
		{"packed flash", "gsm-packed", message.Content{Text: "hellohello", Class: 0}, 0xF0, 0, "e8329bfd4697d9ec37"},
		{
			"packed behind a header", "gsm-packed",
			message.Content{Text: "aaaaaaa", Header: []byte{5, 0, 3, 0x4C, 2, 1}, Class: none},
			0, 0x40, "0500034c0201c2e170381c0e03",
		},
		{"not in the alphabet that is packed", "gsm-packed", message.Content{Text: "Ж", Class: none}, 8, 0, "0416"},
		{"link in UTF-8", "utf8", message.Content{Text: "å€", Class: none}, 0, 0, "c3a5e282ac"},
		{"link in UTF-8, beyond the GSM alphabet", "utf8", message.Content{Text: "Ж", Class: none}, 8, 0, "0416"},
		{"link in UCS-2", "ucs2", message.Content{Text: "hi", Class: none}, 8, 0, "00680069"},
		{"octets on a link in UCS-2", "ucs2", message.Content{Data: []byte{1}, Class: none}, 4, 0, "01"},
		{"flash on a link in UCS-2", "ucs2", message.Content{Text: "hi", Class: 0}, 0x18, 0, "00680069"},
		{"flash on a link of its own alphabet", "latin1", message.Content{Text: "å", Class: 0}, 0xF0, 0, "0f"},
		{"empty", "gsm", message.Content{Class: none}, 0, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parts, f := built(t, SMPPConfig{Alphabet: test.alphabet}, test.content, nil)
			if f != nil || len(parts) != 1 {
				t.Fatalf("%d parts, %v", len(parts), f)
			}
			p := &parts[0]
			if p.DataCoding != test.coding || p.ESMClass != test.esm || hex.EncodeToString(p.Text) != test.octets {
				t.Errorf("data_coding %#x, esm_class %#x, %x; want %#x, %#x, %s", p.DataCoding, p.ESMClass, p.Text, test.coding, test.esm, test.octets)
			}
		})
	}
}

func TestSMPPBuildFields(t *testing.T) {
	t.Parallel()
	text := message.Content{Text: "x", Class: gsm.NoClass}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ton, npi := uint8(0), uint8(8)
	for _, test := range []struct {
		name   string
		cfg    SMPPConfig
		change func(*Outgoing)
		want   string // of the fields below
	}{
		{"plain", SMPPConfig{}, nil, "5/0/ACME 1/1/46701234567 reg 0 prio 0 valid  type "},
		{"receipt", SMPPConfig{ServiceType: "CMT"}, func(o *Outgoing) { o.Receipt = true }, "5/0/ACME 1/1/46701234567 reg 1 prio 0 valid  type CMT"},
		{
			"all receipts",
			SMPPConfig{},
			func(o *Outgoing) { o.Receipt, o.Message.Receipts = true, message.ReceiptIntermediate },
			"5/0/ACME 1/1/46701234567 reg 17 prio 0 valid  type ",
		},
		{"urgent", SMPPConfig{}, func(o *Outgoing) { o.Message.Priority = message.Urgent }, "5/0/ACME 1/1/46701234567 reg 0 prio 2 valid  type "},
		{"types of number", SMPPConfig{SourceTON: &ton, DestNPI: &npi}, nil, "0/0/ACME 1/8/46701234567 reg 0 prio 0 valid  type "},
		{
			"two days",
			SMPPConfig{},
			func(o *Outgoing) { o.Message.Expires = now.Add(48*time.Hour - 5*time.Millisecond).UnixMilli() },
			"5/0/ACME 1/1/46701234567 reg 0 prio 0 valid 000002000000000R type ",
		},
		{
			"a minute",
			SMPPConfig{},
			func(o *Outgoing) { o.Message.Expires = now.Add(65 * time.Second).UnixMilli() },
			"5/0/ACME 1/1/46701234567 reg 0 prio 0 valid 000000000105000R type ",
		},
		{
			"over",
			SMPPConfig{},
			func(o *Outgoing) { o.Message.Expires = now.Add(-time.Hour).UnixMilli() },
			"5/0/ACME 1/1/46701234567 reg 0 prio 0 valid 000000000001000R type ",
		},
		{
			"absolute",
			SMPPConfig{Validity: "absolute"},
			func(o *Outgoing) { o.Message.Expires = now.Add(48 * time.Hour).UnixMilli() },
			"5/0/ACME 1/1/46701234567 reg 0 prio 0 valid 260303120000000+ type ",
		},
		{
			"none",
			SMPPConfig{Validity: "none"},
			func(o *Outgoing) { o.Message.Expires = now.Add(48 * time.Hour).UnixMilli() },
			"5/0/ACME 1/1/46701234567 reg 0 prio 0 valid  type ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parts, f := built(t, test.cfg, text, test.change)
			if f != nil {
				t.Fatal(f)
			}
			p := &parts[0]
			got := fmt.Sprintf("%d/%d/%s %d/%d/%s reg %d prio %d valid %s type %s", p.Source.TON, p.Source.NPI, p.Source.Addr,
				p.Dest.TON, p.Dest.NPI, p.Dest.Addr, p.RegisteredDelivery, p.Priority, p.Validity, p.ServiceType)
			if got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestSMPPBuildLong: the four ways to send a long message.
func TestSMPPBuildLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 40) // 400 septets: 153, 153, 94
	for _, way := range []string{"udh", "udh16", "sar", "payload"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			parts, f := built(t, SMPPConfig{Long: way}, message.Content{Text: long, Class: gsm.NoClass}, nil)
			if f != nil {
				t.Fatal(f)
			}
			want := 3
			if way == "payload" {
				want = 1
			}
			if len(parts) != want {
				t.Fatalf("%d parts, want %d", len(parts), want)
			}
			text := ""
			refs := map[uint16]bool{}
			for i := range parts {
				p := &parts[i]
				ud := p.Message()
				switch way {
				case "udh", "udh16":
					h, rest, err := gsm.ParseHeader(ud)
					c, ok := h.Concat()
					if err != nil || !ok || c.Number != uint8(i+1) || c.Total != 3 || c.Wide != (way == "udh16") || p.ESMClass != 0x40 {
						t.Errorf("part %d: %+v, esm_class %#x", i+1, c, p.ESMClass)
					}
					refs[c.Reference], ud = true, rest
				case "sar":
					ref, _ := p.TLVs.U16(smpp.TagSARMsgRefNum)
					total, _ := p.TLVs.U8(smpp.TagSARTotalSegments)
					number, _ := p.TLVs.U8(smpp.TagSARSegmentSeqnum)
					if total != 3 || number != uint8(i+1) || p.ESMClass != 0 {
						t.Errorf("part %d: number %d of %d", i+1, number, total)
					}
					refs[ref] = true
				case "payload":
					if len(p.Text) != 0 || len(p.TLVs) != 1 {
						t.Errorf("short_message of %d octets beside message_payload", len(p.Text))
					}
				}
				text += gsm.DecodeGSM7(ud)
			}
			if text != long {
				t.Errorf("text %q", text)
			}
			if way != "payload" && len(refs) != 1 {
				t.Errorf("references %v", refs)
			}
		})
	}
}

// TestSMPPBuildSingle: a long text goes as one short_message while it fits, and
// is cut like others when it does not.
func TestSMPPBuildSingle(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{161: 1, 254: 1, 255: 2, 400: 3} {
		text := strings.Repeat("x", n)
		parts, f := built(t, SMPPConfig{Long: "single"}, message.Content{Text: text, Class: gsm.NoClass}, nil)
		if f != nil || len(parts) != want {
			t.Errorf("%d characters: %d parts, %v", n, len(parts), f)
			continue
		}
		if want == 1 && (string(parts[0].Text) != text || parts[0].ESMClass != 0) {
			t.Errorf("%d characters: esm_class %#x, %q", n, parts[0].ESMClass, parts[0].Text)
		}
		if want > 1 && parts[0].ESMClass != 0x40 {
			t.Errorf("%d characters are cut without a header", n)
		}
	}
}

// TestSMPPBuildWholeBinary: octets without a header of their own go as a whole
// too, in message_payload or, as far as they fit, in short_message.
func TestSMPPBuildWholeBinary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		long          string
		octets, parts int
		payload       bool
	}{
		{"payload", 140, 1, false},
		{"payload", 141, 1, false}, // fits into short_message
		{"payload", 600, 1, true},
		{"single", 254, 1, false},
		{"single", 255, 2, false},
		{"udh", 141, 2, false},
	} {
		data := bytes.Repeat([]byte{0xA7}, c.octets)
		parts, f := built(t, SMPPConfig{Long: c.long}, message.Content{Data: data, Want: gsm.Binary, Class: gsm.NoClass}, nil)
		if f != nil || len(parts) != c.parts {
			t.Errorf("%s, %d octets: %d parts, want %d; %v", c.long, c.octets, len(parts), c.parts, f)
			continue
		}
		p := &parts[0]
		_, payload := p.TLVs.Get(smpp.TagMessagePayload)
		if payload != c.payload || p.DataCoding != 4 || (p.ESMClass&smpp.ESMUDHI != 0) != (c.parts > 1) || c.parts == 1 && !bytes.Equal(p.Message(), data) {
			t.Errorf("%s, %d octets: esm_class %#x, data_coding %d, %d octets, in message_payload: %t", c.long, c.octets, p.ESMClass, p.DataCoding, len(p.Message()), payload)
		}
	}
}

// TestSMPPBuildBatch: messages of one batch do not share memory by mistake,
// also when it has to grow.
func TestSMPPBuildBatch(t *testing.T) {
	t.Parallel()
	b := smppBuilder{cfg: SMPPConfig{}.WithDefaults(), refs: gsm.NewReferences()}
	for round := range 3 {
		b.reset()
		for i := range 1000 {
			text := fmt.Sprintf("%d/%d %s", round, i, strings.Repeat("å", i%160))
			out := contractMessage(text)
			if n, f := b.add(out, time.Now()); f != nil || n != int(out.Message.Parts) {
				t.Fatal(n, f)
			}
		}
		at := 0
		for i := range 1000 {
			want := fmt.Sprintf("%d/%d %s", round, i, strings.Repeat("å", i%160))
			got := smppTestText(&b.parts[at])
			for at++; at < len(b.parts) && b.parts[at].ESMClass != 0 && b.parts[at].Text[5] > 1; at++ {
				got += smppTestText(&b.parts[at])
			}
			if got != want {
				t.Fatalf("message %d: %q, want %q", i, got, want)
			}
		}
	}
}

func TestSMPPBuildRefused(t *testing.T) {
	t.Parallel()
	_, f := built(t, SMPPConfig{}, message.Content{Text: "x", Header: []byte{9, 1}, Class: gsm.NoClass}, nil)
	if f == nil || f.Kind != message.BadContent {
		t.Errorf("a header that is cut: %v", f)
	}
}

// TestSMPPPayloadCut: what message_payload cannot carry as a whole is cut, and
// all its parts have the reference of 8 bits that they have room for.
func TestSMPPPayloadCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := smppBuilder{cfg: SMPPConfig{Long: "payload"}.WithDefaults(), refs: gsm.NewReferences()}
		last := -1
		for range 5 {
			out := contractMessage("")
			ports := []byte{6, 5, 4, 0x0B, 0x84, 0x23, 0xF0}
			out.Message.Content = message.Content{Data: make([]byte, 141), Header: ports, Want: gsm.Binary, Class: gsm.NoClass}
			out.Message.Encoding, out.Message.Parts = gsm.Binary, 2
			b.reset()
			if n, f := b.add(out, time.Now()); n != 2 || f != nil {
				t.Fatal(n, f)
			}
			h, _, err := gsm.ParseHeader(b.parts[0].Text)
			c, ok := h.Concat()
			if err != nil || !ok || c.Wide {
				t.Fatalf("header %v, %v", h, err)
			}
			ref := int(c.Reference)
			if ref == last {
				t.Errorf("two messages in a row have the reference %d", ref)
			}
			last = ref
			time.Sleep(256 * time.Second) // a counter of 16 bits has then the same low octet
		}
	})
}
