package api

import (
	"net"
	"net/netip"
	"sync"
)

// ConnectionLimits is how many connections of a listener may be open.
type ConnectionLimits struct {
	All        int
	PerAddress int                               // 0: as many as All
	Exempt     []netip.Prefix                    // addresses that stand for many clients: PerAddress does not hold for them
	Refused    func(peer net.Addr, perAddr bool) // told whose connection was closed, and because of which of the two
}

// LimitListener returns a listener that holds no more connections open; one
// beyond that is closed at once, so that a flood cannot keep others waiting in
// the kernel's queue unanswered. An IPv6 client counts with all of his network (64 bits).
func LimitListener(l net.Listener, limits ConnectionLimits) net.Listener {
	return &limitListener{Listener: l, ConnectionLimits: limits, from: map[netip.Addr]int{}}
}

type limitListener struct {
	net.Listener
	ConnectionLimits

	mu   sync.Mutex
	open int
	from map[netip.Addr]int // only with PerAddress
}

// Accept returns the next connection within the limits.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := l.counted(c.RemoteAddr())
		if ok, perAddr := l.enter(from); !ok {
			l.Refused(c.RemoteAddr(), perAddr)
			_ = c.Close()
			continue
		}
		return &limitedConn{Conn: c, l: l, from: from}, nil
	}
}

// counted is the address by which a connection is counted; invalid for none.
func (l *limitListener) counted(peer net.Addr) netip.Addr {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok || l.PerAddress == 0 {
		return netip.Addr{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	for _, n := range l.Exempt {
		if n.Contains(addr) {
			return netip.Addr{}
		}
	}
	return clientNetwork(addr)
}

// enter takes a place; perAddr tells that it is the address that has none.
func (l *limitListener) enter(from netip.Addr) (ok, perAddr bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open >= l.All:
		return false, false
	case from.IsValid() && l.from[from] >= l.PerAddress:
		return false, true
	}
	l.open++
	if from.IsValid() {
		l.from[from]++
	}
	return true, false
}

// leave gives a place back.
func (l *limitListener) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if from.IsValid() {
		if l.from[from]--; l.from[from] == 0 {
			delete(l.from, from)
		}
	}
}

// limitedConn gives its place back when it is closed.
type limitedConn struct {
	net.Conn
	l    *limitListener
	from netip.Addr
	once sync.Once
}

// Close closes the connection and gives its place back.
func (c *limitedConn) Close() error {
	c.once.Do(func() { c.l.leave(c.from) })
	return c.Conn.Close()
}
