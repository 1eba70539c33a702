package api

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"kurir/account"
)

// smtpSession is one client since EHLO or STARTTLS. go-smtp calls one method at a time.
type smtpSession struct {
	s       *SMTPServer
	conn    *smtpConn
	peer    netip.Addr
	private bool   // encrypted, or from this machine
	signed  string // name of the account that signed in; empty: none
	failed  int    // sign-ins
	refused int    // commands, since the last mail that was accepted

	// Of the mail under way.
	author   string            // of MAIL FROM; empty: none was named
	envelope *smtp.MailOptions // of it, while there is one
	of       *account.Account
	mail     *account.Mail   // of its mail, what holds for the domain written to
	from     string          // sender, where the account does not say it
	alien    *smtp.SMTPError // why he may only answer phones; nil where he may write to them
	to       []smtpRecipient
}

// smtpMostRefused is how many commands of a session are refused between two mails that are accepted. Then it is over: who tries
// one number after the other, or one author, learns little.
const smtpMostRefused = 20

// session implements smtp.Backend.
func (s *SMTPServer) session(c *smtp.Conn) (smtp.Session, error) {
	conn := smtpConnOf(c.Conn())
	peer := peerAddr(conn.RemoteAddr())
	_, encrypted := c.TLSConnectionState()
	return &smtpSession{s: s, conn: conn, peer: peer, private: encrypted || peer.IsLoopback()}, nil
}

// Reset implements smtp.Session: the mail under way is over.
func (s *smtpSession) Reset() {
	s.author, s.envelope, s.of, s.mail, s.from, s.alien, s.to = "", nil, nil, nil, "", nil, nil
}

// Logout implements smtp.Session.
func (s *smtpSession) Logout() error { return nil }

// Mail implements smtp.Session. Whether the author may write is known when a recipient says where to, unless he signed in.
func (s *smtpSession) Mail(from string, envelope *smtp.MailOptions) error {
	s.Reset()
	switch {
	case s.s.ends() || s.conn.over.Load():
		return smtpRefuse(421, "4.3.2", "this session is over; try again later")
	case from == "":
		return s.refuse(smtpRefuse(550, "5.7.1", "mail without an author, such as bounces and automatic answers, is not sent to phones"))
	case !strings.Contains(from, "@") || !utf8.ValidString(from):
		return s.refuse(smtpRefuse(553, "5.1.7", "<%s> is no address such as anna@example.se", strings.ToValidUTF8(from, "?")))
	}
	s.author, s.envelope = from, envelope
	if s.signed != "" {
		a := s.s.o.Accounts().ByName(s.signed)
		if a != nil && !a.Mail.MayWrite(from) {
			s.alien = smtpRefuse(550, "5.7.1", "<%s> may not write for account %s: it is none of its authors", from, a.Name)
			if s.s.o.Tokens() == nil {
				s.author = ""
				return s.refuse(s.alien)
			}
		}
	}
	return nil
}

// refuse counts what was refused. After some the session is over.
func (s *smtpSession) refuse(why *smtp.SMTPError) *smtp.SMTPError {
	s.s.counts.causes.count(why)
	if why.Code/100 != 5 {
		return why
	}
	s.s.counts.refused.Add(1)
	if s.refused++; s.refused >= smtpMostRefused {
		s.conn.dismiss()
		return smtpRefuse(421, "4.7.0", "too much was refused: %s", why.Message)
	}
	return why
}

// Rcpt implements smtp.Session.
func (s *smtpSession) Rcpt(to string, dsn *smtp.RcptOptions) error {
	if is, no := s.answerRecipient(to, dsn); no != nil {
		return s.refuse(no)
	} else if is {
		return nil
	}
	if s.alien != nil {
		return s.refuse(s.alien)
	}
	domain := to[strings.LastIndexByte(to, '@')+1:]
	if !s.s.takes(domain) || domain == to {
		return s.refuse(smtpRefuse(550, "5.7.1", "relaying denied: this server takes mail to phones at %s", strings.Join(s.s.o.Domains, ", ")))
	}
	a, no := s.account(domain)
	if no != nil {
		return s.refuse(no)
	}
	if s.of != nil && s.of.Name != a.Name {
		return smtpRefuse(452, "4.5.3", "<%s> is for account %s, and recipients before it for %s: send another mail", to, a.Name, s.of.Name)
	}
	at := a.Mail.At(domain)
	if s.of != nil && s.mail.Entry() != at.Entry() {
		return smtpRefuse(452, "4.5.3", "<%s> is at a domain for which other rules hold than for the recipients before it: send another mail", to)
	}
	if s.of == nil {
		s.of, s.mail = a, at
		if no := s.findSender(); no != nil {
			return no
		}
	}
	r, no := s.recipient(to)
	if no != nil {
		return s.refuse(no)
	}
	r.dsn = dsn
	s.to = append(s.to, r)
	return nil
}
