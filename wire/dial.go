package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
)

// Dialer makes sessions that have logged in.
type Dialer[P PDU] struct {
	Protocol *Protocol[P]
	// Hosts are the SMSC's addresses as host:port, tried one after the other. The next Connect starts with the
	// one that worked last.
	Hosts []string
	// Dial makes a connection; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Login logs in on a session that is connected, with Do; nil where the account is known by its address. Its error is
	// that of the host. Account is as whom.
	Login   func(ctx context.Context, s *Session[P]) error
	Account string
	// Session holds the settings; its role is always Client. Login bounds connection and log-in of each host.
	Session Config

	next atomic.Uint32 // index of the host to start with
}

// Connect connects to the first host that lets us log in. The session runs already, and goes on after ctx ends; it
// calls h from a goroutine of its own, possibly before Connect returns. The error joins those of all hosts.
func (d *Dialer[P]) Connect(ctx context.Context, h Handler[P]) (*Session[P], error) {
	if len(d.Hosts) == 0 {
		return nil, errors.New("connect: no host is given")
	}
	var faults []error
	first := int(d.next.Load())
	for i := range d.Hosts {
		n := (first + i) % len(d.Hosts)
		s, err := d.connect(ctx, d.Hosts[n], h)
		if err == nil {
			d.next.Store(uint32(n))
			return s, nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(faults...)
}

// connect connects and logs in to one host.
func (d *Dialer[P]) connect(ctx context.Context, host string, h Handler[P]) (*Session[P], error) {
	cfg := d.Session
	cfg.Role = Client
	within := ctx
	if limit := cfg.withDefaults(1).Login; limit > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeoutCause(ctx, limit, ErrLoginTimeout)
		defer cancel()
	}
	dial := d.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(within, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	s := NewSession(conn, d.Protocol, cfg, h)
	go s.Run(context.WithoutCancel(ctx)) //nolint:errcheck // Err gives the reason
	if d.Login != nil {
		if err := d.Login(within, s); err != nil {
			err = fmt.Errorf("log in to %s: %w", host, err)
			s.Close(err)
			<-s.Done()
			return nil, err
		}
	}
	s.SetBound(d.Account)
	return s, nil
}
