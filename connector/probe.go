package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

// Tester is a link that can be tried step by step: each host until the first step that fails, on connections of its
// own that leave the link's sessions alone. It need not run.
type Tester interface {
	Test(ctx context.Context) []TestStep
}

// TestStep is one thing that a test of a link tried.
type TestStep struct {
	Host   string
	Name   string // resolve, connect, tls, and what the protocol has: bind, enquire_link, unbind, log in, alive, log out
	Took   time.Duration
	Found  string // what was learned, for people
	Error  string // empty when it went well
	Advice string // what to do about the error
}

const stepWait = 10 * time.Second // for each step of a test

// prober tries one host.
type prober struct {
	host   string
	advice func(step string, err error) string // about steps behind the connection
	steps  []TestStep
}

// probeHosts tries each host of a link: its connection, and then what session tries.
func probeHosts(ctx context.Context, r *Remote, by dialing, advice func(step string, err error) string,
	session func(ctx context.Context, p *prober, conn net.Conn),
) []TestStep {
	var steps []TestStep
	for _, host := range r.Hosts {
		p := &prober{host: host, advice: advice}
		if conn := p.connect(ctx, r, by); conn != nil {
			session(ctx, p, conn)
			_ = conn.Close()
		}
		steps = append(steps, p.steps...)
	}
	return steps
}

// connect tries to make a connection; nil if it cannot be made.
func (p *prober) connect(ctx context.Context, r *Remote, by dialing) (conn net.Conn) {
	if by == nil && !p.try(ctx, "resolve", p.resolve) {
		return nil
	}
	if !p.try(ctx, "connect", func(ctx context.Context) (found string, err error) {
		if conn, err = r.connection(ctx, by, "tcp", p.host); err != nil {
			return "", err
		}
		return fmt.Sprintf("from %s to %s", conn.LocalAddr(), conn.RemoteAddr()), nil
	}) {
		return nil
	}
	if r.TLS != nil && !p.try(ctx, "tls", func(ctx context.Context) (found string, err error) {
		secured, err := r.secure(ctx, conn, p.host)
		if err != nil {
			return "", err
		}
		conn = secured
		return describeTLS(secured.ConnectionState(), time.Now()), nil
	}) {
		_ = conn.Close()
		return nil
	}
	return conn
}

// try does one step and notes how it went.
func (p *prober) try(ctx context.Context, name string, do func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, stepWait)
	defer cancel()
	began := time.Now()
	found, err := do(ctx)
	step := TestStep{Host: p.host, Name: name, Took: time.Since(began), Found: found}
	if err != nil {
		step.Error, step.Advice = err.Error(), p.adviceOn(name, err)
	}
	p.steps = append(p.steps, step)
	return err == nil
}

func (p *prober) resolve(ctx context.Context) (string, error) {
	host, _, err := net.SplitHostPort(p.host)
	if err != nil {
		return "", err
	}
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	return strings.Join(addrs, ", "), err
}

// adviceOn says what to do when a step failed.
func (p *prober) adviceOn(step string, err error) string {
	switch step {
	case "resolve":
		return "look at the name under hosts, and at this machine's name servers (/etc/resolv.conf)"
	case "connect":
		return adviceConnect(err)
	case "tls":
		return adviceTLS(err)
	}
	return p.advice(step, err)
}

// describeTLS says who the operator is and until when.
func describeTLS(s tls.ConnectionState, now time.Time) string {
	if len(s.PeerCertificates) == 0 {
		return tls.VersionName(s.Version)
	}
	c := s.PeerCertificates[0]
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	who := c.Subject.CommonName
	if len(names) > 0 {
		who = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, certificate of %s by %s until %s (%d days)", tls.VersionName(s.Version), who, c.Issuer.CommonName,
		c.NotAfter.UTC().Format(time.DateOnly), int(c.NotAfter.Sub(now).Hours()/24))
}

func adviceConnect(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the machine is there and nothing listens on this port: look at the port under hosts, and ask the operator whether his SMSC is up"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EINVAL):
		return "local_address is not an address of this machine, or of another family than the host's"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to this address: look at routes, VPN and firewall of this machine"
	}
	return "nothing answers: a firewall is the usual reason. Ask the operator whether he has permitted the address that we come from"
}

func adviceTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom we trust vouches for the operator's certificate: put the operator's authority into tls: {ca}"
	case errors.As(err, &name):
		return "the certificate is another name's: put the name that the operator gave you into tls: {server_name}"
	case errors.As(err, &invalid):
		return "the operator's certificate has ended or may not be used so: tell him, and look at this machine's clock"
	case errors.As(err, &plain):
		return "the operator does not speak TLS on this port: ask for the right port, or leave tls out"
	}
	return "the operator broke off: he may want a certificate of ours (tls: {cert, key}), or speak too old a version of TLS"
}
