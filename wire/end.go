package wire

import (
	"context"
	"fmt"
	"net"
)

// End ends the session in good order: no more requests are sent, new ones of the peer are refused for the moment,
// responses to the outstanding ones of both sides are awaited, then the protocol's log-out is sent, if it has one, and
// the connection closed. When ctx ends first, or before the log-in, it is closed at once. It must not be called from a Handler.
func (s *Session[P]) End(ctx context.Context) {
	defer func() { // whatever happens
		s.Close(ErrLeft)
		<-s.done
	}()
	s.mu.Lock()
	if s.State() != Bound {
		s.mu.Unlock()
		return
	}
	s.state.Store(uint32(Leaving))
	drained := make(chan struct{})
	s.drained = drained
	s.checkDrained()
	s.mu.Unlock()
	select {
	case <-drained:
	case <-s.done:
		return
	case <-ctx.Done():
		s.Close(fmt.Errorf("%w without waiting for all responses", ErrLeft))
		return
	}
	if s.protocol.Logout != nil && s.cfg.Role == Client {
		_, _ = s.Do(ctx, s.protocol.Logout())
		return
	}
	s.Finish(ErrLeft) // what was answered last is on its way to the writer
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// Close closes the connection at once. The first reason stands; nil is taken as ErrClosed.
func (s *Session[P]) Close(reason error) {
	if reason == nil {
		reason = ErrClosed
	}
	s.mu.Lock()
	if s.reason == nil {
		s.reason = reason
	}
	first := s.State() != Closed
	s.state.Store(uint32(Closed))
	s.wake()
	s.mu.Unlock()
	if first {
		_ = s.conn.Close()
	}
}

// Abort is Close where the peer is out of reach, or must hear nothing more: what the system has taken and not yet brought to him is
// forgotten. Else it would come when the network is whole again, after what another session has said meanwhile.
func (s *Session[P]) Abort(reason error) {
	Forget(s.conn)
	s.Close(reason)
}

// Forget lets a connection forget, when it is closed, what the system has taken and not yet brought to the peer.
func Forget(conn net.Conn) {
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = secured.NetConn()
	}
	if c, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = c.SetLinger(0)
	}
}

// Finish writes what is pending, then closes the connection: for a log-in that is refused.
func (s *Session[P]) Finish(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(reason)
}
