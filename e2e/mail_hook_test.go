package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailHook is the mail server of a company: it keeps every mail that it takes, and
// refuses as told.
type mailHook struct {
	Addr  string
	mails chan received

	mu     sync.Mutex
	refuse func(to string) *smtp.SMTPError // what RCPT is answered; nil takes it
	server *smtp.Server
}

// received is a mail that the server took.
type received struct {
	From string
	To   []string
	Data string // head and body, as they came
}

// startMailHook starts a mail server in plain text.
func startMailHook(t testing.TB) *mailHook {
	t.Helper()
	h := &mailHook{Addr: freeAddr(t), mails: make(chan received, 1000)}
	h.start(t)
	t.Cleanup(h.stop)
	return h
}

// start listens, after stop again.
func (h *mailHook) start(t testing.TB) {
	t.Helper()
	letGo(t, h.Addr)
	listener, err := net.Listen("tcp", h.Addr)
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{hook: h}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "mail.example.se", time.Minute, time.Minute
	server.ErrorLog = quietLog{}
	h.server = server
	go func() { _ = server.Serve(listener) }()
}

// stop closes the address and every connection.
func (h *mailHook) stop() { _ = h.server.Close() }

// quietLog drops what a server says of connections that break, as they do when the program is killed.
type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

// refusing sets what recipients are answered; nil takes all.
func (h *mailHook) refusing(refuse func(to string) *smtp.SMTPError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = refuse
}

// receive waits for a mail that has a text in its head or body.
func (h *mailHook) receive(t testing.TB, text string) received {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case m := <-h.mails:
			if strings.Contains(m.Data, text) {
				return m
			}
		case <-limit:
			t.Fatalf("no mail with %q", text)
		}
	}
}

// mailSession is one connection to a mailHook.
type mailSession struct {
	hook *mailHook
	mail received
}

func (s *mailSession) Reset()        { s.mail = received{} }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = received{From: from}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.hook.mu.Lock()
	refuse := s.hook.refuse
	s.hook.mu.Unlock()
	if refuse != nil {
		if no := refuse(to); no != nil {
			return no
		}
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read the mail: %w", err)
	}
	s.mail.Data = string(data)
	s.hook.mails <- s.mail
	return nil
}
