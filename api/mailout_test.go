package api

import (
	"context"
	"errors"
	"io"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// fakeMails is a mail server that keeps what it gets.
type fakeMails struct {
	mu     sync.Mutex
	got    []mail.Written
	opened int
	closed int
	down   error // of the next connections
	fail   error // of the next mail
}

func (f *fakeMails) open(context.Context, *mail.Server) (mailSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	if f.down != nil {
		return nil, f.down
	}
	return &fakeMailSession{f: f}, nil
}

// counts tells how many connections were opened and closed.
func (f *fakeMails) counts() (opened, closed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.closed
}

type fakeMailSession struct {
	f      *fakeMails
	broken bool
}

func (s *fakeMailSession) Send(_ context.Context, m mail.Written) error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if err := s.f.fail; err != nil {
		s.f.fail, s.broken = nil, true
		return err
	}
	s.f.got = append(s.f.got, m)
	return nil
}
func (s *fakeMailSession) Usable() bool { return !s.broken }

func (s *fakeMailSession) Close() {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.closed++
}

// startMailOut makes a MailOut that sends to f; what came of items is on the channel.
func startMailOut(t *testing.T, f *fakeMails, set *gateway.Mail) (*MailOut, <-chan gateway.Delivered) {
	t.Helper()
	told := make(chan gateway.Delivered, 1000)
	m := NewMailOut(MailOutOptions{
		Told: func(list []gateway.Delivered) {
			for _, d := range list {
				told <- d
			}
		},
		Settings: func() *gateway.Mail { return set },
		Tokens:   func() *MailTokens { return &MailTokens{Key: []byte("key"), Domain: "sms.example.se"} },
		Message: func(_ context.Context, _ string, id message.ID) (*message.Message, error) {
			return &message.Message{ID: id, Reference: "mail-1@example.se"}, nil
		},
		open: f.open,
	})
	t.Cleanup(m.Close)
	return m, told
}

func mailItem(id message.ID, to string) *gateway.Item {
	in := &message.Inbound{
		ID: id, From: message.Address{TON: message.TONInternational, Number: "46701234567"}, To: message.Address{Number: "72456"}, Case: "C-1",
		Content: message.Content{Text: "hej\r\nBcc: x"}, Received: 1_700_000_000_000,
	}
	return &gateway.Item{Inbound: in, Index: 1, Target: message.Target{Kind: message.MailTarget, Account: "acme", Address: to}}
}

func mailSettingsOf() *gateway.Mail {
	return &gateway.Mail{MailServer: message.MailServer{Server: "mail:25", From: "sms@example.se"}, Domain: "sms.example.se"}
}

// TestMailOutWrites: the mail is from the phone by name, has the case number and an address for answers, and by several mails in a row
// one connection is used, which is closed when nothing more comes.
func TestMailOutWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeMails{}
		m, told := startMailOut(t, f, mailSettingsOf())
		for id := range message.ID(3) {
			m.Deliver("acme", []*gateway.Item{mailItem(id+1, "anna@example.se")})
			if d := <-told; d.Verdict != gateway.Acknowledged || d.Code != mailTaken {
				t.Fatalf("it is %+v", d)
			}
		}
		f.mu.Lock()
		got := f.got[0].(*mail.Message)
		f.mu.Unlock()
		if got.From != "sms@example.se" || got.FromName != "+46701234567" || got.To[0] != "anna@example.se" || got.Subject != "[C-1] SMS from +46701234567" ||
			got.ID != inboundHookID(1, 1)+"@sms.example.se" || !strings.HasPrefix(got.Text, "hej") || got.Date.UnixMilli() != 1_700_000_000_000 {
			t.Errorf("the mail is %+v", got)
		}
		if id, ok := m.opt.Tokens().Read(got.ReplyTo); !ok || id != 1 {
			t.Errorf("it is answered at %s", got.ReplyTo)
		}
		if opened, closed := f.counts(); opened != 1 || closed != 0 {
			t.Errorf("%d connections opened, %d closed", opened, closed)
		}
		time.Sleep(2 * mailIdle)
		synctest.Wait()
		if _, closed := f.counts(); closed != 1 {
			t.Errorf("%d connections are closed when nothing comes", closed)
		}
	})
}

// TestMailOutRests: a server that does not answer rests after three tries, and nobody is called meanwhile; without a server in the
// settings mails wait.
func TestMailOutRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeMails{down: errors.New("connection refused")}
		m, told := startMailOut(t, f, mailSettingsOf())
		for i := range 5 {
			m.Deliver("acme", []*gateway.Item{mailItem(1, "anna@example.se")})
			if d := <-told; d.Verdict != gateway.TryLater || d.Untried != (i >= breakAfter) {
				t.Errorf("try %d: %+v", i, d)
			}
		}
		f.mu.Lock()
		f.down = nil
		f.mu.Unlock()
		time.Sleep(2 * restFor)
		m.Deliver("acme", []*gateway.Item{mailItem(1, "anna@example.se")})
		if d := <-told; d.Verdict != gateway.Acknowledged {
			t.Errorf("when it is back: %+v", d)
		}
		none, untold := startMailOut(t, f, nil)
		none.Deliver("acme", []*gateway.Item{mailItem(1, "anna@example.se")})
		if d := <-untold; d.Verdict != gateway.TryLater || !d.Untried {
			t.Errorf("without a server: %+v", d)
		}
		f.mu.Lock()
		f.fail = io.ErrUnexpectedEOF
		f.mu.Unlock()
		m.Deliver("acme", []*gateway.Item{mailItem(2, "anna@example.se")})
		if d := <-told; d.Verdict != gateway.TryLater || d.Untried {
			t.Errorf("a connection that broke with the content: %+v", d)
		}
	})
}

// TestMailOutOnDuty: what goes to a rota goes to each of those on duty, where one that the server refuses does not keep it from the
// others; where nobody is it waits.
func TestMailOutOnDuty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeMails{fail: &textproto.Error{Code: 550, Msg: "no such mailbox"}}
		m, told := startMailOut(t, f, mailSettingsOf())
		m.opt.OnDuty = func(_ context.Context, rota string) ([]string, string, error) {
			if rota == "gap" {
				return nil, "nobody is on duty", nil
			}
			return []string{"anna@example.se", "bo@example.se", "eva@example.se"}, "", nil
		}
		m.Deliver("acme", []*gateway.Item{mailItem(1, "rota:ward")})
		if d := <-told; d.Verdict != gateway.Acknowledged {
			t.Errorf("it is %+v", d)
		}
		f.mu.Lock()
		if len(f.got) != 2 || f.got[0].(*mail.Message).ID != f.got[1].(*mail.Message).ID {
			t.Errorf("mails: %+v", f.got)
		}
		f.mu.Unlock()
		m.Deliver("acme", []*gateway.Item{mailItem(2, "rota:gap")})
		if d := <-told; d.Verdict != gateway.TryLater || d.Text != "nobody is on duty" {
			t.Errorf("in a gap it is %+v", d)
		}
	})
}
