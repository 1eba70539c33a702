package api

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// smppFakeGateway accepts what its account may send and remembers everything.
type smppFakeGateway struct {
	mu       sync.Mutex
	ids      *message.IDs
	subs     []*gateway.Submission
	batches  int
	hold     bool
	held     []func()
	verdicts []gateway.Delivered
	wakes    int

	congestion  int
	owes        bool
	third       message.State // of message 12
	waiting     []message.ID
	left        []message.ID // operators have them
	filter      gateway.Filter
	changes     int          // how many CancelEach and ReplaceEach change
	changed     []message.ID // they were told
	replacement *gateway.Replacement
	refusal     error // of ReplaceEach
}

func (g *smppFakeGateway) Accept(subs []*gateway.Submission, done gateway.Done) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batches++
	g.subs = append(g.subs, subs...)
	results := make([]gateway.Result, len(subs))
	for i, s := range subs {
		if strings.HasPrefix(s.Content.Text, "fail") {
			results[i].Failure = message.Fail(message.BadRecipient, "to", "no")
			continue
		}
		if strings.HasPrefix(s.Content.Text, "for nobody") {
			results[i].Failure = message.Fail(message.BadDimension, "dimensions.project", "the cost dimension project is missing")
			continue
		}
		results[i].ID = g.ids.Next(time.Now())
	}
	answer := func() { done(results) }
	if g.hold {
		g.held = append(g.held, answer)
		return
	}
	go answer()
}

func (g *smppFakeGateway) release() {
	g.mu.Lock()
	held := g.held
	g.held, g.hold = nil, false
	g.mu.Unlock()
	for _, answer := range held {
		answer()
	}
}

func (g *smppFakeGateway) Delivered(list []gateway.Delivered) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.verdicts = append(g.verdicts, list...)
}

func (g *smppFakeGateway) take() []gateway.Delivered {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.verdicts
	g.verdicts = nil
	return v
}

func (g *smppFakeGateway) Wake(kind message.TargetKind, _ string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if kind == message.SMPPTarget {
		g.wakes++
	}
}

var errSMPPTestNone = errors.New("no such message")

// Request knows message 1, and 10 to 12, which are one request.
func (g *smppFakeGateway) Request(_ context.Context, account string, id message.ID) ([]*message.Message, error) {
	m := func(id message.ID, state message.State) *message.Message {
		m := &message.Message{ID: id, From: message.Address{TON: 5, Number: "ACME"}}
		if m.State = state; state.Final() {
			m.Final = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
		}
		return m
	}
	switch {
	case account != "acme":
	case id == 1:
		return []*message.Message{m(1, message.Delivered)}, nil
	case id == 10:
		return []*message.Message{m(10, message.Delivered), m(11, message.Rejected), m(12, g.third)}, nil
	}
	return nil, errSMPPTestNone
}

func (g *smppFakeGateway) Messages(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.filter = f
	var list []*message.Message
	for _, id := range g.waiting {
		list = append(list, &message.Message{ID: id})
	}
	for _, id := range g.left {
		m := &message.Message{ID: id}
		m.State = message.Enroute
		list = append(list, m)
	}
	return list, 0, nil
}

func (g *smppFakeGateway) Owes(message.TargetKind, string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.owes
}

func (g *smppFakeGateway) Network(message.Address) message.Network { return message.Network{} }

func (g *smppFakeGateway) Congestion() int { return g.congestion }

func (g *smppFakeGateway) CancelEach(_ context.Context, _ string, ids []message.ID) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed = ids
	return g.changes, nil
}

func (g *smppFakeGateway) ReplaceEach(_ context.Context, ids []message.ID, r *gateway.Replacement) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changed, g.replacement = ids, r
	return g.changes, g.refusal
}

// smppPipes is a listener whose connections are pipes.
type smppPipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newSMPPPipes() *smppPipes {
	return &smppPipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *smppPipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *smppPipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *smppPipes) Addr() net.Addr { return &net.TCPAddr{} }

func (l *smppPipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// smppClient is a customer's session that remembers deliver_sm's and answers
// as told.
type smppClient struct {
	*smpp.Session
	mu     sync.Mutex
	got    []*smpp.DeliverSM
	alerts []*smpp.AlertNotification
	status smpp.Status
	silent bool
}

func (c *smppClient) Requests(s *smpp.Session, requests []smpp.PDU) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range requests {
		if a, ok := r.Body.(*smpp.AlertNotification); ok {
			c.alerts = append(c.alerts, a)
			continue
		}
		c.got = append(c.got, r.Body.(*smpp.DeliverSM))
		if !c.silent {
			_ = s.Respond([]smpp.PDU{{Command: smpp.CommandDeliverSMResp, Status: c.status, Sequence: r.Sequence}})
		}
	}
}

func (c *smppClient) Responses(*smpp.Session, []smpp.Response) {}

func (c *smppClient) received() []*smpp.DeliverSM {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

// smppBench is a server with a fake gateway, in a bubble.
type smppBench struct {
	t       *testing.T
	server  *SMPPServer
	gateway *smppFakeGateway
	pipes   *smppPipes
}

func smppTest(t *testing.T, test func(t *testing.T, b *smppBench)) {
	t.Helper()
	smppTestWith(t, []account.Account{
		{Name: "acme", Password: "secret", Senders: []string{"*"}, SMPP: account.SMPP{Sessions: 2, Window: 50}, Lists: []account.List{
			{Name: "staff", Numbers: []string{"+46701000001", "+46701000002", "+46701234567"}},
		}},
		{Name: "other", Password: "web", SMPP: account.SMPP{SystemID: "otherbox", Password: "pass2"}},
		{Name: "far", Password: "secret", Addresses: []string{"192.0.2.0/24"}},
	}, test)
}

// smppTestWith is smppTest with other accounts.
func smppTestWith(t *testing.T, accounts []account.Account, test func(t *testing.T, b *smppBench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		directory := account.NewDirectory(accounts, nil)
		b := &smppBench{
			t: t, gateway: &smppFakeGateway{ids: message.NewIDs(0, 0)},
			pipes: newSMPPPipes(),
		}
		b.server = newSMPPServer(b.gateway, SMPPOptions{
			Accounts: func() *account.Directory { return directory }, Verifier: account.NewVerifier(),
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.server.Serve(ctx, b.pipes) }()
		test(t, b)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if left := b.server.Sessions(); len(left) != 0 {
			t.Errorf("%d sessions are left", len(left))
		}
	})
}

func (b *smppBench) bind(mode smpp.BindMode, id, password string, version smpp.Version) (*smppClient, error) {
	c := &smppClient{}
	d := smpp.Dialer{
		Hosts: []string{"pipe:1"}, Dial: b.pipes.dial,
		Bind:    smpp.Bind{Mode: mode, SystemID: id, Password: password, Version: version},
		Session: smpp.SessionConfig{Window: 1000},
	}
	s, _, err := d.Connect(b.t.Context(), c)
	c.Session = s
	synctest.Wait()
	return c, err
}

func (b *smppBench) mustBind(mode smpp.BindMode) *smppClient {
	b.t.Helper()
	c, err := b.bind(mode, "acme", "secret", smpp.Version34)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (c *smppClient) do(t *testing.T, body smpp.Body) smpp.PDU {
	t.Helper()
	p, err := c.Do(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func smppSubmit(text string) *smpp.SubmitSM {
	return &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: smpp.Address{TON: 5, Addr: "ACME"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"},
		RegisteredDelivery: 1, Text: []byte(text),
	}}
}
