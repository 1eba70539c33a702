package smpp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// serve starts a server on a loopback port and stops it with the test.
func serve(t testing.TB, srv *Server) (addr string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx, ln) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return ln.Addr().String(), stop
}

// accept accepts every bind whose password is "secret", and answers every request.
func accept(_ *Session, b *Bind) (Status, Handler) {
	if b.Password != "secret" {
		return ESME_RINVPASWD, nil
	}
	return ESME_ROK, &recorder{answer: ok}
}

func TestServer(t *testing.T) {
	t.Parallel()
	var bound atomic.Int32
	ended := make(chan error, 10)
	srv := &Server{
		Bind: accept, SystemID: "kurir",
		Bound: func(s *Session) { bound.Add(1) },
		Ended: func(_ *Session, reason error) { ended <- reason },
	}
	addr, stop := serve(t, srv)

	// A wrong password is refused, and the connection ends after the answer.
	d := &Dialer{Hosts: []string{addr}, Bind: Bind{SystemID: "acme", Password: "wrong"}}
	_, _, err := d.Connect(t.Context(), &recorder{})
	var be *BindError
	if !errors.As(err, &be) || be.Status != ESME_RINVPASWD || !errors.Is(err, ESME_RINVPASWD) {
		t.Errorf("wrong password: %v", err)
	}
	if err := <-ended; !errors.Is(err, ESME_RINVPASWD) {
		t.Errorf("ended by %v", err)
	}

	// The first host is out of order: the second is taken, and remembered.
	d = &Dialer{Hosts: []string{"127.0.0.1:1", addr}, Bind: Bind{SystemID: "acme", Password: "secret", Mode: Transmitter}}
	s, resp, err := d.Connect(t.Context(), &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := resp.Version(); resp.SystemID != "kurir" || v != Version34 || !ok || s.State() != StateBoundTX || d.next.Load() != 1 {
		t.Errorf("%+v, %s, %d", resp, s.State(), d.next.Load())
	}
	p, err := s.Do(t.Context(), benchMessage())
	if err != nil || p.Body.(*SubmitSMResp).MessageID != "id" || bound.Load() != 1 {
		t.Errorf("%s, %v, %d", &p, err, bound.Load())
	}
	if err := s.Unbind(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrPeerUnbound) {
		t.Errorf("ended by %v", err)
	}

	// A peer of version 3.3 gets no optional parameter.
	d.Bind.Version = Version33
	s, resp, err = d.Connect(t.Context(), &recorder{})
	if err != nil || len(resp.TLVs) != 0 {
		t.Errorf("%+v, %v", resp, err)
	}
	// When the server stops it unbinds.
	stop()
	<-s.Done()
	if !errors.Is(s.Err(), ErrPeerUnbound) {
		t.Errorf("ended by %v", s.Err())
	}
	if list := srv.Sessions(); len(list) != 0 {
		t.Errorf("%d sessions are left", len(list))
	}
}

// What a client sends behind its bind without waiting for the response is not lost.
func TestServerPipelinedBind(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, &Server{Bind: accept})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b []byte
	for i, body := range []Body{&Bind{SystemID: "acme", Password: "secret"}, benchMessage(), &Unbind{}} {
		b, _ = Append(b, &PDU{Sequence: uint32(i + 1), Body: body})
	}
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []CommandID{CommandBindTransceiverResp, CommandSubmitSMResp, CommandUnbindResp} {
		n, _ := FrameLen(answer, 0)
		var p PDU
		if err := Decode(answer[:n], &p); err != nil || p.Command != want || p.Status != ESME_ROK {
			t.Errorf("%s, %v; want %s", &p, err, want)
		}
		answer = answer[n:]
	}
}

// The answer to octets that are no PDU arrives, although there is more that nobody will read.
func TestServerAnswersBeforeItCloses(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, &Server{Bind: accept})
	trial := func() (answer []byte, err error) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		garbage := append([]byte("GET / HTTP/1.1\r\n"), make([]byte, 100000)...)
		if _, err := conn.Write(garbage); err != nil {
			return nil, err
		}
		return io.ReadAll(conn)
	}
	var answer []byte
	var err error
	for range 3 { // a session that is held up for lingerTime leaves octets unread, and the connection is reset
		answer, err = trial()
		if h := ParseHeader(append(answer[:len(answer):len(answer)], make([]byte, HeaderLen)...)); err == nil && len(answer) == HeaderLen && h.Command == CommandGenericNack && h.Status == ESME_RINVCMDLEN {
			return
		}
	}
	t.Errorf("%x, %v", answer, err)
}

func TestServerLimits(t *testing.T) {
	t.Parallel()
	for _, srv := range []*Server{{Bind: accept, MaxConnections: 2}, {Bind: accept, MaxPerIP: 2}} {
		addr, _ := serve(t, srv)
		var conns []net.Conn
		for range 3 {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns = append(conns, conn)
		}
		// Connections are accepted in order: the third is closed at once.
		if _, err := conns[2].Read(make([]byte, 1)); err == nil {
			t.Error("the third was not refused")
		}
		b, _ := Append(nil, &PDU{Sequence: 1, Body: &Bind{Password: "secret"}})
		for _, conn := range conns[:2] {
			if _, err := conn.Write(b); err != nil {
				t.Error(err)
			}
			head := make([]byte, HeaderLen)
			if _, err := io.ReadFull(conn, head); err != nil || ParseHeader(head).Status != ESME_ROK {
				t.Errorf("%x, %v", head, err)
			}
		}
	}
}

// Who connects in vain again and again does not fill the log.
func TestServerRefusalsLogged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		srv := &Server{Bind: accept, MaxConnections: 1, Session: SessionConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
		conn := func() net.Conn {
			a, b := net.Pipe()
			t.Cleanup(func() { _, _ = a.Close(), b.Close() })
			return a
		}
		a := srv.accepts()
		first, ok := srv.acceptor.Start(conn(), a)
		if !ok {
			t.Fatal("the first is refused")
		}
		for range 100 {
			if _, ok := srv.acceptor.Start(conn(), a); ok {
				t.Fatal("one too many")
			}
			time.Sleep(25 * time.Millisecond)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 3 {
			t.Errorf("%d lines in 2.5 s", lines)
		}
		first.Close(nil)
	})
}

// A connection that does nothing costs less than 64 KiB; half of what is measured is the test's own end.
func TestIdleConnections(t *testing.T) {
	const n = 2000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var running sync.WaitGroup
	list := make([]*Session, n)
	for i := range list {
		a, b := net.Pipe()
		list[i] = NewSession(a, SessionConfig{Role: SMSC}, &recorder{answer: ok})
		running.Go(func() { _ = list[i].Run(context.Background()) })
		if i%2 == 0 { // some are bound and have been busy
			list[i].SetBound(Transceiver)
			var frames []byte
			for k := range uint32(20) {
				frames, _ = Append(frames, &PDU{Sequence: k + 1, Body: benchMessage()})
			}
			done := make(chan struct{})
			go func() {
				_, _ = io.ReadFull(b, make([]byte, 20*19))
				close(done)
			}()
			if _, err := b.Write(frames); err != nil {
				t.Fatal(err)
			}
			<-done
		} else if _, err := b.Write([]byte{0, 0, 1}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := (after.HeapAlloc + after.StackInuse) - (before.HeapAlloc + before.StackInuse)
	if used/n > 32<<10 {
		t.Errorf("%d octets a connection", used/n)
	}
	t.Logf("%d octets a connection", used/n)
	for _, s := range list {
		s.Close(nil)
	}
	running.Wait()
}

// Keep comes back: after one and two seconds when the connection fails, after a minute when the account is refused.
func TestDialerKeep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		start := time.Now()
		type event struct {
			at  time.Duration
			err error
		}
		var events []event
		dials := 0
		srv := &Server{Bind: accept}
		ctx, cancel := context.WithCancel(t.Context())
		d := &Dialer{
			Hosts: []string{"a"}, Bind: Bind{Password: "wrong"},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dials++
				if dials <= 2 {
					return nil, net.ErrClosed
				}
				a, b := net.Pipe()
				srv.acceptor.Start(b, srv.accepts())
				return a, nil
			},
		}
		d.Bind.Password = "wrong"
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Keep(ctx, &recorder{}, func(s *Session, _ *BindResp, err error) {
				events = append(events, event{time.Since(start), err})
				switch len(events) {
				case 3:
					d.Bind.Password = "secret"
				case 4:
					go func() {
						time.Sleep(5 * time.Minute)
						s.Close(io.ErrUnexpectedEOF)
					}()
				case 6:
					cancel()
				}
			})
		}()
		<-done
		synctest.Wait()
		// With jitter a wait of d is between d/2 and d.
		want := []struct {
			least, most time.Duration
			err         error
		}{
			{0, 0, net.ErrClosed},
			{500 * time.Millisecond, time.Second, net.ErrClosed},
			{time.Second, 2 * time.Second, ESME_RINVPASWD},
			{time.Minute, time.Minute, nil},
			{5 * time.Minute, 5 * time.Minute, io.ErrUnexpectedEOF},
			{500 * time.Millisecond, time.Second, nil},
			{0, 0, context.Canceled},
		}
		if len(events) != len(want) {
			t.Fatalf("%v", events)
		}
		last := time.Duration(0)
		for i, e := range events {
			if d := e.at - last; d < want[i].least || d > want[i].most || !errors.Is(e.err, want[i].err) {
				t.Errorf("event %d: after %v, %v", i, d, e.err)
			}
			last = e.at
		}
	})
}

func TestDialerTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var peer net.Conn
		d := &Dialer{
			Hosts: []string{"a"},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				var conn net.Conn
				conn, peer = net.Pipe()
				return conn, nil
			},
			Session: SessionConfig{BindTimeout: 7 * time.Second},
		}
		go func() {
			synctest.Wait()
			_, _ = io.Copy(io.Discard, peer)
		}()
		start := time.Now()
		_, _, err := d.Connect(t.Context(), &recorder{})
		if !errors.Is(err, ErrBindTimeout) || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Whatever a peer sends, before and after the bind, the session neither panics nor hangs, and ends.
func FuzzSession(f *testing.F) {
	var all []byte
	for _, x := range allFixtures(f) {
		f.Add(x.frame, true)
		f.Add(x.frame, false)
		all = append(all, x.frame...)
	}
	f.Add(all, true)
	f.Fuzz(func(t *testing.T, b []byte, bound bool) {
		for _, role := range []Role{ESME, SMSC} {
			a, peer := net.Pipe()
			s := NewSession(a, SessionConfig{Role: role}, &recorder{answer: ok})
			done := make(chan error, 1)
			go func() { done <- s.Run(context.Background()) }()
			if bound {
				s.SetBound(Transceiver)
				_, _ = s.Send([]Request{{Body: benchMessage()}})
			}
			read := make(chan struct{})
			go func() {
				_, _ = io.Copy(io.Discard, peer)
				close(read)
			}()
			_, _ = peer.Write(b)
			_ = peer.Close()
			<-read
			if err := <-done; err == nil {
				t.Error("ended without a reason")
			}
		}
	})
}
