package api

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMailSlow: clients who take their time keep nobody from being served, and are closed when it is over; the limit of
// connections holds. Where the test itself was held up for longer than they may take, it begins anew with more time.
func TestMailSlow(t *testing.T) {
	t.Parallel()
	var err error
	for _, timeout := range []time.Duration{time.Second, 6 * time.Second, 30 * time.Second} {
		if err = slowMails(newMailBench(t, "", func(o *SMTPOptions) { o.Timeout = timeout })); err == nil {
			return
		}
		t.Logf("with %v: %v", timeout, err)
	}
	t.Error(err)
}

// slowMails is one trial of TestMailSlow.
func slowMails(b *mailBench) error {
	half := func(to, mail string) (*mailClient, error) {
		c := b.connect()
		for _, turn := range []struct{ line, code string }{
			{"", "220"},
			{"EHLO client.example.se", "250"},
			{"AUTH PLAIN " + plainResponse("acme", "secret"), "235"},
			{"MAIL FROM:<anna@example.se>", "250"},
			{"RCPT TO:<" + to + ">", "250"},
			{"DATA", "354"},
		} {
			if turn.line != "" {
				c.write(turn.line + "\r\n")
			}
			if reply := c.read(); !strings.HasPrefix(reply, turn.code) {
				return nil, fmt.Errorf("to %q the server says %q", turn.line, reply)
			}
		}
		c.write(strings.ReplaceAll(mail, "\n", "\r\n"))
		return c, nil
	}
	var slow []*mailClient
	for range 50 {
		c, err := half("0701@sms.example.se", "Subject: a\n\nx")
		if err != nil {
			return err
		}
		slow = append(slow, c)
	}
	c, err := half("0702@sms.example.se", mailHello+"\n.\n")
	if err != nil {
		return err
	}
	if reply := c.read(); !strings.HasPrefix(reply, "250") {
		return fmt.Errorf("who is quick is told %q", reply)
	}
	for _, c := range slow {
		if all := c.drain(); !bytes.HasPrefix(all, []byte("451 4.4.2 ")) {
			return fmt.Errorf("half a mail is answered %q", all)
		}
	}
	return nil
}
