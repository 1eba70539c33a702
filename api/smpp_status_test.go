package api

import (
	"slices"
	"testing"

	"kurir/message"
	"kurir/smpp"
)

// TestSMPPStatus goes through every kind of failure and every field that one
// can blame.
func TestSMPPStatus(t *testing.T) {
	t.Parallel()
	if s := smppStatus(nil); s != smpp.ESME_ROK {
		t.Errorf("no failure: %v", s)
	}
	for _, test := range []struct {
		kind  message.FailureKind
		field string
		want  smpp.Status
	}{
		{message.NoFailure, "", 0x00},
		{message.Throttled, "", 0x58},
		{message.Busy, "", 0x08},
		{message.LinkDown, "", 0x08},
		{message.NoAnswer, "", 0x08},
		{message.Absent, "", 0x08},
		{message.MemoryFull, "", 0x08},
		{message.Refused, "", 0x66},
		{message.BadRecipient, "to", 0x0B},
		{message.BadSender, "from", 0x0A},
		{message.BadContent, "text", 0x01},
		{message.BadContent, "encoding", 0x104},
		{message.BadContent, "validity", 0x62},
		{message.BadContent, "send_at", 0x61},
		{message.BadContent, "priority", 0x06},
		{message.BadContent, "header", 0x43},
		{message.BadContent, "udh", 0x43},
		{message.BadContent, "reference", 0x66},
		{message.BadContent, "", 0x01},
		{message.NotPermitted, "", 0x66},
		{message.NotPermitted, "from", 0x0A},
		{message.NotPermitted, "to", 0x0B},
		{message.NoRoute, "", 0x0B},
		{message.StoreFull, "", 0x14},
		{message.Overloaded, "", 0x58},
		{message.Overloaded, "text", 0x58}, // a limit of ours passes, whatever field showed it
		{message.TooOld, "", 0x62},
		{message.Withheld, "atomic", 0x66},
		{message.Stopping, "", 0x08},
		{message.NoMoney, "", 0x65},
		{message.NoPrice, "to", 0x0B},
		{message.LimitReached, "", 0x58},
		{message.Blocked, "to", 0x0B},
		{message.Blocked, "from", 0x0A},
		{message.OptedOut, "to", 0x66}, // the number is good
		{message.Repeated, "text", 0x66},
		{message.NotOpened, "to", 0x0B},
		{200, "", 0x08},
	} {
		got := smppStatus(&message.Failure{Kind: test.kind, Field: test.field})
		if got != test.want {
			t.Errorf("%s in %q: %v, want %v", test.kind.Code(), test.field, got, test.want)
		}
		// What common ESMEs (Kannel's smsbox among them) send again.
		again := slices.Contains([]smpp.Status{0x08, 0x14, 0x45, 0x58, 0x64, 0xFF}, got)
		if test.kind.Temporary() != again && test.kind != 200 {
			t.Errorf("%s: temporary is %v, but %v is sent again: %v", test.kind.Code(), test.kind.Temporary(), got, again)
		}
	}
	for kind := message.NoFailure; kind <= message.Repeated; kind++ {
		if int(kind) >= len(smppStatuses) {
			t.Errorf("%s has no command_status", kind.Code())
		}
	}
}
