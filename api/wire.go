package api

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/wire"
)

// wireServer lets customers log in as if we were an SMSC, over one of the protocols of package wire: what UCP and CIMD2
// have in common. The procedure:
//
//  1. A log-in is checked against the account directory: name, password, address, number of sessions (wire_login.go).
//     What fails is answered slowly (login_penalty.go).
//  2. The messages of one read become one Accept; when the gateway has them on disk each is answered. A message is named
//     by its recipient and a second that no other message to that recipient has: it is kept as the reference of the message
//     (wire_submit.go). By it the customer asks for, cancels and replaces messages (wire_manage.go).
//  3. A session wakes the gateway, which delivers what the account is owed, and the verdicts of one read go back together
//     (wire_deliver.go).
type wireServer[P wire.PDU] struct {
	core     smppCore
	accounts func() *account.Directory
	verifier *account.Verifier
	log      *slog.Logger
	by       account.Protocol
	talk     customerTalk[P]
	server   *wire.Server[P]
	penalty  loginPenalty
	refs     *gsm.References
	stamps   wireStamps
	now      func() time.Time
	all      *Sessions     // of all protocols
	asks     chan struct{} // places for questions to the database under way
	running  sync.WaitGroup
	ending   <-chan struct{} // closed when Serve is to end; written before the first session

	mu        sync.Mutex
	peers     map[*wire.Session[P]]*wirePeer[P]
	customers map[string]*wireCustomer[P]
	taps      map[string]Tap
	retired   map[string]int64 // messages of sessions that have ended, by account
}

// customerTalk is how one protocol says things to customers.
type customerTalk[P wire.PDU] interface {
	// via is the interface, version what people call it.
	via() message.Interface
	// speaks is the protocol, for traces.
	speaks() message.Dialect
	version() string
	// credentials reads a log-in; refused is the answer where it is none.
	credentials(request P) (name, password string, refused P, ok bool)
	// admitted and denied answer it; window is how many requests may be without an answer in each direction.
	admitted(request P, l *account.Login) (answer P, window int)
	denied(request P, why loginRefusal) P
	// submitted reads the messages of a request, empty for any other request; refused is the answer to one that cannot be read.
	submitted(request P, c *customer) (subs []gateway.Submission, refused P, ok bool)
	// accepted answers it: the outcome of each of its messages, with their stamps.
	accepted(request P, c *customer, results []gateway.Result, stamps []time.Time) P
	// busy refuses a request beyond the window.
	busy(request P) P
	// gone refuses one of an account that is no more.
	gone(request P) P
	// managed reads a request about messages that are there; refused is the answer to what is none.
	managed(request P, c *customer) (q *wireQuestion[P], refused P)
	// state makes the requests that tell a state, inbound those that hand over a message from a phone.
	state(it *gateway.Item, c *customer) ([]P, error)
	inbound(in *message.Inbound, c *customer) ([]P, error)
	// said reads the answer to one of them.
	said(response P) (v gateway.Verdict, code uint32, text string)
	// messages tells whether a request is one of those that submitted reads.
	messages(request P) bool
}

// customer is what a protocol needs to know of whom it talks to.
type customer struct {
	account *account.Account
	login   *account.Login
	zone    *time.Location
	now     time.Time
	refs    *gsm.References
}

// wireCustomer is the sessions of one account.
type wireCustomer[P wire.PDU] struct {
	peers []*wirePeer[P] // those that are bound
	count int            // with those that are being bound
	turn  int            // who is next
}

// WireOptions is what the server of a protocol is made of. Accounts and Verifier are required.
type WireOptions struct {
	Accounts func() *account.Directory // those in force
	Verifier *account.Verifier
	Log      *slog.Logger
	All      *Sessions // which the server joins; nil for those of the server alone

	Now func() time.Time // the wall clock; nil: time.Now

	MaxConnections int           // at once; default 20,000
	MaxPerIP       int           // from one address; default as MaxConnections: the listener bounds it
	Login          time.Duration // until somebody has logged in; default 30 s
	KeepAlive      time.Duration // silence after which we ask; default 30 s
	ResponseWait   time.Duration // for the answer to what we deliver; default 30 s
}

// newWireServer makes a server for a protocol; server is what accepts its connections.
func newWireServer[P wire.PDU](core smppCore, o WireOptions, by account.Protocol, talk customerTalk[P], protocol *wire.Protocol[P]) *wireServer[P] {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &wireServer[P]{
		core: core, accounts: o.Accounts, verifier: o.Verifier, log: o.Log, by: by, talk: talk, refs: gsm.NewReferences(), now: o.Now,
		asks: make(chan struct{}, smppMostAsks), peers: map[*wire.Session[P]]*wirePeer[P]{}, customers: map[string]*wireCustomer[P]{},
		retired: map[string]int64{},
	}
	if s.all = o.All; s.all == nil {
		s.all = &Sessions{}
	}
	s.all.join(s)
	s.server = &wire.Server[P]{
		Protocol: protocol, Login: s.login, Known: s.known, Bound: s.bound, Ended: s.ended, MaxConnections: o.MaxConnections, MaxPerIP: cmp.Or(o.MaxPerIP, o.MaxConnections),
		Session: wire.Config{Login: o.Login, Alive: o.KeepAlive, Response: o.ResponseWait, Logger: o.Log, Window: wireMostWindow},
	}
	return s
}

// wireMostWindow is the most requests of ours that are unanswered on a session; protocols have fewer numbers.
const wireMostWindow = 128

// Serve accepts connections until ctx ends, then ends the sessions in good order and returns nil; any other error is the
// listener's.
func (s *wireServer[P]) Serve(ctx context.Context, ln net.Listener) error {
	s.ending = ctx.Done()
	s.remember(ctx)
	s.running.Go(func() { s.sample(ctx) })
	err := s.server.Serve(ctx, ln)
	s.running.Wait()
	return err
}

// via implements sessionServer.
func (s *wireServer[P]) via() message.Interface { return s.talk.via() }

// bound notes that the customer has the answer to his log-in.
func (s *wireServer[P]) bound(sess *wire.Session[P]) {
	s.mu.Lock()
	p := s.peers[sess]
	p.since, p.num = time.Now(), s.all.number()
	if tap := s.taps[p.account]; tap != nil {
		sess.SetTrace(tap.of(s.talk.speaks(), p.num))
	}
	c := s.customers[p.account]
	c.peers = append(c.peers, p)
	s.mu.Unlock()
	s.log.Info("customer bound", "account", p.account, "session", p.num, "peer", p.addr, "mode", "transceiver", "version", s.talk.version())
	s.core.Wake(message.SMPPTarget, p.account)
}

// leave takes a session out of those that are delivered to, and tells whether the account has others. It may be called
// again.
func (s *wireServer[P]) leave(p *wirePeer[P]) (others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[p.account]
	if c == nil {
		return false
	}
	c.peers = slices.DeleteFunc(c.peers, func(have *wirePeer[P]) bool { return have == p })
	return len(c.peers) > 0
}

// ended notes that a session is over. The handler has had its last call.
func (s *wireServer[P]) ended(sess *wire.Session[P], reason error) {
	s.mu.Lock()
	p := s.peers[sess]
	delete(s.peers, sess)
	s.mu.Unlock()
	if p == nil {
		return // nobody had logged in
	}
	others := s.leave(p)
	s.mu.Lock()
	s.retired[p.account] += p.meter.submits.Load()
	c := s.customers[p.account]
	if c.count--; c.count == 0 {
		delete(s.customers, p.account)
	}
	s.mu.Unlock()
	s.log.Info("customer's session ended", "account", p.account, "session", p.num, "peer", p.addr, "reason", reason)
	p.giveBack(others)
}

// boundPeers returns the sessions that are bound.
func (s *wireServer[P]) boundPeers() []*wirePeer[P] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*wirePeer[P]
	for _, c := range s.customers {
		list = append(list, c.peers...)
	}
	return list
}

// sample counts all sessions now and then.
func (s *wireServer[P]) sample(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for _, p := range s.boundPeers() {
				i := p.sess.Info()
				s.mu.Lock()
				p.meter.sample(p.count(i, now), p.since)
				s.mu.Unlock()
			}
		}
	}
}

// count is what the session has done.
func (p *wirePeer[P]) count(i wire.Info, now time.Time) smppSample {
	return smppSample{at: now, pdus: int64(i.Sent + i.Received), submits: p.meter.submits.Load()}
}

// submitTotals implements sessionServer.
func (s *wireServer[P]) submitTotals() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := maps.Clone(s.retired)
	for _, p := range s.peers {
		sums[p.account] += p.meter.submits.Load()
	}
	return sums
}

// Sessions implements sessionServer.
func (s *wireServer[P]) Sessions() []SMPPSession {
	peers := s.boundPeers()
	list := make([]SMPPSession, 0, len(peers))
	now := time.Now()
	for _, p := range peers {
		i := p.sess.Info()
		s.mu.Lock()
		d := SMPPSession{
			ID: p.num, Account: p.account, Peer: p.addr, Mode: "transceiver", Version: s.talk.version(), Since: p.since,
			Submitted: int(p.submitted.Load()), Delivering: i.Outstanding, Window: p.sess.Window(),
		}
		d.PDUs, d.Submits = p.meter.rates(p.count(i, now))
		s.mu.Unlock()
		d.SubmitWindow, d.Sent, d.Received, d.Answered, d.P50, d.P99, d.LastIn = i.PeerWindow, i.Sent, i.Received, i.Answered, i.LatencyP50, i.LatencyP99, i.LastIn
		d.LastError, d.LastErrorAt = i.LastFault, i.LastFaultAt
		list = append(list, d)
	}
	return list
}

// End implements sessionServer.
func (s *wireServer[P]) End(ctx context.Context, account string, id uint64) error {
	for _, p := range s.boundPeers() {
		if p.num == id && (account == "" || p.account == account) {
			ctx, cancel := context.WithTimeout(ctx, unbindGrace)
			defer cancel()
			p.sess.End(ctx) // in time or not: it is over
			s.leave(p)      // so that whoever looks now does not find it; ended comes a moment later
			return nil
		}
	}
	return ErrNoSession
}

// SetTrace implements sessionServer.
func (s *wireServer[P]) SetTrace(account string, session uint64, tap Tap) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var peers []*wirePeer[P]
	if c := s.customers[account]; c != nil {
		peers = c.peers
	}
	if tap != nil && session != 0 && !slices.ContainsFunc(peers, func(p *wirePeer[P]) bool { return p.num == session }) {
		return ErrNoSession
	}
	if tap == nil {
		delete(s.taps, account)
	} else {
		if s.taps == nil {
			s.taps = map[string]Tap{}
		}
		s.taps[account] = tap
	}
	for _, p := range peers {
		if tap == nil {
			p.sess.SetTrace(nil)
		} else {
			p.sess.SetTrace(tap.of(s.talk.speaks(), p.num))
		}
	}
	return nil
}

// peerAddr returns the IP address of a peer, the zero Addr if its connection has none.
func peerAddr(peer net.Addr) netip.Addr {
	if a, ok := peer.(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
