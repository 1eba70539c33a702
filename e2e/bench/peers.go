package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kurir/smpp"
)

// peers are the other ends of idle sessions, in this process: they answer
// binds and enquire_link and say nothing else.
type peers struct {
	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
	wg       sync.WaitGroup
}

// listen takes sessions at an address.
func (p *peers) listen(address string, conf *tls.Config) (err error) {
	if p.listener, err = net.Listen("tcp", address); err != nil {
		return err
	}
	if conf != nil {
		p.listener = tls.NewListener(p.listener, conf)
	}
	p.wg.Go(func() {
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.keep(conn, bufio.NewReaderSize(conn, 512))
		}
	})
	return nil
}

// bind opens a session at the gateway.
func (p *peers) bind(ctx context.Context, address, systemID string, conf *tls.Config) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dial interface {
		DialContext(context.Context, string, string) (net.Conn, error)
	} = &net.Dialer{}
	if conf != nil {
		dial = &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	}
	conn, err := dial.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: smpp.Transceiver, SystemID: systemID, Password: "secret", Version: smpp.Version34}})
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(frame); err != nil {
		return err
	}
	from := bufio.NewReaderSize(conn, 512)
	pdu, err := readPDU(from)
	if err != nil {
		return err
	}
	if pdu.Status != smpp.ESME_ROK {
		return fmt.Errorf("bind as %s: %w", systemID, pdu.Status)
	}
	_ = conn.SetDeadline(time.Time{})
	p.keep(conn, from)
	return nil
}

// keep answers on a connection until it ends.
func (p *peers) keep(conn net.Conn, from *bufio.Reader) {
	p.mu.Lock()
	p.conns = append(p.conns, conn)
	p.mu.Unlock()
	p.wg.Go(func() {
		defer conn.Close()
		for {
			pdu, err := readPDU(from)
			if err != nil {
				return
			}
			if pdu.Command.IsResponse() {
				continue
			}
			answer := smpp.PDU{Command: pdu.Command.Response(), Sequence: pdu.Sequence}
			if bind, ok := pdu.Body.(*smpp.Bind); ok {
				answer.Body = &smpp.BindResp{Mode: bind.Mode, SystemID: "idle"}
			}
			frame, err := smpp.Append(nil, &answer)
			if err != nil {
				return
			}
			if _, err := conn.Write(frame); err != nil {
				return
			}
		}
	})
}

// readPDU reads one PDU.
func readPDU(from io.Reader) (p smpp.PDU, err error) {
	head := make([]byte, smpp.HeaderLen)
	if _, err := io.ReadFull(from, head); err != nil {
		return p, err
	}
	n, err := smpp.FrameLen(head, 0)
	if err != nil {
		return p, err
	}
	frame := append(head, make([]byte, n-smpp.HeaderLen)...)
	if _, err := io.ReadFull(from, frame[smpp.HeaderLen:]); err != nil {
		return p, err
	}
	return p, smpp.Decode(frame, &p)
}

// close ends everything.
func (p *peers) close() {
	if p.listener != nil {
		p.listener.Close()
	}
	p.mu.Lock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

const (
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// selfSigned makes a certificate, in files of a folder and ready to serve.
func selfSigned(dir string) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	for name, text := range map[string][]byte{certFile: cert, keyFile: secret} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(cert, secret)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, nil
}
