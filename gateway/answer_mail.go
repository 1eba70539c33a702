package gateway

import (
	"kurir/gsm"
	"kurir/message"
)

// AnswerTo makes the beginning of a message by which a person answers one from a
// phone: on its account, to the phone, from the number that this wrote to. Text,
// target and how it came are left to the caller. The failure says why it cannot be
// answered.
func (g *Gateway) AnswerTo(in *message.Inbound) (*Submission, *message.Failure) {
	snap := g.snap.Load()
	a := snap.Accounts.ByName(in.Account)
	if a == nil {
		return nil, message.Fail(message.NotPermitted, "account", "the message from the phone belongs to no account on which it could be answered")
	}
	phone, why := snap.answerable(a, in)
	if why != "" {
		return nil, message.Fail(message.BadRecipient, "to", "it cannot be answered: %s", why)
	}
	return &Submission{
		Account: a, ToAddr: phone, FromAddr: in.To, Tag: in.Tag, Answer: true, Anytime: true, Priority: message.High,
		Content: message.Content{Class: gsm.NoClass},
	}, nil
}

// authorOf is who wrote a message as a mail, where his address is kept with it;
// empty for others.
func authorOf(m *message.Message) string {
	if m.Via != message.ViaSMTP || m.Target.Kind != message.MailTarget {
		return ""
	}
	return message.ReadMailReturn(m.Target.Address).Author
}
