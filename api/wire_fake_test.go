package api

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/wire"
)

// wireFakeGateway keeps the messages that it accepts, so that they can be asked for.
type wireFakeGateway struct {
	smppFakeGateway
	fail     func(s *gateway.Submission) *message.Failure // nil: nothing fails
	kept     []*message.Message
	slow     chan struct{} // questions wait until it is closed; nil: they do not
	replaced []*gateway.Replacement
}

func (g *wireFakeGateway) Accept(subs []*gateway.Submission, done gateway.Done) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batches++
	results := make([]gateway.Result, len(subs))
	for i, s := range subs {
		kept := *s
		g.subs = append(g.subs, &kept)
		if g.fail != nil {
			if results[i].Failure = g.fail(s); results[i].Failure != nil {
				continue
			}
		}
		m := &message.Message{
			ID: g.ids.Next(time.Now()), Account: s.Account.Name, Via: s.Via, Reference: s.Reference, From: s.FromAddr, To: s.ToAddr,
			Content: s.Content, Parts: 1,
		}
		if m.To.Number == "" {
			m.To.Number = s.To
		}
		if m.From.Number == "" {
			m.From.Number = s.From
		}
		m.State = message.Queued
		g.kept = append(g.kept, m)
		results[i].ID, results[i].To = m.ID, m.To
	}
	answer := func() { done(results) }
	if g.hold {
		g.held = append(g.held, answer)
		return
	}
	go answer()
}

func (g *wireFakeGateway) Messages(ctx context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.slow != nil {
		slow := g.slow
		g.mu.Unlock()
		select {
		case <-slow:
		case <-ctx.Done():
		}
		g.mu.Lock()
	}
	var list []*message.Message
	for _, m := range slices.Backward(g.kept) {
		if f.Account != "" && m.Account != f.Account || m.Via != f.Via || f.Reference != "" && m.Reference != f.Reference ||
			f.To.Number != "" && m.To.Number != f.To.Number || len(f.States) > 0 && !slices.Contains(f.States, m.State) {
			continue
		}
		kept := *m
		if list = append(list, &kept); len(list) == f.Limit {
			break
		}
	}
	return list, 0, nil
}

func (g *wireFakeGateway) CancelEach(_ context.Context, account string, ids []message.ID) (n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.kept {
		if m.Account == account && slices.Contains(ids, m.ID) && !m.State.Final() {
			m.State = message.Deleted
			n++
		}
	}
	return n, nil
}

func (g *wireFakeGateway) ReplaceEach(_ context.Context, ids []message.ID, r *gateway.Replacement) (n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal != nil {
		return 0, g.refusal
	}
	for _, m := range g.kept {
		if slices.Contains(ids, m.ID) && !m.State.Final() {
			g.replaced = append(g.replaced, r)
			n++
		}
	}
	return n, nil
}

// taken gives what was submitted since the last call.
func (g *wireFakeGateway) taken() []*gateway.Submission {
	g.mu.Lock()
	defer g.mu.Unlock()
	subs := g.subs
	g.subs = nil
	return subs
}

// become gives all messages a state and makes the items that tell it.
func (g *wireFakeGateway) become(state message.State) (items []*gateway.Item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.kept {
		if m.State = state; state.Final() {
			m.Final = time.Now().UnixMilli()
		}
		items = append(items, &gateway.Item{Message: m, State: state})
	}
	return items
}

// wireFrom is a connection of a peer with an address.
type wireFrom struct {
	net.Conn
	addr net.Addr
}

func (c *wireFrom) RemoteAddr() net.Addr { return c.addr }

// wireClient is a customer's session that remembers what comes and answers as told.
type wireClient[P wire.PDU] struct {
	*wire.Session[P]
	mu     sync.Mutex
	got    []P
	answer func(P) P // nil: there is none
}

func (c *wireClient[P]) Requests(s *wire.Session[P], requests []P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, requests...)
	for _, r := range requests {
		if c.answer != nil {
			_ = s.Respond([]P{c.answer(r)})
		}
	}
}

func (c *wireClient[P]) Responses(_ *wire.Session[P], responses []wire.Response[P]) {
	for _, r := range responses {
		r.Ref.(chan wire.Response[P]) <- r
	}
}

// reply has the client answer otherwise from now on.
func (c *wireClient[P]) reply(answer func(P) P) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func (c *wireClient[P]) received() []P {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

// do sends a request and gives the answer.
func (c *wireClient[P]) do(t *testing.T, p P) P {
	t.Helper()
	answer, err := c.Do(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// flood sends requests at once and gives the answers as they come.
func (c *wireClient[P]) flood(t *testing.T, list []P) <-chan wire.Response[P] {
	t.Helper()
	answers := make(chan wire.Response[P], len(list))
	requests := make([]wire.Request[P], len(list))
	for i, p := range list {
		requests[i] = wire.Request[P]{PDU: p, Ref: answers}
	}
	if sent, err := c.Send(requests); sent != len(list) || err != nil {
		t.Fatal(sent, err)
	}
	synctest.Wait()
	return answers
}

// wireBench is a server of one protocol with a fake gateway, in a bubble.
type wireBench[P wire.PDU] struct {
	t         *testing.T
	server    *wireServer[P]
	gateway   *wireFakeGateway
	pipes     *smppPipes
	all       *Sessions
	from      netip.AddrPort // where clients come from; the zero one is none
	directory atomic.Pointer[account.Directory]
}

// wireAccounts are those of most tests, with their settings for a protocol.
func wireAccounts(set func(a *account.Account, l account.Login), name string) []account.Account {
	list := []account.Account{
		{Name: "acme", Password: "secret", Senders: []string{"*"}},
		{Name: "other", Password: "web"},
		{Name: "far", Password: "secret", Addresses: []string{"192.0.2.0/24"}},
	}
	set(&list[0], account.Login{Sessions: 2, Window: 50})
	set(&list[1], account.Login{Name: name, Password: "pass2"})
	return list
}

// wireTest runs a test with a server that make makes.
func wireTest[P wire.PDU](t *testing.T, accounts []account.Account, make func(core smppCore, o WireOptions) *wireServer[P], test func(t *testing.T, b *wireBench[P])) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWireBench(accounts, make)
		b.t = t
		ctx, stop := context.WithCancel(t.Context())
		done := b.serve(ctx)
		test(t, b)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if left := b.server.Sessions(); len(left) != 0 {
			t.Errorf("%d sessions are left", len(left))
		}
		if len(b.server.customers) != 0 || len(b.server.peers) != 0 {
			t.Errorf("%d customers and %d peers are left", len(b.server.customers), len(b.server.peers))
		}
	})
}

func newWireBench[P wire.PDU](accounts []account.Account, make func(core smppCore, o WireOptions) *wireServer[P]) *wireBench[P] {
	b := &wireBench[P]{
		gateway: &wireFakeGateway{smppFakeGateway: smppFakeGateway{ids: message.NewIDs(0, 0)}},
		pipes:   newSMPPPipes(), all: &Sessions{},
	}
	b.directory.Store(account.NewDirectory(accounts, nil))
	b.server = make(b.gateway, WireOptions{Accounts: b.directory.Load, Verifier: account.NewVerifier(), All: b.all})
	return b
}

// serve runs the server until ctx ends.
func (b *wireBench[P]) serve(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(ctx, b.pipes) }()
	return done
}

// dial connects as a peer with the bench's address.
func (b *wireBench[P]) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	if b.from.IsValid() {
		theirs = &wireFrom{theirs, net.TCPAddrFromAddrPort(b.from)}
	}
	select {
	case b.pipes.conns <- theirs:
		return ours, nil
	case <-b.pipes.closed:
		return nil, net.ErrClosed
	}
}

// deliver delivers items and gives the verdicts.
func (b *wireBench[P]) deliver(items ...*gateway.Item) map[gateway.Verdict]int {
	b.server.Deliver("acme", items)
	synctest.Wait()
	return smppCount(b.gateway.take())
}

// netipPort is the address that a text gives.
func netipPort(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }
