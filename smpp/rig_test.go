package smpp

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recorder is a handler that keeps what it is given and answers if it is told how.
type recorder struct {
	mu        sync.Mutex // for the race detector, which does not know that a bubble's clock orders things
	answer    func(s *Session, p PDU)
	got       []PDU
	responses []Response
	calls     int
}

func (r *recorder) Requests(s *Session, requests []PDU) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.got = append(r.got, requests...)
	if r.answer != nil {
		for _, p := range requests {
			r.answer(s, p)
		}
	}
}

func (r *recorder) Responses(_ *Session, responses []Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.responses = append(r.responses, responses...)
}

// order orders what the test has done before what the handler will do.
func (r *recorder) order() {
	r.mu.Lock()
	defer r.mu.Unlock()
}

// ok answers a request with status 0.
func ok(s *Session, p PDU) {
	resp := PDU{Command: p.Command.Response(), Sequence: p.Sequence}
	if p.Command == CommandSubmitSM {
		resp.Body = &SubmitSMResp{MessageID: "id"}
	}
	_ = s.Respond([]PDU{resp})
}

// countingConn counts writes.
type countingConn struct {
	net.Conn
	writes atomic.Int32
	forgot bool // what was not yet brought to the peer
}

// SetLinger notes that what is not yet sent is to be forgotten.
func (c *countingConn) SetLinger(seconds int) error {
	c.forgot = seconds == 0
	return nil
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// rig is a session whose peer is the test itself. It lives in a synctest bubble, over net.Pipe.
type rig struct {
	t    *testing.T
	s    *Session
	h    *recorder
	conn *countingConn // the session's end
	peer net.Conn
	got  []PDU // what the session has sent
	end  error
}

// newRig starts a session of a role. State is that after a bind as transceiver, unless open is set.
func newRig(t *testing.T, cfg SessionConfig, open bool) *rig {
	a, b := net.Pipe()
	r := &rig{t: t, h: &recorder{}, conn: &countingConn{Conn: a}, peer: b}
	r.s = NewSession(r.conn, cfg, r.h)
	go func() { r.end = r.s.Run(context.Background()) }()
	synctest.Wait()
	if !open {
		r.s.SetBound(Transceiver)
		synctest.Wait()
	}
	return r
}

// listen takes what the session sends from now on.
func (r *rig) listen() *rig {
	go func() {
		var buf []byte
		chunk := make([]byte, 1<<16)
		for {
			n, err := r.peer.Read(chunk)
			buf = append(buf, chunk[:n]...)
			for {
				n, _ := FrameLen(buf, 0)
				if n == 0 || n > len(buf) {
					break
				}
				var p PDU
				if err := Decode(buf[:n], &p); err != nil {
					panic(err)
				}
				r.h.mu.Lock()
				r.got = append(r.got, p)
				r.h.mu.Unlock()
				buf = buf[n:]
			}
			if err != nil {
				return
			}
		}
	}()
	synctest.Wait()
	return r
}

// write sends octets to the session and waits until all is quiet.
func (r *rig) write(b []byte) {
	r.t.Helper()
	if _, err := r.peer.Write(b); err != nil {
		r.t.Errorf("the session does not read: %v", err)
	}
	synctest.Wait()
}

// send sends PDUs to the session in one piece.
func (r *rig) send(pdus ...PDU) {
	r.t.Helper()
	var b []byte
	for i := range pdus {
		var err error
		if b, err = Append(b, &pdus[i]); err != nil {
			r.t.Fatal(err)
		}
	}
	r.write(b)
}

// sent compares what the session has sent since the last call, as command, status and sequence number.
func (r *rig) sent(want ...PDU) {
	r.t.Helper()
	synctest.Wait()
	heads := func(list []PDU) []Header {
		var out []Header
		for _, p := range list {
			out = append(out, Header{Command: p.Command, Status: p.Status, Sequence: p.Sequence})
		}
		return out
	}
	if diff := cmp.Diff(heads(want), heads(r.got)); diff != "" {
		r.t.Errorf("sent: %s", diff)
	}
	r.h.mu.Lock()
	r.got = nil
	r.h.mu.Unlock()
}

// sleep lets time pass, and waits until all is quiet.
func (r *rig) sleep(d time.Duration) {
	r.h.order()
	time.Sleep(d)
	synctest.Wait()
}

// ended checks that the session has ended for a reason.
func (r *rig) ended(reason error) {
	r.t.Helper()
	synctest.Wait()
	if !errors.Is(r.end, reason) || r.s.State() != StateClosed {
		r.t.Errorf("ended by %v in state %s, want %v", r.end, r.s.State(), reason)
	}
	_ = r.peer.Close()
}

func submits(n int) []Request {
	list := make([]Request, n)
	for i := range list {
		list[i] = Request{Body: benchMessage(), Ref: i}
	}
	return list
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}
