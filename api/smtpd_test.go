package api

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

const mailHello = "Subject: Fire\nMessage-ID: <1@example.se>\n\nIn the kitchen"

// TestMailToPhones: a mail of somebody who signed in becomes a message of his account, and 250 is said when it is accepted.
func TestMailToPhones(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "+46701234567@sms.example.se")
	reply := c.data("250", mailHello)
	subs := b.gateway.taken()
	if len(subs) != 1 {
		t.Fatalf("%d messages", len(subs))
	}
	s := subs[0]
	if s.Account.Name != "acme" || s.To != "+46701234567" || s.Content.Text != "Fire\nIn the kitchen" || s.Via != message.ViaSMTP ||
		s.Reference != "1@example.se" || s.From != "" || s.Content.Class != gsm.NoClass || s.Batch {
		t.Errorf("submission %+v", s)
	}
	if !strings.Contains(reply, "accepted as message ") {
		t.Errorf("reply %q", reply)
	}
	c.envelope("anna@example.se", `"070-123 45 67"@sms.example.se`)
	c.data("250", mailHello)
	if to := b.gateway.taken()[0].To; strings.Trim(to, "01234567- ") != "" {
		t.Errorf("a number in quotes is %q", to)
	}
	c.say("221", "QUIT")
}

// TestMailRecipients: all recipients of a mail are accepted together, with what each says besides; members of a group that cannot
// be written to do not keep it from the others.
func TestMailRecipients(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701234567+flash@sms.example.se", "group.nurses@sms.example.se", "0707654321+high@SMS.example.se")
	b.gateway.refuse["+46702222222"] = &message.Failure{Kind: message.OptedOut}
	reply := c.data("250", "Subject: [tag=fire] Fire\n\nIn the kitchen")
	if !strings.Contains(reply, "accepted as 3 messages") {
		t.Errorf("reply %q", reply)
	}
	subs := b.gateway.taken()
	var to []string
	for _, s := range subs {
		to = append(to, s.To)
		if !s.Atomic || !s.Batch || s.Tag != "fire" || s.Content.Text != "Fire\nIn the kitchen" {
			t.Errorf("submission %+v", s)
		}
	}
	if !slices.Equal(to, []string{"0701234567", "+46701111111", "0707654321"}) {
		t.Errorf("recipients %q", to)
	}
	if subs[0].Content.Class != 0 || subs[1].Content.Class != gsm.NoClass || subs[2].Priority != message.High {
		t.Errorf("options: %+v", subs)
	}
	c.envelope("anna@example.se", "0701234567@sms.example.se", "0702222222@sms.example.se")
	b.gateway.refuse["0702222222"] = &message.Failure{Kind: message.OptedOut}
	if reply := c.data("550", mailHello); !strings.Contains(reply, "<0702222222@sms.example.se>: the recipient has opted out") {
		t.Errorf("the whole is refused with %q", reply)
	}
	c.say("250", "MAIL FROM:<anna@example.se>")
	for address, code := range map[string]string{
		"group.nobody@sms.example.se": "550 5.1.1", "rota.it@sms.example.se": "550 5.1.1", "0701999@sms.example.se": "550 5.1.2",
		"hello@sms.example.se": "550 5.1",
	} {
		c.say(code, "RCPT TO:<%s>", address)
	}
	c.say("250", "RCPT TO:<group.empty@sms.example.se>")
	c.data("550 5.1.1", mailHello)
}

// TestMailPermission: who writes for which account, and that nothing is relayed.
func TestMailPermission(t *testing.T) {
	t.Parallel()
	home := newMailBench(t, "", nil)
	works := newMailBench(t, "10.1.2.3", nil)
	net := newMailBench(t, "198.51.100.7", nil)
	for name, test := range map[string]struct {
		c          *mailClient
		author, to string
		mail, rcpt string // replies
		account    string
	}{
		"signed in":                      {home.signedIn("acme"), "anna@example.se", "0701@sms.example.se", "250", "250", "acme"},
		"signed in, not his address":     {home.signedIn("acme"), "anna@other.se", "0701@sms.example.se", "550 5.7.1", "502", ""},
		"signed in, relay":               {home.signedIn("acme"), "anna@example.se", "bo@elsewhere.se", "250", "550 5.7.1", ""},
		"signed in, no sender":           {home.signedIn("mute"), "anna@example.se", "0701@sms.example.se", "250", "550 5.7.1", ""},
		"not signed in":                  {home.hello(), "anna@example.se", "0701@sms.example.se", "250", "550 5.7.1", ""},
		"bounce":                         {home.signedIn("acme"), "", "0701@sms.example.se", "550 5.7.1", "502", ""},
		"no domain":                      {home.signedIn("acme"), "anna@example.se", "postmaster", "250", "5", ""},
		"like our domain":                {home.signedIn("acme"), "anna@example.se", "0701@sms.example.se.evil.org", "250", "550 5.7.1", ""},
		"source route":                   {home.signedIn("acme"), "anna@example.se", "@sms.example.se:bo@evil.org", "250", "5", ""},
		"percent":                        {home.signedIn("acme"), "anna@example.se", "bo%evil.org@sms.example.se", "250", "550", ""},
		"network":                        {works.hello(), "who@ever.se", "0701@sms.example.se", "250", "250", "works"},
		"network, relay":                 {works.hello(), "who@ever.se", "bo@elsewhere.se", "250", "550 5.7.1", ""},
		"domain and author":              {net.hello(), "Alarm@Open.se", "0701@open.example.se", "250", "250", "open"},
		"domain of another":              {net.hello(), "alarm@open.se", "0701@sms.example.se", "250", "550 5.7.1", ""},
		"author of another":              {net.hello(), "bo@open.se", "0701@open.example.se", "250", "550 5.7.1", ""},
		"author of a network, elsewhere": {net.hello(), "who@ever.se", "0701@sms.example.se", "250", "550 5.7.1", ""},
	} {
		test.c.say(test.mail, "MAIL FROM:<%s>", test.author)
		test.c.say(test.rcpt, "RCPT TO:<%s>", test.to)
		if test.account == "" {
			test.c.say("502", "DATA")
			continue
		}
		test.c.data("250", mailHello)
		if got := test.c.b.gateway.taken()[0].Account.Name; got != test.account {
			t.Errorf("%s: of account %q", name, got)
		}
	}
	for _, b := range []*mailBench{home, works, net} {
		for _, batch := range b.gateway.batches {
			for _, s := range batch {
				if strings.Contains(s.To, "evil") || strings.Contains(s.To, "elsewhere") {
					t.Errorf("relayed to %q", s.To)
				}
			}
		}
	}
}

// TestMailAuth: names and passwords are taken over TLS and on this machine only, by PLAIN and LOGIN, and wrong ones slowly.
func TestMailAuth(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "198.51.100.7", nil)
	c := b.dial()
	if reply := c.say("250", "EHLO x"); strings.Contains(reply, "AUTH") || !strings.Contains(reply, "STARTTLS") || !strings.Contains(reply, "SMTPUTF8") ||
		!strings.Contains(reply, "8BITMIME") || !strings.Contains(reply, "DSN") || !strings.Contains(reply, "SIZE 10485760") {
		t.Errorf("announced in plain: %q", reply)
	}
	c.say("538", "AUTH PLAIN %s", plainResponse("acme", "secret"))
	c.encrypt()
	if reply := c.say("250", "EHLO x"); !strings.Contains(reply, "AUTH PLAIN LOGIN") || strings.Contains(reply, "STARTTLS") {
		t.Errorf("announced over TLS: %q", reply)
	}
	began := time.Now()
	c.say("535", "AUTH PLAIN %s", plainResponse("acme", "wrong"))
	if time.Since(began) < 200*time.Millisecond {
		t.Error("a wrong password is answered at once")
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	c.say("334 "+encode("Username:"), "AUTH LOGIN")
	c.say("334 "+encode("Password:"), "%s", encode("acme"))
	c.say("235", "%s", encode("secret"))
	c.say("503", "AUTH PLAIN %s", plainResponse("acme", "secret"))
	c.envelope("anna@example.se", "0701@sms.example.se")

	c = b.dial() // implicit TLS, and somebody who guesses
	conn, err := tls.Dial("tcp", b.secure, &tls.Config{RootCAs: b.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c.conn, c.r = conn, bufio.NewReader(conn)
	c.want("220", c.read())
	c.say("250", "EHLO x")
	c.say("535", "AUTH PLAIN %s", plainResponse("far", "secret")) // from elsewhere
	c.say("535", "AUTH PLAIN %s", base64.StdEncoding.EncodeToString([]byte("open\x00acme\x00secret")))
	c.say("334", "AUTH LOGIN %s", encode("nobody"))
	c.say("535", "%s", encode("secret"))
	if reply := c.read(); reply != "" {
		t.Errorf("after three the connection goes on: %q", reply)
	}
	if n := b.server.counts.signIns.Load(); n != 4 {
		t.Errorf("%d failed", n)
	}
}

// TestMailSender: the author's own mobile is the sender where the account says so and he has one.
func TestMailSender(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	for author, want := range map[string]string{"Anna@Example.se": "+46700000007", "bo@example.se": ""} {
		c := b.signedIn("mobile")
		c.envelope(author, "0701@sms.example.se")
		c.data("250", mailHello)
		if got := b.gateway.taken()[0].From; got != want {
			t.Errorf("%s: sender %q", author, got)
		}
	}
}

// TestMailCosts: the headers X-Kurir-Cost-1 to 4 are the server's dimensions, in their order.
func TestMailCosts(t *testing.T) {
	t.Parallel()
	dimensions := message.NewCostDimensions([]message.CostDimension{{Name: "centre"}, {Name: "project"}}, nil)
	b := newMailBench(t, "", func(o *SMTPOptions) { o.Dimensions = func() *message.CostDimensions { return dimensions } })
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701@sms.example.se")
	c.data("250", "X-Kurir-Cost-2: Alpha\nX-Kurir-Cost-3: nothing\n"+mailHello)
	if got := b.gateway.taken()[0].Dimensions; len(got) != 1 || got["project"] != "Alpha" {
		t.Errorf("dimensions %v", got)
	}
}

// TestMailReplies: what the gateway refuses becomes a code by which a mail server tries again, or tells its author.
func TestMailReplies(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", func(o *SMTPOptions) { o.AcceptWait = 50 * time.Millisecond })
	c := b.signedIn("acme")
	for _, test := range []struct {
		kind message.FailureKind
		code string
	}{
		{message.StoreFull, "452 4.3.1"},
		{message.Overloaded, "452 4.3.2"},
		{message.LimitReached, "452 4.7.1"},
		{message.Busy, "451 4.3.0"},
		{message.Stopping, "421 4.3.2"},
		{message.BadContent, "554 5.6.0"},
		{message.NoMoney, "554 5.7.1"},
		{message.TooOld, "554 5.0.0"},
		{message.OptedOut, "550 5.7.1"},
	} {
		b.gateway.all = &message.Failure{Kind: test.kind}
		c.envelope("anna@example.se", "0701@sms.example.se")
		c.data(test.code, mailHello)
	}
	b.gateway.all, b.gateway.silent = nil, true
	c.envelope("anna@example.se", "0701@sms.example.se")
	c.data("451 4.3.0", mailHello)
}

// TestMailRefused: mails of which no text for a phone can be made.
func TestMailRefused(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	for name, mail := range map[string]string{
		"nothing":          "From: anna@example.se\n\n",
		"automatic answer": "Auto-Submitted: auto-replied\n" + mailHello,
		"circle":           strings.Repeat("Received: from a by b; Sun, 29 Nov 2026 20:00:00 +0000\n", 51) + mailHello,
		"wrong option":     "Subject: [at=99:99] Fire\n\nIn the kitchen",
		"past":             "Subject: [at=2020-01-01T07:30] Fire\n\nIn the kitchen",
	} {
		c := b.signedIn("acme")
		c.envelope("anna@example.se", "0701@sms.example.se")
		if reply := c.data("55", mail); len(reply) < 30 {
			t.Errorf("%s: %q", name, reply)
		}
	}
	if subs := b.gateway.taken(); subs != nil {
		t.Errorf("accepted %+v", subs[0])
	}
}

// TestMailAuthorLimits: an author is held to his messages a minute, and what was not accepted does not count.
func TestMailAuthorLimits(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", func(o *SMTPOptions) {
		at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		o.Now = func() time.Time { return at }
	})
	c := b.signedIn("acme")
	b.gateway.all = &message.Failure{Kind: message.Busy}
	c.envelope("anna@example.se", "0701@sms.example.se")
	c.data("451", mailHello)
	b.gateway.all = nil
	for range 50 {
		c.envelope("anna@example.se", "0701@sms.example.se")
		c.data("250", mailHello)
	}
	c.envelope("Anna@example.se", "0701@sms.example.se")
	if reply := c.data("452 4.7.1", mailHello); !strings.Contains(reply, "50 messages a minute") {
		t.Errorf("reply %q", reply)
	}
	c.envelope("bo@example.se", "0701@sms.example.se")
	c.data("250", mailHello)
}

var _ smtpCore = (*gateway.Gateway)(nil)
