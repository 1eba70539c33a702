package gsm

import (
	"strings"
	"testing"
)

// The texts of parts are those that the segments hold: no character of two units is cut, and together they are the text.
func TestPartTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", strings.Repeat("a", 160), strings.Repeat("a", 161), strings.Repeat("a", 152) + "€" + strings.Repeat("b", 300),
		strings.Repeat("ж", 70), strings.Repeat("ж", 66) + "😀" + strings.Repeat("ж", 90), strings.Repeat("€", 200),
	} {
		segments, err := AppendSegments(nil, text, SplitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts := PartTexts(text, SplitOptions{})
		if len(parts) != len(segments) || strings.Join(parts, "") != text {
			t.Errorf("%.20q: %d parts, %d segments", text, len(parts), len(segments))
			continue
		}
		for i, part := range parts {
			size, err := Measure(part, segments[i].Encoding)
			units := len(segments[i].Payload)
			if segments[i].Encoding == UCS2 {
				units /= 2
			}
			if err != nil || size.Units != units {
				t.Errorf("%.20q: part %d has %d units, its segment %d; %v", text, i+1, size.Units, units, err)
			}
		}
	}
}
