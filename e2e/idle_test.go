package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// TestIdleSessions binds many sessions that say nothing, of customers, plain and over TLS, and of links. Each may cost
// 128 KiB at most; make bench measures it more closely.
func TestIdleSessions(t *testing.T) {
	t.Parallel()
	const sessions, most = 400, 128 << 10
	operator := freeAddr(t)
	var links []string
	for i := range 40 {
		links = append(links, linkTo(fmt.Sprintf("op%d", i+1), operator, fmt.Sprintf(", sessions: %d", sessions/40)))
	}
	opt := serverOptions{binary: plainBinary(t), profiled: true, connectors: links, account: fmt.Sprintf(", smpp: {sessions: %d}", sessions)}
	s := prepareServer(t, nil, opt)
	plain := s.file(opt)
	s.write(plain)
	s.start()

	check := func(what string, before, after int64) {
		t.Helper()
		each := (after - before) / sessions
		t.Logf("%s: %d octets for each of %d sessions", what, each, sessions)
		if each > most {
			t.Errorf("%s: an idle session costs %d octets, at most %d may be", what, each, most)
		}
	}
	before := s.lowestMemory()
	startSimulator(t, simulator.Options{SMPP: operator, Phones: -1, Keep: -1})
	linked := func(what string) {
		t.Helper()
		within(t, 3*patience, what, func() bool {
			n := 0.0
			for i := range links {
				n += s.metric(fmt.Sprintf(`kurir_link_sessions{link="op%d"}`, i+1))
			}
			return n == sessions
		})
	}
	linked("all sessions of the links are bound")
	bound := s.lowestMemory()
	check("links", before, bound)
	idleCustomers(t, sessions, func() (net.Conn, error) { return net.DialTimeout("tcp", s.smpp, patience) })
	check("customers", bound, s.lowestMemory())

	cert, key := certificate(t, s.dir)
	listen := fmt.Sprintf("smpp: {listen: %q", s.smpp)
	s.write(strings.Replace(plain, listen, fmt.Sprintf("%s, tls: {cert: %q, key: %q}", listen, cert, key), 1))
	s.restart()
	linked("all sessions of the links are bound again") // or those that come later count as customers
	before = s.lowestMemory()
	idleCustomers(t, sessions, func() (net.Conn, error) {
		d := tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: &tls.Config{InsecureSkipVerify: true}}
		return d.DialContext(t.Context(), "tcp", s.smpp)
	})
	check("customers over TLS", before, s.lowestMemory())
}

// idleCustomers binds sessions until the test ends.
func idleCustomers(t *testing.T, n int, dial func() (net.Conn, error)) {
	t.Helper()
	bind := frame(t, smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: password, Version: smpp.Version34}})
	for i := range n {
		c, err := dial()
		if err != nil {
			t.Fatalf("session %d: %v", i+1, err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write(bind); err != nil {
			t.Fatalf("session %d: %v", i+1, err)
		}
		head := make([]byte, smpp.HeaderLen)
		if _, err := io.ReadFull(c, head); err != nil {
			t.Fatalf("session %d: %v", i+1, err)
		}
		if status := smpp.ParseHeader(head).Status; status != smpp.ESME_ROK {
			t.Fatalf("session %d: bind answered with %v", i+1, status)
		}
	}
}

// certificate writes one that is good for loopback.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	example := httptest.NewTLSServer(nil)
	pair := example.TLS.Certificates[0]
	example.Close()
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
