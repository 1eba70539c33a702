package simulator

import (
	"strings"
	"testing"

	"kurir/ucp"
)

// The simulator cuts frames as Kurir does: what is too long is none, and loses none behind it.
func TestUCPCut(t *testing.T) {
	t.Parallel()
	long := "\x02" + strings.Repeat("x", ucp.MaxFrame)
	for b, want := range map[string]struct {
		frame string
		left  string
	}{
		"junk\x02abc\x03rest":      {"\x02abc\x03", "rest"},
		"\x02cut off\x02abc\x03":   {"\x02abc\x03", ""},
		long + "\x02ab":            {"", "\x02ab"},
		long + "\x03\x02abc\x03\r": {"\x02abc\x03", "\r"},
	} {
		frame, used, err := (&speakUCP{}).cut([]byte(b))
		if string(frame) != want.frame || b[used:] != want.left || err != nil {
			t.Errorf("%.20q: %.20q, left %.20q, %v", b, frame, b[used:], err)
		}
	}
}
