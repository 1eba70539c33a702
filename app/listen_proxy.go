package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	proxyproto "github.com/pires/go-proxyproto"

	"kurir/api"
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
	balancers := prefixes(networks)
	return joinReady(func(conn net.Conn) net.Conn { return identified(conn, bare) }, &proxyproto.Listener{
		Listener: l, ReadHeaderTimeout: proxyWait,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if a, ok := o.Upstream.(*net.TCPAddr); ok {
				from := a.AddrPort().Addr().Unmap().WithZone("")
				if slices.ContainsFunc(balancers, func(p netip.Prefix) bool { return p.Contains(from) }) {
					return proxyproto.REQUIRE, nil
				}
			}
			return proxyproto.SKIP, nil
		},
	})
}

// identified waits for a balancer's header of the PROXY protocol; nil if there
// is none, and the connection is closed.
func identified(conn net.Conn, bare func(peer net.Addr)) net.Conn {
	p, ok := conn.(*proxyproto.Conn)
	if !ok {
		return conn
	}
	if p.ProxyHeader() == nil { // waits for it
		bare(p.Raw().RemoteAddr())
		_ = p.Close()
		return nil
	}
	return proxied{p}
}

// joined is several listeners as one. What a connection begins with, such as
// headers of the PROXY protocol, is waited for beside it, so that one who dawdles does not hold up others.
type joined struct {
	listeners []net.Listener
	conns     chan arrival
	done      chan struct{}
	close     sync.Once
	ready     func(net.Conn) net.Conn // gives the connection when it has begun, nil if it is closed; nil: at once
}

type arrival struct {
	conn net.Conn
	err  error
}

func join(listeners ...net.Listener) net.Listener { return joinReady(nil, listeners...) }

func joinReady(ready func(net.Conn) net.Conn, listeners ...net.Listener) net.Listener {
	j := &joined{ready: ready, listeners: listeners, conns: make(chan arrival), done: make(chan struct{})}
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
		if err == nil && j.ready != nil {
			go func() {
				if conn := j.ready(conn); conn != nil {
					j.hand(arrival{conn: conn})
				}
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

// handshakeWait is how long a client has to agree on TLS.
const handshakeWait = 10 * time.Second

// answering has the connections of an HTTP port say in the interface's own words
// what net/http answers by itself. TLS is agreed on beside it; connections with HTTP/2 are as net/http wants
// them.
func answering(l net.Listener) net.Listener {
	return joinReady(func(conn net.Conn) net.Conn {
		c, secure := conn.(*tls.Conn)
		if !secure {
			return api.AnswerConn(conn)
		}
		ctx, cancel := context.WithTimeout(context.Background(), handshakeWait)
		defer cancel()
		if err := c.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil
		}
		if c.ConnectionState().NegotiatedProtocol == "h2" {
			return c
		}
		return api.AnswerConn(c)
	}, l)
}
