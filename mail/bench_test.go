package mail

import (
	"bytes"
	"os"
	"testing"
)

// BenchmarkRead reads a mail as Outlook writes it and makes a text of it.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"outlook", "nagios", "html-table", "original-message"} {
		raw, err := os.ReadFile("testdata/" + name + ".eml")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, err := Read(bytes.NewReader(raw), Limits{})
				if err != nil {
					b.Fatal(err)
				}
				(&Rule{}).Text(l)
			}
		})
	}
}
