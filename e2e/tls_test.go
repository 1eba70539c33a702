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
