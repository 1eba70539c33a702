package simulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"kurir/smpp"
)

// hostShift is where the number of the host stands in an id, if each host numbers its messages for itself. It is not shown.
const hostShift = 56

// host is one address on which ESMEs bind. Hosts share accounts, phones and behaviour.
type host struct {
	number   uint64
	secured  bool
	protocol string // empty: SMPP
	speaks   func(ss *session) protocol
	address  string        // as it was asked for, then where it listens; guarded by Simulator.mu
	listener net.Listener  // nil while it does not listen; guarded by Simulator.mu
	nextID   atomic.Uint64 // with Options.IDsPerHost
}

// newHosts reads the addresses of Options; tls:// in front of one asks for TLS.
func newHosts(opt *Options) []*host {
	var list []*host
	for _, address := range append([]string{opt.SMPP}, opt.Hosts...) {
		plain, secured := strings.CutPrefix(address, "tls://")
		h := &host{number: uint64(len(list)), secured: secured, speaks: newSpeakSMPP, address: plain}
		h.nextID.Store(opt.FirstID)
		list = append(list, h)
	}
	foreign := func(address, name string, speaks func(ss *session) protocol) {
		if address == "" {
			return
		}
		plain, secured := strings.CutPrefix(address, "tls://")
		h := newForeignHost(opt, name, speaks)
		h.number, h.secured, h.address = uint64(len(list)), secured, plain
		list = append(list, h)
	}
	foreign(opt.UCP, "UCP", newSpeakUCP)
	foreign(opt.CIMD2, "CIMD2", newSpeakCIMD2)
	return list
}

// newForeignHost is a host for connections on another protocol than SMPP.
func newForeignHost(opt *Options, name string, speaks func(ss *session) protocol) *host {
	h := &host{protocol: name, speaks: speaks}
	h.nextID.Store(opt.FirstID)
	return h
}

// listen opens the address of a host.
func (s *Simulator) listen(h *host) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.listener != nil {
		return errors.New("the SMSC is listening already")
	}
	l, err := net.Listen("tcp", h.address)
	if err != nil {
		return fmt.Errorf("the SMSC cannot listen on %s: %w", h.address, err)
	}
	h.listener, h.address = l, l.Addr().String()
	s.wg.Go(func() {
		s.acceptAll(l, func(conn net.Conn) {
			if h.secured {
				conn = tls.Server(conn, s.tls)
			}
			s.serve(conn, h, nil)
		})
	})
	return nil
}

// acceptAll takes connections until the listener is closed, and has each served by a goroutine.
func (s *Simulator) acceptAll(l net.Listener, serve func(conn net.Conn)) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, for instance: it gets better or it does not
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.running.Done():
				return
			}
			continue
		}
		s.wg.Go(func() { serve(conn) })
	}
}

// Addr is the address of the first host, on which ESMEs bind, also while it is not listening.
func (s *Simulator) Addr() string { return s.HostAddr(0) }

// HostAddr is the address of a host, from 0; empty if there is no such host.
func (s *Simulator) HostAddr(number int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number < 0 || number >= len(s.hosts) {
		return ""
	}
	return s.hosts[number].address
}

// UCPAddr is the address on which applications log in on UCP; empty if there is none.
func (s *Simulator) UCPAddr() string { return s.foreignAddr("UCP") }

// CIMD2Addr is the address on which applications log in on CIMD2; empty if there is none.
func (s *Simulator) CIMD2Addr() string { return s.foreignAddr("CIMD2") }

// foreignAddr is the address of the host of a protocol.
func (s *Simulator) foreignAddr(protocol string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		if h.protocol == protocol {
			return h.address
		}
	}
	return ""
}

// HostProtocol is what a host speaks: SMPP, UCP or CIMD2; empty if there is no such host.
func (s *Simulator) HostProtocol(number int) string {
	if number < 0 || number >= len(s.hosts) {
		return ""
	}
	return s.hosts[number].speaksName()
}

// speaksName is what the host speaks, for people.
func (h *host) speaksName() string { return or(h.protocol, "SMPP") }

// Hosts is how many addresses there are.
func (s *Simulator) Hosts() int { return len(s.hosts) }

// StopListening refuses new connections on the hosts named, on all if none is; those that are there stay.
func (s *Simulator) StopListening(numbers ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.chosen(numbers) {
		if h.listener != nil {
			h.listener.Close()
			h.listener = nil
		}
	}
}

// StartListening takes connections again, on the same addresses.
func (s *Simulator) StartListening(numbers ...int) error {
	s.mu.Lock()
	list := s.chosen(numbers)
	s.mu.Unlock()
	if len(list) == 0 || list[0].address == "" {
		return errors.New("the simulator was started without such an SMPP address")
	}
	var errs []error
	for _, h := range list {
		errs = append(errs, s.listen(h))
	}
	return errors.Join(errs...)
}

// chosen gives the hosts of these numbers, all if there are none. The lock is held.
func (s *Simulator) chosen(numbers []int) (list []*host) {
	for _, h := range s.hosts {
		ok := len(numbers) == 0
		for _, n := range numbers {
			ok = ok || uint64(n) == h.number
		}
		if ok {
			list = append(list, h)
		}
	}
	return list
}

// nextID gives the id of the next message of a session.
func (ss *session) nextID() uint64 {
	if ss.sim.opt.IDsPerHost {
		return ss.host.number<<hostShift | ss.host.nextID.Add(1)
	}
	return ss.sim.nextID.Add(1)
}

// shown is an id without the number of its host.
func shown(id uint64) uint64 { return id & (1<<hostShift - 1) }

// loadTLS prepares what hosts with TLS need. Without a certificate one is made, which only this simulator knows.
func (s *Simulator) loadTLS() error {
	secured := false
	for _, h := range s.hosts {
		secured = secured || h.secured
	}
	if !secured {
		return nil
	}
	cert, err := s.certificate()
	if err != nil {
		return err
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if s.opt.ClientCA == "" {
		return nil
	}
	text, err := os.ReadFile(s.opt.ClientCA)
	if err != nil {
		return fmt.Errorf("read who may sign the certificates of clients: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s has no certificate", s.opt.ClientCA)
	}
	s.tls.ClientCAs, s.tls.ClientAuth = pool, tls.RequireAndVerifyClientCert
	return nil
}

// certificate reads the certificate of Options, or makes one for the loopback address and the names of Options.SMPP.
func (s *Simulator) certificate() (tls.Certificate, error) {
	if s.opt.Cert != "" {
		cert, err := tls.LoadX509KeyPair(s.opt.Cert, s.opt.Key)
		if err != nil {
			return cert, fmt.Errorf("read certificate and key: %w", err)
		}
		s.certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
		return cert, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a key: %w", err)
	}
	from := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.UnixNano()), Subject: pkix.Name{CommonName: "kurir-simulator"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA: true, BasicConstraintsValid: true,
	}
	for _, h := range s.hosts {
		if name, _, err := net.SplitHostPort(h.address); err == nil && name != "" {
			if ip := net.ParseIP(name); ip != nil {
				template.IPAddresses = append(template.IPAddresses, ip)
			} else {
				template.DNSNames = append(template.DNSNames, name)
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	s.certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// Certificate is that of the hosts with TLS as PEM, for whoever is to trust it; nil without such a host.
func (s *Simulator) Certificate() []byte { return s.certPEM }

// ParseVersion reads a version of SMPP as people write it: 3.3, 3.4 or 5.0.
func ParseVersion(text string) (smpp.Version, error) {
	for _, v := range []smpp.Version{smpp.Version33, smpp.Version34, smpp.Version50} {
		if text == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%q is no version of SMPP: 3.3, 3.4 or 5.0", text)
}
