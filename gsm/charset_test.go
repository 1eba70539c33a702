package gsm_test

import (
	"encoding/hex"
	"testing"

	"kurir/gsm"
)

// TestDecodeCharset reads octets that Python's codecs iso2022_jp, euc_jp,
// shift_jis, iso2022_jp_1, euc_kr, iso8859_5 and iso8859_8 wrote.
func TestDecodeCharset(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		coding uint8
		octets string
		want   string
	}{
		{"JIS, bare codes", 5, "24332473244b2441244f", "こんにちは"},
		{"JIS with escapes", 5, "1b244224332473244b2441244f1b2842", "こんにちは"},
		{"Shift JIS", 5, "82b182f182c982bf82cd", "こんにちは"},
		{"Shift JIS among ASCII", 5, "412082a0b1", "A あｱ"},
		{"EUC-JP", 5, "a4b3a4f3a4cba4c1a4cf", "こんにちは"},
		{"ASCII", 5, "41204220", "A B "},
		{"ISO-2022-JP", 10, "1b244224332473244b2441244f1b2842", "こんにちは"},
		{"JIS X 0212, bare codes", 13, "3021", "丂"},
		{"JIS X 0212 with escapes", 13, "1b24284430211b2842", "丂"},
		{"Cyrillic", 6, "bfe0d8d2d5e2", "Привет"},
		{"Hebrew", 7, "f9ece5ed", "שלום"},
		{"Korean", 14, "bec8b3e7c7cfbcbcbfe4", "안녕하세요"},
		{"Korean among ASCII", 14, "4120b0a1", "A 가"},
		{"nothing", 5, "", ""},
	} {
		octets, err := hex.DecodeString(test.octets)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := gsm.DecodeCharset(test.coding, octets); !ok || got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	for _, coding := range []uint8{0, 1, 2, 3, 4, 8, 9, 11, 12, 15, 0xF0} {
		if text, ok := gsm.DecodeCharset(coding, []byte("x")); ok {
			t.Errorf("data_coding %d is read as %q", coding, text)
		}
	}
}

// TestDefaultAlphabet: what data_coding 0 may mean. The packed octets are those
// of 3GPP TS 23.038 6.1.2.1 as python-messaging and others show them: hellohello.
func TestDefaultAlphabet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		word, octets, text string
		header             int
	}{
		{"gsm", "48656a200f7b7c201b65", "Hej åäö €", 0},
		{"gsm-packed", "e8329bfd4697d9ec37", "hellohello", 0},
		{"gsm-packed", "e170381c0e8701", "aaaaaaa", 0},
		{"gsm-packed", "c2e170381c0e03", "aaaaaaa", 6},
		{"latin1", "48656a20e5e4f6", "Hej åäö", 0},
		{"ascii", "48656a", "Hej", 0},
		{"utf8", "c3a5e282ac", "å€", 0},
		{"ucs2", "00e520ac", "å€", 0},
	} {
		a, err := gsm.ParseDefaultAlphabet(test.word)
		if err != nil || a.String() != test.word {
			t.Fatalf("%s: %v, %v", test.word, a, err)
		}
		octets, _ := hex.DecodeString(test.octets)
		if got := a.Decode(octets, test.header); got != test.text {
			t.Errorf("%s: %s is read as %q, want %q", test.word, test.octets, got, test.text)
		}
		got, ok := a.Append(nil, test.text, test.header)
		if !ok || hex.EncodeToString(got) != test.octets {
			t.Errorf("%s: %q is written as %x, want %s", test.word, test.text, got, test.octets)
		}
	}
	for word, text := range map[string]string{"gsm": "Ж", "gsm-packed": "Ж", "latin1": "€", "ascii": "å"} {
		a, _ := gsm.ParseDefaultAlphabet(word)
		if _, ok := a.Append(nil, text, 0); ok {
			t.Errorf("%s has %q", word, text)
		}
	}
	if _, err := gsm.ParseDefaultAlphabet("ebcdic"); err == nil {
		t.Error("ebcdic is an alphabet")
	}
}
