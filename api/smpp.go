package api

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// SMPPServer lets customers bind as if we were an SMSC (SMPP 3.3, 3.4 and
// 5.0), and is the gateway's Receiver for message.SMPPTarget. The procedure:
//
//  1. A bind is checked against the account directory: system_id, password,
//     address, number of sessions. What fails is answered slowly.
//  2. The submit_sm's of one read become one Accept; when the gateway has them
//     on disk all are answered with one write (smpp_submit.go;
//     smpp_content.go reads texts and times, smpp_status.go has the table of
//     refusals). Who has more unanswered than his window is throttled.
//  3. A session that can receive wakes the gateway, which delivers what the
//     account is owed: receipts and inbound messages are spread over the
//     account's sessions, and the verdicts of one read go back together
//     (smpp_deliver.go, smpp_receipt.go).
type SMPPServer struct {
	core     smppCore
	accounts func() *account.Directory
	verifier *account.Verifier
	log      *slog.Logger
	server   smpp.Server
	refs     *gsm.References
	penalty  smppPenalty
	asks     chan struct{} // places for query_sm and cancel_sm under way
	running  sync.WaitGroup

	mu        sync.Mutex
	peers     map[*smpp.Session]*smppPeer
	customers map[string]*smppCustomer
	lastPeer  uint64             // number of the newest peer
	taps      map[string]smppTap // by account
	retired   map[string]int64   // submits of sessions that have ended, by account
}

// SMPPOptions is what a server is made of. Accounts and Verifier are required.
type SMPPOptions struct {
	Accounts func() *account.Directory // those in force
	Verifier *account.Verifier
	Log      *slog.Logger
	SystemID string // our name in the response to a bind; default kurir

	MaxConnections int           // at once; default 20,000
	MaxPerIP       int           // from one address; default 1000
	BindTimeout    time.Duration // until a connection is bound; default 30 s
	EnquireLink    time.Duration // silence after which we ask; default 30 s
	ResponseWait   time.Duration // for the answer to a deliver_sm; default 30 s
}

// SMPPSession describes a session of a customer.
type SMPPSession struct {
	ID         uint64 // by which it is named; another for each session since the start
	Account    string
	Peer       string // address
	Mode       string // transceiver, transmitter or receiver
	Version    string // of the protocol
	Since      time.Time
	Submitted  int // submit_sm's that we have not answered
	Delivering int // deliver_sm's that the customer has not answered
	Window     int // how many deliver_sm's may be unanswered now
	SMPPFigures
}

// smppCore is what the server needs of *gateway.Gateway; tests have another.
type smppCore interface {
	Accept(subs []*gateway.Submission, done gateway.Done)
	Delivered(list []gateway.Delivered)
	Wake(kind message.TargetKind, account string)
	Message(ctx context.Context, account string, id message.ID) (*message.Message, error)
	Cancel(ctx context.Context, account string, id message.ID) (*message.Message, error)
}

// smppCustomer is the sessions of one account.
type smppCustomer struct {
	sessions  int         // all
	receivers []*smppPeer // those that take deliver_sm
	turn      int         // of receivers, who is next
}

const (
	smppMostAsks   = 16 // query_sm and cancel_sm at a time, over all sessions
	smppVerifyWait = 10 * time.Second
	smppMostWindow = 1000 // deliver_sm's unanswered on one session
)

// NewSMPPServer makes a server; Serve runs it.
func NewSMPPServer(g *gateway.Gateway, o SMPPOptions) *SMPPServer { return newSMPPServer(g, o) }

func newSMPPServer(core smppCore, o SMPPOptions) *SMPPServer {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SystemID == "" {
		o.SystemID = "kurir"
	}
	s := &SMPPServer{
		core: core, accounts: o.Accounts, verifier: o.Verifier, log: o.Log, refs: gsm.NewReferences(),
		asks: make(chan struct{}, smppMostAsks), peers: map[*smpp.Session]*smppPeer{},
		customers: map[string]*smppCustomer{},
	}
	s.server = smpp.Server{
		Bind: s.bind, Bound: s.bound, Ended: s.ended,
		SystemID: o.SystemID, MaxConnections: o.MaxConnections, MaxPerIP: o.MaxPerIP,
		Session: smpp.SessionConfig{
			// The most that any session gets; smppPeer.limit is what it has. Of
			// requests one more is read than any account's window has, so that it
			// is refused and does not wait.
			Window: smppMostWindow, PeerWindow: account.MostWindow + 1, BindTimeout: o.BindTimeout, EnquireInterval: o.EnquireLink,
			ResponseTimeout: o.ResponseWait, Logger: o.Log,
		},
	}
	return s
}

// Serve accepts connections until ctx ends, then unbinds the sessions in good
// order and returns nil; any other error is the listener's.
func (s *SMPPServer) Serve(ctx context.Context, ln net.Listener) error {
	s.running.Go(func() { s.sample(ctx) })
	err := s.server.Serve(ctx, ln)
	s.running.Wait()
	return err
}

// Sessions lists the bound sessions by account and age.
func (s *SMPPServer) Sessions() []SMPPSession {
	list := s.describeAll()
	slices.SortFunc(list, func(a, b SMPPSession) int {
		if a.Account != b.Account {
			if a.Account < b.Account {
				return -1
			}
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	return list
}

// bind decides on a bind (SMPP 3.4 4.1).
func (s *SMPPServer) bind(sess *smpp.Session, b *smpp.Bind) (smpp.Status, smpp.Handler) {
	from := smppAddr(sess)
	refuse := func(status smpp.Status, why string) (smpp.Status, smpp.Handler) {
		s.log.Warn("bind refused", "system_id", b.SystemID, "peer", from, "why", why)
		s.penalty.wait(from)
		return status, nil
	}
	directory := s.accounts()
	a := directory.BySystemID(b.SystemID)
	if a == nil {
		return refuse(smpp.ESME_RINVSYSID, "no account has this system_id")
	}
	if !a.MayComeFrom(from) {
		return refuse(smpp.ESME_RBINDFAIL, "the account may not come from this address")
	}
	ctx, cancel := context.WithTimeout(context.Background(), smppVerifyWait)
	defer cancel()
	if _, err := s.verifier.AuthenticateSMPP(ctx, directory, b.SystemID, b.Password); err != nil {
		if ctx.Err() != nil {
			return smpp.ESME_RBINDFAIL, nil
		}
		return refuse(smpp.ESME_RINVPASWD, "wrong password")
	}
	s.penalty.forgive(from)
	p := &smppPeer{
		server: s, sess: sess, account: a.Name, addr: sess.Info().Peer.String(), mode: b.Mode,
		version: b.Version.Normal(), tlvs: b.Version.TLVs(), most: min(a.Window(), smppMostWindow),
	}
	p.limit.Store(int32(min(smppFirstWindow, p.most)))
	s.mu.Lock()
	c := s.customers[a.Name]
	if c == nil {
		c = &smppCustomer{}
		s.customers[a.Name] = c
	}
	full := c.sessions >= a.MaxSessions()
	if !full {
		c.sessions++
		s.peers[sess] = p
	}
	s.mu.Unlock()
	if full {
		s.log.Warn("bind refused", "account", a.Name, "peer", from, "why", "all sessions of the account are in use")
		return smpp.ESME_RBINDFAIL, nil
	}
	return smpp.ESME_ROK, p
}

// bound notes that the customer has the response to his bind.
func (s *SMPPServer) bound(sess *smpp.Session) {
	s.mu.Lock()
	p := s.peers[sess]
	p.since, p.isBound = time.Now(), true
	s.lastPeer++
	p.num = s.lastPeer
	if tap := s.taps[p.account]; tap != nil {
		sess.SetTrace(tap.of(p.num))
	}
	receives := p.mode != smpp.Transmitter
	if receives {
		c := s.customers[p.account]
		c.receivers = append(c.receivers, p)
	}
	s.mu.Unlock()
	s.log.Info("customer bound", "account", p.account, "peer", p.addr, "mode", p.mode, "version", p.version)
	if receives {
		s.core.Wake(message.SMPPTarget, p.account)
	}
}

// leave takes a session out of those that deliver_sm's are sent to, and tells
// whether the account has others. It may be called again.
func (s *SMPPServer) leave(p *smppPeer) (others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[p.account]
	if c == nil {
		return false
	}
	c.receivers = slices.DeleteFunc(c.receivers, func(have *smppPeer) bool { return have == p })
	return len(c.receivers) > 0
}

// ended notes that a session is over. The handler has had its last call.
func (s *SMPPServer) ended(sess *smpp.Session, reason error) {
	s.mu.Lock()
	p := s.peers[sess]
	delete(s.peers, sess)
	if p != nil {
		s.retire(p)
	}
	s.mu.Unlock()
	if p == nil {
		return // never bound
	}
	others := s.leave(p)
	s.mu.Lock()
	c := s.customers[p.account]
	if c.sessions--; c.sessions == 0 {
		delete(s.customers, p.account)
	}
	s.mu.Unlock()
	s.log.Info("customer's session ended", "account", p.account, "peer", p.addr, "reason", reason)
	p.giveBack(others)
}

// smppAddr returns the IP address of a session's peer, the zero Addr if its
// connection has none.
func smppAddr(sess *smpp.Session) netip.Addr {
	if a, ok := sess.Info().Peer.(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// smppPenalty slows down who fails to bind: the answer waits the longer the
// more binds from the same address have failed lately.
type smppPenalty struct {
	mu     sync.Mutex
	failed map[netip.Addr]smppFailures
}

type smppFailures struct {
	count int
	last  time.Time
}

const (
	smppPenaltyStep   = 250 * time.Millisecond
	smppPenaltySteps  = 20 // 5 s
	smppPenaltyMemory = 10 * time.Minute
	smppPenaltyMost   = 10_000 // addresses remembered
)

// wait books a failure and waits for it.
func (p *smppPenalty) wait(from netip.Addr) {
	now := time.Now()
	p.mu.Lock()
	if p.failed == nil || len(p.failed) >= smppPenaltyMost {
		p.failed = map[netip.Addr]smppFailures{}
	}
	f := p.failed[from]
	if now.Sub(f.last) > smppPenaltyMemory {
		f.count = 0
	}
	f.count, f.last = min(f.count+1, smppPenaltySteps), now
	p.failed[from] = f
	p.mu.Unlock()
	time.Sleep(time.Duration(f.count) * smppPenaltyStep)
}

// forgive forgets the failures of an address that has bound.
func (p *smppPenalty) forgive(from netip.Addr) {
	p.mu.Lock()
	delete(p.failed, from)
	p.mu.Unlock()
}
