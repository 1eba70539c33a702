package connector

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"time"
)

// dialing makes connections; nil for TCP.
type dialing func(ctx context.Context, network, addr string) (net.Conn, error)

// dial makes a connection to a host of the operator, encrypted if the configuration says so.
func (r *Remote) dial(ctx context.Context, by dialing, network, addr string) (net.Conn, error) {
	conn, err := r.connection(ctx, by, network, addr)
	if err != nil || r.TLS == nil {
		return conn, err
	}
	secured, err := r.secure(ctx, conn, addr)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// connection makes a connection as it is.
func (r *Remote) connection(ctx context.Context, by dialing, network, addr string) (net.Conn, error) {
	if by != nil {
		return by(ctx, network, addr)
	}
	d := net.Dialer{}
	if r.LocalAddress != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(r.LocalAddress)}
	}
	return d.DialContext(ctx, network, addr)
}

// secure encrypts a connection.
func (r *Remote) secure(ctx context.Context, conn net.Conn, addr string) (*tls.Conn, error) {
	host, _, _ := net.SplitHostPort(addr)
	cfg, err := r.TLS.load(host)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}

// from is the hosts in the order in which a session is to try them, where sessions take them in turn.
func (r *Remote) from(turn int) []string {
	turn %= len(r.Hosts)
	return slices.Concat(r.Hosts[turn:], r.Hosts[:turn])
}

// flow is how many PDUs a second go over a session.
type flow struct {
	in, out        float64
	received, sent uint64 // at the last look
	at             time.Time
}

// flowLook is how often a session is looked at for that.
const flowLook = 5 * time.Second

// look counts what has gone over since the last look.
func (f *flow) look(received, sent uint64, now time.Time) {
	if passed := now.Sub(f.at).Seconds(); passed > 0 {
		f.in, f.out = float64(received-f.received)/passed, float64(sent-f.sent)/passed
	}
	f.received, f.sent, f.at = received, sent, now
}
