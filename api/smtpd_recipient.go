package api

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/mail"
	"kurir/message"
	"kurir/rota"
)

// smtpRecipient is one RCPT.
type smtpRecipient struct {
	written string // the address
	to      string // a number, contact:NAME, group:NAME or rota:NAME
	options mail.Options
	dsn     *smtp.RcptOptions // what of it is to be told

	answers *message.Inbound    // the message from a phone that is answered at it; nil for others
	answer  *gateway.Submission // and how the answer begins
}

// person tells whether it stands for what the directory says.
func (r *smtpRecipient) person() bool {
	kind, _ := directory.ParseRecipient(r.to)
	return kind != directory.NumberRecipient
}

// smtpAskWait is how long the database may take for a question of a command.
const smtpAskWait = 10 * time.Second

// recipient reads an address, and looks at whether what it stands for can be written to.
func (s *smtpSession) recipient(address string) (r smtpRecipient, no *smtp.SMTPError) {
	if own, err := mail.SplitRecipient(address); err == nil {
		if p := s.s.core.Rotas().ByMail(s.of.Name, own.Name, own.Domain); p != nil {
			return s.onDuty(smtpRecipient{written: address, options: own.Options}, p.Rota.Name)
		}
	}
	to, err := mail.ParseRecipient(address)
	if err != nil {
		return r, smtpRefuse(550, "5.1.3", "<%s>: %v", address, err)
	}
	r = smtpRecipient{written: address, options: to.Options}
	ctx, cancel := context.WithTimeout(context.Background(), smtpAskWait)
	defer cancel()
	switch to.Kind {
	case mail.Group:
		r.to = "group:" + to.Name
		_, err = s.s.core.FindGroup(ctx, s.of.Name, to.Name)
	case mail.Contact:
		r.to = "contact:" + to.Name
		_, err = s.s.core.FindContact(ctx, s.of.Name, to.Name)
	case mail.Rota:
		return s.onDuty(r, to.Name)
	case mail.Number:
		r.to = to.Name
		_, f := s.s.core.Preview(s.submission(&r, "x", s.s.o.Now()))
		if f != nil {
			return r, smtpFailed(address, f)
		}
	}
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return r, smtpRefuse(550, "5.1.1", "<%s>: account %s has no %s of that name", address, s.of.Name, to.Kind)
	case err != nil:
		return r, smtpRefuse(451, "4.3.0", "the database did not answer in time; try again later")
	}
	return r, nil
}

// onDuty gives the recipient that stands for whoever is on duty in a rota of the account. Upper and lower case of its name are one, as
// mail programs write it. Where nobody is on duty now the author is told at once.
func (s *smtpSession) onDuty(r smtpRecipient, name string) (smtpRecipient, *smtp.SMTPError) {
	for _, p := range s.s.core.Rotas().All() {
		if own := p.Rota; own.Account == s.of.Name && (r.to == "" && strings.EqualFold(own.Name, name) || own.Name == name) {
			r.to = rota.Prefix + own.Name
		}
	}
	if r.to == "" {
		return r, smtpRefuse(550, "5.1.1", "<%s>: account %s has no %s of that name", r.written, s.of.Name, mail.Rota)
	}
	_, no := s.phones(&r)
	return r, no
}

// findSender finds the sender: the author's own number or mobile where that is to be it and he has one, else that of the rules for mail.
func (s *smtpSession) findSender() *smtp.SMTPError {
	s.from = s.mail.Sender
	switch s.mail.AuthorSender {
	case account.AuthorMobile:
	case account.AuthorNumber:
		s.from = cmp.Or(s.s.core.MailNumber(s.of, account.FoldMail(s.author)), s.from)
		return nil
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), smtpAskWait)
	defer cancel()
	for _, address := range []string{s.author, account.FoldMail(s.author)} {
		list, err := s.s.core.Contacts(ctx, gateway.PeopleFilter{Account: s.of.Name, Mail: address, Limit: 1})
		if err != nil {
			return smtpRefuse(451, "4.3.0", "the database did not answer in time; try again later")
		}
		if len(list) > 0 && list[0].Mobile != "" {
			s.from = list[0].Mobile
			return nil
		}
	}
	return nil
}

// submission is a message to one recipient, as what he and his account say make it.
func (s *smtpSession) submission(r *smtpRecipient, text string, now time.Time) *gateway.Submission {
	a := s.of
	sub := &gateway.Submission{
		Account: a, Via: message.ViaSMTP, From: s.from, To: r.to, MaxParts: s.mail.MaxParts, Tag: r.options.Tag, Dialog: s.mail.Dialog,
		Content: message.Content{Text: text, Want: gsm.Auto, Class: gsm.NoClass, Extra: a.Extra(nil)}, Priority: accountPriority(a),
	}
	if r.options.Flash {
		sub.Content.Class = 0
	}
	if r.options.High {
		sub.Priority = max(sub.Priority, message.High)
	}
	sub.SendAt, _ = r.options.When(now.In(a.Location())) // looked at when the mail was read
	sub.Receipts = receiptsNamed[""]
	if a.Webhook != "" {
		sub.Target = message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook}
	}
	return sub
}
