package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/api"
	"kurir/config"
)

// authority makes certificates.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue writes a certificate and its key to files; the first is of the authority itself.
func (a *authority) issue(t *testing.T, file, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	if a.cert == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
		a.cert, a.key = c, k
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &k.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(a.dir, file+".pem"), filepath.Join(a.dir, file+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// listening opens an interface and greets whoever connects with his address.
func listening(t *testing.T, c config.Listener) (net.Listener, *certificates) {
	t.Helper()
	return listeningLog(t, slog.New(slog.DiscardHandler), c)
}

func listeningLog(t *testing.T, log *slog.Logger, c config.Listener) (net.Listener, *certificates) {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	l, certs, err := open(t.Context(), log, "smpp", c, api.ConnectionLimits{All: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
				_, _ = io.WriteString(conn, "hello "+host)
				_, _ = io.Copy(io.Discard, conn)
			}()
		}
	}()
	return l, certs
}

// greeting connects, sends a beginning, and returns what comes back.
func greeting(t *testing.T, addr net.Addr, secure *tls.Config, beginning string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, beginning)
	if secure != nil {
		conn = tls.Client(conn, secure)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 100)
	n, _ := conn.Read(b)
	return string(b[:n])
}

// TestProxyProtocol: balancers name their clients, in both versions of the
// header; without one they are not served, and nobody else can name another address.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	log := &lockedLog{}
	version2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x09\x7f\x00\x00\x01\x12\x34\x0a\xd7"
	listed, _ := listeningLog(t, slog.New(slog.NewTextHandler(log, nil)), config.Listener{Proxy: []string{"127.0.0.0/8"}})
	other, _ := listening(t, config.Listener{Proxy: []string{"192.0.2.1"}})
	stalled, err := net.Dial("tcp", listed.Addr().String()) // and does not hold up the others
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	for _, test := range []struct {
		to              net.Listener
		beginning, want string
	}{
		{listed, "PROXY TCP4 192.0.2.7 127.0.0.1 4660 2775\r\n", "hello 192.0.2.7"},
		{listed, version2, "hello 192.0.2.9"},
		{listed, "nonsense, no header", ""},
		{other, "PROXY TCP4 192.0.2.7 127.0.0.1 4660 2775\r\n", "hello 127.0.0.1"},
		{other, "", "hello 127.0.0.1"},
	} {
		if got := greeting(t, test.to.Addr(), nil, test.beginning); got != test.want {
			t.Errorf("%.20q: %q, want %q", test.beginning, got, test.want)
		}
	}
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "a load balancer's connection without a header of the PROXY protocol is closed") {
		t.Errorf("the log says %q", said)
	}
}

// TestTooManyConnections: what an interface holds no more of is told of in the
// log, which a flood does not fill.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	log := &lockedLog{}
	l, _, err := open(t.Context(), slog.New(slog.NewTextHandler(log, nil)), "http", config.Listener{Listen: "127.0.0.1:0"}, api.ConnectionLimits{All: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // accepts the first, and meanwhile closes the others
		for {
			if _, err := l.Accept(); err != nil {
				return
			}
		}
	}()
	for i := range 5 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i > 0 {
			_, _ = io.Copy(io.Discard, conn) // until it is closed
		}
	}
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, `msg="connection refused: too many" interface=http`) || !strings.Contains(said, "holds=1") {
		t.Errorf("the log says %q", said)
	}
}

// lockedLog is what a log wrote, for several goroutines.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestListenTLS: a plain and a TLS port side by side, clients' certificates,
// and certificates read anew.
func TestListenTLS(t *testing.T) {
	t.Parallel()
	a := &authority{dir: t.TempDir()}
	ca, _ := a.issue(t, "ca", "authority")
	cert, key := a.issue(t, "server", "one.example")
	mine, mineKey := a.issue(t, "client", "acme")
	c := config.Listener{
		TLSListen: "127.0.0.1:0", Proxy: []string{"127.0.0.1"},
		TLS: config.TLS{Cert: cert, Key: key, ClientCA: ca, RequireClientCert: true},
	}
	l, certs := listening(t, c)
	both := l.(*joined)
	const header = "PROXY TCP4 192.0.2.7 127.0.0.1 4660 2775\r\n"
	if got := greeting(t, both.listeners[0].Addr(), nil, header); got != "hello 192.0.2.7" {
		t.Errorf("plain: %q", got)
	}
	secure := both.listeners[1].Addr()
	pair, err := tls.LoadX509KeyPair(mine, mineKey)
	if err != nil {
		t.Fatal(err)
	}
	client := func(name string, certs ...tls.Certificate) *tls.Config {
		return &tls.Config{ServerName: name, InsecureSkipVerify: true, Certificates: certs, VerifyConnection: func(s tls.ConnectionState) error {
			return s.PeerCertificates[0].VerifyHostname(name)
		}}
	}
	if got := greeting(t, secure, client("one.example", pair), header); got != "hello 192.0.2.7" {
		t.Errorf("with a certificate: %q", got)
	}
	if got := greeting(t, secure, client("one.example"), header); got != "" {
		t.Errorf("without a certificate: %q", got)
	}
	c.TLS.Cert, c.TLS.Key = a.issue(t, "server2", "two.example")
	app := &App{ports: []*sessionPort{{name: "smpp", setting: func(f *config.File) *config.Listener { return &f.SMPP }, certs: certs}}}
	fresh, err := app.readCertificates(&config.File{SMPP: c})
	if err != nil {
		t.Fatal(err)
	}
	fresh.use()
	if got := greeting(t, secure, client("two.example", pair), header); got != "hello 192.0.2.7" {
		t.Errorf("after a reload: %q", got)
	}
}
