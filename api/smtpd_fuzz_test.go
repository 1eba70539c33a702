package api

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// pipeListener hands over what tests give it.
type pipeListener struct {
	conns chan net.Conn
	done  context.Context
	close context.CancelFunc
}

func newPipeListener() *pipeListener {
	l := &pipeListener{conns: make(chan net.Conn)}
	l.done, l.close = context.WithCancel(context.Background())
	return l
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done.Done():
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.close()
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// FuzzMailSession: whatever a client says, the session ends when he does, nothing panics, and no message goes to anywhere but what a
// permitted author named at a domain of ours.
func FuzzMailSession(f *testing.F) {
	const open = "EHLO x\r\nMAIL FROM:<alarm@open.se>\r\nRCPT TO:<0701@open.example.se>\r\n"
	for _, seed := range []string{
		"", "\r\n", "QUIT\r\n", open + "DATA\r\n" + mailHello + "\r\n.\r\n", open + "DATA\r\ntext\n.\n" + smuggled, open + "BDAT 4 LAST\r\ntext",
		open + "BDAT 99999999999\r\n", "STARTTLS\r\nEHLO x\r\n", "EHLO x\r\nAUTH LOGIN\r\n*\r\n", "MAIL FROM:<a@b> SIZE=x BODY=8BITMIME RET=FULL ENVID=+41\r\n",
		"EHLO x\r\nMAIL FROM:<å@open.se> SMTPUTF8\r\nRCPT TO:<\"a\\\"b\"@open.example.se> NOTIFY=SUCCESS ORCPT=rfc822;a+40b\r\n",
		open + "RCPT TO:<group.nurses+flash+at=0730@open.example.se>\r\nDATA\r\nSubject: [high] =?utf-8?q?=C3=A5?=\r\n\r\n..\r\n.\r\n",
	} {
		f.Add([]byte(seed))
	}
	accounts := account.NewDirectory(mailAccounts(), nil)
	g := &mailFakeGateway{ids: message.NewIDs(0, 0)}
	s := newSMTPServer(g, SMTPOptions{
		Accounts: func() *account.Directory { return accounts }, Verifier: account.NewVerifier(), Domains: []string{"open.example.se"}, MaxSize: 64 << 10,
	})
	ln := newPipeListener()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln, nil) }()
	f.Cleanup(func() {
		cancel()
		<-ended
	})
	f.Fuzz(func(t *testing.T, said []byte) {
		client, server := net.Pipe()
		ln.conns <- server
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			_, _ = io.Copy(io.Discard, client)
		}()
		_, _ = client.Write(said)
		_, _ = client.Write([]byte("\r\n.\r\nQUIT\r\n"))
		_ = client.Close()
		<-heard
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, batch := range g.batches {
			for _, sub := range batch {
				checkFuzzed(t, sub)
			}
		}
		g.batches = nil
	})
}

// checkFuzzed holds a message to what may come of any mail.
func checkFuzzed(t *testing.T, sub *gateway.Submission) {
	t.Helper()
	if sub.Account.Name != "open" || strings.Trim(sub.To, "+0123456789") != "" || sub.Content.Text == "" || !sub.Atomic {
		t.Errorf("a message of account %s to %q: %+v", sub.Account.Name, sub.To, sub)
	}
}
