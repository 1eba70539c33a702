package gsm_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"kurir/gsm"
)

// TestPack has the packed user data of TPDUs that tshark decoded, and the rows
// of x. fill counts from the octets of the user data header.
func TestPack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, packed string
		header       int
	}{
		{"", "", 0},
		{"x", "78", 0},
		{"xx", "783C", 0},
		{"xxx", "783C1E", 0},
		{"xxxx", "783C1E0F", 0},
		{"xxxxx", "783C1E8F07", 0},
		{"xxxxxx", "783C1E8FC703", 0},
		{"xxxxxxx", "783C1E8FC7E301", 0},
		{"xxxxxxxx", "783C1E8FC7E3F1", 0},
		{"hellohello", "E8329BFD4697D9EC37", 0},
		{"Hej åäö €[]", "C8B21AF4D8F3419BF286B7F101", 0},
		{"1234567", "31D98C56B3DD00", 0}, // seven bits are left over and zero
		{"12345678", "31D98C56B3DD70", 0},
		{"AAAAA", "82C1603008", 6}, // behind an 8-bit concatenation header
		{"BBBBB", "42A1502804", 7}, // behind a 16-bit one
		{"\x1bs", "D8CC01", 4},     // septets 1B 73 behind a national language header
	} {
		septets := []byte(tt.text)
		if tt.header != 4 {
			septets, _ = gsm.AppendGSM7(nil, tt.text)
		}
		fill := gsm.FillBits(tt.header)
		want := unhex(t, tt.packed)
		if got := gsm.Pack([]byte{0xAA}, septets, fill); !bytes.Equal(got[1:], want) || got[0] != 0xAA {
			t.Errorf("Pack(AA, %q, %d) = %X, want AA%X", tt.text, fill, got, want)
		}
		if got := gsm.Unpack(nil, want, len(septets), fill); !bytes.Equal(got, septets) {
			t.Errorf("Unpack(%X, %d, %d) = %X, want %X", want, len(septets), fill, got, septets)
		}
	}
}

func TestFillBits(t *testing.T) {
	t.Parallel()
	for header, want := range map[int]int{0: 0, 4: 3, 6: 1, 7: 0, 9: 5} { // 3GPP TS 23.040 9.2.3.24
		if got := gsm.FillBits(header); got != want {
			t.Errorf("FillBits(%d) = %d, want %d", header, got, want)
		}
	}
}

func TestUnpackTruncated(t *testing.T) {
	t.Parallel()
	if got := gsm.Unpack(nil, []byte{0x78, 0x3C}, 160, 0); string(got) != "xx" {
		t.Errorf("two octets give %q, want two septets", got)
	}
	if got := gsm.Unpack(nil, nil, 5, 3); len(got) != 0 {
		t.Errorf("no octets give %q", got)
	}
}

func TestUnpackReversesPack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		septets := rapid.SliceOfN(rapid.ByteMax(0x7F), 0, 200).Draw(t, "septets")
		fill := rapid.IntRange(0, 6).Draw(t, "fill")
		packed := gsm.Pack(nil, septets, fill)
		if want := (len(septets)*7 + fill + 7) / 8; len(septets) > 0 && len(packed) != want {
			t.Fatalf("%d septets and %d fill bits take %d octets, want %d", len(septets), fill, len(packed), want)
		}
		if got := gsm.Unpack(nil, packed, len(septets), fill); !bytes.Equal(got, septets) {
			t.Fatalf("%X comes back as %X", septets, got)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{0x82, 0xC1, 0x60, 0x30, 0x08}, 5, 1)
	f.Fuzz(func(t *testing.T, packed []byte, n, fill int) {
		if fill < 0 || fill > 6 {
			return
		}
		for _, s := range gsm.Unpack(nil, packed, n, fill) {
			if s > 0x7F {
				t.Fatalf("septet %X", s)
			}
		}
	})
}
