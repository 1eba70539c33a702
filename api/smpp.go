package api

import (
	"cmp"
	"context"
	"log/slog"
	"net"
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
// 5.0). The procedure:
//
//  1. A bind is checked against the account directory: system_id, password,
//     address, kind of bind, version, number of sessions (smpp_bind.go). What
//     fails is answered slowly (login_penalty.go).
//  2. The submit_sm's of one read become one Accept; when the gateway has them
//     on disk all are answered with one write (smpp_submit.go;
//     smpp_content.go reads texts and times, smpp_status.go has the table of
//     refusals; smpp_multi.go has submit_multi). Who has more unanswered than
//     his window is throttled, or not read. Ids are shown as the customer needs
//     them (smpp_id.go); by them he asks for, cancels and replaces messages
//     (smpp_manage.go).
//  3. A session that can receive wakes the gateway, which delivers what the
//     account is owed: receipts and inbound messages are spread over the
//     account's sessions, and the verdicts of one read go back together
//     (smpp_deliver.go, smpp_receipt.go; smpp_range.go where a session takes
//     messages to some numbers only). What operators say of phones is handed on,
//     and forgotten (smpp_alert.go).
type SMPPServer struct {
	core     smppCore
	accounts func() *account.Directory
	verifier *account.Verifier
	log      *slog.Logger
	server   smpp.Server
	refs     *gsm.References
	penalty  loginPenalty
	country  func() string
	now      func() time.Time
	reported func() bool // whether receipts may have parameters of the operators'
	aliases  smppAliases
	asks     chan struct{} // places for query_sm, cancel_sm and replace_sm under way
	running  sync.WaitGroup
	ending   <-chan struct{} // closed when Serve is to end; written before the first session
	all      *Sessions       // of all protocols

	mu        sync.Mutex
	peers     map[*smpp.Session]*smppPeer
	customers map[string]*smppCustomer
	taps      map[string]Tap   // by account
	retired   map[string]int64 // submits of sessions that have ended, by account
}

// SMPPOptions is what a server is made of. Accounts and Verifier are required.
type SMPPOptions struct {
	Accounts func() *account.Directory // those in force
	Verifier *account.Verifier
	Log      *slog.Logger
	Country  func() string // the server's calling code, for accounts that have none; may be nil
	SystemID string        // our name in the response to a bind; default kurir
	Reported func() bool   // whether a link hands on parameters of receipts; may be nil

	Now func() time.Time // the wall clock; nil: time.Now

	All *Sessions // which the server joins; nil for those of the server alone

	MaxConnections int           // at once; default 20,000
	MaxPerIP       int           // from one address; default as MaxConnections: the listener bounds it
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
	Request(ctx context.Context, account string, id message.ID) ([]*message.Message, error)
	Messages(ctx context.Context, f gateway.Filter) ([]*message.Message, message.ID, error)
	Congestion() int
	Network(message.Address) message.Network
	Owes(kind message.TargetKind, account string) bool
	CancelEach(ctx context.Context, account string, ids []message.ID) (int, error)
	ReplaceEach(ctx context.Context, ids []message.ID, r *gateway.Replacement) (int, error)
}

// smppCustomer is the sessions of one account.
type smppCustomer struct {
	sessions  int         // all
	receivers []*smppPeer // those that take deliver_sm
	ranged    int         // of receivers, those that take only some numbers
	turn      int         // of receivers, who is next
}

const (
	smppMostAsks   = 16 // query_sm, cancel_sm and replace_sm at a time, over all sessions
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
	if o.Country == nil {
		o.Country = func() string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Reported == nil {
		o.Reported = func() bool { return false }
	}
	s := &SMPPServer{
		country: o.Country, reported: o.Reported, now: o.Now,
		core: core, accounts: o.Accounts, verifier: o.Verifier, log: o.Log, refs: gsm.NewReferences(),
		asks: make(chan struct{}, smppMostAsks), peers: map[*smpp.Session]*smppPeer{},
		customers: map[string]*smppCustomer{},
	}
	if s.all = o.All; s.all == nil {
		s.all = &Sessions{}
	}
	s.all.join(s)
	s.server = smpp.Server{
		Bind: s.bind, Bound: s.bound, Ended: s.ended,
		SystemID: o.SystemID, MaxConnections: o.MaxConnections, MaxPerIP: cmp.Or(o.MaxPerIP, o.MaxConnections),
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
	s.ending = ctx.Done()
	s.running.Go(func() { s.sample(ctx) })
	s.running.Go(func() { s.outbinds(ctx) })
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

// via implements sessionServer.
func (s *SMPPServer) via() message.Interface { return message.ViaSMPP }

// bound notes that the customer has the response to his bind.
func (s *SMPPServer) bound(sess *smpp.Session) {
	s.mu.Lock()
	p := s.peers[sess]
	p.since, p.isBound = time.Now(), true
	p.num = s.all.number()
	if tap := s.taps[p.account]; tap != nil {
		sess.SetTrace(tap.of(message.SMPP, p.num))
	}
	receives := p.mode != smpp.Transmitter
	if receives {
		c := s.customers[p.account]
		c.receivers = append(c.receivers, p)
		if p.takes != nil {
			c.ranged++
		}
	}
	s.mu.Unlock()
	s.log.Info("customer bound", "account", p.account, "session", p.num, "peer", p.addr, "mode", p.mode, "version", p.version)
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
	before := len(c.receivers)
	c.receivers = slices.DeleteFunc(c.receivers, func(have *smppPeer) bool { return have == p })
	if p.takes != nil && len(c.receivers) < before {
		c.ranged--
	}
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
	s.log.Info("customer's session ended", "account", p.account, "session", p.num, "peer", p.addr, "reason", reason)
	p.giveBack(others)
}
