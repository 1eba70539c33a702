package smpp

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

// acceptor holds the sessions on the connections that a listener gave: it counts them, refuses those that are too many,
// and ends them together. The zero value is ready.
type acceptor struct {
	mu       sync.Mutex
	running  sync.WaitGroup // one for each session; not to be added to when stopping
	stopping bool
	sessions map[*Session]netip.Addr
	perIP    map[netip.Addr]int

	turnedAway int       // connections refused since complained
	complained time.Time // when that was last logged
}

// accepting is what an acceptor is to do.
type accepting struct {
	most, perIP int           // connections at once, in all and from one IP address; default 20,000 and 1000
	drain       time.Duration // for an orderly end; default 5 s
	log         *slog.Logger  // nil: none
	open        func(conn net.Conn) *Session
	ended       func(s *Session, reason error) // may be nil
}

// withDefaults fills in the defaults.
func (a accepting) withDefaults() accepting {
	if a.most <= 0 {
		a.most = 20000
	}
	if a.perIP <= 0 {
		a.perIP = 1000
	}
	if a.drain <= 0 {
		a.drain = 5 * time.Second
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	return a
}

// serve accepts connections on ln until ctx ends or ln fails, and returns when all sessions have ended.
func (acc *acceptor) serve(ctx context.Context, ln net.Listener, a accepting) error {
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
	acc.drain(a.drain)
	acc.running.Wait()
	return err
}

// accept accepts connections until ctx ends or the listener fails for good.
func (acc *acceptor) accept(ctx context.Context, ln net.Listener, a accepting) error {
	for failures := 0; ; {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept SMPP connections: %w", err)
		case err != nil: // out of file descriptors, for instance: it passes
			a.log.Error("accept an SMPP connection", "error", err)
			wait(ctx, Backoff(failures, 10*time.Millisecond, time.Second, 0))
			failures++
			continue
		}
		failures = 0
		if acc.start(conn, a) == nil {
			_ = conn.Close()
		}
	}
}

// start makes a session of a connection and runs it, unless there are too many or it is time to stop: then it returns nil.
func (acc *acceptor) start(conn net.Conn, a accepting) *Session {
	ip := remoteIP(conn)
	acc.mu.Lock()
	defer acc.mu.Unlock()
	if len(acc.sessions) >= a.most || acc.perIP[ip] >= a.perIP {
		acc.turnedAway++
		if now := time.Now(); now.Sub(acc.complained) >= time.Second {
			a.log.Warn("SMPP connection refused: too many", "peer", conn.RemoteAddr(),
				"connections", len(acc.sessions), "from this address", acc.perIP[ip], "refused since the last line", acc.turnedAway)
			acc.complained, acc.turnedAway = now, 0
		}
		return nil
	}
	if acc.stopping {
		return nil
	}
	if acc.sessions == nil {
		acc.sessions, acc.perIP = map[*Session]netip.Addr{}, map[netip.Addr]int{}
	}
	s := a.open(conn)
	acc.sessions[s] = ip
	acc.perIP[ip]++
	acc.running.Go(func() { acc.run(s, a) })
	return s
}

// remoteIP gives the peer's IP address, the zero Addr if the connection has none.
func remoteIP(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// run runs one session to its end. Sessions outlive the context of serve, so that drain can unbind them.
func (acc *acceptor) run(s *Session, a accepting) {
	reason := s.Run(context.Background())
	acc.mu.Lock()
	ip := acc.sessions[s]
	delete(acc.sessions, s)
	if acc.perIP[ip]--; acc.perIP[ip] == 0 {
		delete(acc.perIP, ip)
	}
	acc.mu.Unlock()
	if a.ended != nil {
		a.ended(s, reason)
	}
}

// list lists the sessions there are, unbound ones included, in no order.
func (acc *acceptor) list() []*Session {
	acc.mu.Lock()
	defer acc.mu.Unlock()
	list := make([]*Session, 0, len(acc.sessions))
	for s := range acc.sessions {
		list = append(list, s)
	}
	return list
}

// drain ends all sessions, in an orderly way as far as the time for it allows.
func (acc *acceptor) drain(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var ending sync.WaitGroup
	for _, s := range acc.list() {
		if !s.State().Bound() {
			s.Close(ErrClosed)
			continue
		}
		ending.Go(func() { _ = s.Unbind(ctx) })
	}
	ending.Wait()
}
