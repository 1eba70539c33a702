package connector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// SMPP is a link to an SMSC over SMPP 3.3, 3.4 or 5.0. The procedure:
//
//  1. A goroutine per session connects and binds (smpp.Dialer), announces the
//     session, waits for its end, announces that, pauses, begins again.
//  2. Send puts messages into the session's queue and writes as many parts as
//     the window has room for (smpp_session.go); each is made a submit_sm
//     (smpp_build.go) only then.
//  3. Responses free the window, complete answers (smpp_status.go says what a
//     command_status means) and let the queue move on.
//  4. deliver_sm and data_sm become reports and inbound messages
//     (smpp_receive.go), answered when the gateway has them on disk.
type SMPP struct {
	// Dial makes connections; nil for TCP. Tests bring net.Pipe.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	cfg     SMPPConfig
	log     *slog.Logger
	refs    *gsm.References
	core    Core
	running sync.WaitGroup

	mu    sync.Mutex
	slots []*smppSlot
	bound map[uint32]*smppSession
}

// smppSlot is a place for a session, occupied or not.
type smppSlot struct {
	mode    smpp.BindMode
	session *smppSession // nil while there is none
	since   time.Time    // of the state
	err     error        // why there is none
}

// sessionNumbers gives every session of the process its number.
var sessionNumbers atomic.Uint32

const (
	smppUnbindWait = 5 * time.Second // for the last answers when the link is closed
	smppFirstPause = time.Second     // before the second attempt to connect
)

// NewSMPP makes a link of a configuration that Validate found nothing wrong
// with.
func NewSMPP(cfg SMPPConfig, log *slog.Logger) *SMPP {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &SMPP{
		cfg: cfg.WithDefaults(), log: log.With("link", cfg.Name), refs: gsm.NewReferences(),
		bound: map[uint32]*smppSession{},
	}
	for range l.cfg.Sessions {
		if l.cfg.Bind == "transceiver" {
			l.slots = append(l.slots, &smppSlot{mode: smpp.Transceiver})
		} else {
			l.slots = append(l.slots, &smppSlot{mode: smpp.Transmitter}, &smppSlot{mode: smpp.Receiver})
		}
	}
	return l
}

// Run implements Connector.
func (l *SMPP) Run(ctx context.Context, core Core) {
	l.core = core
	l.mu.Lock() // Stats may be asked already
	for _, slot := range l.slots {
		slot.since = time.Now()
	}
	l.mu.Unlock()
	for _, slot := range l.slots {
		l.running.Go(func() { l.keep(ctx, slot) })
	}
	l.running.Wait()
}

// Send implements Connector.
func (l *SMPP) Send(session uint32, out []*Outgoing) {
	l.mu.Lock()
	s := l.bound[session]
	l.mu.Unlock()
	if s != nil {
		out = s.add(out)
	}
	if len(out) == 0 {
		return
	}
	// The session has just ended. The gateway may hold locks while it calls,
	// so it is told from elsewhere.
	out = slices.Clone(out)
	go l.core.SessionDown(session, out, errSessionOver)
}

var errSessionOver = errors.New("the session is over")

// Stats implements Connector.
func (l *SMPP) Stats() []SessionStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := make([]SessionStats, 0, len(l.slots))
	for _, slot := range l.slots {
		if slot.session != nil {
			stats = append(stats, slot.session.stats())
			continue
		}
		st := SessionStats{State: "connecting", Since: slot.since}
		if slot.err != nil {
			st.State, st.Error = "down", slot.err.Error()
		}
		stats = append(stats, st)
	}
	return stats
}

// keep holds the session of one slot until ctx ends.
func (l *SMPP) keep(ctx context.Context, slot *smppSlot) {
	d := l.dialer(slot.mode)
	for attempt := 0; ctx.Err() == nil; attempt++ {
		bound, err := l.once(ctx, d, slot)
		if ctx.Err() != nil {
			return
		}
		if bound {
			attempt = 0
		}
		pause := l.pause(attempt, err)
		l.mu.Lock()
		slot.session, slot.since, slot.err = nil, time.Now(), err
		l.mu.Unlock()
		l.log.Warn("no session", "mode", slot.mode, "error", err, "again_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// pause returns how long to wait before the next attempt. Wrong credentials
// wait longest from the start, lest the operator locks us out; a session that
// the operator still believes to exist needs some time to be noticed.
func (l *SMPP) pause(attempt int, err error) time.Duration {
	first := min(smppFirstPause, l.cfg.Reconnect)
	switch {
	case errors.Is(err, smpp.ESME_RINVPASWD), errors.Is(err, smpp.ESME_RINVSYSID), errors.Is(err, smpp.ESME_RINVSYSTYP):
		return l.cfg.Reconnect
	case errors.Is(err, smpp.ESME_RALYBND):
		first = min(5*time.Second, l.cfg.Reconnect)
	}
	return smpp.Backoff(attempt, first, l.cfg.Reconnect, rand.Float64())
}

// once connects, binds, and stays until the session ends. It tells whether
// there was one, and why it ended.
func (l *SMPP) once(ctx context.Context, d *smpp.Dialer, slot *smppSlot) (bound bool, err error) {
	s := &smppSession{
		link: l, core: l.core, number: sessionNumbers.Add(1), since: time.Now(),
		build: smppBuilder{cfg: l.cfg, refs: l.refs},
	}
	sess, _, err := d.Connect(ctx, s)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	s.sess, s.peer = sess, sess.Info().Peer.String()
	s.mu.Unlock()
	credit := 0
	if slot.mode != smpp.Receiver {
		credit = l.cfg.Window + l.cfg.Lookahead
	}
	l.mu.Lock()
	l.bound[s.number] = s
	slot.session, slot.err = s, nil
	l.mu.Unlock()
	l.log.Info("session bound", "session", s.number, "peer", s.peer, "mode", slot.mode)
	l.core.SessionUp(s.number, credit)

	var unwritten []*Outgoing
	select {
	case <-sess.Done():
	case <-ctx.Done():
		unwritten = s.end() // nothing new while the last answers are awaited
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), smppUnbindWait)
		_ = sess.Unbind(limit) // closes in any case
		cancel()
		<-sess.Done()
	}
	l.mu.Lock()
	delete(l.bound, s.number)
	slot.session = nil
	l.mu.Unlock()
	unwritten = append(unwritten, s.end()...)
	reason := sess.Err()
	if ctx.Err() != nil && errors.Is(reason, smpp.ErrUnbound) {
		reason = nil
	}
	l.core.SessionDown(s.number, unwritten, reason)
	return true, sess.Err()
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
	dial := l.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, network, addr)
	if err != nil || l.cfg.TLS == nil {
		return conn, err
	}
	host, _, _ := net.SplitHostPort(addr)
	cfg, err := l.cfg.TLS.load(host)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}
