package smpp

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestSessionMeasures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Window: 100, EnquireInterval: 20 * time.Second, ResponseTimeout: 15 * time.Second}, false).listen()
		if i := r.s.Info(); !i.LastIn.IsZero() || !i.LastOut.IsZero() || i.LatencyP50 != 0 || i.LastError != 0 || i.LastRefusal != 0 {
			t.Errorf("of a new session: %+v", i)
		}
		start := time.Now()
		if n, err := r.s.Send(submits(3)); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		r.sleep(100 * time.Millisecond)
		r.send(PDU{Sequence: 1, Body: &SubmitSMResp{MessageID: "x"}})
		r.sleep(900 * time.Millisecond)
		r.send(PDU{Command: CommandSubmitSMResp, Status: ESME_RTHROTTLED, Sequence: 2}, PDU{Sequence: 1, Body: &DeliverSM{}})
		_ = r.s.Respond([]PDU{{Command: CommandDeliverSMResp, Status: ESME_RX_T_APPN, Sequence: 1}})
		synctest.Wait()
		i := r.s.Info()
		if i.Answered != 2 || i.LatencyP50 < 100*time.Millisecond || i.LatencyP50 > 125*time.Millisecond ||
			i.LatencyP99 < time.Second || i.LatencyP99 > 1250*time.Millisecond {
			t.Errorf("%d answers, p50 %v, p99 %v", i.Answered, i.LatencyP50, i.LatencyP99)
		}
		second := start.Add(time.Second)
		if i.LastError != ESME_RTHROTTLED || !i.LastErrorAt.Equal(second) || i.LastRefusal != ESME_RX_T_APPN || !i.LastRefusalAt.Equal(second) {
			t.Errorf("errors: %s at %v, %s at %v", i.LastError, i.LastErrorAt, i.LastRefusal, i.LastRefusalAt)
		}
		if i.Sent != 4 || i.Received != 3 || !i.LastIn.Equal(second) || !i.LastOut.Equal(second) {
			t.Errorf("%d out, last at %v; %d in, last at %v", i.Sent, i.LastOut, i.Received, i.LastIn)
		}
		r.sleep(14*time.Second + 500*time.Millisecond)
		if i := r.s.Info(); i.Expired != 1 || i.Outstanding != 0 {
			t.Errorf("%d expired, %d outstanding", i.Expired, i.Outstanding)
		}
		r.sleep(6 * time.Second) // silent for 20 s
		r.send(PDU{Sequence: 4, Body: &EnquireLinkResp{}})
		if i := r.s.Info(); i.EnquireTime != 500*time.Millisecond || i.Answered != 2 {
			t.Errorf("enquire_link took %v, %d answers", i.EnquireTime, i.Answered)
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// The trace is switched on and off while the session runs, and sees both directions.
func TestSessionTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		r.h.answer = ok
		type line struct {
			sent bool
			id   CommandID
		}
		var lines []line
		exchange := func() {
			if n, err := r.s.Send(submits(1)); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			r.send(PDU{Sequence: 1, Body: &DeliverSM{}})
		}
		exchange()
		r.s.SetTrace(func(sent bool, frame []byte) { lines = append(lines, line{sent, ParseHeader(frame).Command}) })
		exchange()
		want := []line{{true, CommandSubmitSM}, {false, CommandDeliverSM}, {true, CommandDeliverSMResp}}
		if !slices.Equal(lines, want) {
			t.Errorf("traced %v, want %v", lines, want)
		}
		r.s.SetTrace(nil)
		exchange()
		if len(lines) != len(want) {
			t.Errorf("traced %v after it was switched off", lines[len(want):])
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// A peer is held to its window also by what one read has brought, and the window can be changed while the session runs.
func TestSetPeerWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		r.s.SetPeerWindow(3)
		var in []PDU
		for i := range uint32(10) {
			in = append(in, PDU{Sequence: i + 1, Body: &DeliverSM{}})
		}
		r.send(in...)
		has := func(n int) {
			t.Helper()
			synctest.Wait()
			if len(r.h.got) != n || r.s.Info().PeerOpen > r.s.Info().PeerWindow {
				t.Errorf("the handler has %d requests, want %d; %+v", len(r.h.got), n, r.s.Info())
			}
		}
		has(3)
		ok(r.s, r.h.got[0])
		has(4)
		r.s.SetPeerWindow(5)
		has(6)
		for _, p := range r.h.got[1:6] {
			ok(r.s, p)
		}
		has(10)
		for i, p := range r.h.got {
			if p.Sequence != uint32(i+1) {
				t.Errorf("request %d has number %d", i, p.Sequence)
			}
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}
