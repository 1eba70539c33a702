package pgtest

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// Direction is a way through a Proxy.
type Direction int

const (
	ToServer Direction = iota
	ToClient
)

// Proxy passes connections on to a server, until it is told otherwise. It stands for the network between the two:
//
//   - Hold loses what is sent in one direction or both, silently. Neither side is told; what it has sent arrives after Heal,
//     as TCP would send it again. A connection that is made meanwhile is accepted and hears nothing: only there it
//     differs from a network, on which it would not even be accepted.
//   - Close breaks all connections and refuses new ones, as when the server's machine has restarted.
//   - Heal ends both.
type Proxy struct {
	target   string
	reserved *port
	wg       sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while closed
	conns    map[net.Conn]struct{}
	open     [2]chan struct{} // by direction: closed while it is open
	watch    func([]byte)
	over     chan struct{} // closed at the end
}

// StartProxy starts a proxy on loopback to a server's host and port, and ends it when the test is over.
func StartProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	reserved, err := reservePort()
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{target: target, reserved: reserved, conns: map[net.Conn]struct{}{}, over: make(chan struct{})}
	for d := range p.open {
		p.open[d] = make(chan struct{})
		close(p.open[d])
	}
	tb.Cleanup(p.end)
	if err := p.listen(); err != nil {
		tb.Fatal(err)
	}
	return p
}

// Address is the host and port that clients connect to.
func (p *Proxy) Address() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.reserved.number))
}

// URL is a database's address by way of this proxy.
func (p *Proxy) URL(tb testing.TB, direct string) string {
	tb.Helper()
	u, err := url.Parse(direct)
	if err != nil {
		tb.Fatal(err)
	}
	u.Host = p.Address()
	return u.String()
}

// Watch calls a function with whatever is about to go to the server. It may call Hold: Hold(ToClient) when it sees a COMMIT
// loses the answer of exactly that commit. Nil ends it.
func (p *Proxy) Watch(look func(toServer []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = look
}

// Hold lets nothing through in these directions any more.
func (p *Proxy) Hold(directions ...Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range directions {
		if isClosed(p.open[d]) {
			p.open[d] = make(chan struct{})
		}
	}
}

// Close breaks all connections and refuses new ones.
func (p *Proxy) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		syscall.ForkLock.RLock() // a program that is just being started would have it for a moment longer: it would take connections, and Heal could not listen
		p.listener.Close()
		syscall.ForkLock.RUnlock()
		p.listener = nil
	}
	for c := range p.conns {
		c.Close()
	}
}

// Heal lets everything through again, and what was held first.
func (p *Proxy) Heal(tb testing.TB) {
	tb.Helper()
	p.mu.Lock()
	for _, open := range p.open {
		if !isClosed(open) {
			close(open)
		}
	}
	closed := p.listener == nil
	p.mu.Unlock()
	if closed {
		if err := p.listen(); err != nil {
			tb.Fatal(err)
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// end is the end of the test.
func (p *Proxy) end() {
	close(p.over)
	p.Close()
	p.wg.Wait()
	p.reserved.free()
}

func (p *Proxy) listen() error {
	listener, err := net.Listen("tcp", p.Address())
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // it is closed
			}
			p.wg.Go(func() { p.serve(listener, client) })
		}
	})
	return nil
}

// serve carries one connection, in both directions, until both have ended.
func (p *Proxy) serve(by net.Listener, client net.Conn) {
	defer p.forget(client)
	if !p.keep(by, client) {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.forget(server)
	if !p.keep(by, server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(ToServer, server, client) })
	both.Go(func() { p.pump(ToClient, client, server) })
	both.Wait()
}

// keep notes a connection, so that Close finds it. It refuses one that Close has just missed.
func (p *Proxy) keep(by net.Listener, c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != by {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	c.Close()
}

// pump carries one direction.
func (p *Proxy) pump(d Direction, to, from net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if errors.Is(err, net.ErrClosed) || !p.pass(d, buf[:n]) {
			return
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				from.Close()
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			if c, ok := to.(*net.TCPConn); ok {
				_ = c.CloseWrite()
			}
			return
		case err != nil:
			to.Close() // it was reset
			return
		}
	}
}

// pass waits until the direction is open, and tells whether there is still somebody to pass something to.
func (p *Proxy) pass(d Direction, data []byte) bool {
	p.mu.Lock()
	watch := p.watch
	p.mu.Unlock()
	if d == ToServer && len(data) > 0 && watch != nil {
		watch(data)
	}
	p.mu.Lock()
	open := p.open[d]
	p.mu.Unlock()
	select {
	case <-open:
		return true
	case <-p.over:
		return false
	}
}
