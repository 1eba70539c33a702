package api

import (
	"fmt"
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
		{message.BadDimension, "dimensions.cost_centre", 0x15},
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

// A customer whose message lacks a cost dimension is told which, where the protocol
// has room for it.
func TestSMPPNamesDimension(t *testing.T) {
	for version, want := range map[smpp.Version]string{smpp.Version34: "", smpp.Version50: "the cost dimension project is missing"} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			smppTest(t, func(t *testing.T, b *smppBench) {
				c, err := b.bind(smpp.Transmitter, "acme", "secret", version)
				if err != nil {
					t.Fatal(err)
				}
				answer := c.do(t, smppSubmit("for nobody"))
				told := ""
				if body, ok := answer.Body.(*smpp.SubmitSMResp); ok {
					told, _ = body.TLVs.CString(smpp.TagAdditionalStatusInfoText)
				}
				if answer.Status != smpp.ESME_RINVSERTYP || told != want {
					t.Errorf("%v: %v %q, want %q", version, answer.Status, told, want)
				}
			})
		})
	}
}
