package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// MailOutOptions is what a MailOut is made of.
type MailOutOptions struct {
	Told     func([]gateway.Delivered) // Gateway.Delivered
	Settings func() *gateway.Mail      // in force; nil for none
	Tokens   func() *MailTokens        // for Reply-To; nil for none
	Message  func(ctx context.Context, account string, id message.ID) (*message.Message, error)
	OnDuty   func(ctx context.Context, rota string) (list []string, why string, err error) // Gateway.MailsOnDuty; nil for none

	Attempts *Attempts // notes each mail; nil for nobody

	open func(context.Context, *mail.Server) (mailSession, error) // in place of Server.Open, for tests
}

// mailSession is a mail.Session, or that of a test.
type mailSession interface {
	Send(context.Context, mail.Written) error
	Usable() bool
	Close()
}

// MailOut is the gateway.Receiver for message.MailTarget: each message from a phone
// is a mail of its own, and each state a report (mailout_report.go), by the server of the settings:
//
//  1. callQueue keeps a bounded number of mails under way, in fairness among accounts.
//  2. A mail goes by a connection that is open, if there is one, and leaves it open for
//     the next for a few seconds. One that the server has closed meanwhile is opened
//     anew: it had not got the mail.
//  3. A server that does not answer rests for a while (call_breaker.go).
//  4. What it refuses for good (5xx) is given up, with its sentence; anything else is
//     tried again by the gateway. If the answer to the content is lost the mail may go
//     twice, with the same Message-ID.
type MailOut struct {
	opt     MailOutOptions
	queue   *callQueue
	counts  mailOutCounts
	breaker breaker

	mu     sync.Mutex
	idle   []*idleSession // the one used last comes last
	closed bool
}

// idleSession is a connection that waits for a mail.
type idleSession struct {
	mailSession
	to   mail.Server
	sent int // mails
	end  *time.Timer
}

const (
	mailPerAccount = 4 // mails under way for one account
	mailTotal      = 8 // and in all: as many connections
	mailIdle       = 5 * time.Second
	mailMost       = 100 // mails of a connection: servers dislike more
	mailTimeout    = 30 * time.Second
)

// NewMailOut makes a MailOut. Close it before the gateway stops, which is to hear
// what the mails under way bring.
func NewMailOut(o MailOutOptions) *MailOut {
	m := &MailOut{opt: o, breaker: breaker{silent: map[callKey]*silence{}}}
	if m.opt.open == nil {
		m.opt.open = func(ctx context.Context, s *mail.Server) (mailSession, error) { return s.Open(ctx) }
	}
	m.queue = newCallQueue(&WebhookOptions{PerAccount: mailPerAccount, Total: mailTotal, Told: o.Told, Attempts: o.Attempts}, nil, m.tell)
	return m
}

// Deliver implements gateway.Receiver.
func (m *MailOut) Deliver(account string, items []*gateway.Item) { m.queue.deliver(account, items) }

// Limit implements gateway.Receiver: enough that a worker who is done finds the next
// item.
func (m *MailOut) Limit(string) int { return 4 * mailPerAccount }

// Close waits for the mails under way, at most their time limit, and closes the
// connections.
func (m *MailOut) Close() {
	m.queue.close()
	m.mu.Lock()
	idle := m.idle
	m.idle, m.closed = nil, true
	m.mu.Unlock()
	for _, s := range idle {
		s.end.Stop()
		s.Close()
	}
}

// mailServer is the server of settings.
func mailServer(s *message.MailServer) *mail.Server {
	return &mail.Server{Addr: s.Server, TLS: s.TLS, User: s.User, Password: s.Password.Reveal()}
}

// tell sends one mail, judges the answer and counts it.
func (m *MailOut) tell(item *gateway.Item) gateway.Delivered {
	if superseded(item) {
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged, Text: "its final state came first"}
	}
	if untold(item) {
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged, Text: "no mail is written of what is under way"}
	}
	d := m.try(item)
	m.counts.count(d.Verdict)
	return d
}

func (m *MailOut) try(item *gateway.Item) gateway.Delivered {
	set := m.opt.Settings()
	if set == nil || set.Server == "" {
		return gateway.Delivered{Item: item, Verdict: gateway.TryLater, Untried: true, Text: "there is no mail server in the configuration (mail: {server})"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), mailTimeout)
	defer cancel()
	to, no := m.addresses(ctx, item)
	if no != nil {
		return *no
	}
	server := mailServer(&set.MailServer)
	server.Timeout = mailTimeout
	key := callKey{host: server.Addr}
	if err := m.breaker.enter(key); err != nil {
		return gateway.Delivered{Item: item, Verdict: gateway.TryLater, Untried: true, Text: err.Error()}
	}
	err := error(nil)
	if item.Message != nil {
		err = m.send(ctx, *server, report(set, item))
	} else {
		err = m.sendAll(ctx, *server, m.write(ctx, set, item), to)
	}
	m.breaker.leave(key, err == nil || mail.Refusal(err) != nil)
	return mailVerdict(item, err)
}

// addresses are those to which an item goes: its own, or those of whoever is on duty. Where nobody is, it waits.
func (m *MailOut) addresses(ctx context.Context, item *gateway.Item) ([]string, *gateway.Delivered) {
	name, duty := gateway.MailRota(item.Target)
	if !duty || m.opt.OnDuty == nil || item.Message != nil {
		return []string{item.Target.Address}, nil
	}
	list, why, err := m.opt.OnDuty(ctx, name)
	if err != nil {
		why = err.Error()
	}
	if len(list) == 0 {
		return nil, &gateway.Delivered{Item: item, Verdict: gateway.TryLater, Untried: true, Text: why}
	}
	return list, nil
}

// sendAll sends a mail to each address by itself, so that one that the server refuses does not keep it from the others. It is done when one
// has it: what is tried again would come twice there. The error is the last that may pass, else the last.
func (m *MailOut) sendAll(ctx context.Context, server mail.Server, letter *mail.Message, to []string) (err error) {
	taken := false
	for _, address := range to {
		letter.To = []string{address}
		switch failed := m.send(ctx, server, letter); {
		case failed == nil:
			taken = true
		case err == nil || mail.Permanent(err):
			err = failed
		}
	}
	if taken {
		return nil
	}
	return err
}

// mailVerdict judges what came of a mail.
func mailVerdict(item *gateway.Item, err error) gateway.Delivered {
	d := gateway.Delivered{Item: item, Verdict: gateway.TryLater}
	if err == nil {
		d.Verdict, d.Code = gateway.Acknowledged, mailTaken
		return d
	}
	d.Text = err.Error()
	if refused := mail.Refusal(err); refused != nil {
		d.Code = uint32(refused.Code)
		d.Text = refused.Msg
	}
	if mail.Permanent(err) {
		d.Verdict = gateway.GiveUp
	}
	return d
}

// mailTaken is what a server answers that has taken a mail (RFC 5321 4.2.3).
const mailTaken = 250

// send sends a mail by a connection that is open, or a new one.
func (m *MailOut) send(ctx context.Context, server mail.Server, letter mail.Written) error {
	for {
		s, err := m.session(ctx, server)
		if err != nil {
			return err
		}
		err = s.Send(ctx, letter)
		used := s.sent > 0
		s.sent++
		m.release(s)
		if err != nil && used && mail.Unsent(err) && ctx.Err() == nil {
			continue // the server had closed the connection, as it may at any time
		}
		return err
	}
}

// session takes a connection that is open, or opens one.
func (m *MailOut) session(ctx context.Context, server mail.Server) (*idleSession, error) {
	m.mu.Lock()
	for len(m.idle) > 0 {
		last := len(m.idle) - 1
		s := m.idle[last]
		m.idle = m.idle[:last]
		if s.end.Stop() && s.to == server {
			m.mu.Unlock()
			return s, nil
		}
		go s.Close() // the settings have changed, or its time is over
	}
	m.mu.Unlock()
	opened, err := m.opt.open(ctx, &server)
	if err != nil {
		return nil, err
	}
	return &idleSession{mailSession: opened, to: server}, nil
}

// release keeps a connection for the next mail for a while.
func (m *MailOut) release(s *idleSession) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || !s.Usable() || s.sent >= mailMost {
		go s.Close()
		return
	}
	s.end = time.AfterFunc(mailIdle, func() { m.expire(s) })
	m.idle = append(m.idle, s)
}

// expire closes a connection that nobody has taken.
func (m *MailOut) expire(s *idleSession) {
	m.mu.Lock()
	for i, have := range m.idle {
		if have == s {
			m.idle = append(m.idle[:i], m.idle[i+1:]...)
			m.mu.Unlock()
			s.Close()
			return
		}
	}
	m.mu.Unlock()
}

// answered finds the message that one from a phone answers; nil if there is none.
func (m *MailOut) answered(ctx context.Context, in *message.Inbound) *message.Message {
	if in.Answers == 0 || m.opt.Message == nil {
		return nil
	}
	found, err := m.opt.Message(ctx, "", in.Answers)
	if err != nil && !errors.Is(err, gateway.ErrNotFound) {
		return nil // the mail is worth more than its thread
	}
	return found
}

var _ gateway.Receiver = (*MailOut)(nil)
