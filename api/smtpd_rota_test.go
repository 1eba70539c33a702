package api

import (
	"strings"
	"testing"
)

// TestMailToRota: a mail to rota.NAME goes to those on duty; where nobody is, and where the account has no such rota, the author is
// told when he names it.
func TestMailToRota(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "rota.ward4+high@sms.example.se")
	if reply := c.data("250", mailHello); !strings.Contains(reply, "accepted as 2 messages") {
		t.Errorf("reply %q", reply)
	}
	if subs := b.gateway.taken(); len(subs) != 2 || subs[0].To != "+46701111111" || subs[1].To != "+46702222222" {
		t.Errorf("messages %+v", subs)
	}
	c.envelope("anna@example.se", "Alarm+flash@sms.example.se", "ward@open.example.se")
	c.data("250", mailHello)
	if subs := b.gateway.taken(); len(subs) != 2 || subs[1].To != "+46702222222" || subs[0].Content.Class != 0 {
		t.Errorf("to the rota's own addresses: %+v", subs)
	}
	c.say("250", "MAIL FROM:<anna@example.se>")
	c.say("550 5.1.3", "RCPT TO:<ward@sms.example.se>") // its own at the other domain alone
	c.say("550 5.1.3", "RCPT TO:<duty@sms.example.se>") // another account's
	if reply := c.say("550 5.1.1", "RCPT TO:<rota.gap@sms.example.se>"); !strings.Contains(reply, "nobody is on duty") {
		t.Errorf("in a gap the author is told %q", reply)
	}
	c.say("550 5.1.1", "RCPT TO:<rota.far@sms.example.se>") // another account's
}
