package gsm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kurir/gsm"
)

// TestMeasureLimits has the borders of 3GPP TS 23.040 9.2.3.24.1.
func TestMeasureLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		text  string
		n     int
		want  gsm.Encoding
		wide  bool
		units int
		parts int
		left  int
	}{
		{"empty", "", 0, gsm.GSM7, false, 0, 1, 160},
		{"one", "a", 1, gsm.GSM7, false, 1, 1, 159},
		{"full", "a", 160, gsm.GSM7, false, 160, 1, 0},
		{"one too many", "a", 161, gsm.GSM7, false, 161, 2, 145},
		{"two full", "a", 306, gsm.GSM7, false, 306, 2, 0},
		{"three", "a", 307, gsm.GSM7, false, 307, 3, 152},
		{"two full, wide", "a", 304, gsm.GSM7, true, 304, 2, 0},
		{"three, wide", "a", 305, gsm.GSM7, true, 305, 3, 151},
		{"pairs full", "€", 80, gsm.GSM7, false, 160, 1, 0},
		{"pairs, odd part", "€", 81, gsm.GSM7, false, 162, 2, 143},
		{"pairs do not fill a part", "€", 153, gsm.GSM7, false, 306, 3, 151},
		{"unicode full", "Ж", 70, gsm.UCS2, false, 70, 1, 0},
		{"unicode, one too many", "Ж", 71, gsm.UCS2, false, 71, 2, 63},
		{"unicode, two full", "Ж", 134, gsm.UCS2, false, 134, 2, 0},
		{"unicode, three", "Ж", 135, gsm.UCS2, false, 135, 3, 66},
		{"unicode, two full, wide", "Ж", 132, gsm.UCS2, true, 132, 2, 0},
		{"unicode, three, wide", "Ж", 133, gsm.UCS2, true, 133, 3, 65},
		{"emoji full", "😀", 35, gsm.UCS2, false, 70, 1, 0},
		{"emoji do not fill a part", "😀", 67, gsm.UCS2, false, 134, 3, 65},
		{"255 parts", "a", 153 * 255, gsm.GSM7, false, 153 * 255, 255, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := gsm.MeasureWith(strings.Repeat(tt.text, tt.n), gsm.SplitOptions{Wide: tt.wide})
			want := gsm.Size{Encoding: tt.want, Units: tt.units, Parts: tt.parts, Left: tt.left}
			if tt.want == gsm.UCS2 {
				want.Forcing = []rune(tt.text)[0]
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestMeasureEncoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want gsm.Encoding
		size gsm.Size
	}{
		{"Hej åäö €[]", gsm.Auto, gsm.Size{Encoding: gsm.GSM7, Units: 14, Parts: 1, Left: 146}},
		{"Hej åäö €[]", gsm.UCS2, gsm.Size{Encoding: gsm.UCS2, Units: 11, Parts: 1, Left: 59}},
		{"€ façade 😀", gsm.Auto, gsm.Size{Encoding: gsm.UCS2, Units: 11, Parts: 1, Left: 59, Forcing: 'ç'}},
		{"åäö", gsm.Latin1, gsm.Size{Encoding: gsm.Latin1, Units: 3, Parts: 1, Left: 137}},
		{"a\ufffd", gsm.Auto, gsm.Size{Encoding: gsm.UCS2, Units: 2, Parts: 1, Left: 68, Forcing: 0xFFFD}},
		{strings.Repeat("ÿ", 141), gsm.Latin1, gsm.Size{Encoding: gsm.Latin1, Units: 141, Parts: 2, Left: 127}},
	} {
		got, err := gsm.Measure(tt.text, tt.want)
		if diff := cmp.Diff(tt.size, got); err != nil || diff != "" {
			t.Errorf("Measure(%q, %v): %v %s", tt.text, tt.want, err, diff)
		}
	}
}

func TestMeasureErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want gsm.Encoding
		err  error
	}{
		{"ab\xff", gsm.Auto, gsm.ErrInvalidUTF8},
		{"ab\xff", gsm.GSM7, gsm.ErrInvalidUTF8},
		{"ab\xff", gsm.UCS2, gsm.ErrInvalidUTF8},
		{"ab\xff", gsm.Latin1, gsm.ErrInvalidUTF8},
		{"Жab\xc3", gsm.Auto, gsm.ErrInvalidUTF8},
		{"\xed\xa0\x80", gsm.Auto, gsm.ErrInvalidUTF8}, // a surrogate is no character
		{"a", gsm.Binary, gsm.ErrNotText},
		{strings.Repeat("a", 153*255+1), gsm.Auto, gsm.ErrTooManyParts},
		{strings.Repeat("Ж", 67*255+1), gsm.Auto, gsm.ErrTooManyParts},
		{strings.Repeat("€", 76*255+1), gsm.Auto, gsm.ErrTooManyParts},
	} {
		_, err := gsm.Measure(tt.text, tt.want)
		if !errors.Is(err, tt.err) {
			t.Errorf("Measure of %d octets as %v: %v, want %v", len(tt.text), tt.want, err, tt.err)
		}
		got, err := gsm.AppendSegments(nil, tt.text, gsm.SplitOptions{Encoding: tt.want})
		if !errors.Is(err, tt.err) || len(got) != 0 {
			t.Errorf("%d segments, %v, want none and %v", len(got), err, tt.err)
		}
	}
}

func TestMeasureUnencodable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want gsm.UnencodableError
	}{
		{"å€Ж", gsm.UnencodableError{Rune: 'Ж', Offset: 5, Encoding: gsm.GSM7}},
		{"å€Ж", gsm.UnencodableError{Rune: '€', Offset: 2, Encoding: gsm.Latin1}},
	} {
		_, err := gsm.Measure(tt.text, tt.want.Encoding)
		var got *gsm.UnencodableError
		if !errors.As(err, &got) || *got != tt.want {
			t.Errorf("Measure(%q, %v): %v", tt.text, tt.want.Encoding, err)
		}
		if strings.Contains(err.Error(), string(tt.want.Rune)) {
			t.Errorf("the error quotes the text: %v", err)
		}
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		enc    gsm.Encoding
		header int
		want   int
	}{
		{gsm.GSM7, 0, 160},
		{gsm.GSM7, 6, 153},
		{gsm.GSM7, 7, 152},
		{gsm.GSM7, 4, 155},
		{gsm.GSM7, 9, 149},
		{gsm.UCS2, 0, 70},
		{gsm.UCS2, 6, 67},
		{gsm.UCS2, 7, 66},
		{gsm.Binary, 0, 140},
		{gsm.Binary, 6, 134},
		{gsm.Binary, 7, 133},
		{gsm.GSM7, 140, 0},
		{gsm.UCS2, 139, 0},
		{gsm.Binary, 300, 0},
	} {
		if got := gsm.Capacity(tt.enc, tt.header); got != tt.want {
			t.Errorf("Capacity(%v, %d) = %d, want %d", tt.enc, tt.header, got, tt.want)
		}
	}
}

func TestMeasureBinary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n, udh, parts, left int
		err                 error
	}{
		{0, 0, 1, 140, nil},
		{140, 0, 1, 0, nil},
		{141, 0, 2, 127, nil},
		{268, 0, 2, 0, nil},
		{133, 7, 1, 0, nil}, // with ports
		{134, 7, 2, 122, nil},
		{256, 7, 2, 0, nil}, // 12 octets of header in each part
		{134 * 255, 0, 255, 0, nil},
		{134*255 + 1, 0, 256, 133, gsm.ErrTooManyParts},
		{1, 140, 1, 0, gsm.ErrHeaderTooLong},
		{0, 141, 1, 0, gsm.ErrHeaderTooLong},
	} {
		got, err := gsm.MeasureBinary(tt.n, tt.udh)
		want := gsm.Size{Encoding: gsm.Binary, Units: tt.n, Parts: tt.parts, Left: tt.left}
		if diff := cmp.Diff(want, got); !errors.Is(err, tt.err) || diff != "" {
			t.Errorf("MeasureBinary(%d, %d): %v %s", tt.n, tt.udh, err, diff)
		}
	}
}

func TestMeasureDoesNotAllocate(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("a", 100), strings.Repeat("å€", 300), strings.Repeat("Ж😀", 300),
	} {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := gsm.Measure(text, gsm.Auto); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("measuring %.10q... allocates %v times", text, n)
		}
	}
}

// texts draws texts rich in pairs, of one alphabet or the other.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("aZ @åÖ\n€[]{}^")), 0, 700, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("a€Жç😀🇸\u200d\uffff")), 0, 400, -1),
		rapid.StringN(0, 300, -1),
	)
}

func TestMeasureAgreesWithSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		o := drawOptions(t)
		size, err := gsm.MeasureWith(text, o)
		segments, splitErr := gsm.AppendSegments(nil, text, o)
		if (err == nil) != (splitErr == nil) {
			t.Fatalf("measured: %v, split: %v", err, splitErr)
		}
		if err != nil {
			return
		}
		last, units := 0, 0
		for _, s := range segments {
			last = len(s.Payload)
			if s.Encoding == gsm.UCS2 {
				last /= 2
			}
			units += last
		}
		header := len(segments[0].Header)
		if o.Bare && len(segments) > 1 {
			header = max(1, o.Header.Len()) + 5
			if o.Wide {
				header++
			}
		}
		want := gsm.Size{
			Encoding: segments[0].Encoding, Units: units, Parts: len(segments),
			Left: gsm.Capacity(size.Encoding, header) - last, Forcing: size.Forcing,
		}
		if diff := cmp.Diff(want, size); diff != "" {
			t.Fatal(diff)
		}
	})
}

func drawOptions(t *rapid.T) gsm.SplitOptions {
	o := gsm.SplitOptions{
		Encoding:  rapid.SampledFrom([]gsm.Encoding{gsm.Auto, gsm.UCS2}).Draw(t, "encoding"),
		Reference: rapid.Uint16().Draw(t, "reference"),
		Wide:      rapid.Bool().Draw(t, "wide"),
		Bare:      rapid.Bool().Draw(t, "bare"),
	}
	if rapid.Bool().Draw(t, "ports") {
		o.Header.Elements = []gsm.Element{gsm.PortsElement(2948, 9200)}
	}
	return o
}
