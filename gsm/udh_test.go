package gsm_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"kurir/gsm"
)

func TestParseHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, ud string
		want     []gsm.Element
		rest     string
		err      error
	}{
		{"8-bit concatenation", "0500034C0201 AABB", []gsm.Element{{0x00, []byte{0x4C, 2, 1}}}, "AABB", nil},
		{"16-bit concatenation", "060804ABCD0201", []gsm.Element{{0x08, []byte{0xAB, 0xCD, 2, 1}}}, "", nil},
		{"ports", "0605040B8423F0 010203", []gsm.Element{{0x05, []byte{0x0B, 0x84, 0x23, 0xF0}}}, "010203", nil},
		{
			"unknown and empty elements", "07 7F00 000301FF01 41",
			[]gsm.Element{{0x7F, nil}, {0x00, []byte{1, 0xFF, 1}}},
			"41", nil,
		},
		{"no element", "00 4142", nil, "4142", nil},
		{"no octet", "", nil, "", gsm.ErrHeaderTruncated},
		{"longer than the data", "0500034C02", nil, "0500034C02", gsm.ErrHeaderTruncated},
		{"last element too long", "0500044C0201 AA", nil, "AA", gsm.ErrHeaderMalformed},
		{"an octet left over", "0600034C020100 AA", nil, "AA", gsm.ErrHeaderMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, rest, err := gsm.ParseHeader(unhex(t, tt.ud))
			if diff := cmp.Diff(tt.want, h.Elements, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(rest, unhex(t, tt.rest)) || !errors.Is(err, tt.err) {
				t.Errorf("rest %X, error %v, want %s, %v", rest, err, tt.rest, tt.err)
			}
		})
	}
}

func TestConcat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, ud string
		want     gsm.Concat
		ok       bool
	}{
		{"8 bits", "0500034C0201", gsm.Concat{Reference: 0x4C, Total: 2, Number: 1}, true},
		{"16 bits", "060804ABCD0201", gsm.Concat{Reference: 0xABCD, Wide: true, Total: 2, Number: 1}, true},
		{"reference 0", "050003000202", gsm.Concat{Total: 2, Number: 2}, true},
		{"single part", "050003010101", gsm.Concat{Reference: 1, Total: 1, Number: 1}, true},
		{"255 parts", "05000301FFFF", gsm.Concat{Reference: 1, Total: 255, Number: 255}, true},
		{"no parts", "050003010000", gsm.Concat{}, false},
		{"part 0", "050003010200", gsm.Concat{}, false},
		{"part beyond the last", "050003010203", gsm.Concat{}, false},
		{"wrong length", "040002010201", gsm.Concat{}, false},
		{"twice: the last counts", "0A 0003010201 0003020301", gsm.Concat{Reference: 2, Total: 3, Number: 1}, true},
		{"twice, the last impossible", "0A 0003010201 0003020300", gsm.Concat{Reference: 1, Total: 2, Number: 1}, true},
		{"both widths", "0B 0804ABCD0201 0003010202", gsm.Concat{Reference: 1, Total: 2, Number: 2}, true},
		{"ports only", "0605040B8423F0", gsm.Concat{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, _, err := gsm.ParseHeader(append(unhex(t, tt.ud), 0))
			if err != nil {
				t.Fatal(err)
			}
			got, ok := h.Concat()
			if diff := cmp.Diff(tt.want, got); ok != tt.ok || ok && diff != "" {
				t.Errorf("%v: %s", ok, diff)
			}
			if !ok {
				return
			}
			one := gsm.Header{Elements: []gsm.Element{got.Element()}}
			if back, ok := one.Concat(); !ok || back != got {
				t.Errorf("written and read again: %+v, %v", back, ok)
			}
		})
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ud       string
		dst, src uint16
		bits     int
		ok       bool
	}{
		{"0605040B8423F0", 2948, 9200, 16, true},
		{"040402F5F0", 0xF5, 0xF0, 8, true},
		{"0A 0402F5F0 05040B8423F0", 2948, 9200, 16, true},
		{"0305010B", 0, 0, 0, false},
		{"0500034C0201", 0, 0, 0, false},
	} {
		h, _, err := gsm.ParseHeader(unhex(t, tt.ud))
		if err != nil {
			t.Fatal(tt.ud, err)
		}
		dst, src, bits, ok := h.Ports()
		if dst != tt.dst || src != tt.src || bits != tt.bits || ok != tt.ok {
			t.Errorf("%s: %d %d %d %v", tt.ud, dst, src, bits, ok)
		}
	}
	h := gsm.Header{Elements: []gsm.Element{gsm.PortsElement(2948, 9200)}}
	if got := h.Append(nil); !bytes.Equal(got, unhex(t, "0605040B8423F0")) {
		t.Errorf("ports are written as %X", got)
	}
}

func TestHeaderWithout(t *testing.T) {
	t.Parallel()
	h, _, err := gsm.ParseHeader(unhex(t, "0D 0003010201 7001AA 0003010202"))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Without(gsm.ElementConcat8, gsm.ElementConcat16).Append(nil); !bytes.Equal(got, unhex(t, "037001AA")) {
		t.Errorf("without concatenation: %X", got)
	}
	if len(h.Elements) != 3 {
		t.Error("the header itself has changed")
	}
	if got := h.Without(0x00, 0x70).Append([]byte{9}); len(got) != 1 {
		t.Errorf("a header without elements is written as %X", got)
	}
}

func TestHeaderTooLongToWrite(t *testing.T) {
	t.Parallel()
	h := gsm.Header{Elements: []gsm.Element{{ID: 0x70, Data: make([]byte, 138)}}}
	if got := h.Append(nil); h.Len() != 141 || len(got) != 0 {
		t.Errorf("%d octets are written as %X", h.Len(), got)
	}
}

func TestHeaderComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h gsm.Header
		for range rapid.IntRange(1, 8).Draw(t, "elements") {
			h.Elements = append(h.Elements, gsm.Element{
				ID:   rapid.Byte().Draw(t, "id"),
				Data: rapid.SliceOfN(rapid.Byte(), 0, 14).Draw(t, "data"),
			})
		}
		rest := rapid.SliceOf(rapid.Byte()).Draw(t, "rest")
		ud := h.Append(nil)
		if len(ud) != h.Len() {
			t.Fatalf("%d octets, announced %d", len(ud), h.Len())
		}
		got, gotRest, err := gsm.ParseHeader(append(ud, rest...))
		if diff := cmp.Diff(h, got, cmpopts.EquateEmpty()); err != nil || diff != "" || !bytes.Equal(rest, gotRest) {
			t.Fatalf("%v %s", err, diff)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	for _, ud := range []string{"0500034C020141", "060804ABCD0201", "0605040B8423F0010203", "0500044C0201AA", "00", "FF", ""} {
		f.Add(unhex(f, ud))
	}
	f.Fuzz(func(t *testing.T, ud []byte) {
		h, rest, err := gsm.ParseHeader(ud)
		switch {
		case errors.Is(err, gsm.ErrHeaderTruncated) && !bytes.Equal(rest, ud):
			t.Fatal("octets lost")
		case err != nil && len(h.Elements) > 0:
			t.Fatal("elements of a header that is to be ignored")
		case err == nil && len(h.Elements) > 0 && h.Len() <= 140 && !bytes.Equal(append(h.Append(nil), rest...), ud):
			t.Fatalf("%X is written as %X", ud, h.Append(nil))
		}
		if c, ok := h.Concat(); ok && (c.Number < 1 || c.Number > c.Total) {
			t.Fatalf("impossible part %+v", c)
		}
		h.Ports()
	})
}
