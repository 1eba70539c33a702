package connector

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"time"

	"kurir/smpp"
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

// smppLeaseLook is how often a session that may not send looks whether it may.
const smppLeaseLook = 100 * time.Millisecond

// keep holds the session of one slot until ctx ends: where several servers share
// the link, whenever this one has its lease.
func (l *SMPP) keep(ctx context.Context, slot *smppSlot) {
	if l.Acquire == nil {
		l.hold(ctx, slot)
		return
	}
	for {
		l.stand(slot, true)
		lease, err := l.Acquire(ctx, slot.place)
		if err != nil {
			return // ctx has ended
		}
		l.stand(slot, false)
		held, end := context.WithCancel(ctx)
		go func() {
			select {
			case <-lease.Over:
				end()
			case <-held.Done():
			}
		}()
		slot.lease = lease
		l.hold(held, slot)
		end()
		lease.Release()
	}
}

// stand notes whether a slot is left to other servers.
func (l *SMPP) stand(slot *smppSlot, elsewhere bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slot.elsewhere, slot.down, slot.err, slot.since = elsewhere, false, nil, time.Now()
}

// leased is a connection of a session that is held by a lease.
type leased struct {
	net.Conn
	lease *Lease
}

// Write implements net.Conn. A session that is silent keeps its connection.
func (c *leased) Write(b []byte) (int, error) {
	if c.lease.lost() || c.lease.silent() && sendsMessages(b) {
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

// sendsMessages tells whether a message is among PDUs, which are whole.
func sendsMessages(b []byte) bool {
	for len(b) >= 16 {
		switch smpp.CommandID(binary.BigEndian.Uint32(b[4:])) {
		case smpp.CommandSubmitSM, smpp.CommandSubmitMulti, smpp.CommandDataSM, smpp.CommandBroadcastSM:
			return true
		}
		n := binary.BigEndian.Uint32(b)
		if n < 16 || int64(n) > int64(len(b)) {
			return true // it is not known what it is
		}
		b = b[n:]
	}
	return false
}
