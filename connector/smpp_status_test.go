package connector

import (
	"strings"
	"testing"

	"kurir/message"
	"kurir/smpp"
)

// TestSMPPFailure goes through every command_status that has a name, and some
// that have none.
func TestSMPPFailure(t *testing.T) {
	t.Parallel()
	want := map[message.FailureKind][]smpp.Status{
		message.NoFailure:    {0x00},
		message.Throttled:    {0x58},
		message.Busy:         {0x04, 0x05, 0x08, 0x0D, 0x14, 0x45, 0x64, 0xFF, 0x102},
		message.BadSender:    {0x0A, 0x48, 0x49, 0x105},
		message.BadRecipient: {0x0B, 0x33, 0x34, 0x40, 0x50, 0x51, 0x106},
		message.BadContent:   {0x01, 0x43, 0x63, 0x104},
		message.Refused: {
			0x02, 0x03, 0x06, 0x07, 0x0C, 0x0E, 0x0F, 0x11, 0x13, 0x15, 0x42, 0x44, 0x53, 0x54, 0x55, 0x61, 0x62, 0x65, 0x66, 0x67,
			0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFE, 0x100, 0x101, 0x103,
			0x107, 0x108, 0x109, 0x10A, 0x10B, 0x10C, 0x10D, 0x10E, 0x10F, 0x110, 0x111, 0x112,
			0x400, 0x4FF, 0xFFFFFFFF,
		},
	}
	seen := map[smpp.Status]bool{}
	for kind, statuses := range want {
		for _, s := range statuses {
			seen[s] = true
			f := smppFailure(s)
			switch {
			case kind == message.NoFailure:
				if f != nil {
					t.Errorf("%v: %v, want no failure", s, f)
				}
			case f == nil || f.Kind != kind || f.Code != uint32(s):
				t.Errorf("%v: %+v, want kind %s and the code", s, f, kind.Code())
			}
		}
	}
	for s := smpp.Status(0); s < 0x500; s++ {
		named := !strings.HasPrefix(s.String(), "status 0x")
		if named && !seen[s] {
			t.Errorf("%v is not in this test", s)
		}
	}
}
