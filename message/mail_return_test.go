package message_test

import (
	"strings"
	"testing"

	"kurir/message"
)

// TestMailReturn: an address alone is one, and everything that strangers write comes back as they wrote it, cut where it is long.
func TestMailReturn(t *testing.T) {
	t.Parallel()
	for _, r := range []message.MailReturn{
		{Author: "anna@example.se"},
		{Author: "anna@example.se", Recipient: "0701@sms.example.se", Original: "rfc822;a&b=c@x", Envelope: "QQ\n314=159", Case: "Å & ö"},
	} {
		if got := message.ReadMailReturn(r.Address()); got != r {
			t.Errorf("%+v is read as %+v", r, got)
		}
	}
	if a := (&message.MailReturn{Author: "anna@example.se"}).Address(); a != "anna@example.se" {
		t.Errorf("an author alone is written %q", a)
	}
	long := message.MailReturn{Author: "anna@example.se", Case: strings.Repeat("å", 1000)}
	if got := message.ReadMailReturn(long.Address()); len(got.Case) != 500 || !strings.HasPrefix(long.Case, got.Case) {
		t.Errorf("a long one has %d octets", len(got.Case))
	}
}

// FuzzMailReturn: what was stored is read whatever it is, and what was read is written the same again.
func FuzzMailReturn(f *testing.F) {
	f.Add("anna@example.se")
	f.Add("anna@example.se\nenvid=QQ314159&to=0701%40sms.example.se")
	f.Add("\n%zz&&=&case=%ff")
	f.Fuzz(func(t *testing.T, address string) {
		r := message.ReadMailReturn(address)
		first := message.ReadMailReturn(r.Address())
		if again := message.ReadMailReturn(first.Address()); again != first {
			t.Errorf("%q: %+v, then %+v", address, first, again)
		}
	})
}
