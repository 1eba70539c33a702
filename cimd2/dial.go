package cimd2

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"kurir/wire"
)

// Dialer makes sessions of an application that has logged in.
type Dialer struct {
	// Hosts are the SMSC's addresses as host:port, tried one after the other. The next Connect starts with the
	// one that worked last.
	Hosts []string
	// Dial makes a connection; nil: TCP.
	Dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	User, Password string
	Subaddress     Optional
	// Plain leaves out checksums.
	Plain bool
	// Session holds the settings; its role is always wire.Client. The SMSC is asked for its Window (default 10, at most
	// MaxWindow), unless that is 1. An SMSC that knows no windows, or not this one, is asked for none from then on: there is one
	// request at a time.
	Session Config

	once       sync.Once
	inner      wire.Dialer[*Packet]
	windowless atomic.Bool
}

// Connect connects to the first host that lets us log in. The session runs already, and goes on after ctx ends; it
// calls h from a goroutine of its own, possibly before Connect returns. The error joins those of all hosts; a refused
// login is a *Refusal.
func (d *Dialer) Connect(ctx context.Context, h Handler) (*Session, error) {
	d.once.Do(func() {
		d.inner.Protocol, d.inner.Hosts, d.inner.Dial = Protocol(d.Plain), d.Hosts, d.Dial
		d.inner.Login, d.inner.Account, d.inner.Session = d.login, d.User, d.Session
	})
	before := d.windowless.Load()
	s, err := d.inner.Connect(ctx, h)
	if err != nil && d.windowless.Load() != before && ctx.Err() == nil {
		s, err = d.inner.Connect(ctx, h) // the SMSC has closed the connection after the login with a window
	}
	return s, err
}

// login logs in, without a window if the SMSC refuses ours.
func (d *Dialer) login(ctx context.Context, s *Session) error {
	window := s.Window()
	if window > 1 && !d.windowless.Load() {
		err := d.try(ctx, s, Some(window))
		if !errors.Is(err, ErrWindowSize) && !errors.Is(err, ErrWindowDisabled) {
			return err
		}
		d.windowless.Store(true)
	}
	s.SetWindow(1)
	return d.try(ctx, s, Optional{})
}

// try sends one login.
func (d *Dialer) try(ctx context.Context, s *Session, window Optional) error {
	p, err := New(&Login{User: d.User, Password: d.Password, Subaddress: d.Subaddress, Window: window})
	if err != nil {
		return err
	}
	resp, err := s.Do(ctx, p)
	if err != nil {
		return err
	}
	return resp.Refused()
}
