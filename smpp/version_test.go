package smpp

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"testing/synctest"
)

// Both sides agree on the lower of their versions, whatever they say; what is said oddly, or not at all, is read as peers
// mean it.
func TestAgreed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                string
		ours, setting, says Version // says 0: no sc_interface_version
		said, want          Version
	}{
		{"both 3.4", Version34, 0, 0x34, 0x34, Version34},
		{"both 5.0", Version50, 0, 0x50, 0x50, Version50},
		{"the SMSC is older", Version50, 0, 0x34, 0x34, Version34},
		{"the SMSC is newer", Version34, 0, 0x50, 0x50, Version34},
		{"we are of 3.3", Version33, 0, 0x34, 0x34, Version33},
		{"an SMSC of 3.3", Version34, 0, 0x33, 0x33, Version33},
		{"left out", Version34, 0, 0, 0, Version34},
		{"left out, we know more", Version50, 0, 0, 0, Version34},
		{"34 in decimal", Version34, 0, 0x22, 0x22, Version34},
		{"more than there is", Version50, 0, 0x52, 0x52, Version50},
		{"set to 3.3", Version34, Version33, 0x34, 0x34, Version33},
		{"set to 5.0, left out", Version50, Version50, 0, 0, Version50},
	}
	for _, tt := range tests {
		resp := &BindResp{}
		if tt.says != 0 {
			resp.TLVs.SetU8(TagSCInterfaceVersion, uint8(tt.says))
		}
		if said, got := agreed(tt.ours, tt.setting, resp); said != tt.said || got != tt.want {
			t.Errorf("%s: said %s, in force %s; want %s, %s", tt.name, said, got, tt.said, tt.want)
		}
	}
	if _, got := agreed(Version34, 0, nil); got != Version34 {
		t.Errorf("a response without a body: %s", got)
	}
}

// versionPair binds an ESME of a version to a server, over net.Pipe in a bubble.
func versionPair(t *testing.T, srv *Server, esme Version, cfg SessionConfig) (c, s *Session, resp *BindResp) {
	a, b := net.Pipe()
	srv.Bind = func(*Session, *Bind) (Status, Handler) { return ESME_ROK, &recorder{answer: ok} }
	s, _ = srv.acceptor.Start(b, srv.accepts())
	c = NewSession(a, cfg, &recorder{answer: ok})
	go c.Run(t.Context()) //nolint:errcheck // Err gives the reason
	p, err := c.Do(t.Context(), &Bind{SystemID: "acme", Version: esme})
	if err != nil || p.Status != ESME_ROK {
		t.Fatal(p.Status, err)
	}
	synctest.Wait()
	return c, s, p.Body.(*BindResp)
}

// The server answers a bind with the version in force, both sides know it, and 3.3 gets no optional parameter
// (SMPP 3.4 5.3.2.25).
func TestVersionNegotiation(t *testing.T) {
	for _, tt := range []struct {
		name       string
		esme, smsc Version
		answer     int // sc_interface_version; -1: none
		want       Version
	}{
		{"3.3", 0x33, 0, -1, Version33},
		{"0", 0x00, 0, -1, Version33},
		{"3.4", 0x34, 0, 0x34, Version34},
		{"5.0", 0x50, 0, 0x50, Version50},
		{"5.2", 0x52, 0, 0x50, Version50},
		{"5.0 to a server of 3.4", 0x50, Version34, 0x34, Version34},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				srv := &Server{SystemID: "kurir", Session: SessionConfig{Version: tt.smsc}}
				c, s, resp := versionPair(t, srv, tt.esme, SessionConfig{})
				got := -1
				if v, ok := resp.Version(); ok {
					got = int(v)
				}
				if got != tt.answer || got < 0 && len(resp.TLVs) > 0 {
					t.Errorf("answered by %#x %v, want %#x", got, resp.TLVs, tt.answer)
				}
				if i := s.Info(); i.Version != tt.want || i.PeerVersion != tt.esme {
					t.Errorf("at the SMSC: %s, peer %s", i.Version, i.PeerVersion)
				}
				if i := c.Info(); i.Version != tt.want || i.PeerVersion != Version(max(0, tt.answer)) {
					t.Errorf("at the ESME: %s, peer %s", i.Version, i.PeerVersion)
				}
				c.Close(nil)
				<-s.Done()
			})
		})
	}
}

// Optional parameters follow the version in force: none to 3.3, in most responses only to 5.0, and a text is never
// dropped without an error.
func TestTLVsByVersion(t *testing.T) {
	t.Parallel()
	status := TLVs{{TagAdditionalStatusInfoText, []byte("x\x00")}}
	payload := TLVs{{TagMessagePayload, []byte("x")}}
	tests := []struct {
		name  string
		body  Body
		since Version
	}{
		{"submit_sm", &SubmitSM{ShortMessage{TLVs: status}}, Version34},
		{"deliver_sm", &DeliverSM{ShortMessage{TLVs: status}}, Version34},
		{"data_sm", &DataSM{TLVs: status}, Version34},
		{"data_sm_resp", &DataSMResp{TLVs: status}, Version34},
		{"bind_transceiver_resp", &BindResp{TLVs: status}, Version34},
		{"submit_multi", &SubmitMulti{Dests: make([]MultiDest, 1), TLVs: status}, Version34},
		{"alert_notification", &AlertNotification{TLVs: status}, Version34},
		{"submit_sm_resp", &SubmitSMResp{TLVs: status}, Version50},
		{"deliver_sm_resp", &DeliverSMResp{TLVs: status}, Version50},
		{"submit_multi_resp", &SubmitMultiResp{TLVs: status}, Version50},
		{"query_sm_resp", &QuerySMResp{TLVs: status}, Version50},
		{"cancel_sm_resp", &CancelSMResp{TLVs: status}, Version50},
		{"replace_sm", &ReplaceSM{TLVs: status}, Version50},
		{"replace_sm_resp", &ReplaceSMResp{TLVs: status}, Version50},
	}
	for _, tt := range tests {
		for _, v := range []Version{Version33, Version34, Version50} {
			c := &coder{version: v}
			b, err := c.append(nil, &PDU{Body: tt.body})
			if has := bytes.Contains(b, []byte{0, 0x1D, 0, 2, 'x', 0}); err != nil || has != (v >= tt.since) {
				t.Errorf("%s to %s: %v %x, %v", tt.name, v, has, b, err)
			}
		}
	}
	for _, body := range []Body{&SubmitSM{ShortMessage{TLVs: payload}}, &ReplaceSM{TLVs: payload}} {
		c := &coder{version: Version33}
		var ee *EncodeError
		if _, err := c.append(nil, &PDU{Body: body}); !errors.As(err, &ee) || ee.Field != "message_payload" {
			t.Errorf("%s: the text got lost: %v", body.Command(), err)
		}
	}
	c := &coder{version: Version34}
	if _, err := c.append(nil, &PDU{Body: &ReplaceSM{TLVs: payload}}); err == nil {
		t.Error("replace_sm of 3.4 with a payload")
	}
}

// congestion_state goes to peers of 5.0 only, also in refusals, and can be read from every response that has it
// (SMPP 5.0 4.8.4.18).
func TestCongestion(t *testing.T) {
	for _, v := range []Version{Version34, Version50} {
		t.Run(v.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				state, known := uint8(0), false
				srv := &Server{Session: SessionConfig{Congestion: func() (uint8, bool) { return state, known }}}
				c, s, _ := versionPair(t, srv, v, SessionConfig{})
				answer := func(p PDU) PDU {
					t.Helper()
					h := s.reader.h.(*recorder)
					h.mu.Lock()
					h.answer = func(s *Session, r PDU) {
						p.Command, p.Sequence = r.Command.Response(), r.Sequence
						_ = s.Respond([]PDU{p})
					}
					h.mu.Unlock()
					got, err := c.Do(t.Context(), benchMessage())
					if err != nil || got.Status != p.Status {
						t.Errorf("%s, %v", &got, err)
					}
					return got
				}
				check := func(p PDU, want uint8) {
					t.Helper()
					if got, ok := p.Congestion(); ok != (v == Version50) || ok && got != want {
						t.Errorf("%s: congestion %d %v, want %d", &p, got, ok, want)
					}
				}
				if p := answer(PDU{Body: &SubmitSMResp{MessageID: "1"}}); len(p.TLVs()) > 0 {
					t.Errorf("nothing is known, and said: %s", &p)
				}
				known, state = true, 42
				check(answer(PDU{Body: &SubmitSMResp{MessageID: "1"}}), 42)
				state = 255
				check(answer(PDU{Status: ESME_RTHROTTLED}), 100)
				check(answer(PDU{Body: &SubmitSMResp{MessageID: "1", TLVs: TLVs{{TagCongestionState, []byte{7}}}}}), 7)
				if p, err := c.Do(t.Context(), &EnquireLink{}); err != nil || p.Command != CommandEnquireLinkResp {
					t.Errorf("%s, %v", &p, err)
				}
				c.Close(nil)
				<-s.Done()
			})
		})
	}
	for _, b := range []Body{
		&BindResp{}, &SubmitSMResp{}, &SubmitMultiResp{}, &DataSMResp{}, &DeliverSMResp{}, &QuerySMResp{}, &CancelSMResp{}, &ReplaceSMResp{},
	} {
		c := &coder{version: Version50, congest: 91}
		frame, err := c.append(nil, &PDU{Sequence: 1, Body: b})
		var p PDU
		if err != nil || Decode(frame, &p) != nil {
			t.Fatal(err)
		}
		if got, ok := p.Congestion(); !ok || got != 90 {
			t.Errorf("%s: %d %v", &p, got, ok)
		}
	}
	for _, b := range []Body{&EnquireLinkResp{}, &UnbindResp{}, &GenericNack{}} {
		c := &coder{version: Version50, congest: 91}
		if frame, err := c.append(nil, &PDU{Sequence: 1, Body: b}); err != nil || len(frame) != HeaderLen {
			t.Errorf("%s has no room for it: %x, %v", b.Command(), frame, err)
		}
	}
}
