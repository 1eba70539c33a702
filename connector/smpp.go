package connector

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// SMPP is a link to an SMSC over SMPP 3.3, 3.4 or 5.0. The procedure:
//
//  1. A goroutine per session connects and binds (smpp_keep.go), announces the
//     session, waits for its end, announces that, pauses, begins again.
//  2. Send puts messages into the session's queue and writes as many parts as
//     the window has room for (smpp_session.go); each is made a submit_sm
//     (smpp_build.go) only then. Where rates are set they go smoothly
//     (pace.go).
//  3. Responses free the window, complete answers (smpp_status.go says what a
//     command_status means) and let the queue move on.
//  4. deliver_sm and data_sm become reports and inbound messages
//     (smpp_receive.go), answered when the gateway has them on disk.
type SMPP struct {
	// Dial makes connections; nil for TCP. Tests bring net.Pipe.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Listen opens the address of outbind; nil for TCP.
	Listen func(ctx context.Context, network, addr string) (net.Listener, error)
	keeper

	cfg      SMPPConfig
	meanings *smppMeanings // nil for the specifications'
	smooth   *Smooth       // nil without a rate
	core     Core
	running  sync.WaitGroup // what tells core something from a goroutine of its own
	unread   atomic.Uint64  // receipts that named no message

	// Guarded by mu of keeper.
	bound    map[uint32]*smppSession
	outbound map[*smpp.Session]*smppSession // those that the operator opened
	tap      Tap                            // of smpp_trace.go
	over     bool                           // Run waits for the last of running
	refused  Seldom                         // connections with an outbind that is not the operator's
	unbound  Seldom                         // and others without a bind
}

// Shared is what all links of a process have in common. Make one with
// NewShared.
type Shared struct {
	refs      *gsm.References                   // two links may lead to the same phone
	sessions  atomic.Uint32                     // number of the newest session
	repeats   unanswered                        // what operators will send again
	self      uint64                            // see newSelf
	accounts  atomic.Pointer[map[string]*rated] // nil when none has a rate
	smoothing smoothing                         // of rates (smooth_shared.go)

	// Networks tells links whose a number is, for rules about senders and recipients; nil knows nothing. It is set before
	// the first link is made.
	Networks message.NetworkOf
	// Now is the wall clock; it is set likewise. nil: time.Now.
	Now func() time.Time
	// Folder is where links of modems write down which PINs they have tried and how much each SIM has sent today; empty:
	// nowhere. It is set likewise.
	Folder string
}

// now is the time by the wall clock.
func (s *Shared) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// NewShared makes what the links of one process share.
func NewShared() *Shared { return &Shared{refs: gsm.NewReferences(), self: newSelf()} }

// smppUnbindWait is for the last answers when the link is closed.
const smppUnbindWait = 5 * time.Second

// NewSMPP makes a link of a configuration that Validate found nothing wrong
// with. shared is that of the process.
func NewSMPP(cfg SMPPConfig, shared *Shared, log *slog.Logger) *SMPP {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg = cfg.WithDefaults()
	l := &SMPP{
		keeper: keeper{
			log: log.With("link", cfg.Name), shared: shared, gate: newGate(cfg.Reconnect), plan: cfg.Plan(),
			quietCut: cfg.QuietCut, longest: cfg.Reconnect, why: smppWhy,
		},
		cfg: cfg, bound: map[uint32]*smppSession{}, outbound: map[*smpp.Session]*smppSession{},
		refused: Seldom{Every: smppStrangeEvery}, unbound: Seldom{Every: smppStrangeEvery},
	}
	l.cfg.rewriting = l.cfg.rewriting.with(shared.Networks)
	l.meanings = l.cfg.meanings(func(string, string) {}) // Validate reports
	if cfg.Rate > 0 {
		l.smooth = shared.smoothLink(cfg.Name, float64(cfg.Rate))
	}
	modes := []smpp.BindMode{smpp.Transceiver}
	if l.cfg.Bind != "transceiver" {
		modes = []smpp.BindMode{smpp.Transmitter, smpp.Receiver}
	}
	for i := range l.cfg.Sessions {
		if len(l.cfg.Hosts) == 0 { // the operator opens the sessions
			break
		}
		for _, mode := range modes {
			l.addSlot(mode.String(), i)
		}
	}
	l.opener = func(s *slot) func(context.Context) (time.Duration, error) {
		return l.open(modes[s.place%len(modes)], s)
	}
	return l
}

// Run implements Connector.
func (l *SMPP) Run(ctx context.Context, core Core) {
	l.core = core
	var slots sync.WaitGroup
	for _, slot := range l.slots {
		slots.Go(func() { l.keep(ctx, slot) })
	}
	if l.cfg.Outbind != nil {
		slots.Go(func() { l.outbinds(ctx) })
	}
	slots.Wait()
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.running.Wait()
}

// Send implements Connector.
func (l *SMPP) Send(session uint32, out []*Outgoing) (refused []*Outgoing) {
	l.mu.Lock()
	s := l.bound[session]
	l.mu.Unlock()
	if s == nil {
		return out
	}
	return s.add(out)
}

// Stats implements Connector.
func (l *SMPP) Stats() []SessionStats { return l.outboundStats(l.slotStats(l.cfg.Version)) }

// RestartSession implements Restarter.
func (l *SMPP) RestartSession(session uint32) bool {
	return l.restartSlot(session) || l.restartOutbound(session)
}

// dialer returns what opens the sessions of a slot.
func (l *SMPP) dialer(mode smpp.BindMode) *smpp.Dialer {
	return &smpp.Dialer{
		Hosts: l.cfg.Hosts,
		Dial:  l.dial,
		Bind: smpp.Bind{
			Mode: mode, SystemID: l.cfg.SystemID, Password: l.cfg.Password.Reveal(), SystemType: l.cfg.SystemType,
			Version: l.cfg.version(), Range: smpp.Address{Addr: l.cfg.AddressRange},
		},
		Session: smpp.SessionConfig{
			Window: l.cfg.Window, EnquireInterval: l.cfg.EnquireLink, ResponseTimeout: l.cfg.ResponseTimeout,
			Logger: l.log,
		},
	}
}

// dial makes a connection, encrypted if the configuration says so.
func (l *SMPP) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return l.cfg.Remote.dial(ctx, l.Dial, network, addr)
}
