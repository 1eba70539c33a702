package gsm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
)

func TestParseDataCoding(t *testing.T) {
	t.Parallel()
	plain := func(e gsm.Encoding) gsm.DataCoding { return gsm.Coding(e, gsm.NoClass) }
	waiting := func(e gsm.Encoding, w gsm.Waiting, active bool, kind uint8) gsm.DataCoding {
		return gsm.DataCoding{Encoding: e, Class: gsm.NoClass, Waiting: w, Active: active, Indication: kind}
	}
	for _, tt := range []struct { // 3GPP TS 23.038 4
		dcs   uint8
		want  gsm.DataCoding
		octet uint8 // what we write for it
	}{
		{0x00, plain(gsm.GSM7), 0x00},
		{0x03, plain(gsm.GSM7), 0x00}, // class bits without meaning
		{0x04, plain(gsm.Binary), 0x04},
		{0x08, plain(gsm.UCS2), 0x08},
		{0x0C, plain(gsm.GSM7), 0x00}, // reserved alphabet
		{0x10, gsm.Coding(gsm.GSM7, gsm.ClassFlash), 0x10},
		{0x11, gsm.Coding(gsm.GSM7, gsm.ClassPhone), 0x11},
		{0x12, gsm.Coding(gsm.GSM7, gsm.ClassSIM), 0x12},
		{0x13, gsm.Coding(gsm.GSM7, gsm.ClassTerminal), 0x13},
		{0x15, gsm.Coding(gsm.Binary, 1), 0x15},
		{0x18, gsm.Coding(gsm.UCS2, gsm.ClassFlash), 0x18},
		{0x20, gsm.DataCoding{Encoding: gsm.GSM7, Class: gsm.NoClass, Compressed: true}, 0x20},
		{0x48, gsm.DataCoding{Encoding: gsm.UCS2, Class: gsm.NoClass, AutoDelete: true}, 0x48},
		{0x71, gsm.DataCoding{Encoding: gsm.GSM7, Class: 1, Compressed: true, AutoDelete: true}, 0x71},
		{0x80, plain(gsm.GSM7), 0x00}, // reserved groups
		{0xBF, plain(gsm.GSM7), 0x00},
		{0xC8, waiting(gsm.GSM7, gsm.WaitingDiscard, true, 0), 0xC8},
		{0xC1, waiting(gsm.GSM7, gsm.WaitingDiscard, false, 1), 0xC1},
		{0xD8, waiting(gsm.GSM7, gsm.WaitingStore, true, 0), 0xD8},
		{0xDA, waiting(gsm.GSM7, gsm.WaitingStore, true, 2), 0xDA},
		{0xEB, waiting(gsm.UCS2, gsm.WaitingStore, true, 3), 0xEB},
		{0xF0, gsm.Coding(gsm.GSM7, gsm.ClassFlash), 0x10},
		{0xF5, gsm.Coding(gsm.Binary, 1), 0x15},
		{0xFE, gsm.Coding(gsm.Binary, 2), 0x16}, // bit 3 is reserved
	} {
		got := gsm.ParseDataCoding(tt.dcs)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseDataCoding(%02X): %s", tt.dcs, diff)
		}
		if o := got.Octet(); o != tt.octet {
			t.Errorf("ParseDataCoding(%02X).Octet() = %02X, want %02X", tt.dcs, o, tt.octet)
		}
	}
}

func TestDataCodingComesBack(t *testing.T) {
	t.Parallel()
	for dcs := range 256 {
		d := gsm.ParseDataCoding(uint8(dcs))
		if got := gsm.ParseDataCoding(d.Octet()); got != d {
			t.Errorf("%02X: %+v is written as %02X, which is %+v", dcs, d, d.Octet(), got)
		}
		s, ok := gsm.ParseSMPPDataCoding(uint8(dcs), gsm.GSM7)
		if again, _ := gsm.ParseSMPPDataCoding(s.SMPP(), gsm.GSM7); ok && again != s {
			t.Errorf("SMPP %02X: %+v is written as %02X, which is %+v", dcs, s, s.SMPP(), again)
		}
	}
}

func TestSMPPDataCoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct { // SMPP 3.4 5.2.19
		coding uint8
		want   gsm.Encoding
		class  int8
		ok     bool
		back   uint8
	}{
		{0, gsm.GSM7, gsm.NoClass, true, 0},
		{1, gsm.Latin1, gsm.NoClass, true, 3},
		{2, gsm.Binary, gsm.NoClass, true, 4},
		{3, gsm.Latin1, gsm.NoClass, true, 3},
		{4, gsm.Binary, gsm.NoClass, true, 4},
		{5, gsm.Binary, gsm.NoClass, false, 4},
		{8, gsm.UCS2, gsm.NoClass, true, 8},
		{0x0E, gsm.Binary, gsm.NoClass, false, 4},
		{0x10, gsm.GSM7, 0, true, 0xF0},
		{0x18, gsm.UCS2, 0, true, 0x18},
		{0xF0, gsm.GSM7, 0, true, 0xF0},
		{0xF4, gsm.Binary, 0, true, 0xF4},
		{0xF5, gsm.Binary, 1, true, 0xF5},
	} {
		d, ok := gsm.ParseSMPPDataCoding(tt.coding, gsm.GSM7)
		if d.Encoding != tt.want || d.Class != tt.class || ok != tt.ok {
			t.Errorf("ParseSMPPDataCoding(%02X) = %+v, %v", tt.coding, d, ok)
		}
		if got := d.SMPP(); got != tt.back {
			t.Errorf("data_coding of %02X = %02X, want %02X", tt.coding, got, tt.back)
		}
	}
	if d, _ := gsm.ParseSMPPDataCoding(0, gsm.Latin1); d.Encoding != gsm.Latin1 {
		t.Errorf("data_coding 0 on a Latin-1 link is %v", d.Encoding)
	}
}

func TestEncodingWords(t *testing.T) {
	t.Parallel()
	for e, word := range map[gsm.Encoding]string{
		gsm.Auto: "auto", gsm.GSM7: "gsm7", gsm.UCS2: "ucs2", gsm.Binary: "binary", gsm.Latin1: "latin1",
	} {
		var back gsm.Encoding
		text, err := e.MarshalText()
		if err != nil || string(text) != word || e.String() != word {
			t.Errorf("%d is %q, %v, want %q", e, text, err, word)
		}
		if err := back.UnmarshalText(text); err != nil || back != e {
			t.Errorf("%q is read as %v, %v", text, back, err)
		}
	}
	if _, err := gsm.ParseEncoding("utf-8"); err == nil {
		t.Error("utf-8 is taken for an encoding of short messages")
	}
	if e, err := gsm.ParseEncoding(""); err != nil || e != gsm.Auto {
		t.Errorf("no word is %v, %v, want auto", e, err)
	}
}

func TestDecodeByEncoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		enc          gsm.Encoding
		octets, want string
	}{
		{gsm.GSM7, "1B65", "€"},
		{gsm.UCS2, "20AC", "€"},
		{gsm.Latin1, "E5", "å"},
		{gsm.Binary, "E5", ""},
	} {
		data := unhex(t, tt.octets)
		if got := gsm.Decode(tt.enc, data); got != tt.want {
			t.Errorf("Decode(%v, %s) = %q, want %q", tt.enc, tt.octets, got, tt.want)
		}
		if got := gsm.AppendDecoded([]byte("x"), tt.enc, data); string(got) != "x"+tt.want {
			t.Errorf("AppendDecoded(x, %v, %s) = %q", tt.enc, tt.octets, got)
		}
	}
}
