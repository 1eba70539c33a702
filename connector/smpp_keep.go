package connector

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// open opens the sessions of a slot.
func (l *SMPP) open(mode smpp.BindMode, slot *slot) func(ctx context.Context) (time.Duration, error) {
	d := l.dialer(mode)
	turn := slot.turn
	return func(ctx context.Context) (time.Duration, error) {
		if l.cfg.HostsOrder == "turn" {
			d = l.dialer(mode)
			d.Hosts = l.cfg.from(turn)
			turn++
		}
		return l.once(ctx, d, slot)
	}
}

// smppWhy tells what became of a bind.
func smppWhy(err error) refusal {
	switch {
	case err == nil:
		return admitted
	case errors.Is(err, smpp.ESME_RINVPASWD), errors.Is(err, smpp.ESME_RINVSYSID), errors.Is(err, smpp.ESME_RINVSYSTYP):
		return badCredentials
	case errors.Is(err, smpp.ESME_RALYBND), errors.Is(err, smpp.ESME_RBINDFAIL):
		return stillBound
	}
	return notConnected
}

// connect opens a session as soon as the link may try.
func (l *SMPP) connect(ctx context.Context, d *smpp.Dialer, s *smppSession) (*smpp.Session, error) {
	leave, err := l.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	sess, resp, err := d.Connect(ctx, s)
	l.gate.tried(smppWhy(err))
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
func (l *SMPP) once(ctx context.Context, d *smpp.Dialer, slot *slot) (lasted time.Duration, err error) {
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
		return &leased{conn, s.lease, smppSendsMessages}, nil
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
	if slot.mode != smpp.Receiver.String() {
		credit = l.cfg.Window + l.cfg.Lookahead
	}
	s.mu.Lock()
	s.sess, s.peer, s.since = sess, sess.Info().Peer.String(), time.Now()
	s.flow.at = s.since
	s.mu.Unlock()
	l.mu.Lock()
	l.bound[s.number] = s
	sess.SetTrace(l.tap.of(message.SMPP, s.number)) // it may have changed while the session was opened
	l.mu.Unlock()
	l.opened(slot, s)
	about := []any{"session", s.number, "peer", s.peer, "mode", slot.mode, "from", sess.Info().Local.String()}
	l.log.Info("session bound", append(about, s.lease.attributes()...)...)
	l.core.SessionUp(s.number, credit)

	err = s.stay(ctx)
	s.settleUnsent(err)
	lasted = time.Since(s.since)
	l.closed(slot)
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

// until waits until the session is over, or is to be ended and why; nil when the
// link is closed.
func (s *smppSession) until(ctx context.Context) (why error, over bool) {
	look := time.NewTicker(flowLook)
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

var errNotBound = errors.New("the operator says that the session is not bound")

// smppSendsMessages tells whether a message is among PDUs, which are whole.
func smppSendsMessages(b []byte) bool {
	for len(b) >= 16 {
		switch smpp.CommandID(binary.BigEndian.Uint32(b[4:])) {
		case smpp.CommandSubmitSM, smpp.CommandSubmitMulti, smpp.CommandDataSM, smpp.CommandBroadcastSM:
			return true
		}
		n := binary.BigEndian.Uint32(b)
		if n < 16 || int64(n) > int64(len(b)) {
			return true // it is not known what it is
		}
		b = b[n:]
	}
	return false
}
