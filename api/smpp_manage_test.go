package api

import (
	"testing"

	"kurir/account"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPFindsRewritten: who asks for a message, takes it back or replaces it by its addresses writes them as he did with the
// message, whatever became of them: they were rewritten, or the sender's name was shortened.
func TestSMPPFindsRewritten(t *testing.T) {
	t.Parallel()
	a := account.NewDirectory([]account.Account{{
		Name: "acme", Sender: "ACME", LongSender: account.LongSenderShorten,
		Source: []message.AddressRule{{Match: "OLD", Replace: "NEW"}}, Destination: []message.AddressRule{{Pattern: `^999(\d+)$`, Replace: "$1"}},
	}}, nil).ByName("acme")
	p := &smppPeer{server: newSMPPServer(&smppFakeGateway{}, SMPPOptions{})}
	to := message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}
	name := func(text string) smpp.Address { return smpp.Address{TON: smpp.TONAlphanumeric, Addr: text} }
	for _, tt := range []struct {
		source smpp.Address
		from   string
		agrees bool
	}{
		{name("OLD"), "NEW", true},
		{name("NEW"), "NEW", true},
		{name("OTHER"), "NEW", false},
		{name("Från Tandläkaren"), "Från Tandlä", true},
		{smpp.Address{Addr: "Från Tandläkaren"}, "Från Tandlä", true},
		{smpp.Address{}, "NEW", true},
	} {
		m := &message.Message{From: message.Address{TON: message.TONAlphanumeric, Number: tt.from}, To: to}
		if got := p.agrees(a, tt.source, m); got != tt.agrees {
			t.Errorf("%q agrees with %s: %t", tt.source.Addr, tt.from, got)
		}
	}
	f, status := p.waiting(a, name("OLD"), smpp.Address{TON: smpp.TONInternational, Addr: "99946701234567"})
	if status != smpp.ESME_ROK || f.From.Number != "NEW" || f.To.Number != to.Number {
		t.Errorf("looked for from %s to %s, %v", f.From, f.To, status)
	}
}
