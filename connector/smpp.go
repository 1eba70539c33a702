package connector

import (
	"context"
	"crypto/tls"
	"fmt"
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
//     (smpp_pace.go).
//  3. Responses free the window, complete answers (smpp_status.go says what a
//     command_status means) and let the queue move on.
//  4. deliver_sm and data_sm become reports and inbound messages
//     (smpp_receive.go), answered when the gateway has them on disk.
type SMPP struct {
	// Dial makes connections; nil for TCP. Tests bring net.Pipe.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Listen opens the address of outbind; nil for TCP.
	Listen func(ctx context.Context, network, addr string) (net.Listener, error)
	// Acquire waits for the lease of a session, counted from 0 to SMPPConfig.Leases; nil where one server has all. The
	// error is that of ctx.
	Acquire func(ctx context.Context, session int) (*Lease, error)

	cfg      SMPPConfig
	meanings *smppMeanings // nil for the specifications'
	smooth   *Smooth       // nil without a rate
	log      *slog.Logger
	shared   *Shared
	core     Core
	running  sync.WaitGroup // what tells core something from a goroutine of its own
	gate     *smppGate
	plan     MaintenancePlan
	unread   atomic.Uint64 // receipts that named no message

	mu       sync.Mutex
	slots    []*smppSlot
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
	repeats   smppUnanswered                    // what operators will send again
	self      uint64                            // see newSelf
	accounts  atomic.Pointer[map[string]*rated] // nil when none has a rate
	smoothing smoothing                         // of rates (smooth_shared.go)

	// Networks tells links whose a number is, for rules about senders and recipients; nil knows nothing. It is set before
	// the first link is made.
	Networks message.NetworkOf
	// Now is the wall clock; it is set likewise. nil: time.Now.
	Now func() time.Time
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

// smppSlot is a place for a session, occupied or not.
type smppSlot struct {
	mode      smpp.BindMode
	session   *smppSession // nil while there is none
	number    uint32       // of the session, while there is none of the next
	since     time.Time    // of the state
	down      bool         // the last attempt failed, or the session ended
	err       error        // the last
	errAt     time.Time
	place     int    // number of its lease
	lease     *Lease // of keep alone; nil where none is needed
	elsewhere bool   // it waits for one

	turn    int           // index of the host to begin with, when they are taken in turn
	lost    time.Time     // when the last session ended; of keep alone
	restart chan struct{} // told when people want it opened anew
}

const (
	smppUnbindWait = 5 * time.Second // for the last answers when the link is closed
	smppFirstPause = time.Second     // before the second attempt to connect
)

// NewSMPP makes a link of a configuration that Validate found nothing wrong
// with. shared is that of the process.
func NewSMPP(cfg SMPPConfig, shared *Shared, log *slog.Logger) *SMPP {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &SMPP{
		cfg: cfg.WithDefaults(), log: log.With("link", cfg.Name), shared: shared,
		bound: map[uint32]*smppSession{}, outbound: map[*smpp.Session]*smppSession{}, gate: newSMPPGate(cfg.WithDefaults().Reconnect), plan: cfg.Plan(),
		refused: Seldom{Every: smppStrangeEvery}, unbound: Seldom{Every: smppStrangeEvery},
	}
	l.cfg.rewriting = l.cfg.rewriting.with(shared.Networks)
	l.meanings = l.cfg.meanings(func(string, string) {}) // Validate reports
	if cfg.Rate > 0 {
		l.smooth = shared.smoothLink(cfg.Name, float64(cfg.Rate))
	}
	for i := range l.cfg.Sessions {
		if len(l.cfg.Hosts) == 0 { // the operator opens the sessions
			break
		}
		if l.cfg.Bind == "transceiver" {
			l.slots = append(l.slots, l.newSlot(smpp.Transceiver, i))
		} else {
			l.slots = append(l.slots, l.newSlot(smpp.Transmitter, i), l.newSlot(smpp.Receiver, i))
		}
	}
	for i, slot := range l.slots {
		slot.place = i
	}
	return l
}

func (l *SMPP) newSlot(mode smpp.BindMode, turn int) *smppSlot {
	return &smppSlot{mode: mode, turn: turn, number: l.shared.sessions.Add(1), since: time.Now(), restart: make(chan struct{}, 1)}
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
func (l *SMPP) Stats() []SessionStats { return l.outboundStats(l.slotStats()) }

// slotStats shows the sessions that the link opens.
func (l *SMPP) slotStats() []SessionStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := make([]SessionStats, 0, len(l.slots))
	for _, slot := range l.slots {
		st := SessionStats{Session: slot.number, State: "connecting", Since: slot.since, Mode: slot.mode.String(), Version: l.cfg.Version}
		switch {
		case slot.session != nil:
			slot.session.stats(&st)
		case slot.elsewhere:
			st.State = "elsewhere"
		case slot.down:
			st.State = "down"
		}
		if slot.err != nil && slot.errAt.After(st.ErrorAt) {
			st.Error, st.ErrorAt = slot.err.Error(), slot.errAt
		}
		stats = append(stats, st)
	}
	return stats
}

// RestartSession implements Restarter.
func (l *SMPP) RestartSession(session uint32) bool {
	return l.restartSlot(session) || l.restartOutbound(session)
}

// restartSlot is RestartSession for those sessions that the link opens.
func (l *SMPP) restartSlot(session uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, slot := range l.slots {
		if session == 0 || slot.number != session {
			continue
		}
		select {
		case slot.restart <- struct{}{}:
		default: // it is to be opened anew already
		}
		return true
	}
	return false
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
	conn, err := l.connection(ctx, network, addr)
	if err != nil || l.cfg.TLS == nil {
		return conn, err
	}
	secured, err := l.secure(ctx, conn, addr)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// connection makes a connection as it is.
func (l *SMPP) connection(ctx context.Context, network, addr string) (net.Conn, error) {
	if l.Dial != nil {
		return l.Dial(ctx, network, addr)
	}
	d := net.Dialer{}
	if l.cfg.LocalAddress != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(l.cfg.LocalAddress)}
	}
	return d.DialContext(ctx, network, addr)
}

// secure encrypts a connection.
func (l *SMPP) secure(ctx context.Context, conn net.Conn, addr string) (*tls.Conn, error) {
	host, _, _ := net.SplitHostPort(addr)
	cfg, err := l.cfg.TLS.load(host)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}
