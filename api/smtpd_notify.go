package api

import (
	"github.com/emersion/go-smtp"

	"kurir/account"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// Who wrote a mail hears what became of it: DSN (RFC 3461) or a header asks for it, or it failed. What he asked is kept with the
// message, as its target and the states that this is told; MailOut writes the reports.

// smtpNotify is which states each word of NOTIFY asks for (RFC 3461 4.1); NEVER asks for none.
var smtpNotify = map[smtp.DSNNotify]message.Receipts{
	smtp.DSNNotifySuccess: message.ReceiptSuccess, smtp.DSNNotifyFailure: message.ReceiptFailure, smtp.DSNNotifyDelayed: message.ReceiptIntermediate,
	smtp.DSNNotifyNever: 0,
}

// receiptHeaders are fields by which programs ask for a receipt that do not speak DSN.
var receiptHeaders = []string{"Disposition-Notification-To", "Return-Receipt-To"}

// notify has the author told what becomes of a message, as he and his account say. What a program wrote is answered only where
// NOTIFY asks for it. Where nothing is to be told, and the account has a webhook, that is told instead; an answer to a phone is
// always its author's.
func (s *smtpSession) notify(sub *gateway.Submission, r *smtpRecipient, letter *mail.Letter) {
	back := s.returnTo(r)
	if back.IsZero() {
		return
	}
	rules := s.mail
	origin, _ := letter.Origin(s.author)
	var told message.Receipts
	ours := true // and not the webhook's
	switch {
	case rules.Reports == account.ReportsNone:
		ours = sub.Target.IsZero()
	case len(r.dsn.Notify) > 0:
		for _, word := range r.dsn.Notify {
			told |= smtpNotify[word]
		}
	case !origin.Answerable():
		ours = false
	default:
		if rules.Reports != account.ReportsAsked {
			told = message.ReceiptFailure
		}
		if rules.ReceiptHeaders && (letter.Header(receiptHeaders[0]) != "" || letter.Header(receiptHeaders[1]) != "") {
			told = message.ReceiptFinal
		}
	}
	if ours || r.answers != nil {
		sub.Target, sub.Receipts = back, told
	}
}

// returnTo is who wrote the mail, and what he is told of it. Nobody is without a mail server, and none at whose address mail
// would come back to us.
func (s *smtpSession) returnTo(r *smtpRecipient) message.Target {
	set := s.s.o.Mail()
	if set == nil || set.Server == "" || !message.IsMailbox(s.author) || set.Own(s.author) || s.s.takes(message.MailDomain(s.author)) {
		return message.Target{}
	}
	back := message.MailReturn{Author: s.author, Recipient: r.written, Envelope: s.envelope.EnvelopeID}
	if r.dsn.OriginalRecipient != "" {
		back.Original = string(r.dsn.OriginalRecipientType) + ";" + r.dsn.OriginalRecipient
	}
	if r.answers != nil {
		back.Case = r.answers.Case
	}
	target := message.Target{Kind: message.MailTarget, Account: s.of.Name, Address: back.Address()}
	if _, duty := gateway.MailRota(target); duty {
		return message.Target{} // it is not to be taken for that
	}
	return target
}
