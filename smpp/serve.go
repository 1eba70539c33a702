package smpp

import (
	"context"
	"fmt"
	"net"
	"time"

	"kurir/wire"
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
	// Dial makes the connections of Outbind; nil: TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	acceptor wire.Acceptor[*Session]
}

// Serve accepts connections on ln until ctx ends or ln fails. It then closes ln, unbinds the sessions, those of Outbind
// included, and returns when all have ended: nil after ctx ended, the listener's error otherwise.
func (srv *Server) Serve(ctx context.Context, ln net.Listener) error {
	return srv.acceptor.Serve(ctx, ln, srv.accepts())
}

// accepts says what the acceptor needs to know.
func (srv *Server) accepts() wire.Accepting[*Session] {
	return wire.Accepting[*Session]{
		Protocol: "SMPP", Most: srv.MaxConnections, PerIP: srv.MaxPerIP, Drain: srv.Drain, Log: srv.Session.Logger, Ended: srv.Ended,
		Open: func(conn net.Conn) *Session { return NewSession(conn, srv.Session.as(SMSC), binder{srv: srv}) },
	}
}

// Sessions lists the sessions there are, unbound ones included, in no order.
func (srv *Server) Sessions() []*Session { return srv.acceptor.List() }

// End ends the session for a server that stops: Unbind of one that is bound, else Close.
func (s *Session) End(ctx context.Context) {
	if !s.State().Bound() {
		s.Close(ErrClosed)
		return
	}
	_ = s.Unbind(ctx)
}

// binder is the handler of a session that is not bound.
type binder struct {
	srv   *Server
	bound chan<- struct{} // closed when the session is bound; may be nil
}

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
	if err := s.respondBound(resp, b.Mode); err != nil {
		s.Close(fmt.Errorf("answer the bind: %w", err))
		return
	}
	s.reader.h = next
	if h.bound != nil {
		close(h.bound)
	}
	if h.srv.Bound != nil {
		h.srv.Bound(s)
	}
}

// respondBound answers a bind and has the session bound in one step: a server that stops in between would not unbind a
// peer that takes itself for bound.
func (s *Session) respondBound(resp PDU, mode BindMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.respond([]PDU{resp}); err != nil {
		return err
	}
	s.setBound(mode, time.Now())
	return nil
}

// Responses gets nothing: an unbound session has sent no request.
func (h binder) Responses(*Session, []Response) {}
