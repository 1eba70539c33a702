package ucp

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"kurir/wire"
)

// Every frame cut at every octet, or with an octet changed, is refused or passed over, and the session goes on; nothing
// of it reaches the handler as another operation.
func TestSessionCutFrames(t *testing.T) {
	for _, role := range []wire.Role{wire.Client, wire.SMSC} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, wire.Config{Role: role}, false)
				r.h.answer = accept
				for _, p := range everyPDU() {
					frame := mustAppend(t, p)
					for n := range frame {
						if n < len(frame)-1 {
							r.write(string(frame[:n]) + "\x03")
						}
						changed := bytes.Clone(frame)
						changed[n] ^= 0x01
						r.write(string(changed))
					}
					requests, _ := r.h.take()
					for _, got := range requests {
						t.Fatalf("%s became %s", p, got)
					}
				}
				r.got = nil
				r.write(string(raw("42", "O/31/1/0539/")))
				r.sent("42/R/31/A/0000/")
			})
		})
	}
}

// A peer that sends nothing but junk loses the connection.
func TestSessionJunk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{}, false)
		junk := bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 1<<10)
		for {
			if _, err := r.peer.Write(junk); err != nil {
				break
			}
		}
		r.ended(wire.ErrJunk)
	})
}

// A peer that does not read what he asks for is not read from, and does not make us remember it.
func TestSessionFlood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		h := &recorder{}
		s := wire.NewSession(a, protocol(""), wire.Config{Role: wire.SMSC, PeerWindow: 50}, h)
		s.SetBound("x")
		go s.Run(context.Background()) //nolint:errcheck // Err gives the reason
		flood := bytes.Repeat(raw("00", submitted), 1000)
		_ = b.SetWriteDeadline(time.Now().Add(time.Second))
		n, _ := b.Write(flood)
		if requests, _ := h.take(); len(requests) != 50 || n == len(flood) || s.Info().PeerOpen != 50 {
			t.Errorf("%d of %d octets, %d operations", n, len(flood), len(requests))
		}
		s.Close(nil)
		<-s.Done()
	})
}

// Whatever octets a peer sends: the session neither panics nor hangs, each operation of ours has exactly one outcome, and
// Run ends when the connection does.
func FuzzSession(f *testing.F) {
	var all []byte
	for _, p := range everyPDU() {
		frame := mustAppend(f, p)
		all = append(all, frame...)
		f.Add(frame, true)
	}
	f.Add(all, true)
	f.Add(all, false)
	for _, frame := range digestVectors() {
		f.Add(append(frame[:len(frame)/2:len(frame)/2], frame...), false)
	}
	f.Fuzz(func(t *testing.T, octets []byte, bound bool) {
		for _, role := range []wire.Role{wire.Client, wire.SMSC} {
			fuzzSession(t, role, octets, bound)
		}
	})
}

// Whatever octets come on a connection to a server, log-in included: the server ends, and all its sessions with it.
func FuzzServer(f *testing.F) {
	login := mustAppend(f, &PDU{Op: OpSession, Body: OpenSession("6000", "secret")})
	for _, p := range everyPDU() {
		frame := mustAppend(f, p)
		f.Add(frame)
		f.Add(append(append([]byte(nil), login...), frame...))
	}
	f.Add(mustAppend(f, &PDU{Op: OpSession, Body: OpenSession("6000", "wrong")}))
	f.Fuzz(func(t *testing.T, octets []byte) {
		ended := make(chan error, 1)
		srv := NewServer(wire.Config{}, gate(&recorder{answer: accept}))
		srv.Ended = func(_ *Session, reason error) { ended <- reason }
		ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ctx, ln) }()
		a, b := net.Pipe()
		ln.conns <- b
		go func() { _, _ = io.Copy(io.Discard, a) }()
		_ = a.SetWriteDeadline(time.Now().Add(time.Minute))
		_, _ = a.Write(octets)
		_ = a.Close()
		if reason := <-ended; reason == nil {
			t.Error("ended without a reason")
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func fuzzSession(t *testing.T, role wire.Role, octets []byte, bound bool) {
	a, peer := net.Pipe()
	h := &recorder{answer: accept}
	srv := NewServer(wire.Config{}, gate(h))
	s := wire.NewSession(a, srv.Protocol, wire.Config{Role: role, PeerWindow: 2}, h)
	s.SetTrace(func(_ bool, frame []byte) { _ = Describe(frame) })
	if bound {
		s.SetBound("x")
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	taken, _ := s.Send(submits(2))
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, peer)
		close(read)
	}()
	_ = peer.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := peer.Write(octets)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Errorf("the session reads no more: %+v", s.Info())
	}
	_ = peer.Close()
	<-read
	if err := <-done; err == nil {
		t.Error("ended without a reason")
	}
	if _, responses := h.take(); len(responses) != taken {
		t.Errorf("%d operations, %d outcomes", taken, len(responses))
	}
	if i := s.Info(); i.Outstanding != 0 || i.State != wire.Closed {
		t.Errorf("after the end: %+v", i)
	}
}
