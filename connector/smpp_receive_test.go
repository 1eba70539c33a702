package connector

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// linkIn makes a link of a default alphabet.
func linkIn(alphabet string) *SMPP {
	return NewSMPP(SMPPConfig{Named: Named{Name: "op1"}, Alphabet: alphabet}, NewShared(), nil)
}

// TestSMPPReceive reads what operators deliver.
func TestSMPPReceive(t *testing.T) {
	t.Parallel()
	phone, ours := smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}, smpp.Address{TON: 0, Addr: "72345"}
	from, to := message.Address{TON: 1, NPI: 1, Number: "46701234567"}, message.Address{Number: "72345"}
	l := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil)
	latin := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}, Alphabet: "latin1"}, NewShared(), nil)
	const none = gsm.NoClass
	for _, test := range []struct {
		name    string
		link    *SMPP
		m       smpp.ShortMessage
		content message.Content
	}{
		{"GSM", l, smpp.ShortMessage{Text: []byte("\x00\x1b\x65")}, message.Content{Text: "@€", Want: gsm.GSM7, Class: none}},
		{"ISO-8859-1", latin, smpp.ShortMessage{Text: []byte("@\xe5")}, message.Content{Text: "@å", Want: gsm.Latin1, Class: none}},
		{"UCS-2", l, smpp.ShortMessage{DataCoding: 8, Text: []byte("\x04\x16")}, message.Content{Text: "Ж", Want: gsm.UCS2, Class: none}},
		{"octets", l, smpp.ShortMessage{DataCoding: 4, Text: []byte{1, 2}}, message.Content{Data: []byte{1, 2}, Want: gsm.Binary, Class: none}},
		{"Korean", l, smpp.ShortMessage{DataCoding: 14, Text: []byte("\xb0\xa1")}, message.Content{Text: "가", Want: gsm.UCS2, Class: none}},
		{"pictograms stay octets", l, smpp.ShortMessage{DataCoding: 9, Text: []byte{1, 2}}, message.Content{Data: []byte{1, 2}, Want: gsm.Binary, Class: none}},
		{"packed", linkIn("gsm-packed"), smpp.ShortMessage{Text: []byte("\xe8\x32\x9b\xfd\x46\x97\xd9\xec\x37")}, message.Content{Text: "hellohello", Want: gsm.GSM7, Class: none}},
		{
			"packed behind a header", linkIn("gsm-packed"),
			smpp.ShortMessage{ESMClass: 0x40, Text: []byte("\x05\x00\x03\x01\x02\x01\xc2\xe1\x70\x38\x1c\x0e\x03")},
			message.Content{Text: "aaaaaaa", Data: []byte("aaaaaaa"), Header: []byte{5, 0, 3, 1, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{"UTF-8", linkIn("utf8"), smpp.ShortMessage{Text: []byte("å€")}, message.Content{Text: "å€", Want: gsm.GSM7, Class: none}},
		{"UTF-8 beyond the GSM alphabet", linkIn("utf8"), smpp.ShortMessage{Text: []byte("Ж")}, message.Content{Text: "Ж", Want: gsm.UCS2, Class: none}},
		{"UCS-2 as default", linkIn("ucs2"), smpp.ShortMessage{Text: []byte("\x04\x16")}, message.Content{Text: "Ж", Want: gsm.UCS2, Class: none}},
		{"flash", l, smpp.ShortMessage{DataCoding: 0xF0, Text: []byte("x")}, message.Content{Text: "x", Want: gsm.GSM7, Class: 0}},
		{
			"part", l,
			smpp.ShortMessage{ESMClass: 0x40, Text: []byte("\x05\x00\x03\x01\x02\x01hi")},
			message.Content{Text: "hi", Data: []byte("hi"), Header: []byte{5, 0, 3, 1, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			"part that ends within a character", l,
			smpp.ShortMessage{DataCoding: 8, ESMClass: 0x40, Text: []byte("\x05\x00\x03\x01\x02\x01\xd8\x3d")},
			message.Content{Text: "\uFFFD", Data: []byte{0xD8, 0x3D}, Header: []byte{5, 0, 3, 1, 2, 1}, Want: gsm.UCS2, Class: none},
		},
		{
			"part by SAR", l,
			smpp.ShortMessage{Text: []byte("hi"), TLVs: smpp.TLVs{
				{Tag: smpp.TagSARMsgRefNum, Value: []byte{1, 2}}, {Tag: smpp.TagSARTotalSegments, Value: []byte{2}}, {Tag: smpp.TagSARSegmentSeqnum, Value: []byte{1}},
			}},
			message.Content{Text: "hi", Data: []byte("hi"), Header: []byte{6, 8, 4, 1, 2, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{"damaged header is shown", l, smpp.ShortMessage{ESMClass: 0x40, Text: []byte("zhi")}, message.Content{Text: "zhi", Want: gsm.GSM7, Class: none}},
		{
			"payload", l,
			smpp.ShortMessage{TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("long")}}},
			message.Content{Text: "long", Want: gsm.GSM7, Class: none},
		},
	} {
		test.m.Source, test.m.Dest = phone, ours
		d := &smpp.DeliverSM{ShortMessage: test.m}
		if smppIsReceipt(d) {
			t.Errorf("%s: taken for a receipt", test.name)
		}
		in := test.link.inbound(d)
		if diff := cmp.Diff(test.content, in.Content); diff != "" || in.From != from || in.To != to || in.Encoding != test.content.Want {
			t.Errorf("%s: %+v\n%s", test.name, in, diff)
		}
	}
}

// TestSMPPReport reads receipts; optional parameters win over the text.
func TestSMPPReport(t *testing.T) {
	t.Parallel()
	l := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil)
	const text = "id:0123 sub:001 dlvrd:001 submit date:2603011234 done date:2603011235 stat:UNDELIV err:027 text:x"
	done := time.Date(2026, 3, 1, 12, 35, 0, 0, time.UTC).UnixMilli()
	for _, test := range []struct {
		name  string
		esm   uint8
		text  string
		tlvs  smpp.TLVs
		id    string
		state message.State
		code  uint32
		done  int64
	}{
		{"text", 4, text, nil, "0123", message.Undeliverable, 27, done},
		{"with other bits", 0x44 | 0x80, "\x00" + text, nil, "0123", message.Undeliverable, 27, done},
		{"intermediate", 0x20, "id:1 stat:ENROUTE", nil, "1", message.Enroute, 0, 0},
		{"accepted is not final", 4, "id:1 stat:ACCEPTD", nil, "1", message.Enroute, 0, 0},
		{"parameters win", 4, text, smpp.TLVs{
			{Tag: smpp.TagReceiptedMessageID, Value: []byte("abc\x00")},
			{Tag: smpp.TagMessageState, Value: []byte{2}},
			{Tag: smpp.TagNetworkErrorCode, Value: []byte{3, 1, 0}},
		}, "abc", message.Delivered, 256, done},
		{"parameters without esm_class", 0, "", smpp.TLVs{
			{Tag: smpp.TagReceiptedMessageID, Value: []byte("abc")}, {Tag: smpp.TagMessageState, Value: []byte{3}},
		}, "abc", message.Expired, 0, 0},
		{"intermediate, whatever it says", 0x20, "id:1 stat:DELIVRD", nil, "1", message.Enroute, 0, 0},
		{"intermediate, whatever its parameters say", 0x20, "id:1", smpp.TLVs{{Tag: smpp.TagMessageState, Value: []byte{5}}}, "1", message.Enroute, 0, 0},
		{"a word that nobody knows", 4, "id:1 stat:SUBMITD", nil, "1", message.Enroute, 0, 0},
		{"an empty network error hides nothing", 4, "id:1 stat:UNDELIV err:045", smpp.TLVs{{Tag: smpp.TagNetworkErrorCode, Value: []byte{3, 0, 0}}}, "1", message.Undeliverable, 45, 0},
		{"unreadable", 4, "good day", nil, "", message.Enroute, 0, 0},
		{"odd error", 4, "id:1 stat:REJECTD err:0x3A", nil, "1", message.Rejected, 0, 0},
	} {
		d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: test.esm, Text: []byte(test.text), TLVs: test.tlvs}}
		if !smppIsReceipt(d) {
			t.Errorf("%s: not taken for a receipt", test.name)
			continue
		}
		r := l.report(d, "")
		if r.Scope != "" || r.OperatorID != test.id || r.State != test.state || r.Code != test.code || r.Done != test.done {
			t.Errorf("%s: %+v", test.name, r)
		}
	}
}

// TestSMPPReportLong: of a receipt only so much is kept, whatever the operator
// sends.
func TestSMPPReportLong(t *testing.T) {
	t.Parallel()
	l := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil)
	text := "id:1 stat:DELIVRD text:" + strings.Repeat("x", 60_000)
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: 4, TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte(text)}}}}
	if r := l.report(d, ""); r.OperatorID != "1" || r.State != message.Delivered || r.Text != text[:512] {
		t.Errorf("id %q, %v, %d octets", r.OperatorID, r.State, len(r.Text))
	}
	long := strings.Repeat("7", 60_000)
	for _, m := range []smpp.ShortMessage{
		{ESMClass: 4, TLVs: smpp.TLVs{{Tag: smpp.TagReceiptedMessageID, Value: []byte(long)}}},
		{ESMClass: 4, TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("id:" + long + " stat:DELIVRD")}}},
	} {
		if r := l.report(&smpp.DeliverSM{ShortMessage: m}, ""); r.OperatorID != "" {
			t.Errorf("an id of %d characters is kept", len(r.OperatorID))
		}
	}
}

// TestSMPPUnreadableReceipt: a receipt that names no message is answered, so
// that it does not come again, and told of: once, and not for each of a flood.
func TestSMPPUnreadableReceipt(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), slog.New(slog.NewTextHandler(&log, nil)))
	core := &contractCore{}
	s := &smppSession{link: l, core: core}
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: 4, Text: []byte("secret words")}}
	for range 1000 {
		s.Requests(nil, []smpp.PDU{{Command: smpp.CommandDeliverSM, Sequence: 1, Body: d}})
	}
	if n := strings.Count(log.String(), "\n"); n != 10 || strings.Contains(log.String(), "secret") {
		t.Errorf("%d lines: %s", n, log.String())
	}
	if len(core.reports) != 1000 || len(core.acks) != 1000 || core.reports[0].OperatorID != "" {
		t.Errorf("%d receipts for the gateway", len(core.reports))
	}
}

// TestComplaint11InboundTables: a message from a phone is read by the national
// tables that its header names (3GPP TS 23.040 9.2.3.24.15, 9.2.3.24.16).
func TestComplaint11InboundTables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alphabet   string
		ud         string
		coding     uint8
		text, data string
	}{
		{"gsm", "\x03\x24\x01\x01a\x1bs", 0, "aş", ""},
		{"gsm", "\x03\x25\x01\x06\x2f", 0xF1, "न", ""},
		{"gsm", "\x08\x25\x01\x01\x00\x03\x4c\x02\x01\x0c\x1b", 0, "ğ ", "\x0c\x1b"},
		{"gsm-packed", "\x03\x24\x01\x01\xd8\xcc\x01", 0, "ş", ""},
		{"latin1", "\x03\x24\x01\x01\xe5", 0, "å", ""}, // data_coding 0 is not GSM's there
		{"gsm", "\x03\x24\x01\x63a\x1bs", 0, "as", ""}, // a language that nobody knows
	} {
		in := linkIn(tt.alphabet).inbound(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: 0x40, DataCoding: tt.coding, Text: []byte(tt.ud)}})
		if in.Content.Text != tt.text || string(in.Content.Data) != tt.data {
			t.Errorf("%s %q: %q, %q, want %q, %q", tt.alphabet, tt.ud, in.Content.Text, in.Content.Data, tt.text, tt.data)
		}
	}
}

// TestComplaint11GuessCoding: a data_coding that is plainly wrong is not
// believed, where the link says so and only there.
func TestComplaint11GuessCoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		coding  uint8
		ud      string
		guessed string // empty: as it is said to be
		enc     gsm.Encoding
	}{
		{"GSM", 0, "Hej \x0f\x7b\x7c", "", 0},
		{"GSM with many at signs", 0, "\x00\x00\x00a", "", 0},
		{"UTF-8 as GSM", 0, "Hej åäö", "Hej åäö", gsm.GSM7},
		{"UTF-8 as GSM, Cyrillic", 0, "Привет", "Привет", gsm.UCS2},
		{"ISO-8859-1 as GSM", 0, "Hej \xe5\xe4\xf6", "Hej åäö", gsm.Latin1},
		{"UTF-16 as GSM", 0, "\x00H\x00e\x00j", "Hej", gsm.UCS2},
		{"UTF-16 as ISO-8859-1, Cyrillic", 3, "\x04\x1f\x04\x40\x04\x38\x20\x26", "При…", gsm.UCS2},
		{"ISO-8859-1", 3, "\xe5\xe4\xf6", "", 0},
		{"UTF-8 as ISO-8859-1", 3, "åäö", "åäö", gsm.GSM7},
		{"ASCII as UTF-16", 8, "Hello to you", "Hello to you", gsm.GSM7},
		{"ASCII as UTF-16, odd", 8, "Hello", "Hello", gsm.GSM7},
		{"Chinese", 8, "\x4f\x60\x59\x7d", "", 0},
		{"Cyrillic", 8, "\x04\x1f\x04\x40", "", 0},
		{"text as binary", 4, "Hello å", "Hello å", gsm.GSM7},
		{"octets", 4, "\x00\x01\xff", "", 0},
	} {
		plain := linkIn("gsm")
		asSaid := plain.inbound(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{DataCoding: tt.coding, Text: []byte(tt.ud)}})
		plain.cfg.GuessCoding = true
		in := plain.inbound(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{DataCoding: tt.coding, Text: []byte(tt.ud)}})
		want, enc := tt.guessed, tt.enc
		if want == "" {
			want, enc = asSaid.Content.Text, asSaid.Encoding
		} else if asSaid.Content.Text == want {
			t.Errorf("%s: guessed although it is not configured", tt.name)
		}
		if in.Content.Text != want || in.Encoding != enc {
			t.Errorf("%s: %q in %v, want %q in %v", tt.name, in.Content.Text, in.Encoding, want, enc)
		}
	}
	ported := linkIn("gsm")
	ported.cfg.GuessCoding = true
	in := ported.inbound(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: 0x40, DataCoding: 4, Text: []byte("\x06\x05\x04\x0b\x84\x23\xf0Hello")}})
	if in.Encoding != gsm.Binary || string(in.Content.Data) != "Hello" {
		t.Errorf("a message with ports: %+v", in)
	}
}

// TestSMPPNationalOut: a text with a header that names tables goes out in them,
// and as UCS-2 on a link whose data_coding 0 is not GSM's.
func TestSMPPNationalOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alphabet, want string
		coding         uint8
	}{
		{"gsm", "\x03\x24\x01\x01\x1bs", 0},
		{"gsm-packed", "\x03\x24\x01\x01\xd8\xcc\x01", 0},
		{"latin1", "\x01\x5f", 8},
		{"ucs2", "\x01\x5f", 8},
	} {
		c := message.Content{Text: "ş", Header: []byte{3, 0x24, 1, 1}, Class: gsm.NoClass}
		parts, f := built(t, SMPPConfig{Alphabet: tt.alphabet}, c, func(o *Outgoing) { o.Message.Encoding = gsm.GSM7 })
		if f != nil || len(parts) != 1 || string(parts[0].Text) != tt.want || parts[0].DataCoding != tt.coding {
			t.Errorf("%s: %+v, %v", tt.alphabet, parts, f)
		}
	}
}

// TestSMPPNames: names in addresses are ISO-8859-1, both ways.
func TestSMPPNames(t *testing.T) {
	t.Parallel()
	for octets, name := range map[string]string{"Caf\xe9": "Café", "ACME": "ACME", "Café": "Café"} {
		if m := smppMessageAddress(smpp.Address{TON: 5, Addr: octets}); m.Number != name {
			t.Errorf("%q read as %q", octets, m.Number)
		}
	}
	parts, f := built(t, SMPPConfig{}, message.Content{Text: "x", Class: gsm.NoClass}, func(o *Outgoing) { o.From.Number = "Café" })
	if f != nil || parts[0].Source.Addr != "Caf\xe9" {
		t.Errorf("%+v, %v", parts, f)
	}
	_, f = built(t, SMPPConfig{}, message.Content{Text: "x", Class: gsm.NoClass}, func(o *Outgoing) { o.From.Number = "ΔΦ" })
	if f == nil || f.Kind != message.BadSender {
		t.Errorf("a name in Greek: %v", f)
	}
}

// TestSMPPCutCharacters: what the customer cut within a character goes out as
// it came.
func TestSMPPCutCharacters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		data   string
		enc    gsm.Encoding
		coding uint8
	}{
		{"\x00h\xd8\x3d", gsm.UCS2, 8},
		{"\xde\x00\x00h", gsm.UCS2, 8},
		{"hi\x1b", gsm.GSM7, 0},
	} {
		header := "\x05\x00\x03\x01\x02\x01"
		c := message.Content{
			Text: gsm.Decode(test.enc, []byte(test.data)), Data: []byte(test.data), Want: test.enc, Header: []byte(header), Class: gsm.NoClass,
		}
		parts, f := built(t, SMPPConfig{}, c, func(o *Outgoing) { o.Message.Encoding, o.Message.Parts = test.enc, 1 })
		if f != nil || len(parts) != 1 || string(parts[0].Text) != header+test.data || parts[0].DataCoding != test.coding {
			t.Errorf("%q: %+v, %v", test.data, parts, f)
		}
	}
}

// FuzzSMPPReceive: whatever an operator delivers is a report or a message.
func FuzzSMPPReceive(f *testing.F) {
	f.Add([]byte("id:1 stat:DELIVRD err:000"), uint8(0), uint8(4), []byte("abc\x00"))
	f.Add([]byte("\x05\x00\x03\x01\x02\x01hi"), uint8(0), uint8(0x40), []byte{})
	f.Add([]byte("\xd8\x3d"), uint8(8), uint8(0), []byte{1, 2, 3})
	l := NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil)
	f.Fuzz(func(t *testing.T, text []byte, coding, esm uint8, value []byte) {
		d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: esm, DataCoding: coding, Text: text, TLVs: smpp.TLVs{
			{Tag: smpp.TagReceiptedMessageID, Value: value},
			{Tag: smpp.TagNetworkErrorCode, Value: value},
			{Tag: smpp.TagSARMsgRefNum, Value: value},
		}}}
		if smppIsReceipt(d) {
			if r := l.report(d, ""); len(r.Text) > smppMostText || esm&smpp.ESMTypeMask == smpp.ESMIntermediate && r.State.Final() {
				t.Errorf("report %+v", r)
			}
			return
		}
		if in := l.inbound(d); in.Content.Text != "" && in.Content.Data != nil && in.Content.Header == nil {
			t.Error("both a text and octets")
		}
	})
}

// TestSMPPReportTLVs: of a receipt's parameters those are handed on that the
// configuration lists, and none that the receipt itself is made of.
func TestSMPPReportTLVs(t *testing.T) {
	t.Parallel()
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{ESMClass: smpp.ESMReceipt, Text: []byte("id:1 stat:DELIVRD")}}
	d.TLVs.Set(smpp.TagReceiptedMessageID, []byte("1\x00"))
	d.TLVs.Set(0x1500, []byte("mcc"))
	d.TLVs.Set(0x1600, []byte("other"))
	for want, listed := range map[string][]string{"": nil, "\x15\x00\x00\x03mcc": {"0x1500-0x15FF"}} {
		cfg := smppTestConfig()
		cfg.TLVs.Receipts = listed
		l := NewSMPP(cfg, NewShared(), nil)
		if r := l.report(d, ""); r.TLVs != want || r.OperatorID != "1" {
			t.Errorf("%v: handed on %q of %q, want %q", listed, r.TLVs, r.OperatorID, want)
		}
	}
}
