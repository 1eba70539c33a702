package gsm_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kurir/gsm"
)

// TestSegmentVector has the user data of two TPDUs that tshark decoded: part 1
// of 2 with 8-bit and with 16-bit reference.
func TestSegmentVector(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		reference uint16
		wide      bool
		header    string
	}{
		{0x4C, false, "0500034C0201"},
		{0xAB4C, false, "0500034C0201"}, // eight bits of it
		{0xABCD, true, "060804ABCD0201"},
	} {
		got, err := gsm.AppendSegments(nil, strings.Repeat("A", 170),
			gsm.SplitOptions{Reference: tt.reference, Wide: tt.wide})
		if err != nil || len(got) != 2 || !bytes.Equal(got[0].Header, unhex(t, tt.header)) {
			t.Fatalf("%v %X", err, got)
		}
		h, rest, err := gsm.ParseHeader(got[1].Header)
		c, ok := h.Concat()
		if err != nil || len(rest) != 0 || !ok || c.Number != 2 || c.Total != 2 || c.Wide != tt.wide {
			t.Errorf("second part: %X", got[1].Header)
		}
	}
}

func TestSegmentsNeverCutPairs(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("a", 152), strings.Repeat("Ж", 66)
	for _, tt := range []struct {
		name, text string
		lengths    []int // octets of each payload
	}{
		{"escape pair moves on", a + "€" + strings.Repeat("b", 151), []int{152, 153}},
		{"escape pair fits", a[:151] + "€" + strings.Repeat("b", 153), []int{153, 153}},
		{"moved pair costs a part", a + "€" + strings.Repeat("b", 152), []int{152, 153, 1}},
		{"surrogate pair moves on", b + "😀" + strings.Repeat("Ж", 65), []int{132, 134}},
		{"surrogate pair fits", b[:2*65] + "😀" + strings.Repeat("Ж", 67), []int{134, 134}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			segments, err := gsm.AppendSegments(nil, tt.text, gsm.SplitOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var lengths []int
			var text string
			for _, s := range segments {
				lengths = append(lengths, len(s.Payload))
				text += gsm.Decode(s.Encoding, s.Payload) // each part for itself
			}
			if fmt.Sprint(lengths) != fmt.Sprint(tt.lengths) || text != tt.text {
				t.Errorf("lengths %v, want %v; text %q", lengths, tt.lengths, text)
			}
		})
	}
}

func TestSingleSegment(t *testing.T) {
	t.Parallel()
	ports := gsm.Header{Elements: []gsm.Element{gsm.PortsElement(2948, 9200)}}
	for _, tt := range []struct {
		name, text, payload, header string
		o                           gsm.SplitOptions
	}{
		{"empty", "", "", "", gsm.SplitOptions{}},
		{"GSM 7-bit", "Hej åäö € []", "48656a200f7b7c201b65201b3c1b3e", "", gsm.SplitOptions{}},
		{"UCS-2", "Привет", "041f04400438043204350442", "", gsm.SplitOptions{}},
		{"UCS-2 on demand", "Hi", "00480069", "", gsm.SplitOptions{Encoding: gsm.UCS2}},
		{"Latin-1", "å", "E5", "", gsm.SplitOptions{Encoding: gsm.Latin1}},
		{"ports", "a", "61", "0605040B8423F0", gsm.SplitOptions{Header: ports}},
		{"ports, bare", "a", "61", "0605040B8423F0", gsm.SplitOptions{Header: ports, Bare: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := gsm.AppendSegments(nil, tt.text, tt.o)
			if err != nil || len(got) != 1 {
				t.Fatalf("%d segments, %v", len(got), err)
			}
			s := got[0]
			if !bytes.Equal(s.Payload, unhex(t, tt.payload)) || !bytes.Equal(s.Header, unhex(t, tt.header)) || s.Number != 1 || s.Total != 1 {
				t.Errorf("%+v", s)
			}
			if tt.header == "" && s.Header != nil {
				t.Error("a header where there is none")
			}
		})
	}
}

func TestSegmentsWithOwnHeader(t *testing.T) {
	t.Parallel()
	ports := gsm.Header{Elements: []gsm.Element{gsm.PortsElement(2948, 9200)}}
	got, err := gsm.SplitBinary(make([]byte, 134), gsm.SplitOptions{Header: ports, Reference: 7})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d segments, %v", len(got), err)
	}
	if want := unhex(t, "0B 05040B8423F0 0003070202"); !bytes.Equal(got[1].Header, want) {
		t.Errorf("header %X, want %X", got[1].Header, want)
	}
	if len(got[0].Payload) != 128 || len(got[1].Payload) != 6 {
		t.Errorf("%d and %d octets, want 128 and 6", len(got[0].Payload), len(got[1].Payload))
	}
	bare, err := gsm.SplitBinary(make([]byte, 134), gsm.SplitOptions{Header: ports, Bare: true})
	if err != nil || len(bare) != 2 || !bytes.Equal(bare[1].Header, ports.Append(nil)) || len(bare[0].Payload) != 128 {
		t.Errorf("bare: %v %+v", err, bare)
	}
	part := gsm.Header{Elements: []gsm.Element{gsm.Concat{Reference: 1, Total: 2, Number: 1}.Element()}}
	if _, err := gsm.AppendSegments(nil, strings.Repeat("a", 154), gsm.SplitOptions{Header: part}); !errors.Is(err, gsm.ErrTooLong) {
		t.Errorf("a part that is too long: %v", err)
	}
	if got, err := gsm.AppendSegments(nil, strings.Repeat("a", 153), gsm.SplitOptions{Header: part}); err != nil || len(got) != 1 {
		t.Errorf("a part that fits: %d segments, %v", len(got), err)
	}
	long := gsm.Header{Elements: []gsm.Element{{ID: 0x70, Data: make([]byte, 136)}}}
	if _, err := gsm.SplitBinary(make([]byte, 2), gsm.SplitOptions{Header: long}); !errors.Is(err, gsm.ErrHeaderTooLong) {
		t.Errorf("no room: %v", err)
	}
}

func TestSplitBinary(t *testing.T) {
	t.Parallel()
	escapes := bytes.Repeat([]byte{gsm.Escape}, 161)
	odd := append(bytes.Repeat([]byte{0x41}, 152), append([]byte{gsm.Escape, gsm.Escape}, escapes[:20]...)...)
	for _, tt := range []struct {
		name    string
		data    []byte
		enc     gsm.Encoding
		lengths []int
	}{
		{"octets", make([]byte, 300), gsm.Auto, []int{134, 134, 32}},
		{"octets that look like escapes", escapes, gsm.Binary, []int{134, 27}},
		{"septets", make([]byte, 161), gsm.GSM7, []int{153, 8}},
		{"nothing but escapes", escapes, gsm.GSM7, []int{152, 9}},
		{"an escape of a pair at the border", odd, gsm.GSM7, []int{152, 22}},
		{"UTF-16 units", make([]byte, 142), gsm.UCS2, []int{134, 8}},
		{"half a unit at the end", make([]byte, 141), gsm.UCS2, []int{134, 7}},
		{"surrogate pairs", bytes.Repeat([]byte{0xD8, 0x3D, 0xDE, 0x00}, 40), gsm.UCS2, []int{132, 28}},
		{"half pairs", bytes.Repeat([]byte{0xD8, 0x3D}, 80), gsm.UCS2, []int{134, 26}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			segments, err := gsm.SplitBinary(tt.data, gsm.SplitOptions{Encoding: tt.enc})
			if err != nil {
				t.Fatal(err)
			}
			var lengths []int
			var all []byte
			for _, s := range segments {
				lengths = append(lengths, len(s.Payload))
				all = append(all, s.Payload...)
			}
			if fmt.Sprint(lengths) != fmt.Sprint(tt.lengths) || !bytes.Equal(all, tt.data) {
				t.Errorf("lengths %v, want %v", lengths, tt.lengths)
			}
		})
	}
	if _, err := gsm.SplitBinary(make([]byte, 134*255+1), gsm.SplitOptions{}); !errors.Is(err, gsm.ErrTooManyParts) {
		t.Errorf("256 parts: %v", err)
	}
}

// TestSegmentsFitOnTheAir packs every segment as a TPDU has it and unpacks it.
func TestSegmentsFitOnTheAir(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		segments, err := gsm.AppendSegments(nil, texts().Draw(t, "text"), o)
		if err != nil {
			return
		}
		for _, s := range segments {
			ud := bytes.Clone(s.Header)
			if s.Encoding != gsm.GSM7 {
				ud = append(ud, s.Payload...)
			} else {
				fill := gsm.FillBits(len(s.Header))
				ud = gsm.Pack(ud, s.Payload, fill)
				if back := gsm.Unpack(nil, ud[len(s.Header):], len(s.Payload), fill); !bytes.Equal(back, s.Payload) {
					t.Fatalf("%X comes back as %X", s.Payload, back)
				}
			}
			if len(ud) > 140 {
				t.Fatalf("%d octets of user data", len(ud))
			}
		}
	})
}

func TestSegmentsAllocations(t *testing.T) {
	short, long := strings.Repeat("a", 100), strings.Repeat("å€", 400)
	segments := make([]gsm.Segment, 0, 16)
	buffer := make([]byte, 4096)
	for _, tt := range []struct {
		name, text string
		o          gsm.SplitOptions
		want       float64
	}{
		{"one part", short, gsm.SplitOptions{}, 1},
		{"several parts", long, gsm.SplitOptions{}, 1},
		{"one part in a buffer", short, gsm.SplitOptions{Buffer: buffer}, 0},
		{"several parts in a buffer", long, gsm.SplitOptions{Buffer: buffer}, 0},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := gsm.AppendSegments(segments[:0], tt.text, tt.o); err != nil {
				t.Fatal(err)
			}
		}); n > tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, n, tt.want)
		}
	}
}

func FuzzSplitBinary(f *testing.F) {
	f.Add(bytes.Repeat([]byte{gsm.Escape}, 200), uint8(gsm.GSM7), false)
	f.Add(bytes.Repeat([]byte{0xD8, 0x3D, 0xDE, 0x00}, 40), uint8(gsm.UCS2), true)
	f.Fuzz(func(t *testing.T, data []byte, enc uint8, wide bool) {
		segments, err := gsm.SplitBinary(data, gsm.SplitOptions{Encoding: gsm.Encoding(enc), Wide: wide})
		if err != nil {
			return
		}
		var all []byte
		for i, s := range segments {
			if s.Number != i+1 || s.Total != len(segments) {
				t.Fatalf("part %d of %d is called %d of %d", i+1, len(segments), s.Number, s.Total)
			}
			all = append(all, s.Payload...)
		}
		if !bytes.Equal(all, data) {
			t.Fatal("octets lost")
		}
	})
}
