package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"testing"

	"kurir/config"
)

// mailFile is a configuration that takes mails with a certificate.
func mailFile(t *testing.T, dir, cert, key string) *config.File {
	t.Helper()
	path := filepath.Join(dir, "kurir.yaml")
	text := fmt.Sprintf(`data: %q
http: {listen: "127.0.0.1:0"}
smtp: {listen: "127.0.0.1:0", tls_listen: "127.0.0.1:0", tls: {cert: %q, key: %q}, domains: [sms.example.se]}
country: "46"
connectors:
  - {name: op1, kind: smpp, hosts: ["127.0.0.1:1"], system_id: kurir, password: secret}
accounts:
  - {name: acme, password: secret, sender: ACME, mail: {authors: ["*@example.se"]}}
routes:
  - {to: "*", via: [op1]}
`, filepath.Join(dir, "data"), cert, key)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, mistakes := config.Load(path)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return file
}

// TestMail: a whole server takes a mail over STARTTLS and over TLS, and shows the certificates of the last reload.
func TestMail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	issuer := &authority{dir: dir}
	issuer.issue(t, "ca", "authority")
	cert, key := issuer.issue(t, "one", "one.example")
	a, err := New(t.Context(), Options{File: mailFile(t, dir, cert, key), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	shows := func(name string) *tls.Config {
		return &tls.Config{ServerName: name, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
			return s.PeerCertificates[0].VerifyHostname(name)
		}}
	}
	send := func(c *smtp.Client, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Auth(smtp.PlainAuth("", "acme", "secret", "127.0.0.1")); err != nil {
			t.Fatal(err)
		}
		if err := c.Mail("anna@example.se"); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt("070123456@sms.example.se"); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "Subject: Fire\r\n\r\nIn the kitchen\r\n")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	upgraded := func(name string) (*smtp.Client, error) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.SMTPAddr().String())
		if err != nil {
			return nil, err
		}
		c, err := smtp.NewClient(conn, "127.0.0.1")
		if err == nil {
			err = c.StartTLS(shows(name))
		}
		return c, err
	}
	implicit := func(name string) (*smtp.Client, error) {
		conn, err := (&tls.Dialer{Config: shows(name)}).DialContext(t.Context(), "tcp", a.SMTPSAddr().String())
		if err != nil {
			return nil, err
		}
		return smtp.NewClient(conn, "127.0.0.1")
	}
	send(upgraded("one.example"))
	send(implicit("one.example"))
	cert, key = issuer.issue(t, "two", "two.example")
	if err := a.Reload(t.Context(), mailFile(t, dir, cert, key)); err != nil {
		t.Fatal(err)
	}
	send(upgraded("two.example"))
	send(implicit("two.example"))
}
