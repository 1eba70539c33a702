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

// Server accepts connections of ESMEs and their binds.
type Server struct {
	// Bind decides on a bind. It may take its time: only its own session waits. With status 0 the handler gets
	// everything that follows; with any other the status is sent and the session ends. Send works on the session only
	// from the call of Bound on.
	Bind func(s *Session, b *Bind) (Status, Handler)
	// Bound is called when the response to the bind is on its way, before anything else happens; may be nil.
	Bound func(s *Session)
	// Ended is called when a session has ended, whether it was bound or not, after the last call of its handler; may
	// be nil.
	Ended func(s *Session, reason error)
	// SystemID is our name in the response to a bind; at most 15 characters.
	SystemID string
	// MaxConnections is how many connections there may be at once; default 20,000.
	MaxConnections int
	// MaxPerIP is how many there may be from one IP address; default 1000.
	MaxPerIP int
	// Drain is how long sessions have for an orderly end when Serve stops; default 5 s.
	Drain time.Duration
	// Session holds the settings; the role is always SMSC.
	Session SessionConfig

	mu       sync.Mutex
	sessions map[*Session]netip.Addr
	perIP    map[netip.Addr]int

	turnedAway int       // connections refused since complained
	complained time.Time // when that was last logged
}

// Serve accepts connections on ln until ctx ends or ln fails. It then closes ln, unbinds the sessions and returns when
// all have ended: nil after ctx ended, the listener's error otherwise.
func (srv *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	var running sync.WaitGroup
	err := srv.accept(ctx, ln, &running)
	_ = ln.Close()
	srv.drain()
	running.Wait()
	return err
}

// accept accepts connections until ctx ends or the listener fails for good.
func (srv *Server) accept(ctx context.Context, ln net.Listener, running *sync.WaitGroup) error {
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
			srv.logger().Error("accept an SMPP connection", "error", err)
			wait(ctx, Backoff(failures, 10*time.Millisecond, time.Second, 0))
			failures++
			continue
		}
		failures = 0
		s := srv.admit(conn)
		if s == nil {
			_ = conn.Close()
			continue
		}
		running.Go(func() { srv.run(s) })
	}
}

func (srv *Server) logger() *slog.Logger {
	if srv.Session.Logger != nil {
		return srv.Session.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// admit makes a session unless there are too many.
func (srv *Server) admit(conn net.Conn) *Session {
	most, perIP := srv.MaxConnections, srv.MaxPerIP
	if most <= 0 {
		most = 20000
	}
	if perIP <= 0 {
		perIP = 1000
	}
	ip := remoteIP(conn)
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if len(srv.sessions) >= most || srv.perIP[ip] >= perIP {
		srv.turnedAway++
		if now := time.Now(); now.Sub(srv.complained) >= time.Second {
			srv.logger().Warn("SMPP connection refused: too many", "peer", conn.RemoteAddr(),
				"connections", len(srv.sessions), "from this address", srv.perIP[ip], "refused since the last line", srv.turnedAway)
			srv.complained, srv.turnedAway = now, 0
		}
		return nil
	}
	if srv.sessions == nil {
		srv.sessions, srv.perIP = map[*Session]netip.Addr{}, map[netip.Addr]int{}
	}
	s := NewSession(conn, srv.Session.as(SMSC), binder{srv})
	srv.sessions[s] = ip
	srv.perIP[ip]++
	return s
}

// remoteIP gives the peer's IP address, the zero Addr if the connection has none.
func remoteIP(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// run runs one session to its end. Sessions outlive the context of Serve, so that drain can unbind them.
func (srv *Server) run(s *Session) {
	reason := s.Run(context.Background())
	srv.mu.Lock()
	ip := srv.sessions[s]
	delete(srv.sessions, s)
	if srv.perIP[ip]--; srv.perIP[ip] == 0 {
		delete(srv.perIP, ip)
	}
	srv.mu.Unlock()
	if srv.Ended != nil {
		srv.Ended(s, reason)
	}
}

// Sessions lists the sessions there are, unbound ones included, in no order.
func (srv *Server) Sessions() []*Session {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	list := make([]*Session, 0, len(srv.sessions))
	for s := range srv.sessions {
		list = append(list, s)
	}
	return list
}

// drain ends all sessions, in an orderly way as far as the time for it allows.
func (srv *Server) drain() {
	limit := srv.Drain
	if limit <= 0 {
		limit = 5 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var ending sync.WaitGroup
	for _, s := range srv.Sessions() {
		if !s.State().Bound() {
			s.Close(ErrClosed)
			continue
		}
		ending.Go(func() { _ = s.Unbind(ctx) })
	}
	ending.Wait()
}

// binder is the handler of a session that is not bound.
type binder struct{ srv *Server }

// Requests takes a bind, which is alone because reading pauses behind it.
func (h binder) Requests(s *Session, requests []PDU) {
	for i := range requests {
		if b, ok := requests[i].Body.(*Bind); ok {
			h.bind(s, b, &requests[i])
		}
	}
}

func (h binder) bind(s *Session, b *Bind, request *PDU) {
	status, next := h.srv.Bind(s, b)
	resp := PDU{Command: request.Command.Response(), Status: status, Sequence: request.Sequence}
	if status != ESME_ROK || next == nil {
		if status == ESME_ROK {
			resp.Status = ESME_RBINDFAIL
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = s.append(&resp) // a header alone cannot fail
		s.finish(fmt.Errorf("bind refused: %w", resp.Status))
		return
	}
	body := &BindResp{Mode: b.Mode, SystemID: h.srv.SystemID}
	body.TLVs.SetU8(TagSCInterfaceVersion, uint8(s.Info().Version)) // not sent to a peer of version 3.3
	resp.Body = body
	if err := s.Respond([]PDU{resp}); err != nil {
		s.Close(fmt.Errorf("answer the bind: %w", err))
		return
	}
	s.reader.h = next
	s.SetBound(b.Mode)
	if h.srv.Bound != nil {
		h.srv.Bound(s)
	}
}

// Responses gets nothing: an unbound session has sent no request.
func (h binder) Responses(*Session, []Response) {}
