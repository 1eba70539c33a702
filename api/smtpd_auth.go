package api

import (
	"context"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kurir/account"
)

// AuthMechanisms implements smtp.AuthSession: what EHLO announces.
func (s *smtpSession) AuthMechanisms() []string {
	if !s.private {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth implements smtp.AuthSession.
func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	if !s.private {
		return nil, smtpRefuse(538, "5.7.11", "names and passwords are taken over TLS only: STARTTLS first")
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, name, password string) error {
			if identity != "" && identity != name {
				return s.wrong(smtpRefuse(535, "5.7.8", "nobody signs in for somebody else"))
			}
			return s.signIn(name, password)
		}), nil
	case sasl.Login:
		return &saslLogin{check: s.signIn}, nil
	}
	return nil, smtpRefuse(504, "5.5.4", "there are PLAIN and LOGIN")
}

// saslLogin is the server of LOGIN, which Outlook and old programs speak: name and password are asked for one after the
// other (draft-murchison-sasl-login).
type saslLogin struct {
	check func(name, password string) error
	name  *string
}

// Next implements sasl.Server.
func (l *saslLogin) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.name == nil:
		name := string(response)
		l.name = &name
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.name, string(response))
}

// signIn finds the account of a name and a password. A failure is answered slowly.
func (s *smtpSession) signIn(name, password string) error {
	wrong := smtpRefuse(535, "5.7.8", "name or password is wrong")
	if s.conn.over.Load() {
		return wrong
	}
	if !s.s.penalty.admits(s.peer, name, password) {
		s.s.penalty.hold(s.peer, s.s.ending) // neither logged nor verified: a storm
		return s.wrong(smtpRefuse(454, "4.7.0", "too many sign-ins from here fail; try again later"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), smppVerifyWait)
	defer cancel()
	a, err := s.s.o.Verifier.Authenticate(ctx, s.s.o.Accounts(), name, password)
	why := ""
	switch {
	case err != nil && ctx.Err() != nil:
		return smtpRefuse(454, "4.7.0", "the password could not be verified in time; try again later")
	case err != nil:
		why = "name or password is wrong"
	case !a.MayComeFrom(s.peer):
		why = "the account may not come from this address"
	default:
		s.s.penalty.forgive(s.peer, name, password)
		s.signed = a.Name
		return nil
	}
	s.s.o.Log.Warn("sign-in for mail refused", "account", clip(name), "peer", s.peer, "why", why)
	s.s.penalty.wait(s.peer, s.s.ending)
	return s.wrong(wrong)
}

// smtpMostWrong is how many sign-ins of one connection may fail.
const smtpMostWrong = 3

// wrong counts a sign-in that failed. After some the connection is over.
func (s *smtpSession) wrong(why *smtp.SMTPError) *smtp.SMTPError {
	s.s.counts.signIns.Add(1)
	if s.failed++; s.failed >= smtpMostWrong {
		s.conn.dismiss()
	}
	return why
}

// account is the one for which an author writes to a domain; the error says why there is none.
func (s *smtpSession) account(domain string) (*account.Account, *smtp.SMTPError) {
	directory := s.s.o.Accounts()
	if s.signed == "" {
		if a := directory.ByMail(s.peer, s.author, domain); a != nil {
			return a, nil
		}
		return nil, smtpRefuse(550, "5.7.1", "<%s> may not write to phones at %s from %s: sign in, or ask who runs this server", s.author, domain, s.peer)
	}
	a := directory.ByName(s.signed)
	switch {
	case a == nil || !a.MayComeFrom(s.peer):
		return nil, smtpRefuse(550, "5.7.1", "account %s may not send any more", s.signed)
	case !a.Mail.MayWriteTo(s.author, domain):
		return nil, smtpRefuse(550, "5.7.1", "<%s> may not write to phones at %s for account %s: it is none of its authors", s.author, strings.ToLower(domain), a.Name)
	case !a.Mail.TakesMailTo(domain):
		return nil, smtpRefuse(550, "5.7.1", "account %s writes to phones at %s", a.Name, strings.ToLower(a.Mail.Domain))
	}
	return a, nil
}
