package wire

import (
	"context"
	"errors"
	"net"
	"time"
)

// Server accepts connections of customers and their log-ins.
type Server[P PDU] struct {
	Protocol *Protocol[P]
	// Login decides on the first request that may come before the log-in: what to answer, and, if the peer is in, as
	// whom and who handles the rest; a nil handler refuses, and the session ends. It may take its time: only its own
	// session waits.
	Login func(s *Session[P], request P) (answer P, account string, h Handler[P])
	// Known tells who is in by the address alone, without a log-in (neighbour); nil, or a nil handler: nobody. Login may
	// then get the first log-in on a session that is bound already: it lets in the same account with the handler that the
	// session has, and nobody else.
	Known func(s *Session[P]) (account string, h Handler[P])
	// Bound is called when the answer to the log-in is on its way, before anything else happens; may be nil.
	Bound func(s *Session[P])
	// Ended is called when a session has ended, whether it was logged in or not, after the last call of its handler;
	// may be nil.
	Ended func(s *Session[P], reason error)
	// MaxConnections is how many connections there may be at once; default 20,000. MaxPerIP is how many from one IP
	// address; default 1000.
	MaxConnections, MaxPerIP int
	// Drain is how long sessions have for an orderly end when Serve stops; default 5 s.
	Drain time.Duration
	// Session holds the settings; the role is always SMSC.
	Session Config

	acceptor Acceptor[*Session[P]]
}

var errRefused = errors.New("log-in refused")

// Serve accepts connections on ln until ctx ends or ln fails. It then closes ln, ends the sessions, and returns when all have
// ended: nil after ctx ended, the listener's error otherwise.
func (srv *Server[P]) Serve(ctx context.Context, ln net.Listener) error {
	return srv.acceptor.Serve(ctx, ln, srv.accepts())
}

func (srv *Server[P]) accepts() Accepting[*Session[P]] {
	return Accepting[*Session[P]]{
		Protocol: srv.Protocol.Name, Most: srv.MaxConnections, PerIP: srv.MaxPerIP, Drain: srv.Drain,
		Log: srv.Session.Logger, Ended: srv.Ended, Open: srv.open,
	}
}

// open makes a session of a connection.
func (srv *Server[P]) open(conn net.Conn) *Session[P] {
	cfg := srv.Session
	cfg.Role = SMSC
	s := NewSession(conn, srv.Protocol, cfg, loginHandler[P]{srv})
	if srv.Known != nil {
		watchNeighbour(srv, s)
	}
	return s
}

// admit gives a session to whom it belongs from now on.
func (srv *Server[P]) admit(s *Session[P], account string) {
	s.SetBound(account)
	if srv.Bound != nil {
		srv.Bound(s)
	}
}

// Sessions lists the sessions there are, in no order.
func (srv *Server[P]) Sessions() []*Session[P] { return srv.acceptor.List() }

// loginHandler is the handler of a session that nobody has logged in on.
type loginHandler[P PDU] struct{ srv *Server[P] }

// Requests takes a log-in, which is alone because reading pauses behind it.
func (h loginHandler[P]) Requests(s *Session[P], requests []P) {
	for _, p := range requests {
		h.login(s, p)
	}
}

func (h loginHandler[P]) login(s *Session[P], request P) {
	answer, account, next := h.srv.Login(s, request)
	err := s.Respond([]P{answer})
	switch {
	case err != nil:
		s.Close(err)
	case next == nil:
		s.Finish(errRefused)
	default:
		bound := s.State() == Bound // as the same, by the address
		if s.reader.h = next; !bound {
			h.srv.admit(s, account)
		}
	}
}

// Responses gets nothing: a session without a log-in has sent no request.
func (h loginHandler[P]) Responses(*Session[P], []Response[P]) {}
