package app

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	proxyproto "github.com/pires/go-proxyproto"

	"kurir/account"
)

// proxyWait is how long a balancer has for its header.
const proxyWait = 5 * time.Second

// behindProxies reads the header of the PROXY protocol on connections that come
// from balancers, which must have one: a client of theirs is known by it, and a
// connection without it would pass as the balancer; bare is told of it. Of others nothing is read:
// who is not listed cannot name another address.
func behindProxies(l net.Listener, networks []string, bare func(peer net.Addr)) net.Listener {
	if len(networks) == 0 {
		return l
	}
	var prefixes []netip.Prefix
	for _, text := range networks {
		if p, err := account.ParseNetwork(text); err == nil { // checked with the configuration
			prefixes = append(prefixes, p)
		}
	}
	return joinBare(bare, &proxyproto.Listener{
		Listener: l, ReadHeaderTimeout: proxyWait,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if a, ok := o.Upstream.(*net.TCPAddr); ok {
				from := a.AddrPort().Addr().Unmap().WithZone("")
				for _, p := range prefixes {
					if p.Contains(from) {
						return proxyproto.REQUIRE, nil
					}
				}
			}
			return proxyproto.SKIP, nil
		},
	})
}

// joined is several listeners as one. Headers of the PROXY protocol are read
// beside it, so that a balancer that dawdles does not hold up others.
type joined struct {
	listeners []net.Listener
	conns     chan arrival
	done      chan struct{}
	close     sync.Once
	bare      func(peer net.Addr) // told whose connection had no header
}

type arrival struct {
	conn net.Conn
	err  error
}

func join(listeners ...net.Listener) net.Listener { return joinBare(nil, listeners...) }

func joinBare(bare func(peer net.Addr), listeners ...net.Listener) net.Listener {
	j := &joined{bare: bare, listeners: listeners, conns: make(chan arrival), done: make(chan struct{})}
	for _, l := range listeners {
		go j.accept(l)
	}
	return j
}

// accept hands over what one listener brings, until it is closed.
func (j *joined) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if p, ok := conn.(*proxyproto.Conn); ok {
			go func() {
				if p.ProxyHeader() == nil { // waits for it
					j.bare(p.Raw().RemoteAddr())
					_ = p.Close()
					return
				}
				j.hand(arrival{conn: proxied{p}})
			}()
			continue
		}
		if !j.hand(arrival{conn, err}) {
			return
		}
	}
}

// hand hands over a connection or an error; false if nobody takes any more.
func (j *joined) hand(a arrival) bool {
	select {
	case j.conns <- a:
		return true
	case <-j.done:
		if a.conn != nil {
			_ = a.conn.Close()
		}
		return false
	}
}

// Accept returns the next connection of any of them.
func (j *joined) Accept() (net.Conn, error) {
	select {
	case a := <-j.conns:
		return a.conn, a.err
	case <-j.done:
		return nil, net.ErrClosed
	}
}

// Close closes all of them.
func (j *joined) Close() error {
	var err error
	j.close.Do(func() {
		close(j.done)
		for _, l := range j.listeners {
			err = errors.Join(err, l.Close())
		}
	})
	return err
}

// Addr is the address of the first.
func (j *joined) Addr() net.Addr { return j.listeners[0].Addr() }

// proxied is a connection whose header has been read.
type proxied struct{ *proxyproto.Conn }

// CloseWrite closes our direction only, as *net.TCPConn does.
func (c proxied) CloseWrite() error {
	if half, ok := c.Raw().(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
