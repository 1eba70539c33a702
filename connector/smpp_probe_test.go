package connector

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// TestSMPPTest tries a link beside its session, at an operator that takes a
// second session and at one that does not.
func TestSMPPTest(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		steps := b.link.(*SMPP).Test(t.Context())
		var names []string
		for _, s := range steps {
			names = append(names, s.Name)
			if s.Error != "" || s.Advice != "" || s.Host != "pipe:1" {
				t.Errorf("%+v", s)
			}
		}
		same(t, "steps", names, []string{"connect", "bind", "enquire_link", "unbind"})
		if !strings.Contains(steps[1].Found, `"smsc"`) {
			t.Errorf("bind found %q", steps[1].Found)
		}
		o := b.operator().(*smsc)
		if len(o.binds) != 1 || o.binds[0].Mode != smpp.Transmitter {
			t.Errorf("binds %v: receipts would come to a test that is no transmitter", o.binds)
		}
		synctest.Wait()
		if st := b.link.Stats(); st[0].State != "bound" || len(b.core.downs) != 0 {
			t.Errorf("the test touched the session: %+v", st)
		}
	})
	refusing := false
	smppLink(t, func(*SMPPConfig) {}, func(o *smsc) {
		if refusing {
			o.status = smpp.ESME_RALYBND
		}
		refusing = true
	}, func(t *testing.T, b *contractBench) {
		steps := b.link.(*SMPP).Test(t.Context())
		last := steps[len(steps)-1]
		if last.Name != "bind" || !strings.Contains(last.Error, "ESME_RALYBND") || !strings.Contains(last.Advice, "no fault") {
			t.Errorf("%+v", last)
		}
		if st := b.link.Stats(); st[0].State != "bound" {
			t.Errorf("the test touched the session: %+v", st)
		}
	})
}

// authority makes certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("Test CA", nil)
	return a
}

// issue makes a certificate and writes it and its key to NAME.pem and
// NAME.key; without an authority it vouches for itself.
func (a *authority) issue(name string, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: by == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := c, key
	if by != nil {
		c.DNSNames = []string{name}
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made, key
}

func (a *authority) path(file string) string { return filepath.Join(a.dir, file) }

// TestSMPPTestTLS tries links over TLS: with a certificate of ours that the
// operator asks for, without it, and with what is wrong on his side.
func TestSMPPTestTLS(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	a.issue("smsc.example", a)
	a.issue("kurir", a)
	server, err := tls.LoadX509KeyPair(a.path("smsc.example.pem"), a.path("smsc.example.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	for _, c := range []struct {
		name   string
		tls    TLSConfig
		step   string // the last one
		advice string // a word of it; empty when all went well
	}{
		{"ours is known", TLSConfig{CA: a.path("Test CA.pem"), ServerName: "smsc.example", Cert: a.path("kurir.pem"), Key: a.path("kurir.key")}, "unbind", ""},
		{"none of ours", TLSConfig{CA: a.path("Test CA.pem"), ServerName: "smsc.example"}, "bind", "certificate"},
		{"not trusted", TLSConfig{CA: other.path("Test CA.pem"), ServerName: "smsc.example"}, "tls", "vouches"},
		{"another name", TLSConfig{CA: a.path("Test CA.pem")}, "tls", "server_name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := smppTestConfig()
			cfg.TLS = &c.tls
			l := NewSMPP(cfg, NewShared(), nil)
			var o *smsc
			l.Dial = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				o = newSMSC(tls.Server(theirs, &tls.Config{
					Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12,
				}))
				return ours, nil
			}
			steps := l.Test(t.Context())
			o.cut()
			last := steps[len(steps)-1]
			if last.Name != c.step || (last.Error == "") != (c.advice == "") || !strings.Contains(last.Advice, c.advice) {
				t.Errorf("%+v", last)
			}
			if c.step == "unbind" && !strings.Contains(steps[1].Found, "certificate of smsc.example by Test CA until "+server.Leaf.NotAfter.UTC().Format(time.DateOnly)) {
				t.Errorf("TLS found %q", steps[1].Found)
			}
		})
	}
}
