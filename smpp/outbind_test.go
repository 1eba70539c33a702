package smpp

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pipeListener gives one end of each net.Pipe that its dial makes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case l.conns <- b:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// outbindPair is an ESME that listens, and an SMSC that connects to it.
type outbindPair struct {
	esme    *OutbindListener
	smsc    *Server
	asked   []Outbind
	handler recorder
	bound   []string
	ended   chan error
	stop    func() error
}

func newOutbindPair(bind Bind) *outbindPair {
	p := &outbindPair{ended: make(chan error, 10)}
	p.handler.answer = ok
	p.esme = &OutbindListener{
		Check: func(_ *Session, o *Outbind) (*Bind, Handler) {
			p.asked = append(p.asked, *o)
			if o.Password != "knock" {
				return nil, nil
			}
			return &bind, &p.handler
		},
		Bound: func(s *Session, resp *BindResp) { p.bound = append(p.bound, resp.SystemID) },
		Ended: func(_ *Session, reason error) { p.ended <- reason },
	}
	ln := newPipeListener()
	p.smsc = &Server{Bind: accept, SystemID: "smsc", Dial: ln.dial}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.esme.Serve(ctx, ln) }()
	p.stop = func() error {
		cancel()
		return <-served
	}
	return p
}

// The SMSC connects and asks, the ESME binds on the same connection and gets its messages there (SMPP 3.4 2.2.1, 4.1.7).
func TestOutbind(t *testing.T) {
	for _, mode := range []BindMode{Receiver, Transceiver} {
		t.Run(mode.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newOutbindPair(Bind{Mode: mode, SystemID: "acme", Password: "secret"})
				s, err := p.smsc.Outbind(t.Context(), "esme:2775", &Outbind{SystemID: "smsc", Password: "knock"})
				if err != nil {
					t.Fatal(err)
				}
				if i := s.Info(); i.State != mode.state() || i.SystemID != "acme" || i.Version != Version34 || len(p.smsc.Sessions()) != 1 {
					t.Errorf("%+v", i)
				}
				synctest.Wait()
				if diff := cmp.Diff([]Outbind{{"smsc", "knock"}}, p.asked); diff != "" || !cmp.Equal(p.bound, []string{"smsc"}) {
					t.Errorf("%v %s", p.bound, diff)
				}
				if got, err := s.Do(t.Context(), &DeliverSM{}); err != nil || got.Status != ESME_ROK || len(p.handler.got) != 1 {
					t.Errorf("deliver_sm: %s, %v, %d", &got, err, len(p.handler.got))
				}
				// When the ESME stops it unbinds.
				if err := p.stop(); err != nil {
					t.Error(err)
				}
				<-s.Done()
				if reason := <-p.ended; !errors.Is(reason, ErrUnbound) || !errors.Is(s.Err(), ErrPeerUnbound) || len(p.esme.Sessions()) != 0 {
					t.Errorf("ended by %v and %v", reason, s.Err())
				}
			})
		})
	}
}

func TestOutbindRefused(t *testing.T) {
	tests := []struct {
		name     string
		outbind  string // password
		bind     Bind
		esme     error // reason at the ESME
		smsc     error // error at the SMSC
		bindSent bool
	}{
		{"by the ESME", "wrong", Bind{Password: "secret"}, ErrOutbindRefused, ErrPeerClosed, false},
		{"the bind by the SMSC", "knock", Bind{Password: "wrong"}, ESME_RINVPASWD, ESME_RINVPASWD, true},
		{"a transmitter cannot receive", "knock", Bind{Mode: Transmitter, Password: "secret"}, ErrWrongState, ErrPeerClosed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newOutbindPair(tt.bind)
				_, err := p.smsc.Outbind(t.Context(), "esme:2775", &Outbind{SystemID: "smsc", Password: tt.outbind})
				if !errors.Is(err, tt.smsc) {
					t.Errorf("the SMSC has %v", err)
				}
				if reason := <-p.ended; !errors.Is(reason, tt.esme) || len(p.bound) > 0 || len(p.handler.got) > 0 {
					t.Errorf("the ESME has %v", reason)
				}
				if err := p.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Nobody waits for ever: not the ESME for an outbind or the response to its bind, and not the SMSC for a bind.
func TestOutbindTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newOutbindPair(Bind{Password: "secret"})
		start := time.Now()
		silent, err := p.smsc.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if reason := <-p.ended; !errors.Is(reason, ErrBindTimeout) || time.Since(start) != 30*time.Second {
			t.Errorf("no outbind: %v after %v", reason, time.Since(start))
		}
		_ = silent.Close()
		p.esme.Check = func(*Session, *Outbind) (*Bind, Handler) {
			time.Sleep(time.Minute) // an ESME that thinks for long
			return nil, nil
		}
		start = time.Now()
		_, err = p.smsc.Outbind(t.Context(), "esme:2775", &Outbind{SystemID: "smsc", Password: "knock"})
		if !errors.Is(err, ErrBindTimeout) || time.Since(start) != 30*time.Second {
			t.Errorf("no bind: %v after %v", err, time.Since(start))
		}
		<-p.ended
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = p.smsc.Outbind(ctx, "esme:2775", &Outbind{SystemID: "smsc", Password: "knock"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller gives up: %v", err)
		}
		<-p.ended
		var ee *EncodeError
		if _, err := p.smsc.Outbind(t.Context(), "esme:2775", &Outbind{SystemID: "much too long for it"}); !errors.As(err, &ee) {
			t.Errorf("a system_id of 20: %v", err)
		}
		<-p.ended
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if _, err := p.smsc.Outbind(t.Context(), "esme:2775", &Outbind{SystemID: "smsc"}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("nobody listens: %v", err)
		}
	})
}

// Whatever else an SMSC sends before the bind is refused, and a second outbind changes nothing.
func TestOutbindOddSMSC(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, true).listen()
		r.s.reader.h = &outbound{listener: &OutbindListener{
			Check: func(*Session, *Outbind) (*Bind, Handler) { return &Bind{SystemID: "acme"}, r.h },
		}}
		r.send(PDU{Sequence: 1, Body: &DeliverSM{}})
		r.sent(PDU{Command: CommandDeliverSMResp, Status: ESME_RINVBNDSTS, Sequence: 1})
		r.send(PDU{Sequence: 2, Body: &Outbind{SystemID: "smsc"}}, PDU{Sequence: 3, Body: &Outbind{SystemID: "smsc"}})
		r.sent(PDU{Command: CommandBindTransceiver, Sequence: 1})
		r.send(PDU{Sequence: 1, Body: &BindResp{SystemID: "smsc"}}, PDU{Sequence: 4, Body: &DeliverSM{}}, PDU{Sequence: 5, Body: &Outbind{}})
		r.sent(PDU{Command: CommandGenericNack, Status: ESME_RINVBNDSTS, Sequence: 5})
		if len(r.h.got) != 1 || r.h.got[0].Sequence != 4 {
			t.Errorf("the handler got %v", r.h.got)
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}
