package gsm_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"kurir/gsm"
)

// unhex turns hexadecimal digits of a vector into octets; spaces do not count.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("vector %q: %v", s, err)
	}
	return b
}

// TestDefaultAlphabetTable compares every code of both tables with a list of
// code points that was made from other implementations.
func TestDefaultAlphabetTable(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/default-alphabet.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		point, err := strconv.ParseUint(strings.TrimPrefix(fields[2], "U+"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		code, text := unhex(t, fields[1]), string(rune(point))
		if fields[0] == "single" {
			code = append([]byte{gsm.Escape}, code...)
		}
		rows[fields[0]]++
		if got, ok := gsm.AppendGSM7(nil, text); !ok || !bytes.Equal(got, code) {
			t.Errorf("AppendGSM7(%q) = %X, %v, want %X", text, got, ok, code)
		}
		if got := gsm.DecodeGSM7(code); got != text {
			t.Errorf("DecodeGSM7(%X) = %q, want %q", code, got, text)
		}
	}
	if rows["locking"] != 127 || rows["single"] != 10 {
		t.Errorf("the list has %v rows, want 127 and 10", rows)
	}
}

// TestOnlyTheAlphabet makes sure that no other character of Unicode gets in.
func TestOnlyTheAlphabet(t *testing.T) {
	t.Parallel()
	found := 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) || !gsm.IsGSM7(string(r)) {
			continue
		}
		found++
		septets, _ := gsm.AppendGSM7(nil, string(r))
		if got := gsm.DecodeGSM7(septets); got != string(r) {
			t.Errorf("%U comes back as %q", r, got)
		}
	}
	if found != 137 {
		t.Errorf("%d characters are in the alphabet, want 127 and 10", found)
	}
}

func TestAppendGSM7(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"Hej åäö € []", "48656a200f7b7c201b65201b3c1b3e"}, // as captured by tshark
		{"@", "00"},
		{"^{}\\[~]|€\f", "1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65 1b0a"},
		{"a\r\nb", "610d0a62"},
		{"Ç$¤", "090224"},
	} {
		got, ok := gsm.AppendGSM7([]byte{0xAA}, tt.text)
		if want := append([]byte{0xAA}, unhex(t, tt.want)...); !ok || !bytes.Equal(got, want) {
			t.Errorf("AppendGSM7(AA, %q) = %X, %v, want %X", tt.text, got, ok, want)
		}
	}
	for _, text := range []string{"`", "ç", "abcЖ", "ab\xffc", "\x1b", "\x00", "😀", "΢", "\u0390", "\ufffd"} {
		got, ok := gsm.AppendGSM7([]byte{0xAA}, text)
		if ok || len(got) != 1 {
			t.Errorf("AppendGSM7(AA, %q) = %X, %v, want AA and false", text, got, ok)
		}
		if gsm.IsGSM7(text) {
			t.Errorf("IsGSM7(%q) = true", text)
		}
	}
}

// TestDecodeGSM7Undefined has what 3GPP TS 23.038 6.2.1.1 says about codes that
// no table defines.
func TestDecodeGSM7Undefined(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ septets, want string }{
		{"1b41", "A"},      // unknown extension: the default alphabet's character
		{"1b0d", "\r"},     // reserved extension: likewise
		{"611b", "a "},     // lone escape at the end
		{"1b1b", " "},      // an escape to a table that was never defined
		{"1b1b65", " e"},   // so that what follows is an ordinary septet
		{"1b1b1b65", " €"}, // and may be an escape again
		{"61ff62", "a\ufffdb"},
		{"1bff", " \ufffd"},
	} {
		if got := gsm.DecodeGSM7(unhex(t, tt.septets)); got != tt.want {
			t.Errorf("DecodeGSM7(%s) = %q, want %q", tt.septets, got, tt.want)
		}
	}
}

func FuzzDecodeGSM7(f *testing.F) {
	f.Add([]byte("Hej \x1b\x65 \x1b\x1b\x1b"))
	f.Add([]byte{0x1b, 0xff, 0x80})
	f.Fuzz(func(t *testing.T, septets []byte) {
		text := gsm.DecodeGSM7(septets)
		if !utf8.ValidString(text) {
			t.Fatalf("%X gives invalid UTF-8 %q", septets, text)
		}
		again, ok := gsm.AppendGSM7(nil, text)
		if !ok && !strings.ContainsRune(text, utf8.RuneError) {
			t.Fatalf("%X gives %q, which is not in the alphabet", septets, text)
		}
		if got := gsm.DecodeGSM7(again); ok && got != text {
			t.Fatalf("%X gives %q, then %q", septets, text, got)
		}
	})
}
