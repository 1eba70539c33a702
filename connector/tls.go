package connector

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSConfig says how a link to an operator is encrypted.
type TLSConfig struct {
	// CA is a file of certificates (PEM) that are trusted instead of the system's.
	CA string `yaml:"ca"`
	// ServerName is the name in the peer's certificate if it is not the host.
	ServerName string `yaml:"server_name"`
	// Cert is a file with the certificate (PEM) by which we show who we are, if the operator asks.
	Cert string `yaml:"cert"`
	// Key is the file of its private key (PEM).
	Key string `yaml:"key"`
	// Insecure, if true, accepts any certificate: only for tests.
	Insecure bool `yaml:"insecure"`
}

func (t *TLSConfig) validate(report func(field, problem string)) {
	if (t.Cert == "") != (t.Key == "") {
		report("tls", "cert and key belong together: give both or none")
		return
	}
	if _, err := t.load(""); err != nil {
		report("tls", err.Error())
	}
}

// load reads the files. It is called for every connection, so that renewed
// certificates are used without a restart.
func (t *TLSConfig) load(host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure} //nolint:gosec // asked for in the file
	if t.ServerName != "" {
		c.ServerName = t.ServerName
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read the certificates to trust: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("no certificate in " + t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read our certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
