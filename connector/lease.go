package connector

import (
	"errors"
	"net"
	"time"
)

// Lease is the permission to hold one session of a link, where several servers
// share its sessions. All of it may be used from any goroutine.
type Lease struct {
	// Name and Term are what it is called in the log.
	Name string
	Term uint64
	// Valid is asked before each write to the socket. Is it false while Over is open, nothing may be sent for now, and the
	// session may stay.
	Valid func() bool
	// Over is closed when the session is to end: in good order if the lease is Valid, else at once.
	Over <-chan struct{}
	// Release says that it has ended.
	Release func()
}

// lost tells whether nothing at all may be written any more. A nil lease, where
// one server has all sessions, is always good.
func (l *Lease) lost() bool {
	if l == nil || l.Valid() {
		return false
	}
	select {
	case <-l.Over:
		return true
	default:
		return false
	}
}

// attributes are those of the lease for the log.
func (l *Lease) attributes() []any {
	if l == nil {
		return nil
	}
	return []any{"lease", l.Name, "term", l.Term}
}

// silent tells whether no message may be sent now.
func (l *Lease) silent() bool { return l != nil && !l.Valid() }

// errLeaseOver ends a session that another server holds, or may hold.
var errLeaseOver = errors.New("this server may not hold the session any more: another does, or the database has not answered for too long")

// leaseLook is how often a session that may not send looks whether it may.
const leaseLook = 100 * time.Millisecond

// leased is a connection of a session that is held by a lease.
type leased struct {
	net.Conn
	lease *Lease
	sends func(b []byte) bool // tells whether a message is among what is written, which are whole PDUs
}

// Write implements net.Conn. A session that is silent keeps its connection.
func (c *leased) Write(b []byte) (int, error) {
	if c.lease.lost() || c.lease.silent() && c.sends(b) {
		return 0, errLeaseOver
	}
	return c.Conn.Write(b)
}

// CloseWrite closes our direction only, where the connection can.
func (c *leased) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn is the connection itself, for what only that can.
func (c *leased) NetConn() net.Conn {
	if secured, ok := c.Conn.(interface{ NetConn() net.Conn }); ok {
		return secured.NetConn()
	}
	return c.Conn
}
