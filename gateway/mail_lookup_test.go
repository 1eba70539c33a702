package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// mailSnapshot has one of everything that leads to a mailbox.
func mailSnapshot(t *testing.T, order ...string) *Snapshot {
	t.Helper()
	number := func(text string) (string, bool) { return text, message.AllDigits(text) }
	aliases, mistakes, err := directory.ReadAliases(strings.NewReader("desk: other@example.se\nfiled: filed@example.se\n4611111: number@example.se\n12: extended@example.se\n"), number, func(string) string { return "" })
	if err != nil || len(mistakes) > 0 {
		t.Fatal(mistakes, err)
	}
	own := directory.OwnAliases([]directory.Alias{{Name: "desk", To: []string{"desk@example.se"}}, {Name: "4655555", To: []string{"own@example.se"}}}, number,
		func(string) string { return "" }, func(i int, field, problem string) { t.Errorf("alias %d: %s %s", i, field, problem) })
	return &Snapshot{
		Accounts: account.NewDirectory([]account.Account{
			{Name: "acme", Numbers: []string{"4611111"}},
			{Name: "beta", Numbers: []string{"4622222"}, MailTo: []string{"beta@example.se", "b2@example.se"}},
			{Name: "gamma", Webhook: "http://127.0.0.1/gamma", MailTo: []string{"gamma@example.se"}},
		}, nil),
		Inbound: NewInboundTable([]InboundRule{
			{From: route.Patterns{"46700000009"}, Do: []InboundAction{{Mail: route.Patterns{"rule@example.se"}}}},
			{Keyword: route.Patterns{"tagged"}, Do: []InboundAction{{Tag: "x"}}},
		}),
		Mail: &Mail{
			Domain: "sms.example.se", Extended: []string{"+4622222"}, Addresses: []string{"*@example.se", "eve@example.com", "*@sms.example.se"}, Order: order,
			Default: []DefaultMailbox{{Number: "4633333", To: route.Patterns{"three@example.se"}}, {Link: "op2", To: route.Patterns{"link@example.se"}}, {To: route.Patterns{"nobody@example.se"}}},
		},
		Aliases: directory.NewAliasBook(own, aliases),
		Replies: []ReplyRule{{Number: "+4622222", Digits: 2}},
	}
}

// TestMailLookup: the first step that finds something decides, in the order of the settings; each address is a target of its own.
func TestMailLookup(t *testing.T) {
	t.Parallel()
	writer := replyTo{to: 7, account: "gamma"}
	byMail := replyTo{to: 7, account: "gamma", author: "eva@example.com"}
	for _, c := range []struct {
		from, to, link, text string
		order                []string
		answer               replyTo
		rule, account, mails string
	}{
		{to: "4611111", text: "desk", rule: ruleNumber, account: "acme", mails: "number@example.se"},
		{to: "4611111", text: "desk", order: []string{"word", "number"}, rule: ruleWord, account: "acme", mails: "desk@example.se"},
		{to: "4622222", text: "Desk: hello", rule: ruleWord, account: "beta", mails: "desk@example.se"},
		{to: "4622222", text: "filed", rule: ruleWord, account: "beta", mails: "filed@example.se"},
		{to: "4655555", text: "hello", rule: ruleNumber, mails: "own@example.se"},
		{to: "4622222", text: "Desk: hello", from: "46700000009", rule: "inbound[0]", account: "beta", mails: "rule@example.se"},
		{to: "462222212", text: "hello", rule: ruleExtended, account: "beta", mails: "extended@example.se"},
		{to: "462222213", text: "hello", rule: "", account: "beta", mails: "beta@example.se b2@example.se"}, // digits of no dialog are left out
		{to: "4622222", text: "anna@Example.SE: hello", rule: ruleAddress, account: "beta", mails: "anna@Example.SE"},
		{to: "4622222", text: " eve@example.com", rule: ruleAddress, account: "beta", mails: "eve@example.com"},
		{to: "4622222", text: "bo@example.com hello", account: "beta", mails: "beta@example.se b2@example.se"},
		{to: "4622222", text: "x@sms.example.se hello", account: "beta", mails: "beta@example.se b2@example.se"}, // it would come back
		{to: "4622222", text: "hello", answer: writer, rule: ruleLastWriter, account: "gamma", mails: "gamma@example.se"},
		{to: "4622222", text: "hello", answer: byMail, rule: ruleLastWriter, account: "gamma", mails: "eva@example.com"}, // and not the account
		{to: "4622222", text: "desk", answer: writer, rule: ruleWord, account: "beta", mails: "desk@example.se"},
		{to: "4622222", text: "desk", answer: writer, order: []string{"writer", "word"}, rule: ruleLastWriter, account: "gamma", mails: "gamma@example.se"},
		{to: "4622222", text: "hello", answer: writer, order: []string{"word"}, account: "beta", mails: "beta@example.se b2@example.se"},
		{to: "4622222", text: "tagged", answer: writer, rule: "tagged", account: "beta", mails: "beta@example.se b2@example.se"},
		{to: "4633333", text: "hello", rule: ruleDefault, mails: "three@example.se"},
		{to: "4622222", link: "op2", text: "hello", rule: ruleDefault, account: "beta", mails: "link@example.se"},
		{to: "4644444", link: "op1", text: "hello", rule: ruleDefault, mails: "nobody@example.se"},
	} {
		s := mailSnapshot(t, c.order...)
		in := &message.Inbound{From: message.Address{Number: c.from}, To: message.Address{Number: c.to}, Link: c.link, Content: message.Content{Text: c.text}}
		dialog := s.withoutDigits(in, c.answer)
		s.addressAnswer(in, c.answer, dialog, time.Now())
		var mails []string
		for _, target := range in.Targets {
			if target.Kind == message.MailTarget {
				mails = append(mails, target.Address)
			}
		}
		if in.Rule != c.rule || in.Account != c.account || !slices.Equal(mails, strings.Fields(c.mails)) {
			t.Errorf("%q to %s, order %v: rule %q, account %q, mails %v; want %q, %q, %s", c.text, c.to, c.order, in.Rule, in.Account, mails, c.rule, c.account, c.mails)
		}
	}
}

// TestMailDialog: an open dialog comes before all aliases.
func TestMailDialog(t *testing.T) {
	t.Parallel()
	s := mailSnapshot(t)
	in := &message.Inbound{To: message.Address{Number: "462222212"}, Content: message.Content{Text: "desk"}}
	a := replyTo{to: 7, account: "gamma"}
	s.addressAnswer(in, a, s.withoutDigits(in, a), time.Now())
	if in.Rule != ruleDialog || in.Account != "gamma" || in.Answers != 7 || in.To.Number != "4622222" {
		t.Errorf("it is %+v", in)
	}
}

// TestMailNumber: the line of the alias file by which a number leads to a mailbox gives that mailbox the number as a sender, whole or
// behind a number of ours.
func TestMailNumber(t *testing.T) {
	t.Parallel()
	g, s := &Gateway{}, mailSnapshot(t)
	g.snap.Store(s)
	acme, beta := s.Accounts.ByName("acme"), s.Accounts.ByName("beta")
	for _, c := range []struct {
		of            *account.Account
		address, want string
	}{
		{acme, "Number@example.se", "+4611111"},
		{beta, "number@example.se", "+4611111"},
		{beta, "extended@example.se", "+462222212"},
		{acme, "extended@example.se", "+461111112"},
		{acme, "desk@example.se", ""},
	} {
		s.Mail.Extended = []string{"+4699999", "+4622222", "+4611111"}
		if got := g.MailNumber(c.of, c.address); got != c.want {
			t.Errorf("the number of %s for %s is %q, want %q", c.address, c.of.Name, got, c.want)
		}
	}
	if s.Mail.Extended = nil; g.MailNumber(beta, "extended@example.se") != "12" {
		t.Error("without extended numbers it is no short code")
	}
}
