package smpp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// certificate makes a certificate for one test.
func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"smsc"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Timers work by deadlines of the read, which TLS survives.
func TestSessionOverTLS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		cert := certificate(t)
		roots := x509.NewCertPool()
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(leaf)
		client := tls.Client(a, &tls.Config{RootCAs: roots, ServerName: "smsc"})
		server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}})
		// As in life, nobody is bound before the handshake is done, which a deadline that passes would end.
		go func() { _ = server.HandshakeContext(t.Context()) }()
		if err := client.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		esme := NewSession(client, SessionConfig{}, &recorder{})
		smsc := NewSession(server, SessionConfig{Role: SMSC}, &recorder{answer: ok})
		go esme.Run(t.Context())
		go smsc.Run(t.Context())
		esme.SetBound(Transceiver)
		smsc.SetBound(Transceiver)
		if _, err := esme.Do(t.Context(), benchMessage()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if p, err := esme.Do(t.Context(), benchMessage()); err != nil || p.MessageID() != "id" {
			t.Errorf("after ten minutes of silence: %s, %v", &p, err)
		}
		if n := esme.Info().Sent; n < 20 {
			t.Errorf("only %d PDUs were sent, enquire_link included", n)
		}
		if err := esme.Unbind(t.Context()); err != nil {
			t.Error(err)
		}
		<-esme.Done()
		<-smsc.Done()
	})
}
