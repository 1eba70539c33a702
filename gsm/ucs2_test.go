package gsm_test

import (
	"bytes"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"kurir/gsm"
)

func TestUCS2(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, octets string }{
		{"", ""},
		{"Привет", "041F04400438043204350442"},
		{"Hi 😀", "004800690020D83DDE00"},
		{"\U0010FFFF", "DBFFDFFF"},
		{"\ufffd", "FFFD"},
	} {
		want := unhex(t, tt.octets)
		if got := gsm.AppendUCS2(nil, tt.text); !bytes.Equal(got, want) {
			t.Errorf("AppendUCS2(%q) = %X, want %X", tt.text, got, want)
		}
		if got := gsm.DecodeUCS2(want); got != tt.text {
			t.Errorf("DecodeUCS2(%X) = %q, want %q", want, got, tt.text)
		}
	}
}

func TestDecodeUCS2Broken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ octets, want string }{
		{"D83D", "\ufffd"},
		{"DE00", "\ufffd"},
		{"D83D0041", "\ufffdA"},
		{"D83DD83DDE00", "\ufffd😀"},
		{"DE00D83D", "\ufffd\ufffd"},
		{"004100", "A"},
		{"41", ""},
	} {
		if got := gsm.DecodeUCS2(unhex(t, tt.octets)); got != tt.want {
			t.Errorf("DecodeUCS2(%s) = %q, want %q", tt.octets, got, tt.want)
		}
	}
}

func TestLatin1(t *testing.T) {
	t.Parallel()
	text := "åäö \u00a0ÿ\x00"
	got, ok := gsm.AppendLatin1(nil, text)
	if want := unhex(t, "E5E4F620A0FF00"); !ok || !bytes.Equal(got, want) {
		t.Errorf("AppendLatin1(%q) = %X, %v, want %X", text, got, ok, want)
	}
	if back := gsm.DecodeLatin1(got); back != text {
		t.Errorf("DecodeLatin1(%X) = %q, want %q", got, back, text)
	}
	for _, bad := range []string{"a€", "a\xff"} {
		if out, ok := gsm.AppendLatin1([]byte{1}, bad); ok || len(out) != 1 {
			t.Errorf("AppendLatin1(01, %q) = %X, %v, want 01, false", bad, out, ok)
		}
	}
}

func FuzzDecodeUCS2(f *testing.F) {
	f.Add([]byte{0xD8, 0x3D, 0xDE, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, octets []byte) {
		units := make([]uint16, len(octets)/2)
		for i := range units {
			units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
		}
		want := string(utf16.Decode(units))
		if got := gsm.DecodeUCS2(octets); got != want {
			t.Fatalf("DecodeUCS2(%X) = %q, want %q", octets, got, want)
		}
	})
}

func FuzzDecodeLatin1(f *testing.F) {
	f.Add([]byte("a\xe5\x80"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		text := gsm.DecodeLatin1(octets)
		if back, ok := gsm.AppendLatin1(nil, text); !ok || !bytes.Equal(back, octets) || !utf8.ValidString(text) {
			t.Fatalf("%X gives %q gives %X", octets, text, back)
		}
	})
}
