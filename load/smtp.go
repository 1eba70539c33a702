package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// mailClient sends mails over one connection, command by command. It patches commands that were prepared before.
type mailClient struct {
	turns
	conn net.Conn
	r    *bufio.Reader

	author, recipient, mail []byte // MAIL, RCPT, and a mail with its end
	to, at                  int    // places of the number of the phone in recipient, and of that of the message in mail
}

// serveSMTP sends over one connection, and over another when that breaks, until there is nothing more to send; then it waits for the
// end of the run.
func (r *run) serveSMTP(ctx context.Context, number int) error {
	c := &mailClient{turns: r.turns(number)}
	c.build()
	defer c.close()
	if err := c.dial(ctx); err != nil && !r.opt.Reconnect {
		return err
	}
	return c.each(ctx, func(message uint32, _ int) error {
		defer r.answered.Add(1)
		return c.send(ctx, message)
	})
}

// build writes the commands.
func (c *mailClient) build() {
	o := &c.run.opt
	c.author = fmt.Appendf(nil, "MAIL FROM:<%s>\r\n", o.From)
	c.recipient = fmt.Appendf(nil, "RCPT TO:<+%s@%s>\r\n", strings.Repeat("_", c.run.digits), o.Domain)
	c.to = bytes.IndexByte(c.recipient, '_')
	c.mail = fmt.Appendf(nil, "From: <%s>\r\nTo: <phone@%s>\r\nSubject: %s\r\n\r\n.\r\n", o.From, o.Domain, o.text(c.run.name))
	c.at = bytes.Index(c.mail, []byte(c.run.name+"-")) + runLen + 1
}

// dial connects, says who it is and signs in.
func (c *mailClient) dial(ctx context.Context) error {
	o := &c.run.opt
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return err
	}
	c.conn, c.r = conn, bufio.NewReader(conn)
	_ = conn.SetDeadline(time.Now().Add(o.AnswerTime))
	steps := []string{"", "EHLO load.example.com\r\n"}
	if o.SystemID != "" {
		steps = append(steps, "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+o.SystemID+"\x00"+o.Password))+"\r\n")
	}
	for _, step := range steps {
		reply, err := c.say([]byte(step))
		if err == nil && reply[0] != '2' {
			err = errors.New("the server says " + reply)
		}
		if err != nil {
			c.close()
			return err
		}
	}
	return nil
}

// close gives the connection back.
func (c *mailClient) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// say sends a command, if there is one, and gives the last line of the reply.
func (c *mailClient) say(command []byte) (reply string, err error) {
	if len(command) > 0 {
		if _, err = c.conn.Write(command); err != nil {
			return "", err
		}
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if len(line) < len("250 ") {
			return "", fmt.Errorf("the server says %q", line)
		}
		if line[3] != '-' {
			return strings.TrimRight(line, "\r\n"), nil
		}
	}
}

// send sends one mail and books what is said to it. What is refused is given up (RSET).
func (c *mailClient) send(ctx context.Context, message uint32) error {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return err
		}
	}
	_ = c.conn.SetDeadline(time.Now().Add(c.run.opt.AnswerTime))
	c.run.opt.recipient(c.recipient[c.to:c.to+c.run.digits], c.run.first, message)
	putNumber(c.mail[c.at:c.at+numberLen], uint64(message))
	var reply string
	var err error
	for _, step := range [][]byte{c.author, c.recipient, []byte("DATA\r\n"), c.mail} {
		if reply, err = c.say(step); err != nil {
			c.close()
			return err
		}
		if reply[0] != '2' && reply[0] != '3' {
			break
		}
	}
	now := c.run.now()
	c.tally.mu.Lock()
	if reply[0] == '2' {
		c.tally.accepted(message, now)
	} else {
		c.tally.refused(message, "SMTP "+reply[:min(len(reply), len("550 5.7.1"))], now)
	}
	c.tally.mu.Unlock()
	if reply[0] == '2' {
		return nil
	}
	if _, err = c.say([]byte("RSET\r\n")); err != nil {
		c.close()
	}
	return err
}
