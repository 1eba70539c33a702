package smpp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"kurir/wire"
)

// Dialer makes bound sessions of an ESME.
type Dialer struct {
	// Hosts are the SMSC's addresses as host:port, tried one after the other. The next Connect starts with the
	// one that worked last.
	Hosts []string
	// Dial makes a connection; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Bind is sent on each connection; version 0 is sent as 3.4.
	Bind Bind
	// Session holds the settings; its role is always ESME. BindTimeout bounds connection and bind of each host.
	Session SessionConfig
	// MinDelay and MaxDelay bound the wait before Keep tries again; default 1 s and 1 min.
	MinDelay, MaxDelay time.Duration

	next atomic.Uint32 // index of the host to start with
}

// BindError is the refusal of a bind.
type BindError struct {
	Host   string
	Status Status
}

// Error names host and status.
func (e *BindError) Error() string {
	return fmt.Sprintf("bind to %s refused: %s", e.Host, e.Status.Error())
}

// Unwrap gives the status.
func (e *BindError) Unwrap() error { return e.Status }

// Connect connects to the first host that accepts the bind. The session runs already, and goes on after ctx ends; it
// calls h from a goroutine of its own, possibly before Connect returns. The error joins those of all hosts; a
// refused bind is a *BindError.
func (d *Dialer) Connect(ctx context.Context, h Handler) (*Session, *BindResp, error) {
	if len(d.Hosts) == 0 {
		return nil, nil, errors.New("connect: no host is given")
	}
	var faults []error
	first := int(d.next.Load())
	for i := range d.Hosts {
		n := (first + i) % len(d.Hosts)
		s, resp, err := d.connect(ctx, d.Hosts[n], h)
		if err == nil {
			d.next.Store(uint32(n))
			return s, resp, nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, errors.Join(faults...)
}

// connect connects and binds to one host.
func (d *Dialer) connect(ctx context.Context, host string, h Handler) (*Session, *BindResp, error) {
	cfg := d.Session.withDefaults()
	cfg.Role = ESME
	within := ctx
	if cfg.BindTimeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeoutCause(ctx, cfg.BindTimeout, ErrBindTimeout)
		defer cancel()
	}
	dial := d.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(within, "tcp", host)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", host, err)
	}
	s := NewSession(conn, d.Session.as(ESME), h)
	go s.Run(context.WithoutCancel(ctx)) //nolint:errcheck // Err gives the reason
	bind := d.Bind
	if bind.Version == 0 {
		bind.Version = Version34
	}
	p, err := s.Do(within, &bind)
	if err == nil && p.Status == ESME_ROK && p.Command != CommandGenericNack {
		resp, _ := p.Body.(*BindResp)
		if resp == nil {
			resp = &BindResp{Mode: bind.Mode}
		}
		return s, resp, nil
	}
	if err == nil {
		err = &BindError{host, p.Status}
	} else {
		err = fmt.Errorf("bind to %s: %w", host, err)
	}
	s.Close(err)
	<-s.Done()
	return nil, nil, err
}

// as gives the settings with another role.
func (cfg SessionConfig) as(r Role) SessionConfig {
	cfg.Role = r
	return cfg
}

// Keep holds one session until ctx ends: it connects, waits for the end of the session, waits (see wire.Backoff) and
// connects again. A refusal that says that the account is wrong or bound already is tried again after MaxDelay only,
// lest the operator lock the account. When ctx ends the session is closed; unbind it before for an orderly end.
//
// notify, which may be nil, is called with a session and the response to its bind when it is bound, and with the
// error (and the session, if there was one) when it ended or could not be made.
func (d *Dialer) Keep(ctx context.Context, h Handler, notify func(s *Session, resp *BindResp, err error)) {
	if notify == nil {
		notify = func(*Session, *BindResp, error) {}
	}
	for attempt := 0; ctx.Err() == nil; attempt++ {
		s, resp, err := d.Connect(ctx, h)
		if err == nil {
			since := time.Now()
			notify(s, resp, nil)
			select {
			case <-s.Done():
			case <-ctx.Done():
				s.Close(context.Cause(ctx))
				<-s.Done()
			}
			err = s.Err()
			if time.Since(since) > d.maxDelay() {
				attempt = 0
			}
		}
		notify(s, nil, err)
		delay := wire.Backoff(attempt, d.minDelay(), d.maxDelay(), rand.Float64())
		if refusedForGood(err) {
			delay = d.maxDelay()
		}
		wire.Wait(ctx, delay)
	}
}

func (d *Dialer) minDelay() time.Duration {
	if d.MinDelay > 0 {
		return d.MinDelay
	}
	return time.Second
}

func (d *Dialer) maxDelay() time.Duration {
	if d.MaxDelay > 0 {
		return max(d.MaxDelay, d.minDelay())
	}
	return max(time.Minute, d.minDelay())
}

// refusedForGood reports whether the same bind will hardly be accepted soon.
func refusedForGood(err error) bool {
	for _, s := range []Status{ESME_RINVPASWD, ESME_RINVSYSID, ESME_RALYBND, ESME_RINVSYSTYP} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}
