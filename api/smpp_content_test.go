package api

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPContent reads texts by data_coding (SMPP 3.4 5.2.19, 3GPP TS 23.038 4).
func TestSMPPContent(t *testing.T) {
	t.Parallel()
	const none = gsm.NoClass
	for _, test := range []struct {
		name   string
		coding uint8
		esm    uint8
		text   string
		tlvs   smpp.TLVs
		want   message.Content
		status smpp.Status
	}{
		{name: "GSM", coding: 0, text: "Hej \x0f\x7b\x7c \x1b\x65 \x1b\x3c\x1b\x3e", want: message.Content{Text: "Hej åäö € []", Class: none}},
		{name: "GSM at sign", coding: 0, text: "a\x00b", want: message.Content{Text: "a@b", Class: none}},
		{name: "octets above 7F are ISO-8859-1", coding: 0, text: "p\xe5", want: message.Content{Text: "på", Class: none}},
		{name: "or UTF-8", coding: 0, text: "på", want: message.Content{Text: "på", Class: none}},
		{name: "ASCII", coding: 1, text: "a@b_$", want: message.Content{Text: "a@b_$", Class: none}},
		{name: "ASCII on two lines", coding: 1, text: "a_\r\n$", want: message.Content{Text: "a_\r\n$", Class: none}},
		{name: "GSM said to be ASCII", coding: 1, text: "\x02\x11 Sm\x0crg\x06s \x1b\x65", want: message.Content{Text: "$_ Smørgùs €", Class: none}},
		{name: "GSM at sign said to be ASCII", coding: 1, text: "a\x00b", want: message.Content{Text: "a@b", Class: none}},
		{name: "octets 2", coding: 2, text: "\x00\xff", want: message.Content{Data: []byte{0, 0xFF}, Want: gsm.Binary, Class: none}},
		{name: "ISO-8859-1", coding: 3, text: "\xe5\xe4\xf6", want: message.Content{Text: "åäö", Class: none}},
		{name: "octets 4", coding: 4, text: "\x01\x02", want: message.Content{Data: []byte{1, 2}, Want: gsm.Binary, Class: none}},
		{
			name: "UCS-2", coding: 8, text: "\x04\x1f\x04\x40\x04\x38\x04\x32\x04\x35\x04\x42",
			want: message.Content{Text: "Привет", Want: gsm.UCS2, Class: none},
		},
		{name: "surrogates", coding: 8, text: "\xd8\x3d\xde\x00", want: message.Content{Text: "😀", Want: gsm.UCS2, Class: none}},
		{name: "flash F0", coding: 0xF0, text: "hi", want: message.Content{Text: "hi", Class: 0}},
		{name: "class 1 F1", coding: 0xF1, text: "hi", want: message.Content{Text: "hi", Class: 1}},
		{name: "8-bit class 0", coding: 0xF4, text: "\x01", want: message.Content{Data: []byte{1}, Want: gsm.Binary, Class: 0}},
		{name: "flash 10", coding: 0x10, text: "hi", want: message.Content{Text: "hi", Class: 0}},
		{name: "flash UCS-2 18", coding: 0x18, text: "\x00h\x00i", want: message.Content{Text: "hi", Want: gsm.UCS2, Class: 0}},
		{
			name: "flash by subunit", text: "hi", tlvs: smpp.TLVs{{Tag: smpp.TagDestAddrSubunit, Value: []byte{1}}},
			want: message.Content{Text: "hi", Class: 0},
		},
		{name: "Japanese", coding: 5, text: "\x30\x21\x30\x22", want: message.Content{Text: "亜唖", Class: none}},
		{name: "compressed", coding: 0x20, text: "x", want: message.Content{Data: []byte("x"), Want: gsm.Binary, Class: none}},
		{name: "pictograms", coding: 9, text: "x", want: message.Content{Data: []byte("x"), Want: gsm.Binary, Class: none}},
		{name: "reserved", coding: 11, text: "x", want: message.Content{Class: none}, status: 0x104},
		{name: "UCS-2 of an odd length", coding: 8, text: "\x00h\x00", want: message.Content{Class: none}, status: 0x01},
		{
			name: "first half of a character", esm: 0x40, coding: 8, text: "\x05\x00\x03\x4c\x02\x01\xd8\x3d",
			want: message.Content{Text: "\uFFFD", Data: []byte{0xD8, 0x3D}, Header: []byte{5, 0, 3, 0x4C, 2, 1}, Want: gsm.UCS2, Class: none},
		},
		{
			name: "second half of a character", esm: 0x40, coding: 8, text: "\x05\x00\x03\x4c\x02\x02\xde\x00\x00h",
			want: message.Content{Text: "\uFFFDh", Data: []byte{0xDE, 0, 0, 'h'}, Header: []byte{5, 0, 3, 0x4C, 2, 2}, Want: gsm.UCS2, Class: none},
		},
		{
			name: "escape without its character", esm: 0x40, text: "\x05\x00\x03\x4c\x02\x01A\x1b",
			want: message.Content{Text: "A ", Data: []byte{'A', 0x1B}, Header: []byte{5, 0, 3, 0x4C, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			name: "Turkish", esm: 0x40, text: "\x03\x24\x01\x01a\x1bs",
			want: message.Content{Text: "aş", Header: []byte{3, 0x24, 1, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			name: "part of a Turkish text", esm: 0x40, text: "\x08\x25\x01\x01\x00\x03\x4c\x02\x01\x0c\x1b",
			want: message.Content{Text: "ğ ", Data: []byte{0x0C, 0x1B}, Header: []byte{8, 0x25, 1, 1, 0, 3, 0x4C, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			name: "UCS-2 with a language", esm: 0x40, coding: 8, text: "\x03\x24\x01\x01\x01\x5f",
			want: message.Content{Text: "ş", Header: []byte{3, 0x24, 1, 1}, Want: gsm.UCS2, Class: none},
		},
		{name: "payload", tlvs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("long")}}, want: message.Content{Text: "long", Class: none}},
		{
			name: "part by header", esm: 0x40, text: "\x05\x00\x03\x4c\x02\x01AAAAA",
			want: message.Content{Text: "AAAAA", Header: []byte{5, 0, 3, 0x4C, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			name: "ports and octets", esm: 0x40, coding: 4, text: "\x06\x05\x04\x0b\x84\x23\xf0\x01\x02\x03",
			want: message.Content{Data: []byte{1, 2, 3}, Header: []byte{6, 5, 4, 0x0B, 0x84, 0x23, 0xF0}, Want: gsm.Binary, Class: none},
		},
		{name: "empty header", esm: 0x40, text: "\x00hi", want: message.Content{Text: "hi", Class: none}},
		{name: "header longer than the text", esm: 0x40, text: "\x09hi", want: message.Content{Class: none}, status: 0x43},
		{name: "header alone", esm: 0x40, text: "", want: message.Content{Class: none}, status: 0x43},
		{
			name: "part by SAR", text: "AAAAA",
			tlvs: smpp.TLVs{
				{Tag: smpp.TagSARMsgRefNum, Value: []byte{1, 0x4C}},
				{Tag: smpp.TagSARTotalSegments, Value: []byte{2}},
				{Tag: smpp.TagSARSegmentSeqnum, Value: []byte{1}},
			},
			want: message.Content{Text: "AAAAA", Header: []byte{5, 0, 3, 0x4C, 2, 1}, Want: gsm.GSM7, Class: none},
		},
		{
			name: "SAR part 3 of 2", text: "A",
			tlvs: smpp.TLVs{
				{Tag: smpp.TagSARMsgRefNum, Value: []byte{1, 0x4C}},
				{Tag: smpp.TagSARTotalSegments, Value: []byte{2}},
				{Tag: smpp.TagSARSegmentSeqnum, Value: []byte{3}},
			},
			want: message.Content{Text: "A", Class: none},
		},
		{name: "empty", want: message.Content{Class: none}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := &smpp.ShortMessage{DataCoding: test.coding, ESMClass: test.esm, Text: []byte(test.text), TLVs: test.tlvs}
			got, status := smppContent(m, "")
			if status != test.status {
				t.Fatalf("status %v, want %v", status, test.status)
			}
			if d := cmp.Diff(test.want, got); status == 0 && d != "" {
				t.Errorf("content (-want +got):\n%s", d)
			}
		})
	}
}

// TestSMPPSubmission reads the other fields of a submit_sm.
func TestSMPPSubmission(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := &account.Account{Name: "acme", Priority: "bulk", Predefined: map[string]string{"1": "Ring mig"}}
	for _, test := range []struct {
		name   string
		m      smpp.ShortMessage
		want   gateway.Submission
		status smpp.Status
	}{
		{
			name: "international",
			m:    smpp.ShortMessage{Source: smpp.Address{TON: 5, Addr: "ACME"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}},
			want: gateway.Submission{
				FromAddr: message.Address{TON: 5, Number: "ACME"}, ToAddr: message.Address{TON: 1, NPI: 1, Number: "46701234567"},
			},
		},
		{
			name: "plus in spite of the type",
			m:    smpp.ShortMessage{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "+46701234567"}},
			want: gateway.Submission{To: "+46701234567"},
		},
		{
			name: "national", m: smpp.ShortMessage{Source: smpp.Address{TON: 2, NPI: 1, Addr: "0701"}, Dest: smpp.Address{TON: 2, NPI: 1, Addr: "0701234567"}},
			want: gateway.Submission{From: "0701", To: "0701234567"},
		},
		{
			name: "short code", m: smpp.ShortMessage{Source: smpp.Address{TON: 3, Addr: "72345"}, Dest: smpp.Address{Addr: "46701234567"}},
			want: gateway.Submission{FromAddr: message.Address{TON: 3, Number: "72345"}, To: "46701234567"},
		},
		{name: "letters are no number", m: smpp.ShortMessage{Dest: smpp.Address{TON: 1, Addr: "467o1"}}, want: gateway.Submission{To: "467o1"}},
		{
			name: "more digits than a number has", m: smpp.ShortMessage{Dest: smpp.Address{TON: 1, NPI: 1, Addr: strings.Repeat("4", 200)}},
			want: gateway.Submission{To: strings.Repeat("4", 200)},
		},
		{
			name: "a name of digits", m: smpp.ShortMessage{Source: smpp.Address{TON: 5, Addr: "12345"}},
			want: gateway.Submission{FromAddr: message.Address{TON: 5, Number: "12345"}},
		},
		{
			name: "control characters in a name", m: smpp.ShortMessage{Source: smpp.Address{TON: 5, Addr: "A\r\nB"}},
			want: gateway.Submission{FromAddr: message.Address{TON: 5, Number: "A\r\nB"}},
		},
		{
			name: "a long name", m: smpp.ShortMessage{Source: smpp.Address{TON: 5, Addr: "ABCDEFGHIJKL"}},
			want: gateway.Submission{FromAddr: message.Address{TON: 5, Number: "ABCDEFGHIJKL"}},
		},
		{
			name: "a name in ISO-8859-1", m: smpp.ShortMessage{Source: smpp.Address{TON: 5, Addr: "Caf\xe9"}},
			want: gateway.Submission{FromAddr: message.Address{TON: 5, Number: "Café"}},
		},
		{name: "all receipts", m: smpp.ShortMessage{RegisteredDelivery: 0x11}, want: gateway.Submission{Receipts: message.ReceiptFinal | message.ReceiptIntermediate}},
		{name: "receipts of failure", m: smpp.ShortMessage{RegisteredDelivery: 2}, want: gateway.Submission{Receipts: message.ReceiptFailure}},
		{name: "receipts of success", m: smpp.ShortMessage{RegisteredDelivery: 3}, want: gateway.Submission{Receipts: message.ReceiptSuccess}},
		{name: "priority 1", m: smpp.ShortMessage{Priority: 1}, want: gateway.Submission{Priority: message.Normal}},
		{name: "priority 3", m: smpp.ShortMessage{Priority: 3}, want: gateway.Submission{Priority: message.Urgent}},
		{name: "priority 4", m: smpp.ShortMessage{Priority: 4}, status: 0x06},
		{name: "relative validity", m: smpp.ShortMessage{Validity: "000001000000000R"}, want: gateway.Submission{Validity: 24 * time.Hour}},
		{name: "absolute validity", m: smpp.ShortMessage{Validity: "260301150000004+"}, want: gateway.Submission{Validity: 2 * time.Hour}},
		{
			name: "absolute validity of a scheduled message", m: smpp.ShortMessage{ScheduleTime: "260301140000000+", Validity: "260301150000000+"},
			want: gateway.Submission{SendAt: now.Add(2 * time.Hour), Validity: time.Hour},
		},
		{
			name: "relative validity of a scheduled message", m: smpp.ShortMessage{ScheduleTime: "260301140000000+", Validity: "000000030000000R"},
			want: gateway.Submission{SendAt: now.Add(2 * time.Hour), Validity: 3 * time.Hour},
		},
		{name: "validity ends before the schedule", m: smpp.ShortMessage{ScheduleTime: "260301140000000+", Validity: "260301130000000+"}, status: 0x62},
		{
			name: "scheduled for just now", m: smpp.ShortMessage{ScheduleTime: "260301115930000+"},
			want: gateway.Submission{SendAt: now.Add(-30 * time.Second)},
		},
		{name: "scheduled for yesterday", m: smpp.ShortMessage{ScheduleTime: "260228120000000+"}, status: 0x61},
		{name: "validity is over", m: smpp.ShortMessage{Validity: "260301110000000+"}, status: 0x62},
		{name: "validity is nonsense", m: smpp.ShortMessage{Validity: "tomorrow at noon"}, status: 0x62},
		{
			name: "scheduled", m: smpp.ShortMessage{ScheduleTime: "000000013000000R"},
			want: gateway.Submission{SendAt: now.Add(90 * time.Minute)},
		},
		{name: "schedule is nonsense", m: smpp.ShortMessage{ScheduleTime: "x"}, status: 0x61},
		{name: "replace", m: smpp.ShortMessage{ReplaceIfPresent: 2}, status: 0x54},
		{name: "no such predefined message", m: smpp.ShortMessage{DefaultMsgID: 7}, status: 0x63},
		{
			name: "predefined message", m: smpp.ShortMessage{DefaultMsgID: 1, DataCoding: 8},
			want: gateway.Submission{Content: message.Content{Text: "Ring mig"}},
		},
		{
			name: "a text beside a number", m: smpp.ShortMessage{DefaultMsgID: 1, Text: []byte("x")},
			want: gateway.Submission{Content: message.Content{Text: "x", Extra: &message.Extra{DefaultMsgID: 1}}},
		},
		{
			name: "reference", m: smpp.ShortMessage{TLVs: smpp.TLVs{{Tag: smpp.TagUserMessageReference, Value: []byte{1, 2}}}},
			want: gateway.Submission{Reference: "258"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got gateway.Submission
			if status := smppSubmission(&got, a, &test.m, now); status != test.status {
				t.Fatalf("status %v, want %v", status, test.status)
			}
			if test.status != 0 {
				return
			}
			test.want.Account, test.want.Via, test.want.Content.Class = a, message.ViaSMPP, gsm.NoClass
			if test.want.Receipts != 0 {
				test.want.Target = message.Target{Kind: message.SMPPTarget, Account: "acme"}
			}
			if d := cmp.Diff(test.want, got, cmp.Comparer(func(x, y *account.Account) bool { return x == y })); d != "" {
				t.Errorf("submission (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzSMPPSubmission: whatever a customer sends is a submission or a refusal.
func FuzzSMPPSubmission(f *testing.F) {
	f.Add([]byte("\x05\x00\x03\x4c\x02\x01AAAAA"), uint8(0), uint8(0x40), "000001000000000R", "+4670", uint8(1))
	f.Add([]byte("\xd8\x3d"), uint8(8), uint8(0), "", "", uint8(5))
	alphabets := append(gsm.DefaultAlphabets(), "")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte, coding, esm uint8, when, addr string, ton uint8) {
		var s gateway.Submission
		m := smpp.ShortMessage{
			Source: smpp.Address{TON: ton, Addr: addr}, Dest: smpp.Address{TON: ton, Addr: addr},
			DataCoding: coding, ESMClass: esm, Validity: when, ScheduleTime: when, Text: text,
			TLVs: smpp.TLVs{{Tag: smpp.TagSARMsgRefNum, Value: text}, {Tag: smpp.TagDestAddrSubunit, Value: text}, {Tag: smpp.Tag(coding)<<8 | smpp.Tag(esm), Value: text}},
		}
		a := &account.Account{Name: "acme", SMPP: account.SMPP{Alphabet: alphabets[int(ton)%len(alphabets)]}}
		if status := smppSubmission(&s, a, &m, now); status == smpp.ESME_ROK && s.Content.Text != "" && s.Content.Data != nil && len(s.Content.Header) == 0 {
			t.Error("both a text and octets") // a part that is cut within a character has both
		}
	})
}
