package api

import (
	"strings"
	"testing"
	"time"
)

// TestMailTerms: authors, senders, the rule for the text, parts and limits may be others for one of the domains written to; a mail is
// for one of them, and authors are counted apart there.
func TestMailTerms(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", func(o *SMTPOptions) {
		at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) // authors are counted by the minute of the clock, which must not change between two mails
		o.Now = func() time.Time { return at }
	})
	c := b.signedIn("terms")
	for _, m := range []struct{ author, domain, from, text string }{
		{"Bo@example.se", "sms.example.se", "+4673749494912", "Fire\nIn the kitchen"},
		{"anna@example.se", "sms.example.se", "Mail", "Fire\nIn the kitchen"},
		{"x@open.se", "Open.example.se", "+4672456", "In the kitchen"},
	} {
		c.envelope(m.author, "0701234567@"+m.domain)
		c.data("250", mailHello)
		there := m.domain != "sms.example.se"
		if s := b.gateway.taken()[0]; s.From != m.from || s.Content.Text != m.text || s.Dialog != there || (s.MaxParts == 2) != there {
			t.Errorf("%s to %s is from %q, %+v", m.author, m.domain, s.From, s)
		}
		c.envelope(m.author, "0701234567@"+m.domain)
		c.data("452 4.7.1", mailHello)
	}
	c.say("550 5.7.1", "MAIL FROM:<x@other.se>")
	c.say("250", "MAIL FROM:<x@open.se>")
	if reply := c.say("550 5.7.1", "RCPT TO:<0701234567@sms.example.se>"); !strings.Contains(reply, "sms.example.se") {
		t.Errorf("an author of the other domain is told %q", reply)
	}
	c.say("250", "RCPT TO:<0701234567@open.example.se>")
	c.say("250", "RSET")
	c.say("250", "MAIL FROM:<anna@example.se>")
	c.say("550 5.7.1", "RCPT TO:<0701234567@open.example.se>")
}

// TestMailOneDomain: recipients for whom other rules hold need a mail of their own.
func TestMailOneDomain(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", func(o *SMTPOptions) { o.Domains = append(o.Domains, "third.example.se") })
	c := b.signedIn("both")
	c.envelope("anna@example.se", "0701234567@sms.example.se", "0701234568@third.example.se")
	c.say("452 4.5.3", "RCPT TO:<0701234567@open.example.se>")
}
