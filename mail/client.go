package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"time"
)

// Server is an SMTP server that takes mail.
type Server struct {
	Addr     string // host:port
	TLS      string // starttls, tls or none; empty is starttls
	User     string // empty: no authentication
	Password string
	Timeout  time.Duration // of a whole delivery; 0 is 30 s
	Roots    *tls.Config   // nil for the system's; only for tests
}

// Send hands one mail to the server. Nil says that the server took it for all
// recipients.
func (s *Server) Send(ctx context.Context, m *Message) error {
	return s.Deliver(ctx, m.From, m.To, m.Bytes())
}

// Deliver hands a mail that is written to the server, as Send does. From is empty
// for reports, which nothing is to answer.
func (s *Server) Deliver(ctx context.Context, from string, to []string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	_, c, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("mail server %s: %w", s.Addr, err)
	}
	defer func() { _ = c.Close() }()
	if err := s.transfer(c, from, to, data); err != nil {
		return fmt.Errorf("mail server %s: %w", s.Addr, err)
	}
	_ = c.Quit() // it has the mail, whatever it says now
	return nil
}

// timeout is that of a whole delivery.
func (s *Server) timeout() time.Duration {
	if s.Timeout == 0 {
		return 30 * time.Second
	}
	return s.Timeout
}

// connect makes a session that is encrypted, if it is to be, and authenticated.
func (s *Server) connect(ctx context.Context) (net.Conn, *smtp.Client, error) {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, nil, err
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.Roots != nil {
		conf.RootCAs = s.Roots.RootCAs
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if s.TLS == "tls" {
		conn = tls.Client(conn, conf)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	if err := s.prepare(c, host, conf); err != nil {
		_ = c.Close()
		return nil, nil, err
	}
	return conn, c, nil
}

func (s *Server) prepare(c *smtp.Client, host string, conf *tls.Config) error {
	if s.TLS == "" || s.TLS == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return errors.New("it offers no STARTTLS, and nothing is to be sent in plain text")
		}
		if err := c.StartTLS(conf); err != nil {
			return err
		}
	}
	if s.User == "" {
		return nil
	}
	return c.Auth(smtp.PlainAuth("", s.User, s.Password, host))
}
