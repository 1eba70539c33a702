package smpp

import (
	"errors"
	"testing"
)

// broadcasts are requests as an ESME sends them.
func broadcasts() []PDU {
	return []PDU{
		{Sequence: 1, Body: &BroadcastSM{TLVs: TLVs{
			{TagBroadcastAreaIdentifier, []byte("\x00west")},
			{TagBroadcastContentType, []byte{1, 0, 0}},
			{TagBroadcastRepNum, []byte{0, 1}},
			{TagBroadcastFrequencyInterval, []byte{9, 0, 1}},
		}}},
		{Sequence: 2, Body: &QueryBroadcastSM{MessageID: "b1"}},
		{Sequence: 3, Body: &CancelBroadcastSM{MessageID: "b1"}},
	}
}

// An SMSC without cell broadcast says so in the operation's own response to whoever speaks 5.0; older versions do not
// know the commands at all. The session goes on.
func TestBroadcastRefused(t *testing.T) {
	answers := func(status Status) []PDU {
		return []PDU{
			{Command: CommandBroadcastSMResp, Status: status, Sequence: 1},
			{Command: CommandQueryBroadcastSMResp, Status: status, Sequence: 2},
			{Command: CommandCancelBroadcastSMResp, Status: status, Sequence: 3},
		}
	}
	var unknown []PDU
	for i := range uint32(3) {
		unknown = append(unknown, PDU{Command: CommandGenericNack, Status: ESME_RINVCMDID, Sequence: i + 1})
	}
	tests := []struct {
		name string
		mode BindMode
		v    Version
		want []PDU
	}{
		{"transmitter of 5.0", Transmitter, Version50, answers(ESME_RINVCMDID)},
		{"transceiver of 5.0", Transceiver, Version50, answers(ESME_RINVCMDID)},
		{"receiver of 5.0", Receiver, Version50, answers(ESME_RINVBNDSTS)},
		{"transceiver of 3.4", Transceiver, Version34, unknown},
		{"transceiver of 3.3", Transceiver, Version33, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Role: SMSC}, true).listen()
				r.h.answer = func(s *Session, p PDU) { // accepts the bind
					_ = s.Respond([]PDU{{Command: p.Command.Response(), Sequence: p.Sequence, Body: &BindResp{Mode: tt.mode}}})
					s.SetBound(tt.mode)
				}
				r.send(PDU{Sequence: 9, Body: &Bind{Mode: tt.mode, Version: tt.v}})
				r.sent(PDU{Command: tt.mode.command().Response(), Sequence: 9})
				r.send(broadcasts()...)
				r.sent(tt.want...)
				if len(r.h.got) != 1 || !r.s.State().Bound() {
					t.Errorf("the handler got %v; %s", r.h.got, r.s.State())
				}
				r.s.Close(nil)
				r.ended(ErrClosed)
			})
		})
	}
}

// Who has cell broadcast gets the requests and answers them.
func TestBroadcastHandled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{Role: SMSC, Broadcast: true}, false).listen()
		r.send(broadcasts()...)
		if len(r.h.got) != 3 {
			t.Fatalf("the handler got %v", r.h.got)
		}
		state := TLVs{{TagMessageState, []byte{1}}, {TagBroadcastAreaIdentifier, []byte("\x00west")}, {TagBroadcastAreaSuccess, []byte{50}}}
		if err := r.s.Respond([]PDU{
			{Sequence: 1, Body: &BroadcastSMResp{MessageID: "b1"}},
			{Sequence: 2, Body: &QueryBroadcastSMResp{"b1", state}},
			{Command: CommandCancelBroadcastSMResp, Sequence: 3},
		}); err != nil {
			t.Error(err)
		}
		r.sent(PDU{Command: CommandBroadcastSMResp, Sequence: 1}, PDU{Command: CommandQueryBroadcastSMResp, Sequence: 2},
			PDU{Command: CommandCancelBroadcastSMResp, Sequence: 3})
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// We do not send to an SMSC of an older version what it cannot know.
func TestBroadcastNeeds50(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, v := range []Version{Version34, Version50} {
			c, s, _ := versionPair(t, &Server{Session: SessionConfig{Broadcast: true}}, v, SessionConfig{})
			p, err := c.Do(t.Context(), &CancelBroadcastSM{MessageID: "b1"})
			if v == Version50 && (err != nil || p.Command != CommandCancelBroadcastSMResp) || v == Version34 && !errors.Is(err, ErrWrongVersion) {
				t.Errorf("by %s: %s, %v", v, &p, err)
			}
			c.Close(nil)
			<-s.Done()
		}
	})
}
