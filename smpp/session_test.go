package smpp

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
		if !r.conn.forgot {
			t.Error("what the peer has not got may still be brought to him")
		}
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
