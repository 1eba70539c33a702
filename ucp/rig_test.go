package ucp

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"kurir/wire"
)

// recorder is a handler that keeps what it is given, and answers operations if it is told how.
type recorder struct {
	mu        sync.Mutex
	answer    func(p *PDU) *PDU
	requests  []*PDU
	responses []Response
}

func (r *recorder) Requests(s *Session, requests []*PDU) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, requests...)
	if r.answer == nil {
		return
	}
	for _, p := range requests {
		_ = s.Respond([]*PDU{r.answer(p)})
	}
}

func (r *recorder) Responses(_ *Session, responses []Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.responses = append(r.responses, responses...)
}

// take gives what has come since the last call.
func (r *recorder) take() (requests []*PDU, responses []Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests, responses = r.requests, r.responses
	r.requests, r.responses = nil, nil
	return requests, responses
}

// accept answers as an SMSC that takes everything.
func accept(p *PDU) *PDU {
	if m := p.Message(); m != nil {
		return p.Ack(ID{m.AdC, "291126170000"}.String())
	}
	return p.Ack("")
}

// rig is a session whose peer is the test. It lives in a synctest bubble, over net.Pipe.
type rig struct {
	t    *testing.T
	s    *Session
	h    *recorder
	peer net.Conn
	end  error
	mu   sync.Mutex
	got  []byte // what the session has sent
}

// newRig runs a session, logged in unless open is set.
func newRig(t *testing.T, cfg wire.Config, open bool) *rig {
	a, b := net.Pipe()
	r := &rig{t: t, h: &recorder{}, peer: b}
	r.s = wire.NewSession(a, protocol("6000"), cfg, r.h)
	go func() {
		err := r.s.Run(context.Background())
		r.mu.Lock()
		defer r.mu.Unlock()
		r.end = err
	}()
	go r.read()
	if !open {
		r.s.SetBound("6000")
	}
	t.Cleanup(func() {
		r.s.Close(nil)
		_ = b.Close()
		<-r.s.Done()
	})
	synctest.Wait()
	return r
}

// read takes what the session sends.
func (r *rig) read() {
	chunk := make([]byte, 4096)
	for {
		n, err := r.peer.Read(chunk)
		r.mu.Lock()
		r.got = append(r.got, chunk[:n]...)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// write sends octets to the session and waits until all is quiet.
func (r *rig) write(octets string) {
	r.t.Helper()
	if _, err := r.peer.Write([]byte(octets)); err != nil {
		r.t.Errorf("the session does not read: %v", err)
	}
	synctest.Wait()
}

// sent compares what the session has sent since the last call, without STX, LEN and ETX.
func (r *rig) sent(want ...string) {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	got := r.got
	r.got = nil
	r.mu.Unlock()
	var frames []string
	for frame := range strings.SplitAfterSeq(string(got), "\x03") {
		if frame == "" {
			continue
		}
		if _, err := Decode([]byte(frame)); err != nil {
			r.t.Errorf("%q: %v", frame, err)
			continue
		}
		frames = append(frames, frame[1:4]+frame[10:len(frame)-3])
	}
	if strings.Join(frames, "\n") != strings.Join(want, "\n") {
		r.t.Errorf("sent %q, want %q", frames, want)
	}
}

// ended checks that the session has ended for a reason.
func (r *rig) ended(reason error) {
	r.t.Helper()
	<-r.s.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(r.end, reason) || r.s.State() != wire.Closed {
		r.t.Errorf("ended by %v, want %v", r.end, reason)
	}
}

// submits makes operations to be sent.
func submits(n int) []Request {
	list := make([]Request, n)
	for i := range list {
		list[i] = Request{PDU: &PDU{Op: OpSubmit, Body: &Message{AdC: "1", OAdC: "2", MT: MTText, Msg: []byte{'A'}}}, Ref: i}
	}
	return list
}

// submitted is how such an operation stands behind its TRN.
var submitted = "O/51/1/2" + strings.Repeat("/", 17) + "3//41" + strings.Repeat("/", 13)

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// dialerTo starts a server, and makes a dialer whose connections it gets.
func dialerTo(t *testing.T, srv *Server, login *Login) *Dialer {
	ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	d := NewDialer([]string{"host"}, login, "6000", wire.Config{Window: MaxWindow})
	d.Dial = func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		ln.conns <- b
		return a, nil
	}
	return d
}

// pipes is a listener that tests give connections to.
type pipes struct {
	conns  chan net.Conn
	once   sync.Once
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
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }
