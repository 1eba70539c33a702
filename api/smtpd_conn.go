package api

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// smtpListener makes smtpConns of what another accepts.
type smtpListener struct {
	net.Listener
	s *SMTPServer
}

// Accept implements net.Listener.
func (l *smtpListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &smtpConn{Conn: conn, s: l.s}
	c.allow(0)
	l.s.mu.Lock()
	l.s.conns[c] = struct{}{}
	l.s.mu.Unlock()
	return c, nil
}

// smtpConn is the connection of a client, below TLS. It bounds what he may send without a mail of his being accepted: RSET,
// NOOP, wrong passwords and the like, for ever, are not seen by a session.
type smtpConn struct {
	net.Conn
	s      *SMTPServer
	left   atomic.Int64 // octets that he may send
	busy   atomic.Bool  // a mail is being read
	over   atomic.Bool  // nothing that he said is done any more
	tls    bool         // he was told to begin TLS
	closed sync.Once
}

const (
	smtpTalk          = 32 << 10 // octets of commands for one mail, certificates and all
	smtpTalkRecipient = 600      // and of one recipient: an address has 254, its ORCPT as much
)

// smtpConnOf finds it behind a connection of go-smtp's.
func smtpConnOf(conn net.Conn) *smtpConn {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, _ := conn.(*smtpConn)
	return c
}

// allow starts what he may send anew, with so many octets of a mail.
func (c *smtpConn) allow(octets int64) {
	c.left.Store(smtpTalk + smtpTalkRecipient*int64(c.s.o.MaxRecipients) + octets + octets/8) // TLS adds some
}

// dismiss has what he sends next not be read any more; what he is told now he still gets.
func (c *smtpConn) dismiss() { c.left.Store(0) }

// Read implements net.Conn.
func (c *smtpConn) Read(b []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(b)
	c.left.Add(-int64(n))
	return n, err
}

// What go-smtp says before it begins TLS, and the octets with which a record of that may begin.
const (
	smtpReady     = "220 2.0.0 Ready to start TLS"
	firstTLSOctet = 0x14
	lastTLSOctet  = 0x18
)

// Write implements net.Conn. Who was told to begin TLS and did not is told so in plain; what he has sent behind STARTTLS waits in
// go-smtp's buffer and would be taken for commands. It is not done.
func (c *smtpConn) Write(b []byte) (int, error) {
	if c.tls && len(b) > 0 && (b[0] < firstTLSOctet || b[0] > lastTLSOctet) {
		c.over.Store(true)
		c.dismiss()
	}
	c.tls = c.tls || bytes.HasPrefix(b, []byte(smtpReady))
	return c.Conn.Write(b)
}

// SetReadDeadline implements net.Conn. While the server ends there is no time but for a mail that is being read.
func (c *smtpConn) SetReadDeadline(t time.Time) error {
	if c.s.ends() && !c.busy.Load() {
		t = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(t)
}

// hurry ends a session that waits for a command: he is told 421.
func (c *smtpConn) hurry() {
	if !c.busy.Load() {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// Close implements net.Conn.
func (c *smtpConn) Close() error {
	c.closed.Do(func() {
		c.s.mu.Lock()
		delete(c.s.conns, c)
		c.s.mu.Unlock()
	})
	return c.Conn.Close()
}
