package connector

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"kurir/smpp"
	"kurir/wire"
)

// hold keeps the session of one slot open until ctx ends. The pauses grow until a
// session has lasted longer than the pause before it.
func (l *SMPP) hold(ctx context.Context, slot *smppSlot) {
	d := l.dialer(slot.mode)
	turn := slot.turn
	var pause time.Duration
	for attempt := 0; ctx.Err() == nil; attempt++ {
		if l.cfg.HostsOrder == "turn" {
			d = l.dialer(slot.mode)
			turn %= len(d.Hosts)
			d.Hosts = slices.Concat(d.Hosts[turn:], d.Hosts[:turn])
			turn++
		}
		lasted, err := l.once(ctx, d, slot)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errRestart) {
			attempt, pause = -1, 0
			continue
		}
		if lasted > pause {
			attempt = 0
		}
		pause = l.pause(attempt, err)
		now := time.Now()
		l.mu.Lock()
		slot.since, slot.down, slot.err, slot.errAt = now, true, err, now
		l.mu.Unlock()
		ahead := l.gate.ahead()
		if ahead > 0 && smppCredentials(err) { // for these the link waits, each slot in its turn
			pause = 0
		}
		l.complain(ctx, slot, err, max(pause, ahead), now)
		smppWait(ctx, pause, slot.restart)
	}
}

// complain writes that there is no session: as a warning, unless the operator
// works on his side, or the cut may yet be repaired in the time that is tolerated.
func (l *SMPP) complain(ctx context.Context, slot *smppSlot, err error, pause time.Duration, now time.Time) {
	level, text := slog.LevelWarn, "no session"
	switch {
	case l.plan.Active(now):
		level, text = slog.LevelInfo, "no session, in a time of maintenance"
	case l.cfg.QuietCut > 0 && !slot.lost.IsZero() && now.Sub(slot.lost) < l.cfg.QuietCut:
		level, text = slog.LevelInfo, "no session for the moment"
	case smppStillBound(err):
		text = "no session: the operator still has our old ones, or permits no more of them (sessions), or not from here"
	}
	l.log.Log(ctx, level, text, "session", slot.number, "mode", slot.mode, "error", err, "again_in", pause.Round(time.Millisecond))
}

// smppStillBound tells whether a bind was refused as it is while the operator
// believes sessions to exist that have ended. That passes; a bind in haste may
// have us locked out.
func smppStillBound(err error) bool {
	return errors.Is(err, smpp.ESME_RALYBND) || errors.Is(err, smpp.ESME_RBINDFAIL)
}

// smppCredentials tells whether a bind was refused because of name or password.
func smppCredentials(err error) bool {
	return errors.Is(err, smpp.ESME_RINVPASWD) || errors.Is(err, smpp.ESME_RINVSYSID) || errors.Is(err, smpp.ESME_RINVSYSTYP)
}

// smppBoundPause is the first pause after such a refusal; with jitter at least
// half of it.
const smppBoundPause = 6 * time.Second

// smppWait waits, or until ctx ends or somebody says that it is enough.
func smppWait(ctx context.Context, d time.Duration, enough <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-enough:
	case <-ctx.Done():
	}
}

// pause returns how long to wait before the next attempt. A session that the
// operator still believes to exist needs some time to be noticed. Wrong
// credentials have the link wait (see smppGate), not the slot.
func (l *SMPP) pause(attempt int, err error) time.Duration {
	if smppStillBound(err) {
		return wire.Backoff(attempt, smppBoundPause, max(smppBoundPause, l.cfg.Reconnect), rand.Float64())
	}
	return wire.Backoff(attempt, min(smppFirstPause, l.cfg.Reconnect), l.cfg.Reconnect, rand.Float64())
}

// smppGate lets the slots of a link bind one at a time until a bind has been
// accepted, and none for a while after the operator said that name or password
// are wrong: a hundred sessions that try them at once would have us locked out. So
// would those that an operator refuses who still has our old ones.
type smppGate struct {
	turn chan struct{} // holds one token
	long time.Duration // pause after wrong credentials

	mu      sync.Mutex
	proven  bool          // the last answer to a bind was no complaint about credentials
	after   time.Time     // no bind before
	pause   time.Duration // the last
	waiting int           // slots in front of the gate, the one whose turn it is included
}

// newSMPPGate makes a gate. Its pause after wrong credentials is somewhat less
// than the longest of the configuration, and another for each link.
func newSMPPGate(reconnect time.Duration) *smppGate {
	g := &smppGate{turn: make(chan struct{}, 1), long: reconnect - time.Duration(rand.Float64()*float64(reconnect)/8)}
	g.turn <- struct{}{}
	return g
}

// enter waits for the slot's turn; leave ends it. It fails when ctx ends.
func (g *smppGate) enter(ctx context.Context) (leave func(), err error) {
	if open, _ := g.open(); open {
		return func() {}, nil
	}
	g.wait(1)
	select {
	case <-g.turn:
	case <-ctx.Done():
		g.wait(-1)
		return nil, context.Cause(ctx)
	}
	leave = func() {
		g.wait(-1)
		g.turn <- struct{}{}
	}
	open, wait := g.open()
	if open { // the one before has opened it
		leave()
		return func() {}, nil
	}
	if smppWait(ctx, wait, nil); ctx.Err() != nil {
		leave()
		return nil, context.Cause(ctx)
	}
	return leave, nil
}

// open tells whether slots need not take turns, and else how long the one whose
// turn it is has to wait.
func (g *smppGate) open() (open bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.proven, max(0, time.Until(g.after))
}

// wait counts a slot that comes to the gate, or leaves it.
func (g *smppGate) wait(n int) {
	g.mu.Lock()
	g.waiting += n
	g.mu.Unlock()
}

// ahead tells how long it takes until a slot that comes to the gate now may
// bind, if the operator goes on to refuse those in front of it.
func (g *smppGate) ahead() time.Duration {
	open, wait := g.open()
	if open {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return wait + time.Duration(g.waiting)*g.pause
}

// tried notes how a bind ended.
func (g *smppGate) tried(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.proven = true
		return
	case smppCredentials(err):
		g.pause = g.long
	case smppStillBound(err):
		g.pause = smppBoundPause / 2
	default:
		return
	}
	g.proven, g.after = false, time.Now().Add(g.pause)
}

// connect opens a session as soon as the link may try.
func (l *SMPP) connect(ctx context.Context, d *smpp.Dialer, s *smppSession) (*smpp.Session, error) {
	leave, err := l.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	sess, resp, err := d.Connect(ctx, s)
	l.gate.tried(err)
	if err == nil && isKurir(resp, sess.Info().Version) {
		s.build.self = l.shared.self // before anything is given to it
	}
	return sess, err
}

// newSession makes a session that is not connected yet.
func (l *SMPP) newSession(number uint32, restart <-chan struct{}) *smppSession {
	return &smppSession{
		link: l, core: l.core, number: number, anew: make(chan struct{}, 1),
		restart: restart, window: l.cfg.Window,
		build: smppBuilder{cfg: l.cfg, refs: l.shared.refs},
	}
}

// once connects, binds, and stays until the session ends. It tells how long
// there was one, and why it ended.
func (l *SMPP) once(ctx context.Context, d *smpp.Dialer, slot *smppSlot) (lasted time.Duration, err error) {
	s := l.newSession(slot.number, slot.restart)
	s.lease = slot.lease
	d.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if l.cfg.ReceiptsFrom == "host" {
			s.host = addr
		}
		conn, err := l.dial(ctx, network, addr)
		if err != nil || s.lease == nil {
			return conn, err
		}
		return &leased{conn, s.lease}, nil
	}
	d.Session.Trace = l.traceOf(s.number)
	sess, err := l.connect(ctx, d, s)
	if err != nil {
		return 0, err
	}
	select {
	case <-slot.restart: // it is new already
	default:
	}
	credit := 0
	if slot.mode != smpp.Receiver {
		credit = l.cfg.Window + l.cfg.Lookahead
	}
	s.mu.Lock()
	s.sess, s.peer, s.since = sess, sess.Info().Peer.String(), time.Now()
	s.flow.at = s.since
	s.mu.Unlock()
	l.mu.Lock()
	l.bound[s.number] = s
	sess.SetTrace(l.tap.of(s.number)) // it may have changed while the session was opened
	slot.session, slot.down = s, false
	l.mu.Unlock()
	about := []any{"session", s.number, "peer", s.peer, "mode", slot.mode, "from", sess.Info().Local.String()}
	l.log.Info("session bound", append(about, s.lease.attributes()...)...)
	l.core.SessionUp(s.number, credit)

	err = s.stay(ctx)
	s.settleUnsent(err)
	lasted = time.Since(s.since)
	l.mu.Lock()
	slot.session, slot.since, slot.number = nil, time.Now(), l.shared.sessions.Add(1)
	slot.lost = slot.since
	l.mu.Unlock()
	reason := err
	if errors.Is(err, errRestart) || ctx.Err() != nil && errors.Is(err, smpp.ErrUnbound) {
		reason = nil
	}
	// Until then what the gateway sends is kept, and goes back with the rest;
	// from then on Send refuses it.
	l.core.SessionDown(s.number, s.finish(), reason)
	l.mu.Lock()
	delete(l.bound, s.number)
	l.mu.Unlock()
	return lasted, err
}

// stay waits for the end of the session and tells why it ended. One that is to
// end writes nothing new while its last answers are awaited.
func (s *smppSession) stay(ctx context.Context) error {
	why, over := s.until(ctx)
	if over {
		return s.sess.Err()
	}
	s.part(context.WithoutCancel(ctx))
	if why == nil {
		why = s.sess.Err()
	}
	return why
}

// part ends the session in good order, in some seconds at most.
func (s *smppSession) part(ctx context.Context) {
	s.end()
	if s.lease.lost() {
		s.sess.Abort(errLeaseOver)
		<-s.sess.Done()
		return
	}
	limit, cancel := context.WithTimeout(ctx, smppUnbindWait)
	defer cancel()
	_ = s.sess.Unbind(limit) // closes in any case
	<-s.sess.Done()
}

// settleUnsent ends the session's part in knowing what its operator will send
// again: after a cut he may not have had the last answers.
func (s *smppSession) settleUnsent(err error) {
	s.unsent.end(!errors.Is(err, smpp.ErrUnbound) && !errors.Is(err, smpp.ErrPeerUnbound), &s.link.shared.repeats)
}

// smppLook is how often the flow of a session is looked at.
const smppLook = 5 * time.Second

// until waits until the session is over, or is to be ended and why; nil when the
// link is closed.
func (s *smppSession) until(ctx context.Context) (why error, over bool) {
	look := time.NewTicker(smppLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			s.look()
		case <-s.sess.Done():
			return nil, true
		case <-s.anew:
			return errNotBound, false
		case <-s.restart:
			return errRestart, false
		case <-ctx.Done():
			return nil, false
		}
	}
}

var (
	errRestart  = errors.New("the session is opened anew")
	errNotBound = errors.New("the operator says that the session is not bound")
)
