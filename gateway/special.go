package gateway

import (
	"kurir/account"
	"kurir/message"
)

// SecretText tells whether a text that an account sends is shown to nobody, by
// the rules of the account and of the server.
func (s *Snapshot) SecretText(a *account.Account, from message.Address, text string) bool {
	rules := a.SecretRules()
	return (rules != nil || s.Secret != nil) && (rules.Hold(from, text) || s.Secret.Hold(from, text))
}

// special gives a message what few have.
func (s *Snapshot) special(m *message.Message, sub *Submission) *message.Failure {
	m.Special = sub.Account.Special()
	if f := s.putDown(m, sub); f != nil {
		return f
	}
	secret := sub.Secret || s.SecretText(sub.Account, m.From, m.Content.Text)
	if !secret && sub.Tag == "" && sub.Mailing == 0 {
		return nil
	}
	if problem := message.NameProblem(sub.Tag); problem != "" {
		return message.Fail(message.BadContent, "tag", "the tag %s", problem)
	}
	m.Special = m.Special.With(func(x *message.Special) { x.Secret, x.Tag, x.Mailing = secret, sub.Tag, sub.Mailing })
	return nil
}
