package smpp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
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

func TestSessionBothSides(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		esme, smsc := &recorder{answer: ok}, &recorder{answer: func(s *Session, p PDU) {
			resp := PDU{Command: p.Command.Response(), Sequence: p.Sequence}
			switch body := p.Body.(type) {
			case *Bind:
				resp.Body = &BindResp{Mode: body.Mode, SystemID: "smsc"}
				_ = s.Respond([]PDU{resp})
				s.SetBound(body.Mode)
				return
			case *SubmitSM:
				resp.Body = &SubmitSMResp{MessageID: "id"}
			}
			_ = s.Respond([]PDU{resp})
		}}
		c, s := NewSession(a, SessionConfig{}, esme), NewSession(b, SessionConfig{Role: SMSC}, smsc)
		go c.Run(t.Context())
		go s.Run(t.Context())
		p, err := c.Do(t.Context(), &Bind{SystemID: "acme", Password: "secret", Version: Version34})
		if err != nil || p.Status != ESME_ROK || c.State() != StateBoundTRX || s.State() != StateBoundTRX {
			t.Fatalf("bind: %s, %v; %s, %s", &p, err, c.State(), s.State())
		}
		if n, err := c.Send(submits(25)); n != 10 || err != nil || c.Room() != 0 {
			t.Errorf("took %d of 25 into a window of 10: %v", n, err)
		}
		synctest.Wait()
		if len(esme.responses) != 10 || len(smsc.got) != 11 || c.Room() != 10 {
			t.Errorf("%d responses, %d requests, room %d", len(esme.responses), len(smsc.got), c.Room())
		}
		for i, r := range esme.responses {
			if r.Ref != i || r.Err != nil || r.PDU.Body.(*SubmitSMResp).MessageID != "id" || r.Request == nil {
				t.Errorf("response %d: %+v", i, r)
			}
		}
		if n, err := s.Send([]Request{{Body: &DeliverSM{}, Ref: "mo"}}); n != 1 || err != nil {
			t.Errorf("deliver: %d, %v", n, err)
		}
		synctest.Wait()
		if len(esme.got) != 1 || len(smsc.responses) != 1 || smsc.responses[0].Ref != "mo" {
			t.Errorf("deliver_sm: %v, %v", esme.got, smsc.responses)
		}
		if i := s.Info(); i.SystemID != "acme" || i.Version != Version34 || i.Mode != Transceiver || i.Sent != 12 || i.Received != 12 {
			t.Errorf("info: %+v", i)
		}
		if err := c.Unbind(t.Context()); err != nil {
			t.Error(err)
		}
		<-c.Done()
		<-s.Done()
		if !errors.Is(c.Err(), ErrUnbound) || !errors.Is(s.Err(), ErrPeerUnbound) {
			t.Errorf("ended by %v and %v", c.Err(), s.Err())
		}
	})
}

func TestSessionRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Role: SMSC}, true).listen()
		// Before the bind.
		r.send(PDU{Sequence: 1, Body: benchMessage()}, PDU{Sequence: 2, Body: &EnquireLink{}})
		r.sent(PDU{Command: CommandSubmitSMResp, Status: ESME_RINVBNDSTS, Sequence: 1}, PDU{Command: CommandEnquireLinkResp, Sequence: 2})
		r.s.SetBound(Transmitter)
		// Unknown commands, bodies that end too early, the other side's commands, a second bind: the session goes on.
		r.write(frame(t, 0x0F0F, 0, 3, "0102"))
		r.sent(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDID, Sequence: 3})
		r.write(frame(t, 0x80000F0F, 0, 4, "0102"))
		r.sent()
		r.write(frame(t, CommandSubmitSM, 0, 5, "00"))
		r.sent(PDU{Command: CommandSubmitSMResp, Status: ESME_RINVCMDLEN, Sequence: 5})
		r.send(PDU{Sequence: 6, Body: &DeliverSM{}}, PDU{Sequence: 7, Body: &Bind{}}, PDU{Sequence: 8, Body: &AlertNotification{}})
		r.sent(PDU{Command: CommandDeliverSMResp, Status: ESME_RINVBNDSTS, Sequence: 6},
			PDU{Command: CommandBindTransceiverResp, Status: ESME_RALYBND, Sequence: 7},
			PDU{Command: CommandGenericNack, Status: ESME_RINVBNDSTS, Sequence: 8})
		if len(r.h.got) > 0 {
			t.Errorf("the handler got %v", r.h.got)
		}
		// Our side is held to the rules too.
		if n, err := r.s.Send([]Request{{Body: &DeliverSM{}}}); n != 0 || !errors.Is(err, ErrWrongState) {
			t.Errorf("deliver_sm to a transmitter: %d, %v", n, err)
		}
		if _, err := r.s.Send([]Request{{Body: &SubmitSMResp{}}}); err == nil {
			t.Error("a response was sent as a request")
		}
		// A length that cannot be ends the session, after the answer.
		r.write([]byte{0, 0, 0, 15, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9})
		r.sent(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDLEN, Sequence: 9})
		r.ended(ESME_RINVCMDLEN)
	})
}

func TestSessionLengths(t *testing.T) {
	for _, length := range []uint32{0, 15, 1 << 31, DefaultMaxPDU + 1, 1<<32 - 1} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{}, false).listen()
				f := frame(t, CommandDeliverSM, 0, 9, "")
				f[0], f[1], f[2], f[3] = byte(length>>24), byte(length>>16), byte(length>>8), byte(length)
				r.write(f)
				r.sent(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDLEN, Sequence: 9})
				r.ended(ESME_RINVCMDLEN)
			})
		})
	}
}

// Before the bind nobody may make us hold much.
func TestSessionUnboundPDUIsSmall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Role: SMSC}, true).listen()
		f := frame(t, CommandBindTransceiver, 0, 9, "")
		f[2] = 0x20
		r.write(f)
		r.sent(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDLEN, Sequence: 9})
		r.ended(ESME_RINVCMDLEN)
	})
}

func TestSessionBindTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Role: SMSC}, true).listen()
		r.sleep(29 * time.Second)
		r.send(PDU{Sequence: 1, Body: &EnquireLink{}}) // being talkative does not help
		if r.s.State() != StateOpen {
			t.Error("closed too early")
		}
		r.sleep(time.Second)
		r.ended(ErrBindTimeout)
	})
}

func TestSessionEnquireLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{ResponseTimeout: 10 * time.Second}, false).listen()
		r.sleep(30 * time.Second)
		r.sent(PDU{Command: CommandEnquireLink, Sequence: 1})
		r.sleep(9 * time.Second)
		r.send(PDU{Sequence: 1, Body: &EnquireLinkResp{}})
		r.sleep(29 * time.Second)
		r.sent()
		r.send(PDU{Sequence: 1, Body: &DeliverSM{}}) // anything is a sign of life
		r.sleep(29 * time.Second)
		r.sent()
		r.sleep(time.Second)
		r.sent(PDU{Command: CommandEnquireLink, Sequence: 2})
		r.sleep(10 * time.Second)
		r.ended(ErrEnquireTimeout)
		if len(r.h.responses) > 0 {
			t.Errorf("the handler got responses to what it had not sent: %+v", r.h.responses)
		}
	})
}

func TestSessionInactivity(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{InactivityTimeout: time.Minute, EnquireInterval: -1}, false).listen()
		for range 5 {
			r.sleep(10 * time.Second)
			r.send(PDU{Sequence: 1, Body: &EnquireLink{}})
		}
		r.sleep(10 * time.Second)
		r.ended(ErrInactive)
	})
}

func TestSessionResponseTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{EnquireInterval: time.Hour, ResponseTimeout: 20 * time.Second}, false).listen()
		if n, err := r.s.Send(submits(2)); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		r.sleep(5 * time.Second)
		if n, err := r.s.Send(submits(1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r.sleep(14 * time.Second)
		r.send(PDU{Sequence: 2, Body: &SubmitSMResp{MessageID: "x"}})
		if len(r.h.responses) != 1 || r.h.responses[0].Ref != 1 {
			t.Fatalf("%+v", r.h.responses)
		}
		r.sleep(time.Second)
		synctest.Wait()
		if len(r.h.responses) != 2 || r.h.responses[1].Ref != 0 || !errors.Is(r.h.responses[1].Err, ErrResponseTimeout) {
			t.Fatalf("%+v", r.h.responses)
		}
		r.send(PDU{Sequence: 1, Body: &SubmitSMResp{MessageID: "late"}})
		if len(r.h.responses) != 2 || r.s.Info().Bad != 1 || r.s.Room() != 9 {
			t.Errorf("late response: %+v, %+v", r.h.responses, r.s.Info())
		}
		r.sleep(5 * time.Second)
		synctest.Wait()
		if len(r.h.responses) != 3 || r.s.Room() != 10 {
			t.Errorf("%+v", r.h.responses)
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// Sequence numbers of both sides are independent: a peer that uses ours for its own requests, answers out of order,
// twice, with another command or what nobody asked changes nothing.
func TestSessionMatching(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		if n, err := r.s.Send(submits(4)); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		r.send(
			PDU{Sequence: 1, Body: &DeliverSM{}},
			PDU{Sequence: 3, Body: &SubmitSMResp{MessageID: "third"}},
			PDU{Sequence: 1, Body: &DeliverSMResp{}},
			PDU{Sequence: 3, Body: &SubmitSMResp{MessageID: "again"}},
			PDU{Sequence: 99, Body: &SubmitSMResp{MessageID: "who?"}},
			PDU{Command: CommandGenericNack, Status: ESME_RSYSERR},
			PDU{Command: CommandGenericNack, Status: ESME_RSYSERR, Sequence: 2},
			PDU{Command: CommandSubmitSMResp, Status: ESME_RTHROTTLED, Sequence: 1},
		)
		r.write(frame(t, CommandSubmitSMResp, 0, 4, "31 00 0424 0009 00")) // a payload that is cut off
		type outcome struct {
			Ref     any
			Command CommandID
			Status  Status
			Bad     bool
		}
		var got []outcome
		for _, x := range r.h.responses {
			got = append(got, outcome{x.Ref, x.PDU.Command, x.PDU.Status, x.Err != nil})
		}
		want := []outcome{
			{2, CommandSubmitSMResp, 0, false},
			{1, CommandGenericNack, ESME_RSYSERR, false},
			{0, CommandSubmitSMResp, ESME_RTHROTTLED, false},
			{3, CommandSubmitSMResp, 0, true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if len(r.h.got) != 1 || r.s.Room() != 10 {
			t.Errorf("requests %v, room %d", r.h.got, r.s.Room())
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// What comes in one read goes to the handler in one call of each kind, responses first; what is sent in one call
// leaves in one write.
func TestSessionBatches(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Window: 100}, false).listen()
		if n, _ := r.s.Send(submits(100)); n != 100 {
			t.Fatal(n)
		}
		r.sent(func() (list []PDU) {
			for i := range 100 {
				list = append(list, PDU{Command: CommandSubmitSM, Sequence: uint32(i + 1)})
			}
			return list
		}()...)
		if n := r.conn.writes.Load(); n != 1 {
			t.Errorf("100 requests in %d writes", n)
		}
		var in []PDU
		for i := range uint32(50) {
			in = append(in, PDU{Sequence: i + 1, Body: &DeliverSM{}}, PDU{Sequence: i + 1, Body: &SubmitSMResp{}})
		}
		r.send(in...)
		if r.h.calls != 2 || len(r.h.got) != 50 || len(r.h.responses) != 50 {
			t.Errorf("%d calls, %d requests, %d responses", r.h.calls, len(r.h.got), len(r.h.responses))
		}
		// One octet at a time is as good.
		b, _ := Append(nil, &PDU{Sequence: 51, Body: &DeliverSM{}})
		for i := range b {
			r.write(b[i : i+1])
		}
		if len(r.h.got) != 51 {
			t.Errorf("%d requests", len(r.h.got))
		}
		// And the largest PDU there is.
		large := DeliverSM{ShortMessage{TLVs: TLVs{{TagMessagePayload, make([]byte, 0xFFFF)}}}}
		r.send(PDU{Sequence: 52, Body: &large})
		if len(r.h.got) != 52 || len(r.h.got[51].Body.(*DeliverSM).Message()) != 0xFFFF {
			t.Errorf("%d requests", len(r.h.got))
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

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

// The peer's unbind waits for the answers we owe, for a while.
func TestSessionPeerUnbinds(t *testing.T) {
	for _, answered := range []bool{true, false} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Role: SMSC}, false).listen()
				if n, err := r.s.Send([]Request{{Body: &DeliverSM{}, Ref: "mo"}}); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				r.sent(PDU{Command: CommandDeliverSM, Sequence: 1})
				r.send(PDU{Sequence: 1, Body: benchMessage()}, PDU{Sequence: 2, Body: &Unbind{}}, PDU{Sequence: 3, Body: benchMessage()})
				r.sent(PDU{Command: CommandSubmitSMResp, Status: ESME_RSYSERR, Sequence: 3})
				if n, err := r.s.Send([]Request{{Body: &DeliverSM{}}}); n != 0 || !errors.Is(err, ErrWrongState) {
					t.Errorf("sent after unbind: %d, %v", n, err)
				}
				r.sleep(time.Second)
				if answered {
					ok(r.s, r.h.got[0])
					r.sent(PDU{Command: CommandSubmitSMResp, Sequence: 1}, PDU{Command: CommandUnbindResp, Sequence: 2})
				} else {
					r.sleep(time.Second)
					r.sent(PDU{Command: CommandUnbindResp, Sequence: 2})
				}
				r.ended(ErrPeerUnbound)
				if len(r.h.responses) != 1 || !errors.Is(r.h.responses[0].Err, ErrPeerUnbound) || r.h.responses[0].Ref != "mo" {
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
		r.sent(PDU{Command: CommandUnbind, Sequence: 3})
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
