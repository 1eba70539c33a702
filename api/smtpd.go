package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/rota"
)

// SMTPServer takes mails to phones: 070123456@sms.example.se is a phone, a mail to it a message of an account. The procedure:
//
//  1. A client may encrypt and sign in with an account's name and password, from elsewhere than this machine encrypted only
//     (smtpd_auth.go). Wrong passwords are answered slowly (login_penalty.go).
//  2. MAIL names the author, RCPT a phone, a contact, a group or whoever is on duty in a rota. Each is looked at when it is named: whose domain it is, for
//     which account the author writes there, whether the phone can be reached (smtpd_session.go, smtpd_recipient.go).
//  3. DATA is read as it comes, bounded in octets, text and time, and becomes a text by the account's rule (smtpd_data.go).
//  4. All messages of a mail become one Accept, all or none; 250 is answered when they are on disk. What will not do is
//     refused with a sentence, 4xx where it may do later (smtpd_reply.go).
//
// What a client may send before a mail of his is accepted is bounded (smtpd_conn.go), and so is how much an author may write
// (smtpd_author.go).
type SMTPServer struct {
	core    smtpCore
	o       SMTPOptions
	server  *smtp.Server
	penalty loginPenalty
	authors authorCounts
	counts  smtpCounts
	serving atomic.Bool   // Serve runs
	ending  chan struct{} // closed when Serve is to end

	mu    sync.Mutex
	conns map[*smtpConn]struct{}
}

// smtpCore is the gateway as mails need it.
type smtpCore interface {
	Accept(subs []*gateway.Submission, done gateway.Done)
	Preview(sub *gateway.Submission) (*gateway.Preview, *message.Failure)
	Contacts(ctx context.Context, f gateway.PeopleFilter) ([]*gateway.Contact, error)
	FindContact(ctx context.Context, account, named string) (*gateway.Contact, error)
	FindGroup(ctx context.Context, account, named string) (*gateway.Group, error)
	smtpAnswers
	AddressSome(ctx context.Context, m *gateway.Mailing, most int) (list []gateway.Addressed, more bool, err error)
	Rotas() *rota.Set
	MailNumber(a *account.Account, address string) string
}

// SMTPOptions is what an SMTPServer is made of. Accounts, Verifier and Domains are required.
type SMTPOptions struct {
	Accounts   func() *account.Directory // those in force
	Verifier   *account.Verifier
	Dimensions func() *message.CostDimensions // nil for none
	Tokens     func() *MailTokens             // at whose addresses phones are answered; nil for none
	Mail       func() *gateway.Mail           // settings in force by which mails go out; nil for none
	Log        *slog.Logger
	Now        func() time.Time // the wall clock; nil: time.Now

	TLS           *tls.Config // for STARTTLS and the second listener; nil: neither
	Name          string      // by which it greets; empty: the first of Domains
	Domains       []string    // of addresses that stand for phones
	MaxSize       int64       // octets of a mail; 0: 10 MiB
	MaxRecipients int         // of a mail; 0: 100
	Timeout       time.Duration
	AcceptWait    time.Duration // for the database; 0: 30 s
}

const (
	smtpMaxSize       = 10 << 20
	smtpMaxRecipients = 100
	smtpTimeout       = 5 * time.Minute // RFC 5321 4.5.3.2.7
	smtpWriteTimeout  = time.Minute
	smtpAcceptWait    = 30 * time.Second // a client waits ten minutes for the answer to a mail (RFC 5321 4.5.3.2.6)
	smtpMaxLine       = 12288 + 2        // octets; that is AUTH's (RFC 4954 4), a mail's have 1000 (RFC 5321 4.5.3.1.6)
	smtpStopWait      = 5 * time.Second  // for mails that are being read
)

// NewSMTPServer makes a server; Serve runs it.
func NewSMTPServer(g *gateway.Gateway, o SMTPOptions) *SMTPServer { return newSMTPServer(g, o) }

func newSMTPServer(core smtpCore, o SMTPOptions) *SMTPServer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dimensions == nil {
		o.Dimensions = func() *message.CostDimensions { return nil }
	}
	if o.Tokens == nil {
		o.Tokens = func() *MailTokens { return nil }
	}
	if o.Mail == nil {
		o.Mail = func() *gateway.Mail { return nil }
	}
	if o.Name == "" && len(o.Domains) > 0 {
		o.Name = o.Domains[0]
	}
	orDefault(&o.MaxSize, smtpMaxSize)
	orDefault(&o.MaxRecipients, smtpMaxRecipients)
	orDefault(&o.Timeout, smtpTimeout)
	orDefault(&o.AcceptWait, smtpAcceptWait)
	s := &SMTPServer{core: core, o: o, ending: make(chan struct{}), conns: map[*smtpConn]struct{}{}}
	s.server = smtp.NewServer(smtp.BackendFunc(s.session))
	s.server.Domain, s.server.TLSConfig = o.Name, o.TLS
	s.server.MaxMessageBytes, s.server.MaxRecipients, s.server.MaxLineLength = o.MaxSize, o.MaxRecipients, smtpMaxLine
	s.server.ReadTimeout, s.server.WriteTimeout = o.Timeout, smtpWriteTimeout
	s.server.AllowInsecureAuth = true // each session decides (smtpSession.Auth)
	s.server.EnableSMTPUTF8, s.server.EnableDSN = true, true
	s.server.ErrorLog = smtpLog{o.Log}
	return s
}

// orDefault puts a default in place of a zero.
func orDefault[T comparable](v *T, standard T) {
	var zero T
	if *v == zero {
		*v = standard
	}
}

// Serve accepts connections until ctx ends, then lets mails that are being read end and returns nil; any other error is the
// listener's. Those of secure, which may be nil, are encrypted from the first octet on. It runs once.
func (s *SMTPServer) Serve(ctx context.Context, plain, secure net.Listener) error {
	listeners := []net.Listener{&smtpListener{plain, s}}
	if secure != nil {
		if s.o.TLS == nil {
			return errors.New("a listener with TLS needs a certificate")
		}
		listeners = append(listeners, tls.NewListener(&smtpListener{secure, s}, s.o.TLS))
	}
	s.serving.Store(true)
	defer s.serving.Store(false)
	failed := make(chan error, len(listeners))
	var serving sync.WaitGroup
	for _, l := range listeners {
		serving.Go(func() { failed <- s.server.Serve(l) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.stop()
	for _, l := range listeners { // one that began to be served only now is not known to go-smtp when it shuts down
		_ = l.Close()
	}
	serving.Wait()
	return err
}

// stop ends the sessions: those that are reading a mail get some time for it, the others are told at once.
func (s *SMTPServer) stop() {
	close(s.ending)
	for _, c := range s.open() {
		c.hurry()
	}
	ctx, cancel := context.WithTimeout(context.Background(), smtpStopWait)
	defer cancel()
	_ = s.server.Shutdown(ctx)
	for _, c := range s.open() {
		_ = c.Close()
	}
}

// open gives the connections that there are.
func (s *SMTPServer) open() []*smtpConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*smtpConn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// ends tells whether Serve is to end.
func (s *SMTPServer) ends() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}

// takes tells whether addresses of a domain stand for phones.
func (s *SMTPServer) takes(domain string) bool {
	for _, own := range s.o.Domains {
		if strings.EqualFold(own, domain) {
			return true
		}
	}
	return false
}

// smtpLog writes what go-smtp has to say: broken connections, which are no news.
type smtpLog struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (l smtpLog) Printf(format string, v ...any) {
	l.log.Debug("mail session broken", "why", fmt.Sprintf(format, v...))
}

// Println implements smtp.Logger.
func (l smtpLog) Println(v ...any) { l.log.Debug("mail session broken", "why", fmt.Sprint(v...)) }
