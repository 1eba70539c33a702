package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

var errNotIn = errors.New("not let in")

// dialerTo makes a dialer whose connections a server gets.
func dialerTo(srv *Server[*pdu], password string) *Dialer[*pdu] {
	return &Dialer[*pdu]{
		Protocol: toy(), Hosts: []string{"down", "up"}, Account: "acme",
		Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
			if addr == "down" {
				return nil, errors.New("nobody there")
			}
			a, b := net.Pipe()
			if _, ok := srv.acceptor.Start(b, srv.accepts()); !ok {
				_ = b.Close()
			}
			return a, nil
		},
		Login: func(ctx context.Context, s *Session[*pdu]) error {
			p, err := s.Do(ctx, &pdu{op: opLogin, text: password})
			if err == nil && p.text != "ok "+password {
				err = errNotIn
			}
			return err
		},
	}
}

func newServer(h *recorder) *Server[*pdu] {
	return &Server[*pdu]{
		Protocol: toy(),
		Login: func(_ *Session[*pdu], p *pdu) (*pdu, string, Handler[*pdu]) {
			if p.text != "secret" {
				return &pdu{p.number, p.op, true, "no: wrong"}, "", nil
			}
			return okay(p), "acme", h
		},
	}
}

func TestLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ended := make(chan error, 3)
		h := &recorder{answer: okay}
		srv := newServer(h)
		srv.Ended = func(_ *Session[*pdu], reason error) { ended <- reason }
		d := dialerTo(srv, "secret")
		theirs := &recorder{}
		s, err := d.Connect(t.Context(), theirs)
		if err != nil || s.State() != Bound || s.Info().Account != "acme" {
			t.Fatal(err)
		}
		if n, err := s.Send(messages(2)); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		if len(theirs.responses) != 2 || theirs.responses[1].PDU.text != "ok b" {
			t.Errorf("%+v", theirs.responses)
		}
		if list := srv.Sessions(); len(list) != 1 || list[0].Info().Account != "acme" {
			t.Errorf("%v", list)
		}
		s.End(t.Context()) // the log-out comes as any other request
		if reason := <-ended; !errors.Is(reason, ErrPeerClosed) {
			t.Error(reason)
		}

		d = dialerTo(srv, "wrong")
		if _, err = d.Connect(t.Context(), theirs); !errors.Is(err, errNotIn) || !strings.Contains(err.Error(), "nobody there") {
			t.Error(err)
		}
		if reason := <-ended; !errors.Is(reason, errRefused) {
			t.Error(reason)
		}
	})
}

func TestLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		srv := newServer(&recorder{})
		srv.MaxConnections = 2
		d := dialerTo(srv, "secret")
		for range 2 {
			s, err := d.Connect(t.Context(), &recorder{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close(nil)
		}
		if _, err := d.Connect(t.Context(), &recorder{}); err == nil {
			t.Error("a third is let in")
		}
	})
}

// Who is known by the address needs no log-in.
func TestKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &recorder{answer: okay}
		srv := newServer(h)
		srv.Known = func(*Session[*pdu]) (string, Handler[*pdu]) { return "neighbour", h }
		d := dialerTo(srv, "")
		d.Login = nil
		s, err := d.Connect(t.Context(), &recorder{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(nil)
		if p, err := s.Do(t.Context(), &pdu{op: opMessage, text: "x"}); err != nil || p.text != "ok x" {
			t.Error(p, err)
		}
	})
}

func TestServeStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		srv := newServer(&recorder{})
		ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ctx, ln) }()
		d := dialerTo(srv, "secret")
		d.Dial = func(context.Context, string, string) (net.Conn, error) {
			a, b := net.Pipe()
			ln.conns <- b
			return a, nil
		}
		s, err := d.Connect(t.Context(), &recorder{})
		if err != nil {
			t.Fatal(err)
		}
		silent, far := net.Pipe()
		defer silent.Close()
		ln.conns <- far
		synctest.Wait()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		<-s.Done()
		if !errors.Is(s.Err(), ErrPeerClosed) {
			t.Error(s.Err())
		}
	})
}

// pipes is a listener that tests give connections to.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// FuzzSession holds that no octets of a peer stop or stall a session.
func FuzzSession(f *testing.F) {
	f.Add([]byte(frame(16, 'M', 'Q', "x") + "junk" + frame(18, 'V', 'Q', "")))
	f.Add([]byte("\x02\x03\x02\x02\x03\x03"))
	f.Add([]byte(frame(16, 'L', 'Q', "secret") + frame(17, 'M', 'A', "") + "\x02cut"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		a, b := net.Pipe()
		s := NewSession(a, toy(), Config{Role: SMSC, MaxFrame: 64}, &recorder{answer: okay})
		s.SetBound("x")
		ran := make(chan error, 1)
		go func() { ran <- s.Run(context.Background()) }()
		go func() { _, _ = io.Copy(io.Discard, b) }()
		_, _ = b.Write(octets)
		_ = b.Close()
		<-ran
	})
}
