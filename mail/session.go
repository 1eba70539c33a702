package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"time"
)

// Session is a connection to a server by which several mails go, one after the
// other.
type Session struct {
	server *Server
	conn   net.Conn
	client *smtp.Client
	broken bool
}

// Written is a mail that can be sent: a Message, or a Report.
type Written interface {
	Envelope() (from string, to []string)
	Bytes() []byte
}

// Open makes a session.
func (s *Server) Open(ctx context.Context) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	conn, c, err := s.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", s.Addr, err)
	}
	return &Session{server: s, conn: conn, client: c}, nil
}

// Send hands one mail to the server, within the time of a whole delivery. Nil says
// that the server took it for all recipients.
func (s *Session) Send(ctx context.Context, m Written) error {
	deadline := time.Now().Add(s.server.timeout())
	if of, ok := ctx.Deadline(); ok && of.Before(deadline) {
		deadline = of
	}
	_ = s.conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	from, to := m.Envelope()
	err := s.server.transfer(s.client, from, to, m.Bytes())
	if err == nil {
		return nil
	}
	refused := Refusal(err)
	s.broken = refused == nil || refused.Code == codeClosing || s.client.Reset() != nil
	return fmt.Errorf("mail server %s: %w", s.server.Addr, err)
}

// Usable tells whether another mail may go by the session.
func (s *Session) Usable() bool { return !s.broken }

// Close ends the session.
func (s *Session) Close() {
	_ = s.conn.SetDeadline(time.Now().Add(quitTime))
	if s.broken || s.client.Quit() != nil { // it has the mails, whatever it says now
		_ = s.client.Close()
	}
}

const (
	quitTime    = 2 * time.Second
	codeClosing = 421 // the server closes the connection (RFC 5321 4.2.2)
)

// transferError is what went wrong with one mail of a session.
type transferError struct {
	error
	content bool // the server was given the content
}

func (e *transferError) Unwrap() error { return e.error }

// Unsent tells whether the server cannot have the mail that an error is about, as
// the connection broke before its content was sent.
func Unsent(err error) bool {
	e, ok := errors.AsType[*transferError](err)
	return ok && !e.content && Refusal(err) == nil
}

// Refusal gives what the server answered with a code of 4xx or 5xx; nil where there
// was no such answer.
func Refusal(err error) *textproto.Error {
	if e, ok := errors.AsType[*textproto.Error](err); ok && e.Code >= 400 && e.Code <= 599 {
		return e
	}
	return nil
}

// Permanent tells whether the server refused the mail itself for good, and not our
// way to it, such as a login that fails.
func Permanent(err error) bool {
	refused := Refusal(err)
	if _, ok := errors.AsType[*transferError](err); !ok || refused == nil || refused.Code < 500 {
		return false
	}
	switch refused.Code {
	case 530, 534, 535, 538: // of AUTH (RFC 4954 6)
		return false
	}
	return true
}

// transfer is one mail of a session.
func (s *Server) transfer(c *smtp.Client, from string, to []string, data []byte) error {
	if err := c.Mail(from); err != nil {
		return &transferError{error: err}
	}
	for _, rcpt := range to {
		if err := c.Rcpt(rcpt); err != nil {
			return &transferError{error: fmt.Errorf("recipient %s: %w", rcpt, err)}
		}
	}
	w, err := c.Data()
	if err != nil {
		return &transferError{error: err}
	}
	if _, err = w.Write(data); err == nil {
		err = w.Close()
	}
	if err != nil {
		return &transferError{err, true}
	}
	return nil
}
