package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

// The hostile sessions, by number: what comes over real sockets from clients that mean no good. Each ends with an answer or a
// closed connection, and the server serves the next.
func TestMailHostile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b *mailBench)
	}{
		{"01 bare LF around the dot", hostileEnd("\n.\n")},
		{"02 bare LF before the dot", hostileEnd("\n.\r\n")},
		{"03 bare LF behind the dot", hostileEnd("\r\n.\n")},
		{"04 bare CR around the dot", hostileEnd("\r.\r")},
		{"05 bare CR before the dot", hostileEnd("\r.\r\n")},
		{"06 bare CR behind the dot", hostileEnd("\r\n.\r")},
		{"07 CR CR LF", hostileEnd("\r\r\n.\r\r\n")},
		{"08 NUL in the end", hostileEnd("\r\n\x00.\r\n")},
		{"09 bare LF in a header", hostileBody("Subject: a\nBcc: b\r\n\r\ntext\r\n", "554 5.6.0")},
		{"10 bare CR in a text", hostileBody("Subject: a\r\n\r\nte\rxt\r\n", "554 5.6.0")},
		{"11 a line without end", hostileEndless("MAIL FROM:<" + strings.Repeat("a", 1<<20))},
		{"12 a line without end in a mail", hostileLongLine},
		{"13 a mail without end", hostileFlood},
		{"14 SIZE beyond the limit", hostileSay("552 5.3.4", "MAIL FROM:<anna@example.se> SIZE=99999999")},
		{"15 NOOP for ever", hostileRepeat("NOOP\r\n")},
		{"16 RSET for ever", hostileRepeat("RSET\r\n")},
		{"17 EHLO for ever", hostileRepeat("EHLO x\r\n")},
		{"18 nonsense for ever", hostileRepeat("\x00\xff\x16\x03\r\n")},
		{"19 HTTP", hostileEndless("POST / HTTP/1.1\r\nHost: a\r\n\r\nMAIL FROM:<anna@example.se>\r\nRCPT TO:<0701@sms.example.se>\r\nDATA\r\n")},
		{"20 one recipient after the other", hostileScan},
		{"21 too many recipients", hostileRecipients},
		{"22 commands before STARTTLS smuggled behind it", hostileStartTLS},
		{"23 pipelined without waiting", hostilePipeline},
		{"24 gone in the middle of a mail", hostileGone},
		{"25 BDAT beyond the limit", hostileBDAT},
		{"26 BDAT in pieces, and gone", hostileBDATGone},
		{"27 AUTH without end", hostileEndless("AUTH PLAIN " + strings.Repeat("A", 1<<20))},
		{"28 AUTH that is no base64", hostileSay("454", "AUTH PLAIN !!!!")},
		{"29 control characters in a recipient", hostileControl},
		{"30 deep and wide MIME", hostileMIME(false)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newMailBench(t, "", func(o *SMTPOptions) { o.MaxSize, o.MaxRecipients = 256<<10, 10 })
			test.run(t, b)
			for _, batch := range b.gateway.batches {
				for _, s := range batch {
					if strings.Contains(s.To, "666") {
						t.Errorf("a smuggled message to %s", s.To)
					}
				}
			}
			c := b.signedIn("acme") // and it lives
			c.envelope("anna@example.se", "0701@sms.example.se")
			c.data("250", mailHello)
		})
	}
}

// smuggled is what an attacker wants to be taken for commands.
const smuggled = "MAIL FROM:<anna@example.se>\r\nRCPT TO:<0701666@sms.example.se>\r\nDATA\r\nSubject: smuggled\r\n\r\nsmuggled\r\n.\r\n"

// hostileEnd puts what some servers take for the end of a mail into one (SMTP smuggling, 2023), and commands behind it.
func hostileEnd(end string) func(*testing.T, *mailBench) {
	return func(t *testing.T, b *mailBench) {
		c := b.signedIn("acme")
		c.envelope("anna@example.se", "0701@sms.example.se")
		c.say("354", "DATA")
		// The end that counts is that of what was smuggled.
		c.write("Subject: a\r\n\r\ntext" + end + smuggled + "QUIT\r\n")
		reply := c.read()
		if end == "\r\n\x00.\r\n" || end == "\r\n.\r" { // the one has no bare end of a line, go-smtp drops that of the other with its dot
			c.want("250", reply)
		} else {
			c.want("554 5.6.0", reply)
		}
		c.want("221", c.read())
	}
}

// hostileBody sends a mail that has to be answered by a code.
func hostileBody(mail, code string) func(*testing.T, *mailBench) {
	return func(t *testing.T, b *mailBench) {
		c := b.signedIn("acme")
		c.envelope("anna@example.se", "0701@sms.example.se")
		c.say("354", "DATA")
		c.write(mail + ".\r\n")
		c.want(code, c.read())
	}
}

// hostileSay has one command refused.
func hostileSay(code, line string) func(*testing.T, *mailBench) {
	return func(_ *testing.T, b *mailBench) { b.hello().say(code, "%s", line) }
}

// drain reads until the server closes.
func (c *mailClient) drain() []byte {
	all, _ := io.ReadAll(c.r)
	return all
}

// aside does something with the connection while the test reads from it. over closes the connection and waits until that has ended: it may
// log, and a test that is over takes no more of it.
func (c *mailClient) aside(do func()) (over func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	return func() {
		_ = c.conn.Close()
		<-done
	}
}

// hostileEndless writes what never becomes a session, until the server closes.
func hostileEndless(text string) func(*testing.T, *mailBench) {
	return func(t *testing.T, b *mailBench) {
		c := b.dial()
		defer c.aside(func() {
			c.write(text)
			_ = c.conn.(*net.TCPConn).CloseWrite()
		})()
		if bytes.Contains(c.drain(), []byte("354")) {
			t.Error("it came as far as a mail")
		}
	}
}

// hostileRepeat says one thing until the server closes, which it does when it has heard enough of it.
func hostileRepeat(command string) func(*testing.T, *mailBench) {
	return func(t *testing.T, b *mailBench) {
		c := b.dial()
		sent := make(chan int, 1)
		go func() {
			n := 0
			for {
				k, err := c.conn.Write([]byte(command))
				if n += k; err != nil || n > 64<<20 {
					sent <- n
					return
				}
			}
		}()
		c.drain()
		if n := <-sent; n > 32<<20 {
			t.Errorf("it listened to %d octets", n)
		}
	}
}

func hostileLongLine(_ *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701@sms.example.se")
	c.say("354", "DATA")
	defer c.aside(func() { c.write("Subject: a\r\n\r\n" + strings.Repeat("a", 100_000) + "\r\n.\r\n") })()
	c.want("554 5.6.0", c.read())
	c.drain()
}

// hostileFlood sends a mail that has no end: it is refused by its size, or the connection ends, and memory does not grow.
func hostileFlood(t *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701@sms.example.se")
	c.say("354", "DATA")
	line := []byte(strings.Repeat("x", 998) + "\r\n")
	n := 0
	for {
		k, err := c.conn.Write(line)
		if n += k; err != nil {
			break
		}
		if n > 64<<20 {
			t.Fatalf("%d octets were taken of a mail that may have %d", n, b.server.o.MaxSize)
		}
	}
}

// hostileScan tries recipients until it is shown out.
func hostileScan(t *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.say("250", "MAIL FROM:<anna@example.se>")
	for i := range smtpMostRefused - 1 {
		c.say("550", "RCPT TO:<group.guess%d@sms.example.se>", i)
	}
	c.say("421 4.7.0", "RCPT TO:<group.last@sms.example.se>")
	if rest := c.drain(); len(rest) > 0 {
		t.Errorf("it goes on: %q", rest)
	}
}

func hostileRecipients(_ *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.say("250", "MAIL FROM:<anna@example.se>")
	for i := range 10 {
		c.say("250", "RCPT TO:<0701%d@sms.example.se>", i)
	}
	c.say("452 4.5.3", "RCPT TO:<07011@sms.example.se>")
}

// hostileStartTLS sends commands in plain behind STARTTLS: they are not taken for ones that came over TLS (CVE-2011-0411).
func hostileStartTLS(t *testing.T, b *mailBench) {
	c := b.hello()
	c.write("STARTTLS\r\nEHLO injected\r\nAUTH PLAIN " + plainResponse("acme", "secret") + "\r\n" + smuggled)
	c.want("220", c.read())
	c.conn.(*net.TCPConn).CloseWrite()
	if rest := c.drain(); bytes.Contains(rest, []byte("235")) {
		t.Errorf("injected commands were answered: %q", rest)
	}
	if b.gateway.taken() != nil {
		t.Error("a message was made of them")
	}
}

// hostilePipeline says everything at once: what was refused has no effect on what follows it (RFC 2920 3.1).
func hostilePipeline(t *testing.T, b *mailBench) {
	c := b.hello()
	c.write("MAIL FROM:<anna@example.se>\r\nRCPT TO:<0701666@sms.example.se>\r\nDATA\r\n" + "Subject: a\r\n\r\n" + smuggled + "QUIT\r\n")
	all := string(c.drain())
	if strings.Contains(all, "354") || b.gateway.taken() != nil {
		t.Errorf("a mail without recipients was taken: %q", all)
	}
}

func hostileGone(t *testing.T, b *mailBench) {
	goneMidway(t, b, func(c *mailClient) {
		c.say("354", "DATA")
		c.write("Subject: a\r\n\r\nhalf of")
	})
}

// goneMidway has a client leave after half a mail.
func goneMidway(t *testing.T, b *mailBench, half func(c *mailClient)) {
	t.Helper()
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701@sms.example.se")
	half(c)
	_ = c.conn.(*net.TCPConn).CloseWrite()
	c.drain()
	if b.gateway.taken() != nil {
		t.Error("half a mail was sent")
	}
}

func hostileBDAT(_ *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.envelope("anna@example.se", "0701@sms.example.se")
	defer c.aside(func() { c.write(fmt.Sprintf("BDAT %d LAST\r\n", 1<<20) + strings.Repeat("x", 1<<20)) })()
	c.want("552", c.read())
	c.drain()
}

func hostileBDATGone(t *testing.T, b *mailBench) {
	goneMidway(t, b, func(c *mailClient) { c.say("250", "BDAT 14\r\nSubject: a\r\n\r\n") })
}

func hostileControl(_ *testing.T, b *mailBench) {
	c := b.signedIn("acme")
	c.say("250", "MAIL FROM:<anna@example.se>")
	c.say("5", "RCPT TO:<\"07\x1b[31m01\"@sms.example.se>")
	c.say("5", "RCPT TO:<07\r01@sms.example.se>")
	c.say("5", "RCPT TO:<%s@sms.example.se>", strings.Repeat("1", 300))
}

// hostileMIME sends a mail of many parts within each other. What memory it takes is looked at where nothing else takes any.
func hostileMIME(alone bool) func(*testing.T, *mailBench) {
	return func(t *testing.T, b *mailBench) {
		c := b.signedIn("acme")
		c.envelope("anna@example.se", "0701@sms.example.se")
		var mail strings.Builder
		mail.WriteString("Subject: a\n")
		for i := range 500 {
			fmt.Fprintf(&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		mail.WriteString("Content-Type: text/plain\n\ndeep")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.data("250", mail.String())
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; alone && grown > 256<<20 {
			t.Errorf("%d octets for a mail of %d", grown, mail.Len())
		}
	}
}

// TestMailDeep: a mail of many parts within each other takes bounded memory. That is counted of the whole process, so no other test runs
// meanwhile.
func TestMailDeep(t *testing.T) { //nolint:paralleltest // what others take would be counted
	hostileMIME(true)(t, newMailBench(t, "", func(o *SMTPOptions) { o.MaxSize = 256 << 10 }))
}

// TestMailStop: a server that ends tells those who wait, and lets a mail that is being accepted end.
func TestMailStop(t *testing.T) {
	t.Parallel()
	b := newMailBench(t, "", nil)
	b.gateway.held = make(chan func(), 1)
	idle, busy := b.hello(), b.signedIn("acme")
	busy.envelope("anna@example.se", "0701@sms.example.se")
	busy.say("354", "DATA")
	busy.write(strings.ReplaceAll(mailHello, "\n", "\r\n") + "\r\n.\r\n")
	answer := <-b.gateway.held
	stopped := make(chan struct{})
	go func() {
		b.stop()
		close(stopped)
	}()
	idle.want("421", idle.read())
	answer()
	busy.want("250", busy.read())
	<-stopped
	if err := b.plain.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) { // to dial might find another's listener that was given the port
		t.Errorf("it still listens: %v", err)
	}
	if n := len(b.server.open()); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

// TestMailLines: where lines of a mail may end.
func TestMailLines(t *testing.T) {
	t.Parallel()
	for text, bare := range map[string]bool{
		"": false, "a\r\nb\r\n": false, "a\nb": true, "a\rb": true, "a\r\r\nb": true, "\n": true, "a\r\n\r\n": false, "a\n\rb": true,
	} {
		for size := 1; size < 4; size++ {
			l := &smtpLines{r: strings.NewReader(text)}
			_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{l}, make([]byte, size))
			if l.bare != bare {
				t.Errorf("%q in pieces of %d: %v", text, size, l.bare)
			}
		}
	}
}

// TestMailSentence: a reply is one line of ASCII whatever a peer has us say.
func TestMailSentence(t *testing.T) {
	t.Parallel()
	e := smtpFailed("a\r\nb", message.Fail(message.BadRecipient, "to", "%s", strings.Repeat("å\x00\n", 300)))
	if e.Code != 550 || e.EnhancedCode != [3]int{5, 1, 1} || len(e.Message) > smtpMostText || strings.Trim(e.Message, "<ab>:? ") != "" {
		t.Errorf("%+v", e)
	}
}
