package api

import (
	"testing"

	"kurir/account"
	"kurir/message"
)

// TestMailNotify: what an author is told follows from the parameters of RFC 3461, which come back in the report as he gave them (its
// examples, section 10), else from headers and the account's rule; what a program wrote is answered only where NOTIFY says so.
func TestMailNotify(t *testing.T) {
	t.Parallel()
	const success, failure, delay = message.ReceiptSuccess, message.ReceiptFailure, message.ReceiptIntermediate
	const asks, program = "Disposition-Notification-To: <boss@example.se>\n", "Auto-Submitted: auto-generated\n"
	hooked := receiptsNamed[""]
	for name, test := range map[string]struct {
		account, notify, head string
		want                  message.Receipts
		kind                  message.TargetKind
	}{
		"nothing said":            {"acme", "", "", failure, message.MailTarget},
		"success":                 {"acme", " NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM", "", success, message.MailTarget},
		"failure and delay":       {"acme", " NOTIFY=FAILURE,DELAY ORCPT=rfc822;Bob@Example.COM", "", failure | delay, message.MailTarget},
		"all":                     {"acme", " NOTIFY=SUCCESS,FAILURE,DELAY", "", success | failure | delay, message.MailTarget},
		"never":                   {"acme", " NOTIFY=NEVER", asks, 0, message.MailTarget},
		"header, not the rule":    {"acme", "", asks, failure, message.MailTarget},
		"header":                  {"receipts", "", asks, success | failure, message.MailTarget},
		"other header":            {"receipts", "", "Return-Receipt-To: anna@example.se\n", success | failure, message.MailTarget},
		"program":                 {"acme", "", program + asks, hooked, message.NoTarget},
		"program that asks":       {"acme", " NOTIFY=FAILURE", program, failure, message.MailTarget},
		"no reply":                {"acme", "", "From: no-reply@example.se\n", hooked, message.NoTarget},
		"asked only":              {"asked", "", "", 0, message.MailTarget},
		"asked":                   {"asked", " NOTIFY=FAILURE", "", failure, message.MailTarget},
		"webhook":                 {"hook", " NOTIFY=SUCCESS", "", hooked, message.WebhookTarget},
		"webhook and its program": {"hooked", "", program, hooked, message.WebhookTarget},
		"webhook and its people":  {"hooked", "", "", failure, message.MailTarget},
	} {
		b, _ := answerBench(t, "")
		rules := account.Mail{Authors: []string{"*"}}
		accounts := account.NewDirectory(append(mailAccounts(),
			account.Account{Name: "receipts", Password: "secret", Sender: "R", Mail: account.Mail{Authors: rules.Authors, ReceiptHeaders: true}},
			account.Account{Name: "asked", Password: "secret", Sender: "R", Mail: account.Mail{Authors: rules.Authors, Reports: account.ReportsAsked}},
			account.Account{Name: "hook", Password: "secret", Sender: "R", Webhook: "http://127.0.0.1/", Mail: account.Mail{Authors: rules.Authors, Reports: account.ReportsNone}},
			account.Account{Name: "hooked", Password: "secret", Sender: "R", Webhook: "http://127.0.0.1/", Mail: rules},
		), nil)
		b.server.o.Accounts = func() *account.Directory { return accounts }
		c := b.signedIn(test.account)
		c.say("250", "MAIL FROM:<anna@example.se> RET=HDRS ENVID=QQ+2B314159")
		c.say("250", "RCPT TO:<0701234567@sms.example.se>%s", test.notify)
		c.data("250", test.head+mailHello)
		s := b.gateway.taken()[0]
		if s.Receipts != test.want || s.Target.Kind != test.kind {
			t.Errorf("%s: %s is told %b", name, s.Target.Kind, s.Receipts)
		}
		if test.kind != message.MailTarget {
			continue
		}
		want := message.MailReturn{Author: "anna@example.se", Recipient: "0701234567@sms.example.se", Envelope: "QQ+314159"}
		if len(test.notify) > 30 {
			want.Original = "RFC822;Bob@Example.COM"
		}
		if got := message.ReadMailReturn(s.Target.Address); got != want {
			t.Errorf("%s: it goes back as %+v", name, got)
		}
	}
}

// TestMailAnswerNotify: an answer to a phone is its author's, whoever is told of its states.
func TestMailAnswerNotify(t *testing.T) {
	t.Parallel()
	b, address := answerBench(t, "198.51.100.7")
	c := b.hello()
	c.say("250", "MAIL FROM:<eva@elsewhere.org>")
	c.say("250", "RCPT TO:<%s> NOTIFY=SUCCESS", address(7))
	c.data("250", mailReply)
	if s := b.gateway.taken()[0]; s.Receipts != message.ReceiptSuccess || message.ReadMailReturn(s.Target.Address).Author != "eva@elsewhere.org" {
		t.Errorf("%+v is told %b", s.Target, s.Receipts)
	}
	c.envelope("eva@elsewhere.org", address(7))
	c.data("250", "Auto-Submitted: auto-generated\nMessage-ID: <4@x>\n\nA program that answers\n")
	if s := b.gateway.taken()[0]; s.Receipts != 0 || message.ReadMailReturn(s.Target.Address).Author != "eva@elsewhere.org" {
		t.Errorf("%+v is told %b", s.Target, s.Receipts)
	}
}
