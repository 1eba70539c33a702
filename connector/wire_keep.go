package connector

import (
	"context"
	"errors"
	"net"
	"time"

	"kurir/wire"
)

// partWait is for the last answers when a session is ended in good order.
const partWait = 5 * time.Second

// opening is a slot with its dialer and the session that it opens now.
type opening[P wire.PDU] struct {
	link   *wireLink[P]
	slot   *slot
	now    *wireSession[P]
	dialer wireDialer[P]
}

// open opens the sessions of a slot.
func (l *wireLink[P]) open(s *slot) func(ctx context.Context) (time.Duration, error) {
	o := &opening[P]{link: l, slot: s}
	o.dialer = l.talk.dialer(l.remote.Hosts, o.dial, o.trace)
	turn := s.turn
	return func(ctx context.Context) (time.Duration, error) {
		if l.remote.HostsOrder == "turn" {
			o.dialer = l.talk.dialer(l.remote.from(turn), o.dial, o.trace)
			turn++
		}
		o.now = &wireSession[P]{link: l, core: l.core, number: s.number, restart: s.restart, lease: s.lease}
		return l.once(ctx, o)
	}
}

// dial makes a connection.
func (o *opening[P]) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	s := o.now
	if o.link.hostIDs {
		s.host = addr
	}
	conn, err := o.link.remote.dial(ctx, o.link.Dial, network, addr)
	if err != nil || s.lease == nil {
		return conn, err
	}
	return &leased{conn, s.lease, o.link.talk.sends}, nil
}

// trace shows the frames of a log-in.
func (o *opening[P]) trace(sent bool, frame []byte) {
	o.link.mu.Lock()
	tap := o.link.tap.of(o.link.talk.speaks(), o.slot.number)
	o.link.mu.Unlock()
	if tap != nil {
		tap(sent, frame)
	}
}

// once connects, logs in, and stays until the session ends. It tells how long there was one, and why it ended.
func (l *wireLink[P]) once(ctx context.Context, o *opening[P]) (lasted time.Duration, err error) {
	s, slot := o.now, o.slot
	sess, err := l.connect(ctx, o.dialer, s)
	if err != nil {
		return 0, err
	}
	select {
	case <-slot.restart: // it is new already
	default:
	}
	s.mu.Lock()
	s.sess, s.peer, s.since = sess, sess.Info().Peer.String(), time.Now()
	s.flow.at = s.since
	s.mu.Unlock()
	l.mu.Lock()
	l.bound[s.number] = s
	sess.SetTrace(l.tap.of(l.talk.speaks(), s.number)) // it may have changed while the session was opened
	l.mu.Unlock()
	l.opened(slot, s)
	about := []any{"session", s.number, "peer", s.peer, "from", sess.Info().Local.String(), "window", sess.Window()}
	l.log.Info("session bound", append(about, s.lease.attributes()...)...)
	l.core.SessionUp(s.number, sess.Window()+l.remote.Lookahead)

	err = s.stay(ctx)
	s.unsent.end(!errors.Is(err, wire.ErrLeft), &l.shared.repeats)
	lasted = time.Since(s.since)
	l.closed(slot)
	reason := err
	if errors.Is(err, errRestart) || ctx.Err() != nil && errors.Is(err, wire.ErrLeft) {
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

// connect opens a session as soon as the link may try.
func (l *wireLink[P]) connect(ctx context.Context, d wireDialer[P], s *wireSession[P]) (*wire.Session[P], error) {
	leave, err := l.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	sess, err := d.Connect(ctx, s)
	l.gate.tried(l.why(err))
	return sess, err
}

// stay waits for the end of the session and tells why it ended. One that is to
// end writes nothing new while its last answers are awaited.
func (s *wireSession[P]) stay(ctx context.Context) error {
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
func (s *wireSession[P]) part(ctx context.Context) {
	s.end()
	if s.lease.lost() {
		s.sess.Abort(errLeaseOver)
		<-s.sess.Done()
		return
	}
	limit, cancel := context.WithTimeout(ctx, partWait)
	defer cancel()
	s.sess.End(limit)
}

// until waits until the session is over, or is to be ended and why; nil when the
// link is closed.
func (s *wireSession[P]) until(ctx context.Context) (why error, over bool) {
	look := time.NewTicker(flowLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			info := s.sess.Info()
			s.mu.Lock()
			s.flow.look(info.Received, info.Sent, time.Now())
			s.mu.Unlock()
		case <-s.sess.Done():
			return nil, true
		case <-s.restart:
			return errRestart, false
		case <-ctx.Done():
			return nil, false
		}
	}
}
