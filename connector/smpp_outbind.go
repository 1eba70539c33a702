package connector

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// OutbindConfig describes the side of a link on which the SMSC connects to us
// and asks us to bind (SMPP 3.4 2.2.1).
type OutbindConfig struct {
	// Listen is the address, host:port, to which the SMSC connects.
	Listen string `yaml:"listen" example:"192.0.2.7:2777"`
	// SystemID is the name that the SMSC gives. Empty: any.
	SystemID string `yaml:"system_id"`
	// Password is the one that the SMSC gives. Empty: any.
	Password message.Secret `yaml:"password"`
	// Addresses are those of the SMSC, as networks or single addresses. Empty: any.
	Addresses []string `yaml:"addresses" example:"[192.0.2.0/24]"`
}

func (c *OutbindConfig) validate(report func(field, problem string)) {
	if problem := message.HostPortProblem(c.Listen, 0, "192.0.2.7:2777"); problem != "" {
		report("outbind.listen", problem)
	}
	if c.Password == "" && len(c.Addresses) == 0 {
		report("outbind", "a password or addresses are needed: otherwise anybody who connects is given our password and taken for the operator")
	}
	for i, a := range c.Addresses {
		if _, ok := outbindNetwork(a); !ok {
			report(fmt.Sprintf("outbind.addresses[%d]", i), fmt.Sprintf("%q is no network or address", a))
		}
	}
}

func outbindNetwork(text string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	return network, err == nil
}

// permits tells whether an outbind is the operator's.
func (c *OutbindConfig) permits(peer net.Addr, o *smpp.Outbind) bool {
	if c.SystemID != "" && o.SystemID != c.SystemID {
		return false
	}
	if c.Password != "" && subtle.ConstantTimeCompare([]byte(o.Password), []byte(c.Password.Reveal())) != 1 {
		return false
	}
	if len(c.Addresses) == 0 {
		return true
	}
	tcp, ok := peer.(*net.TCPAddr)
	return ok && slices.ContainsFunc(c.Addresses, func(text string) bool {
		network, ok := outbindNetwork(text)
		return ok && network.Contains(tcp.AddrPort().Addr().Unmap())
	})
}

// smppMostOutbind is how many connections an operator may open.
const smppMostOutbind = 20

// outbinds takes the operator's connections until ctx ends, and binds on them as
// a receiver. What cannot be listened to now is tried again.
func (l *SMPP) outbinds(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		ln, err := l.listener(ctx)
		if err == nil {
			l.log.Info("waiting for outbind", "address", ln.Addr())
			attempt = 0
			err = l.serveOutbind(ctx, ln)
		}
		if ctx.Err() != nil {
			return
		}
		pause := l.pause(attempt, err)
		l.log.Warn("the operator cannot connect to us", "address", l.cfg.Outbind.Listen, "error", err, "again_in", pause.Round(time.Millisecond))
		waitOr(ctx, pause, nil)
	}
}

func (l *SMPP) listener(ctx context.Context) (net.Listener, error) {
	if l.Listen != nil {
		return l.Listen(ctx, "tcp", l.cfg.Outbind.Listen)
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", l.cfg.Outbind.Listen)
}

func (l *SMPP) serveOutbind(ctx context.Context, ln net.Listener) error {
	d := l.dialer(smpp.Receiver)
	o := &smpp.OutbindListener{
		Session: d.Session, MaxConnections: smppMostOutbind, Drain: smppUnbindWait,
		Check: func(s *smpp.Session, o *smpp.Outbind) (*smpp.Bind, smpp.Handler) {
			if !l.cfg.Outbind.permits(s.Info().Peer, o) {
				if n := l.refused.Note(); n > 0 {
					l.log.Warn("an outbind was refused: name, password or address are not the operator's", "peer", s.Info().Peer, "connections", n)
				}
				return nil, nil
			}
			in := l.newSession(l.shared.sessions.Add(1), nil)
			in.sess = s
			s.SetTrace(l.traceOf(in.number))
			l.mu.Lock()
			l.outbound[s] = in
			l.mu.Unlock()
			return &d.Bind, in
		},
		Bound: func(s *smpp.Session, _ *smpp.BindResp) {
			l.mu.Lock()
			in := l.outbound[s]
			l.bound[in.number] = in
			s.SetTrace(l.tap.of(message.SMPP, in.number))
			in.peer, in.since = s.Info().Peer.String(), time.Now()
			in.flow.at = in.since
			l.mu.Unlock()
			l.log.Info("session bound", "session", in.number, "peer", in.peer, "mode", smpp.Receiver, "by", "outbind")
			l.core.SessionUp(in.number, 0)
		},
		Ended: func(s *smpp.Session, reason error) {
			l.mu.Lock()
			in := l.outbound[s]
			delete(l.outbound, s)
			was := in != nil && l.bound[in.number] != nil
			l.mu.Unlock()
			if errors.Is(reason, smpp.ErrOutbindRefused) {
				return // said already
			}
			if !was {
				if n := l.unbound.Note(); n > 0 {
					l.log.Warn("a connection of the operator ended without a bind", "peer", s.Info().Peer, "error", reason, "connections", n)
				}
				return
			}
			in.settleUnsent(reason)
			if ctx.Err() != nil || errors.Is(reason, smpp.ErrUnbound) { // as we were told
				reason = nil
			}
			l.core.SessionDown(in.number, in.finish(), reason)
			l.mu.Lock()
			delete(l.bound, in.number)
			l.mu.Unlock()
		},
	}
	looking, stop := context.WithCancel(ctx)
	defer stop()
	l.running.Go(func() { l.lookAtOutbound(looking) })
	return o.Serve(ctx, ln)
}

// lookAtOutbound looks at the flow of the sessions that the operator opened.
func (l *SMPP) lookAtOutbound(ctx context.Context) {
	look := time.NewTicker(flowLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		for _, in := range l.outboundBound() {
			in.look()
		}
	}
}

// outboundBound returns the sessions that the operator opened and that are bound.
func (l *SMPP) outboundBound() (list []*smppSession) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range l.outbound {
		if l.bound[in.number] != nil {
			list = append(list, in)
		}
	}
	return list
}

// restartOutbound closes a session that the operator opened in good order; it is
// he who opens another. False when there is none of that number.
func (l *SMPP) restartOutbound(session uint32) bool {
	list := l.outboundBound()
	i := slices.IndexFunc(list, func(in *smppSession) bool { return in.number == session })
	if i < 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.running.Go(func() { list[i].part(context.Background()) })
	}
	return true
}

// smppStrangeEvery is the least time between two lines of the log about
// connections that bring no bind: anybody can make them, and without end.
const smppStrangeEvery = time.Second

// outboundStats shows the sessions that the operator opened, behind the others.
func (l *SMPP) outboundStats(stats []SessionStats) []SessionStats {
	for _, in := range l.outboundBound() {
		st := SessionStats{Mode: smpp.Receiver.String(), Version: l.cfg.Version}
		in.stats(&st)
		stats = append(stats, st)
	}
	slices.SortFunc(stats[len(l.slots):], func(a, b SessionStats) int { return int(a.Session) - int(b.Session) })
	return stats
}
