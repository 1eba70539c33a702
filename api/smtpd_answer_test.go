package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// InboundMessage gives the messages from phones that the tests know.
func (g *mailFakeGateway) InboundMessage(_ context.Context, _ string, id message.ID) (*message.Inbound, error) {
	if in := g.inbound[id]; in != nil {
		return in, nil
	}
	return nil, gateway.ErrNotFound
}

// AnswerEscalation notes what answers may take.
func (g *mailFakeGateway) AnswerEscalation(_ context.Context, account string, inbound message.ID, by, text string) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taking = append(g.taking, fmt.Sprint(account, " ", inbound, " ", by, " ", text))
	return g.untaken == nil, g.untaken
}

// AnswerTo is Gateway.AnswerTo with the accounts of the tests.
func (g *mailFakeGateway) AnswerTo(in *message.Inbound) (*gateway.Submission, *message.Failure) {
	a := account.NewDirectory(mailAccounts(), nil).ByName(in.Account)
	if a == nil {
		return nil, message.Fail(message.NotPermitted, "account", "it belongs to no account")
	}
	return &gateway.Submission{Account: a, ToAddr: in.From, FromAddr: in.To, To: "+" + in.From.Number, From: in.To.Number, Answer: true}, nil
}

// Claim remembers requests for ever.
func (g *mailFakeGateway) Claim(_ context.Context, k *gateway.Keyed) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.claimed[k.Key], nil
}

// Release takes a request that made something for answered.
func (g *mailFakeGateway) Release(k *gateway.Keyed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.claimed == nil {
		g.claimed = map[string][]byte{}
	}
	g.claimed[k.Key] = []byte("0000000000001")
}

// answerBench takes answers to two phones: that of message 7 wrote to account acme, that of 8 to nobody's number.
func answerBench(t *testing.T, from string) (b *mailBench, address func(message.ID) string) {
	t.Helper()
	tokens := &MailTokens{Key: []byte("key"), Domain: "answers.example.se"}
	b = newMailBench(t, from, func(o *SMTPOptions) {
		o.Tokens, o.Mail = func() *MailTokens { return tokens }, mailSettingsOf
	})
	phone := message.Address{TON: message.TONInternational, Number: "46701234567"}
	b.gateway.inbound = map[message.ID]*message.Inbound{
		7: {ID: 7, Account: "acme", From: phone, To: message.Address{Number: "72456"}, Case: "C-1"},
		8: {ID: 8, From: phone, To: message.Address{Number: "72456"}},
		9: {ID: 9, Account: "works", From: phone, To: message.Address{Number: "72456"}},
	}
	return b, tokens.Address
}

const mailReply = "From: eva@elsewhere.org\nSubject: Re: [C-1] SMS from +46701234567\nMessage-ID: <2@elsewhere.org>\nIn-Reply-To: <x@example.se>\n\n" +
	"We come at ten.\n\nOn Mon, 1 Dec 2026 at 09:12, +46701234567 <sms@example.se> wrote:\n> When?\n-- \nEva\n"

// TestMailAnswer: whoever has the address may answer, from anywhere; what he wrote himself goes to the phone, and once only.
func TestMailAnswer(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	c := b.hello()
	c.envelope("eva@elsewhere.org", strings.ToUpper(address(7)))
	if reply := c.data("250", mailReply); !strings.Contains(reply, "accepted as message ") {
		t.Errorf("reply %q", reply)
	}
	subs := b.gateway.taken()
	if len(subs) != 1 {
		t.Fatalf("%d messages", len(subs))
	}
	s := subs[0]
	if s.Account.Name != "acme" || s.ToAddr.Number != "46701234567" || s.FromAddr.Number != "72456" || s.Content.Text != "We come at ten." ||
		s.Via != message.ViaSMTP || s.Reference != "2@elsewhere.org" || !s.Answer {
		t.Errorf("submission %+v", s)
	}
	back := message.ReadMailReturn(s.Target.Address)
	if s.Target.Kind != message.MailTarget || back.Author != "eva@elsewhere.org" || back.Case != "C-1" {
		t.Errorf("it goes back to %+v", s.Target)
	}
	if taking := fmt.Sprint(b.gateway.taking); taking != "[acme "+message.ID(7).String()+" eva@elsewhere.org We come at ten.]" {
		t.Errorf("what it may take is %s", taking)
	}
	c.envelope("eva@elsewhere.org", address(7))
	if reply := c.data("250", mailReply); !strings.Contains(reply, "accepted before as message ") || len(b.gateway.batches) != 1 {
		t.Errorf("again it is %q, %d times accepted", reply, len(b.gateway.batches))
	}
	c.envelope("bo@elsewhere.org", address(7))
	c.data("250", strings.Replace(mailReply, "<2@", "<3@", 1))
	if len(b.gateway.batches) != 2 {
		t.Error("the answer of another is taken for the same")
	}
}

// TestMailAnswerTakesAgain: what an answer was to take and could not, for the disk was full or the server was killed, it takes when the mail
// comes again; the phone gets it once. How somebody calls himself is as long as he may be called.
func TestMailAnswerTakesAgain(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	b.gateway.untaken = &message.Failure{Kind: message.StoreFull}
	c := b.hello()
	long := strings.Repeat("e", 5000) + "@elsewhere.org"
	c.envelope(long, address(7))
	c.data("451 4.3.0", mailReply)
	b.gateway.untaken = nil
	c.envelope(long, address(7))
	c.data("250", mailReply)
	if len(b.gateway.batches) != 1 || len(b.gateway.taking) != 2 || len(b.gateway.taking[1]) > 1000 {
		t.Errorf("it was sent %d times, and may take %.300q", len(b.gateway.batches), b.gateway.taking)
	}
	b.gateway.untaken = &message.Failure{Kind: message.StoreFull}
	c.envelope("eva@elsewhere.org", address(7))
	c.data("250", strings.Replace(mailReply, "Message-ID: <2@elsewhere.org>\n", "", 1)) // it would be sent twice
}

// TestMailAnswerLimits: a phone gets as many answers a minute as an author may write, whatever the authors call themselves; what was refused
// does not count.
func TestMailAnswerLimits(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	b.server.o.Now = func() time.Time { return at }
	c := b.hello()
	answer := func(n int, code string) string {
		t.Helper()
		c.envelope(fmt.Sprintf("a%d@elsewhere.org", n), address(7))
		return c.data(code, strings.Replace(mailReply, "<2@", fmt.Sprintf("<%d@", n), 1))
	}
	b.gateway.all = &message.Failure{Kind: message.Busy}
	answer(1000, "451")
	b.gateway.all = nil
	for n := range 50 {
		answer(n, "250")
	}
	if reply := answer(50, "452 4.7.1"); !strings.Contains(reply, "50 answers a minute") {
		t.Errorf("reply %q", reply)
	}
}

// TestMailAnswerRefused: addresses that nobody was given, messages that are gone or nobody's, and that nothing else may be written to by
// who may answer.
func TestMailAnswerRefused(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	forged := strings.Replace(address(7), "-", "-a", 1)
	c := b.hello()
	c.say("250", "MAIL FROM:<eva@elsewhere.org>")
	for to, reply := range map[string]string{
		forged: "550 5.1.1", address(12): "550 5.1.1", address(8): "550 5.7.1", "sms+@answers.example.se": "550 5.1.1",
		"0701234567@answers.example.se": "550 5.7.1 relaying denied", "0701234567@sms.example.se": "550 5.7.1",
		strings.Replace(address(7), "answers.", "other.", 1): "550 5.7.1 relaying denied",
	} {
		c.say(reply, "RCPT TO:<%s>", to)
	}
	c.say("250", "RCPT TO:<%s>", address(7))
	c.say("452 4.5.3", "RCPT TO:<%s>", "0701234567@sms.example.se")
	c.say("452 4.5.3", "RCPT TO:<%s>", address(9))
	c.data("554 5.6.0", "Subject: Re: x\n\nOn Mon, 1 Dec 2026 at 09:12, Bo <bo@example.se> wrote:\n> When?\n> Where?\n")
	c.say("550 5.7.1", "MAIL FROM:<>")

	home, at := answerBench(t, "")
	c = home.signedIn("acme") // a mail server that signs in for people of elsewhere
	c.envelope("eva@elsewhere.org", at(7))
	c.data("250", mailReply)
	c.say("250", "MAIL FROM:<eva@elsewhere.org>")
	c.say("550 5.7.1", "RCPT TO:<0701234567@sms.example.se>")
	c.say("250", "RSET")
	c.envelope("anna@example.se", "0701234567@sms.example.se")
	c.say("452 4.5.3", "RCPT TO:<%s>", at(7))
	for _, batch := range append(b.gateway.batches, home.gateway.batches...) {
		for _, s := range batch {
			if !s.Answer {
				t.Errorf("relayed to %q", s.To)
			}
		}
	}
}

// TestMailAnswerAutomatic: what no person wrote is taken and dropped, so that nothing answers it.
func TestMailAnswerAutomatic(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	c := b.hello()
	for name, head := range map[string]string{
		"out of office": "Auto-Submitted: auto-replied\n", "its subject": "Subject: Out of office: back on Monday\n", "a list": "List-Id: <all.example.se>\n",
		"our own": "X-Kurir-ID: 0000000000007\n", "a bounce": "From: MAILER-DAEMON@example.se\n", "a responder": "X-Autoreply: yes\n",
	} {
		c.envelope("eva@elsewhere.org", address(7))
		if reply := c.data("250", head+"Message-ID: <"+strings.ReplaceAll(name, " ", "")+"@x>\n\nI am away.\n"); !strings.Contains(reply, "not sent to a phone") {
			t.Errorf("%s: %q", name, reply)
		}
	}
	if len(b.gateway.batches) > 0 {
		t.Errorf("accepted %+v", b.gateway.taken()[0])
	}
	if n := b.server.counts.dropped.Load(); n != 6 {
		t.Errorf("%d are counted", n)
	}
	c.envelope("eva@elsewhere.org", address(7))
	c.data("250", "X-Auto-Response-Suppress: OOF\n"+mailReply)
}

// TestMailLastWriter: who wrote a mail is kept with its message, so that the phone's answer goes to him; not without a server that
// would take it, nor where it would come back.
func TestMailLastWriter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		author, server, want string
	}{
		{"anna@example.se", "mail:25", "anna@example.se"},
		{"anna@example.se", "", ""},
		{"x@sms.example.se", "mail:25", ""},
	} {
		b := newMailBench(t, "10.1.2.3", func(o *SMTPOptions) {
			o.Mail = func() *gateway.Mail {
				set := mailSettingsOf()
				set.Server = test.server
				return set
			}
		})
		c := b.hello()
		c.envelope(test.author, "0701234567@sms.example.se")
		c.data("250", mailHello)
		got := b.gateway.taken()[0].Target
		if author := message.ReadMailReturn(got.Address).Author; author != test.want || (got.Kind == message.MailTarget) != (test.want != "") {
			t.Errorf("%+v: %s", test, fmt.Sprint(got))
		}
	}
}
