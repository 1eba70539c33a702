package gsm_test

import (
	"strings"
	"testing"

	"kurir/gsm"
)

// benchTexts are what the benchmarks run on, by name.
var benchTexts = []struct{ name, text string }{
	{"ascii100", strings.Repeat("Kurir says: it works", 5)},
	{"nordic100", strings.Repeat("Räksmörgås på färjan", 5)},
	{"cyrillic60", strings.Repeat("Привет, мир", 6)[:60]},
	{"ascii1000", strings.Repeat("Kurir says: it works", 50)},
	{"euro1000", strings.Repeat("It costs 20 € [only]", 50)},
}

func BenchmarkMeasure(b *testing.B) {
	for _, bb := range benchTexts {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gsm.Measure(bb.text, gsm.Auto); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendGSM7(b *testing.B) {
	for _, bb := range benchTexts[:2] {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 400)
			for b.Loop() {
				if _, ok := gsm.AppendGSM7(buf[:0], bb.text); !ok {
					b.Fatal("not in the alphabet")
				}
			}
		})
	}
}

func BenchmarkAppendDecodedGSM7(b *testing.B) {
	for _, bb := range benchTexts[:2] {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			septets, _ := gsm.AppendGSM7(nil, bb.text)
			buf := make([]byte, 0, 400)
			for b.Loop() {
				gsm.AppendDecodedGSM7(buf[:0], septets)
			}
		})
	}
}

func BenchmarkAppendSegments(b *testing.B) {
	for _, bb := range benchTexts {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			segments := make([]gsm.Segment, 0, 16)
			o := gsm.SplitOptions{Buffer: make([]byte, 2048)}
			for b.Loop() {
				if _, err := gsm.AppendSegments(segments[:0], bb.text, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReferences(b *testing.B) {
	b.ReportAllocs()
	r := gsm.NewReferences()
	for b.Loop() {
		r.Next8(phone)
	}
}
