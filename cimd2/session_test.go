package cimd2

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/wire"
)

// dialTo makes connections that a server gets.
func dialTo(t *testing.T, srv *Server, dialed *int) func(context.Context, string, string) (net.Conn, error) {
	ln := newPipes()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return func(context.Context, string, string) (net.Conn, error) {
		*dialed++
		return ln.dial()
	}
}

// pipes is a listener whose connections are those of net.Pipe.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case p.conns <- b:
		return a, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestLoginAndTraffic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		theirs, ours := &recorder{answer: okay}, &recorder{answer: okay}
		var session *Session
		srv := NewServer(func(s *Session, l *Login) (ErrorCode, Handler) {
			if l.User != "acme" || l.Password != "secret" || l.Subaddress != Some(3) || l.Window != Some(20) {
				return ErrLogin, nil
			}
			session = s
			return NoError, theirs
		})
		ended := make(chan error, 1)
		srv.Ended = func(_ *Session, reason error) { ended <- reason }
		n := 0
		d := &Dialer{
			Hosts: []string{"smsc"}, Dial: dialTo(t, srv, &n), User: "acme", Password: "secret", Subaddress: Some(3),
			Session: Config{Window: 20},
		}
		s, err := d.Connect(t.Context(), ours)
		if err != nil || s.Window() != 20 || s.Info().Account != "acme" || session.Info().Account != "acme" || session.Info().PeerWindow != 20 {
			t.Fatalf("%v, %+v", err, s)
		}
		if taken, err := s.Send(submits(t, 25)); taken != 20 || err != nil {
			t.Errorf("%d taken, %v", taken, err)
		}
		report, err := New(&StatusReport{Report{Destination: "46701234567", Timestamp: "261121212647", Status: StatusDelivered}})
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := session.Do(t.Context(), report); err != nil || resp.Op != OpStatusReportResp || resp.Seq != 0 {
			t.Errorf("%v, %v", resp, err)
		}
		synctest.Wait()
		if len(ours.responses) != 20 || len(ours.requests) != 1 || len(theirs.requests) != 20 {
			t.Fatalf("%d responses, %d and %d requests", len(ours.responses), len(ours.requests), len(theirs.requests))
		}
		var r SubmitResp
		if last := ours.responses[19]; last.Ref != 19 || last.PDU.Read(&r) != nil || r.Results[0].Timestamp != "261121212647" || last.PDU.Seq != 41 {
			t.Errorf("%+v, %+v", last, r)
		}
		s.End(t.Context())
		if reason := <-ended; !errors.Is(reason, wire.ErrLeft) || !errors.Is(s.Err(), wire.ErrLeft) {
			t.Errorf("ended by %v, %v", reason, s.Err())
		}
	})
}

func TestLoginRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		srv := NewServer(func(_ *Session, l *Login) (ErrorCode, Handler) {
			switch l.User {
			case "nobody":
				return NoError, nil
			case "twice":
				return ErrTooManyUsers, nil
			}
			return ErrLogin, nil
		})
		n := 0
		dial := dialTo(t, srv, &n)
		for user, code := range map[string]ErrorCode{"nobody": ErrLoginRefused, "twice": ErrTooManyUsers, "acme": ErrLogin} {
			d := &Dialer{Hosts: []string{"smsc"}, Dial: dial, User: user, Password: "wrong"}
			_, err := d.Connect(t.Context(), &recorder{})
			var refusal *Refusal
			if !errors.As(err, &refusal) || refusal.Code != code || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%s: %v, want %v", user, err, code)
			}
		}
		d := &Dialer{Hosts: []string{"smsc"}, Dial: dial, User: "acme"}
		var pe *ParamError
		if _, err := d.Connect(t.Context(), &recorder{}); !errors.As(err, &pe) {
			t.Errorf("without a password: %v", err)
		}
	})
}

// An SMSC that knows no windows, or not ours, is asked for none, whether it closes the connection or not.
func TestWindowFallback(t *testing.T) {
	t.Parallel()
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dialed := 0
			d := &Dialer{Hosts: []string{"smsc"}, User: "acme", Password: "secret", Dial: func(context.Context, string, string) (net.Conn, error) {
				dialed++
				a, b := net.Pipe()
				go func() {
					buf := make([]byte, 4096)
					for {
						n, err := b.Read(buf)
						if err != nil {
							return
						}
						answer := "\x0251:" + string(buf[4:7]) + "\t\x03"
						if strings.Contains(string(buf[:n]), "019:10") {
							answer = "\x0251:" + string(buf[4:7]) + "\t900:105\t\x03"
						}
						_, _ = b.Write([]byte(answer))
						if closes && strings.Contains(answer, "900") {
							_ = b.Close()
							return
						}
					}
				}()
				return a, nil
			}}
			for round := range 2 {
				s, err := d.Connect(t.Context(), &recorder{})
				if err != nil || s.Window() != 1 {
					t.Fatalf("%v, window %d", err, s.Window())
				}
				if want := map[bool]int{false: 1, true: 2}[closes] + round; dialed != want {
					t.Errorf("%d connections, want %d", dialed, want)
				}
				s.Close(nil)
				<-s.Done()
			}
		})
	}
}

// An SMSC answers nothing but a login before it, and each request that makes no sense in words that fit.
func TestServerRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		h := &recorder{}
		srv := NewServer(func(*Session, *Login) (ErrorCode, Handler) { return NoError, h })
		ln := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ctx, ln) }()
		ln.conns <- a
		r := &rig{t: t, peer: b}
		go r.listen(b)
		r.send("03:001 021:467 033:x|40:003|")
		r.written("53:001 900:1 901:Unexpected operation|90:003 900:1 901:Unexpected operation|")
		r.send("01:005 010:acme 011:secret 019:129|")
		r.written("51:005 900:104 901:Invalid window size|")
		if _, err := b.Read(make([]byte, 1)); err == nil {
			t.Error("the session goes on after a login that was refused")
		}

		a, b = net.Pipe()
		r.peer = b
		go r.listen(b)
		ln.conns <- a
		r.send("01:001 010:acme 011:secret 019:10|")
		r.written("51:001|")
		r.send("01:003 010:acme 011:secret|20:005 021:467|07:007|49:009|40:011|03:013 21:467|")
		r.written("51:003 900:1 901:Unexpected operation|70:005 900:1 901:Unexpected operation|57:007 900:1 901:Unexpected operation|" +
			"99:009|90:011|53:013 900:2 901:Syntax error|")
		if len(h.requests) != 0 {
			t.Errorf("the handler got %s", h.requests[0])
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

func TestAlive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Alive: 10 * time.Second, Response: 5 * time.Second}, false)
		time.Sleep(10 * time.Second)
		r.written("40:001|")
		r.send("90:001|40:000|40:000|")
		r.written("90:000|90:000|")
		time.Sleep(10 * time.Second)
		r.written("40:003|")
		time.Sleep(5 * time.Second)
		<-r.s.Done()
		if !errors.Is(r.s.Err(), wire.ErrAliveTimeout) {
			t.Error(r.s.Err())
		}
	})
}

// A peer that does not take a packet three times will not take it a fourth time, also where its nacks for several come in turn.
func TestNacksEndTheSession(t *testing.T) {
	for _, x := range []struct {
		packets        int
		written, nacks string
	}{
		{1, "03:001 021:46701234567 033:a|", "99:001|"},
		{2, "03:001 021:46701234567 033:a|03:003 021:46701234567 033:b|", "99:001|99:003|"},
	} {
		t.Run(strconv.Itoa(x.packets), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, Config{Window: x.packets}, true)
				_, _ = r.s.Send(submits(t, x.packets))
				r.written(x.written)
				for range maxResent {
					r.send(x.nacks)
					r.written(x.written)
				}
				r.send("99:001|")
				<-r.s.Done()
				if !errors.Is(r.s.Err(), ErrNacked) || len(r.h.responses) != x.packets || r.h.responses[0].Err == nil {
					t.Errorf("%v, %+v", r.s.Err(), r.h.responses)
				}
			})
		})
	}
}

// Nacks that are spread over many packets do not end it.
func TestNacksNowAndThen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Window: 1}, false)
		for i := range 20 {
			_, _ = r.s.Send(submits(t, 1))
			number := "00" + string(rune('0'+2*i%10+1))
			if i >= 5 {
				number = "0" + string(rune('0'+(2*i+1)/10)) + string(rune('0'+2*i%10+1))
			}
			r.send("99:" + number + "|")
			r.send("53:" + number + " 060:261121212647|")
		}
		if r.s.State() != wire.Bound || len(r.h.responses) != 20 {
			t.Errorf("%v after %d responses", r.s.Err(), len(r.h.responses))
		}
	})
}

// A packet that could not be read is asked for with a nack and taken when it comes again, also when those behind it have come
// meanwhile and it is the same as one a round ago.
func TestSpoiltPacketComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: wire.SMSC}, false)
		r.h.answer = okay
		for n := 1; n < 256; n += 2 {
			b := encode(t, func() *Packet {
				p := submits(t, 1)[0].PDU
				p.SetNumber(uint8(n))
				return p
			}())
			r.raw(string(b))
		}
		r.forget()
		if len(r.h.requests) != 128 {
			t.Fatalf("%d requests", len(r.h.requests))
		}
		p := submits(t, 1)[0].PDU
		p.SetNumber(1)
		good := string(encode(t, p))
		r.raw(strings.Replace(good, "033:a", "033:b", 1))
		r.written("99:001|")
		r.send("03:003 021:46701234567 033:a|")
		r.written("53:003 021:46701234567 060:261121212647|")
		r.raw(good)
		r.written("53:001 021:46701234567 060:261121212647|")
		r.raw(good)
		r.written("53:001 021:46701234567 060:261121212647|")
		if len(r.h.requests) != 130 {
			t.Errorf("%d requests, want 130", len(r.h.requests))
		}
	})
}
