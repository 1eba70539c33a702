package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestTLS: both sides over TLS; the operator lets nobody in without a certificate that he knows.
func TestTLS(t *testing.T) {
	t.Parallel()
	server, client := makeCertificate(t, "kurir"), makeCertificate(t, "our-certificate")
	host := freeAddr(t)
	sim := startSimulator(t, simulator.Options{SMPP: "tls://" + host, ClientCA: client.cert})
	operator := makeCertificate(t, "unused")
	if err := os.WriteFile(operator.cert, sim.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	setting, _ := server.customerSide()
	s := startServer(t, nil, serverOptions{
		smpp: setting,
		connectors: []string{
			linkTo("op1", host, fmt.Sprintf(", tls: {ca: %q, cert: %q, key: %q}", operator.cert, client.cert, client.key)),
			linkTo("stranger", host, fmt.Sprintf(", tls: {ca: %q}", operator.cert)),
		},
	})
	linked(t, sim)
	text, err := os.ReadFile(server.cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	e := &esme{t: t, delivered: make(chan smpp.DeliverSM, 10), answers: make(chan smpp.Response, 10)}
	d := smpp.Dialer{
		Hosts: []string{s.smpp}, Bind: smpp.Bind{SystemID: account, Password: password},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&tls.Dialer{Config: &tls.Config{RootCAs: roots}}).DialContext(ctx, network, addr)
		},
	}
	sess, _, err := d.Connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	e.sess = sess
	defer sess.Close(nil)
	id := e.accepted("46701000001", "ref-1 "+textMark)
	if r := e.receipt(); r.ID != id || r.State != smpp.MessageDelivered {
		t.Errorf("receipt %+v", r)
	}
	for _, v := range sim.Sessions() {
		if v.SystemID != "" && (v.Client != "our-certificate" || !strings.HasPrefix(v.TLS, "TLS 1.")) {
			t.Errorf("a session without our certificate: %+v", v)
		}
	}
	if s.metric(`kurir_link_up{link="stranger"}`) != 0 {
		t.Error("a link without a certificate is up")
	}
}

// TestCustomerCertificate: an account for which a certificate is set binds with that one only; others bind with any, or
// with none.
func TestCustomerCertificate(t *testing.T) {
	t.Parallel()
	server, right, wrong := makeCertificate(t, "kurir"), makeCertificate(t, "acme.example"), makeCertificate(t, "eve.example")
	stranger := makeCertificate(t, "acme.example") // the same name, and nobody whom we trust has signed it
	trusted := t.TempDir() + "/ca.pem"
	var roots []byte
	for _, path := range []string{right.cert, wrong.cert} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, text...)
	}
	if err := os.WriteFile(trusted, roots, 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, nil, serverOptions{
		smpp:     fmt.Sprintf(", tls: {cert: %q, key: %q, client_ca: %q}", server.cert, server.key, trusted),
		account:  ", smpp: {certificate: acme.example}",
		accounts: []string{`{name: free, password: ` + secretMark + `free}`},
	})
	text, err := os.ReadFile(server.cert)
	if err != nil {
		t.Fatal(err)
	}
	ours := x509.NewCertPool()
	ours.AppendCertsFromPEM(text)
	bind := func(id, password string, c *certified) error {
		t.Helper()
		conf := &tls.Config{RootCAs: ours}
		if c != nil {
			pair, err := tls.LoadX509KeyPair(c.cert, c.key)
			if err != nil {
				t.Fatal(err)
			}
			conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		d := smpp.Dialer{
			Hosts: []string{s.smpp}, Bind: smpp.Bind{Mode: smpp.Transceiver, SystemID: id, Password: password},
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return (&tls.Dialer{Config: conf}).DialContext(ctx, network, addr)
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		sess, _, err := d.Connect(ctx, &esme{t: t, delivered: make(chan smpp.DeliverSM, 1), answers: make(chan smpp.Response, 1)})
		if err == nil {
			sess.Close(nil)
		}
		return err
	}
	for _, c := range []struct {
		what, id, password string
		cert               *certified
		want               string // of the error; empty: it binds
	}{
		{"the account's certificate", account, password, &right, ""},
		{"another's certificate", account, password, &wrong, "ESME_RBINDFAIL"},
		{"no certificate", account, password, nil, "ESME_RBINDFAIL"},
		{"one of the right name that nobody signed", account, password, &stranger, "certificate"},
		{"the certificate without the password", account, secretMark + "no", &right, "ESME_RINVPASWD"},
		{"an account for which none is set", "free", secretMark + "free", nil, ""},
		{"an account for which none is set, and any", "free", secretMark + "free", &wrong, ""},
	} {
		err := bind(c.id, c.password, c.cert)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
