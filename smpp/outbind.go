package smpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"kurir/wire"
)

// Outbind is sent by an SMSC that connects to an ESME and asks it to bind (SMPP 3.4 4.1.7).
type Outbind struct {
	SystemID string // at most 15 characters
	Password string // at most 8 characters; up to 64 are written and 255 read
}

// Command is outbind.
func (*Outbind) Command() CommandID { return CommandOutbind }

func (b *Outbind) layout(c *coder) {
	c.cstring("system_id", &b.SystemID, 16, ESME_RINVSYSID)
	c.cstring("password", &b.Password, maxPassword+1, ESME_RINVPASWD)
}

// ErrOutbindRefused ends a session whose outbind was not accepted. The SMSC is told nothing: an outbind has no response.
var ErrOutbindRefused = errors.New("outbind refused")

// Outbind connects to an ESME that listens, asks it by outbind to bind on this connection, and waits until it has: the
// bind goes to srv.Bind as on any other connection, and from there on the session is like those that Serve accepts. It
// counts against the limits and ends with them. It goes on after ctx has ended; before the bind the end of ctx closes it.
// The error is that of the connection, the reason for which the session ended before it was bound (ErrBindTimeout
// for instance, after srv.Session.BindTimeout), or that of ctx.
func (srv *Server) Outbind(ctx context.Context, addr string, o *Outbind) (*Session, error) {
	dial := srv.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("outbind: connect to %s: %w", addr, err)
	}
	bound := make(chan struct{})
	a := srv.accepts()
	a.Open = func(conn net.Conn) *Session { return NewSession(conn, srv.Session.as(SMSC), binder{srv, bound}) }
	s, ok := srv.acceptor.Start(conn, a)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("outbind to %s: too many sessions, or the server stops", addr)
	}
	if _, err = s.Do(ctx, o); err == nil {
		select {
		case <-bound:
			return s, nil
		case <-s.Done():
			err = s.Err()
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	s.Close(err)
	return nil, fmt.Errorf("outbind to %s: %w", addr, err)
}

// OutbindListener is the ESME's side of outbind: it accepts connections of SMSCs, and binds on those whose outbind it
// likes.
type OutbindListener struct {
	// Check decides on an outbind, by its system_id and password and the address of the SMSC. It may take its time:
	// only its own session waits. It gives the bind to be sent, as receiver or transceiver (version 0 is sent as 3.4), and
	// the handler of the session; a nil bind refuses, and the connection is closed.
	Check func(s *Session, o *Outbind) (*Bind, Handler)
	// Bound is called when the bind was accepted, before the handler is; may be nil.
	Bound func(s *Session, resp *BindResp)
	// Ended is called when a session has ended, whether it was bound or not, after the last call of its handler; the
	// reason is a *BindError if the SMSC refused the bind. May be nil.
	Ended func(s *Session, reason error)
	// MaxConnections is how many connections there may be at once, in all and from one address; default 100.
	MaxConnections int
	// Drain is how long sessions have for an orderly end when Serve stops; default 5 s.
	Drain time.Duration
	// Session holds the settings; the role is always ESME. BindTimeout bounds the time from the connection to the
	// response to the bind.
	Session SessionConfig

	acceptor wire.Acceptor[*Session]
}

// Serve accepts connections on ln until ctx ends or ln fails. It then closes ln, unbinds the sessions and returns when
// all have ended: nil after ctx ended, the listener's error otherwise.
func (l *OutbindListener) Serve(ctx context.Context, ln net.Listener) error {
	most := l.MaxConnections
	if most <= 0 {
		most = 100
	}
	return l.acceptor.Serve(ctx, ln, wire.Accepting[*Session]{
		Protocol: "SMPP", Most: most, PerIP: most, Drain: l.Drain, Log: l.Session.Logger, Ended: l.Ended,
		Open: func(conn net.Conn) *Session { return NewSession(conn, l.Session.as(ESME), &outbound{listener: l}) },
	})
}

// Sessions lists the sessions there are, unbound ones included, in no order.
func (l *OutbindListener) Sessions() []*Session { return l.acceptor.List() }

// outbound is the handler of an ESME's session that waits for outbind, and then for the response to its bind.
type outbound struct {
	listener *OutbindListener
	next     Handler // once an outbind was accepted
}

// Requests takes the outbind. Nothing else is given to a session that is not bound; a second outbind changes nothing.
func (h *outbound) Requests(s *Session, requests []PDU) {
	for i := range requests {
		if o, ok := requests[i].Body.(*Outbind); ok && h.next == nil {
			h.bind(s, o)
		}
	}
}

// bind asks whether the outbind is right, and binds.
func (h *outbound) bind(s *Session, o *Outbind) {
	b, next := h.listener.Check(s, o)
	if b == nil || next == nil {
		s.Close(fmt.Errorf("%w: system_id %q", ErrOutbindRefused, o.SystemID))
		return
	}
	if b.Mode == Transmitter {
		s.Close(fmt.Errorf("answer outbind: %w: a transmitter cannot receive", ErrWrongState)) // SMPP 3.4 4.1.7, SMPP 5.0 4.1.1.7
		return
	}
	bind := *b
	if bind.Version == 0 {
		bind.Version = Version34
	}
	h.next = next
	if _, err := s.Send([]Request{{Body: &bind}}); err != nil {
		s.Close(fmt.Errorf("answer outbind: %w", err))
	}
}

// Responses takes the response to the bind, after which the session is its handler's.
func (h *outbound) Responses(s *Session, responses []Response) {
	r := &responses[0] // there is no other request
	switch {
	case r.Err != nil:
		s.Close(fmt.Errorf("answer outbind: %w", r.Err))
		return
	case r.PDU.Status != ESME_ROK || r.PDU.Command == CommandGenericNack:
		s.Close(&BindError{s.info.Peer.String(), r.PDU.Status})
		return
	}
	s.reader.h = h.next
	if h.listener.Bound == nil {
		return
	}
	resp, _ := r.PDU.Body.(*BindResp)
	if resp == nil {
		resp = &BindResp{Mode: r.Request.(*Bind).Mode}
	}
	h.listener.Bound(s, resp)
}
