package smpp

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A peer that takes nothing off our hands is no longer read from, and loses its session.
func TestSessionPeerNeverReads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{WriteTimeout: 20 * time.Second}, false)
		r.h.answer = ok
		var chunk []byte
		for i := range uint32(100) {
			chunk, _ = Append(chunk, &PDU{Sequence: i + 1, Body: &DeliverSM{}})
		}
		written := 0
		_ = r.peer.SetWriteDeadline(time.Now().Add(10 * time.Second))
		for {
			n, err := r.peer.Write(chunk)
			written += n
			if err != nil {
				break
			}
		}
		r.s.mu.Lock()
		pending := cap(r.s.out) + cap(r.s.spare)
		r.s.mu.Unlock()
		if written > 2<<20 || pending > 2<<20 {
			t.Errorf("took %d octets in, holds %d", written, pending)
		}
		r.sleep(10 * time.Second)
		r.ended(os.ErrDeadlineExceeded)
		var ne net.Error
		if !errors.As(r.end, &ne) || !ne.Timeout() {
			t.Errorf("ended by %v", r.end)
		}
	})
}

// Both sides send as much as their windows hold, and answer everything: nobody waits for the other.
func TestSessionNoDeadlock(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		const total = 5000
		type side struct {
			recorder
			sent int
		}
		c, s := &side{}, &side{}
		c.answer, s.answer = ok, ok
		cs := NewSession(a, SessionConfig{Window: 500, PeerWindow: 10}, c)
		ss := NewSession(b, SessionConfig{Window: 500, PeerWindow: 10, Role: SMSC}, s)
		go cs.Run(t.Context())
		go ss.Run(t.Context())
		cs.SetBound(Transceiver)
		ss.SetBound(Transceiver)
		requests, deliveries := submits(total), make([]Request, total)
		for i := range deliveries {
			deliveries[i] = Request{Body: &DeliverSM{}}
		}
		for c.sent < total || s.sent < total {
			n, err := cs.Send(requests[c.sent:])
			if err != nil {
				t.Fatal(err)
			}
			c.sent += n
			if n, err = ss.Send(deliveries[s.sent:]); err != nil {
				t.Fatal(err)
			}
			s.sent += n
			synctest.Wait()
		}
		if len(c.responses) != total || len(s.responses) != total || len(c.got) != total || len(s.got) != total {
			t.Errorf("%d %d %d %d", len(c.responses), len(s.responses), len(c.got), len(s.got))
		}
		cs.Close(nil)
		<-cs.Done()
		<-ss.Done()
		if !errors.Is(ss.Err(), ErrPeerClosed) {
			t.Errorf("ended by %v", ss.Err())
		}
	})
}

// A peer with too many unanswered requests is not read from until some are answered; timers do not hold against it what
// we did not read.
func TestSessionPeerWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{PeerWindow: 2, ResponseTimeout: 10 * time.Second}, false).listen()
		if n, err := r.s.Send(submits(1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r.sent(PDU{Command: CommandSubmitSM, Sequence: 1})
		r.send(PDU{Sequence: 1, Body: &DeliverSM{}}, PDU{Sequence: 2, Body: &DeliverSM{}})
		written := false
		go func() {
			b, _ := Append(nil, &PDU{Sequence: 1, Body: &SubmitSMResp{MessageID: "id"}})
			_, _ = r.peer.Write(b)
			written = true
		}()
		r.sleep(5 * time.Minute)
		synctest.Wait()
		if written || len(r.h.responses) > 0 {
			t.Fatal("it reads on")
		}
		ok(r.s, r.h.got[0])
		synctest.Wait()
		if !written || len(r.h.responses) != 1 || r.h.responses[0].Err != nil || !r.s.State().Bound() {
			t.Errorf("%v, %+v, %s", written, r.h.responses, r.s.State())
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// The peer's unbind waits for the answers that either side owes, for a while. Its number 0 is no good one, and comes
// back all the same.
func TestSessionPeerUnbinds(t *testing.T) {
	for _, test := range []struct {
		name         string
		ours, theirs bool // answers that come
	}{
		{"answered by both", true, true},
		{"we do not answer", false, true},
		{"the peer does not answer", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Role: SMSC}, false).listen()
				if n, err := r.s.Send([]Request{{Body: &DeliverSM{}, Ref: "mo"}}); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				r.sent(PDU{Command: CommandDeliverSM, Sequence: 1})
				b, _ := Append(nil, &PDU{Sequence: 1, Body: &Unbind{}})
				binary.BigEndian.PutUint32(b[12:], 0)
				submit, _ := Append(nil, &PDU{Sequence: 1, Body: benchMessage()})
				r.write(append(submit, b...))
				r.send(PDU{Sequence: 3, Body: benchMessage()})
				r.sent(PDU{Command: CommandSubmitSMResp, Status: ESME_RSYSERR, Sequence: 3})
				if n, err := r.s.Send([]Request{{Body: &DeliverSM{}}}); n != 0 || !errors.Is(err, ErrWrongState) {
					t.Errorf("sent after unbind: %d, %v", n, err)
				}
				r.sleep(time.Second)
				if test.ours {
					ok(r.s, r.h.got[0])
					r.sent(PDU{Command: CommandSubmitSMResp, Sequence: 1})
				}
				if test.theirs {
					r.send(PDU{Sequence: 1, Body: &DeliverSMResp{}})
				}
				if !test.ours || !test.theirs {
					r.sent()
					r.sleep(time.Second)
				}
				r.sent(PDU{Command: CommandUnbindResp})
				r.ended(ErrPeerUnbound)
				lost := len(r.h.responses) == 1 && errors.Is(r.h.responses[0].Err, ErrPeerUnbound)
				if len(r.h.responses) != 1 || r.h.responses[0].Ref != "mo" || lost == test.theirs {
					t.Errorf("outstanding: %+v", r.h.responses)
				}
				if err := r.s.Respond([]PDU{{Command: CommandSubmitSMResp, Status: ESME_RSYSERR, Sequence: 9}}); !errors.Is(err, ErrClosed) {
					t.Errorf("answered after the end: %v", err)
				}
			})
		})
	}
}

func TestSessionUnbind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		if n, err := r.s.Send(submits(2)); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		r.send(PDU{Sequence: 6, Body: &DeliverSM{}}) // not answered yet
		done := make(chan error, 1)
		go func() { done <- r.s.Unbind(t.Context()) }()
		synctest.Wait()
		if _, err := r.s.Send(submits(1)); !errors.Is(err, ErrWrongState) {
			t.Errorf("sent while unbinding: %v", err)
		}
		r.send(PDU{Sequence: 7, Body: &DeliverSM{}}) // to be sent again to the next session
		r.sent(PDU{Command: CommandSubmitSM, Sequence: 1}, PDU{Command: CommandSubmitSM, Sequence: 2},
			PDU{Command: CommandDeliverSMResp, Status: ESME_RX_T_APPN, Sequence: 7})
		r.send(PDU{Sequence: 1, Body: &SubmitSMResp{}})
		r.sent()
		r.send(PDU{Sequence: 2, Body: &SubmitSMResp{}})
		r.sent()
		ok(r.s, r.h.got[0])
		r.sent(PDU{Command: CommandDeliverSMResp, Sequence: 6}, PDU{Command: CommandUnbind, Sequence: 3})
		r.send(PDU{Sequence: 3, Body: &UnbindResp{}})
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.ended(ErrUnbound)
		if err := r.s.Unbind(t.Context()); err != nil {
			t.Errorf("second unbind: %v", err)
		}
	})
}

func TestSessionUnbindGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		if n, err := r.s.Send(submits(2)); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := r.s.Unbind(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		r.ended(ErrUnbound)
		if len(r.h.responses) != 2 {
			t.Errorf("%+v", r.h.responses)
		}
	})
}

// Whoever waits is told when the session ends, once; calls after the end fail.
func TestSessionClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		if n, err := r.s.Send(submits(3)); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := r.s.Do(t.Context(), &QuerySM{MessageID: "1"})
			done <- err
		}()
		synctest.Wait()
		cause := errors.New("cause")
		r.s.Close(cause)
		r.s.Close(errors.New("another"))
		r.ended(cause)
		if err := <-done; !errors.Is(err, cause) {
			t.Errorf("Do: %v", err)
		}
		if len(r.h.responses) != 3 || !errors.Is(r.h.responses[2].Err, cause) || r.h.responses[2].Ref != 2 {
			t.Errorf("%+v", r.h.responses)
		}
		if _, err := r.s.Send(submits(1)); !errors.Is(err, ErrClosed) || !errors.Is(err, cause) {
			t.Errorf("Send: %v", err)
		}
		if _, err := r.s.Do(t.Context(), &EnquireLink{}); !errors.Is(err, ErrClosed) {
			t.Errorf("Do: %v", err)
		}
	})
}

func TestSessionDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Window: 1, EnquireInterval: -1}, false).listen()
		if n, err := r.s.Send(submits(1)); n != 1 || err != nil { // a full window does not keep Do from working
			t.Fatal(n, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.s.Do(ctx, &QuerySM{MessageID: "1"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := r.s.Do(t.Context(), &QuerySM{MessageID: "2"}); !errors.Is(err, ErrResponseTimeout) {
			t.Error(err)
		}
		bad := &SubmitSM{ShortMessage{Validity: "soon"}}
		var ee *EncodeError
		if n, err := r.s.Send([]Request{{Body: bad}}); n != 0 || !errors.As(err, &ee) || r.s.Info().Outstanding != 0 {
			t.Errorf("%d, %v, %+v", n, err, r.s.Info())
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

func TestSessionPeerCloses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		_ = r.peer.Close()
		r.ended(ErrPeerClosed)
	})
}

func TestSessionContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		ctx, cancel := context.WithCancelCause(t.Context())
		s := NewSession(a, SessionConfig{}, &recorder{})
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		cancel(io.ErrUnexpectedEOF)
		if err := <-done; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		_ = b.Close()
	})
}
