package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Served is a session on a connection that an Acceptor has accepted.
type Served interface {
	comparable
	// Run runs it to its end and tells the reason.
	Run(ctx context.Context) error
	// End ends it in good order, or at once when ctx ends. One that nobody has logged in on it closes at once.
	End(ctx context.Context)
}

// Acceptor holds the sessions on the connections that a listener gave: it counts them, refuses those that are too many,
// and ends them together. The zero value is ready.
type Acceptor[S Served] struct {
	mu       sync.Mutex
	running  sync.WaitGroup // one for each session; not to be added to when stopping
	stopping bool
	sessions map[S]netip.Addr
	perIP    map[netip.Addr]int

	turnedAway int       // connections refused since complained
	complained time.Time // when that was last logged
}

// Accepting is what an Acceptor is to do.
type Accepting[S Served] struct {
	Protocol    string        // its name in what is logged
	Most, PerIP int           // connections at once, in all and from one IP address; default 20,000 and 1000
	Drain       time.Duration // for an orderly end; default 5 s
	Log         *slog.Logger  // nil: none
	Open        func(conn net.Conn) S
	Ended       func(s S, reason error) // may be nil
}

// withDefaults fills in the defaults.
func (a Accepting[S]) withDefaults() Accepting[S] {
	if a.Most <= 0 {
		a.Most = 20000
	}
	if a.PerIP <= 0 {
		a.PerIP = 1000
	}
	if a.Drain <= 0 {
		a.Drain = 5 * time.Second
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	return a
}

// Serve accepts connections on ln until ctx ends or ln fails, and returns when all sessions have ended.
func (acc *Acceptor[S]) Serve(ctx context.Context, ln net.Listener, a Accepting[S]) error {
	a = a.withDefaults()
	acc.mu.Lock()
	acc.stopping = false
	acc.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	err := acc.accept(ctx, ln, a)
	_ = ln.Close()
	acc.mu.Lock()
	acc.stopping = true
	acc.mu.Unlock()
	acc.drain(a.Drain)
	acc.running.Wait()
	return err
}

// accept accepts connections until ctx ends or the listener fails for good.
func (acc *Acceptor[S]) accept(ctx context.Context, ln net.Listener, a Accepting[S]) error {
	for failures := 0; ; {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept %s connections: %w", a.Protocol, err)
		case err != nil: // out of file descriptors, for instance: it passes
			a.Log.Error("accept a connection", "protocol", a.Protocol, "error", err)
			Wait(ctx, Backoff(failures, 10*time.Millisecond, time.Second, 0))
			failures++
			continue
		}
		failures = 0
		if _, ok := acc.Start(conn, a); !ok {
			_ = conn.Close()
		}
	}
}

// Start makes a session of a connection and runs it, unless there are too many or it is time to stop: then ok is false, and
// the connection the caller's.
func (acc *Acceptor[S]) Start(conn net.Conn, a Accepting[S]) (s S, ok bool) {
	a = a.withDefaults()
	ip := remoteIP(conn)
	acc.mu.Lock()
	defer acc.mu.Unlock()
	if len(acc.sessions) >= a.Most || acc.perIP[ip] >= a.PerIP {
		acc.turnedAway++
		if now := time.Now(); now.Sub(acc.complained) >= time.Second {
			a.Log.Warn("connection refused: too many", "protocol", a.Protocol, "peer", conn.RemoteAddr(),
				"connections", len(acc.sessions), "from this address", acc.perIP[ip], "refused since the last line", acc.turnedAway)
			acc.complained, acc.turnedAway = now, 0
		}
		return s, false
	}
	if acc.stopping {
		return s, false
	}
	if acc.sessions == nil {
		acc.sessions, acc.perIP = map[S]netip.Addr{}, map[netip.Addr]int{}
	}
	s = a.Open(conn)
	acc.sessions[s] = ip
	acc.perIP[ip]++
	acc.running.Go(func() { acc.run(s, a) })
	return s, true
}

// remoteIP gives the peer's IP address, the zero Addr if the connection has none.
func remoteIP(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// run runs one session to its end. Sessions outlive the context of serve, so that drain can end them in good order.
func (acc *Acceptor[S]) run(s S, a Accepting[S]) {
	reason := s.Run(context.Background())
	acc.mu.Lock()
	ip := acc.sessions[s]
	delete(acc.sessions, s)
	if acc.perIP[ip]--; acc.perIP[ip] == 0 {
		delete(acc.perIP, ip)
	}
	acc.mu.Unlock()
	if a.Ended != nil {
		a.Ended(s, reason)
	}
}

// List lists the sessions there are, in no order.
func (acc *Acceptor[S]) List() []S {
	acc.mu.Lock()
	defer acc.mu.Unlock()
	list := make([]S, 0, len(acc.sessions))
	for s := range acc.sessions {
		list = append(list, s)
	}
	return list
}

// drain ends all sessions, in an orderly way as far as the time for it allows.
func (acc *Acceptor[S]) drain(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var ending sync.WaitGroup
	for _, s := range acc.List() {
		ending.Go(func() { s.End(ctx) })
	}
	ending.Wait()
}
