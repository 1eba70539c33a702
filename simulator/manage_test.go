package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// ask sends a request and gives its response.
func (e *esme) ask(body smpp.Body) smpp.PDU {
	e.t.Helper()
	seq := e.send(body)
	synctest.Wait()
	var last smpp.PDU
	for _, c := range e.take() {
		if c.pdu.Sequence == seq && c.pdu.Command.IsResponse() {
			last = c.pdu
		}
	}
	if last.Command == 0 {
		e.t.Fatalf("%s has no answer", body.Command())
	}
	return last
}

// submitted submits and gives the id.
func (e *esme) submitted(body smpp.Body) string {
	e.t.Helper()
	p := e.ask(body)
	if r, ok := p.Body.(*smpp.SubmitSMResp); ok && p.Status == smpp.ESME_ROK {
		return r.MessageID
	}
	e.t.Fatalf("submit_sm: %v", &p)
	return ""
}

// TestQuery: query_sm tells the state of messages that wait, that waited, that are done and that are unknown.
func TestQuery(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		e, other := bind(t, s, smpp.Transceiver), dial(t, s)
		other.ask(&smpp.Bind{SystemID: "other", Version: smpp.Version34})
		state := func(e *esme, id string, from smpp.Address) (smpp.MessageState, string, smpp.Status) {
			t.Helper()
			p := e.ask(&smpp.QuerySM{MessageID: id, Source: from})
			if r, ok := p.Body.(*smpp.QuerySMResp); ok && p.Status == smpp.ESME_ROK {
				return r.State, r.FinalDate, p.Status
			}
			return 0, "", p.Status
		}
		kurir := smpp.Address{TON: 5, Addr: "Kurir"}
		good := e.submitted(text("46701234567", "x"))
		if st, final, _ := state(e, good, kurir); st != smpp.MessageDelivered || len(final) != 16 {
			t.Errorf("delivered: %v %q", st, final)
		}
		if st, _, _ := state(e, e.submitted(text("46701299605", "x")), kurir); st != smpp.MessageUndeliverable {
			t.Errorf("undeliverable: %v", st)
		}
		off := e.submitted(text("46701299801", "x"))
		if st, final, _ := state(e, off, kurir); st != smpp.MessageEnroute || final != "" {
			t.Errorf("waiting: %v %q", st, final)
		}
		s.SetPhone("46701299801", PhoneOn, 0)
		if st, _, _ := state(e, off, kurir); st != smpp.MessageDelivered {
			t.Errorf("switched on: %v", st)
		}
		late := e.submitted(text("46701299503", "x")) // its receipt comes after 2 s
		if st, _, _ := state(e, late, kurir); st != smpp.MessageEnroute {
			t.Errorf("before its receipt: %v", st)
		}
		for name, status := range map[string]smpp.Status{
			"nobody's": func() smpp.Status { _, _, st := state(e, "7777", kurir); return st }(),
			"no id":    func() smpp.Status { _, _, st := state(e, "zz", kurir); return st }(),
			"another sender's": func() smpp.Status {
				_, _, st := state(e, good, smpp.Address{Addr: "Other"})
				return st
			}(),
			"another account's": func() smpp.Status { _, _, st := state(other, good, kurir); return st }(),
		} {
			if status != smpp.ESME_RQUERYFAIL {
				t.Errorf("%s: %v", name, status)
			}
		}
	})
}

// TestReplaceCancel: what waits for its phone can be replaced, and taken back by id or by addresses.
func TestReplaceCancel(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{Validity: Duration(time.Hour)}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		const number = "46701299801"
		kurir, phone := smpp.Address{TON: 5, Addr: "Kurir"}, smpp.Address{TON: 1, NPI: 1, Addr: number}
		old := text(number, "old")
		old.Validity = "000000000100000R"
		id := e.submitted(old)
		if p := e.ask(&smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte("new"), Validity: "000000003000000R"}); p.Status != smpp.ESME_ROK {
			t.Fatalf("replace_sm: %v", p.Status)
		}
		time.Sleep(2 * time.Minute) // the first validity has ended, the new one has not
		synctest.Wait()
		s.SetPhone(number, PhoneOn, 0)
		if ph, _ := s.Phone(number, 5); len(ph.Texts) != 1 || ph.Texts[0].Text != "new" {
			t.Errorf("the phone shows %+v", ph.Texts)
		}
		if p := e.ask(&smpp.ReplaceSM{MessageID: id, Source: kurir, Text: []byte("again")}); p.Status != smpp.ESME_RREPLACEFAIL {
			t.Errorf("replace_sm of a message that is through: %v", p.Status)
		}
		s.SetPhone(number, PhoneOff, 0)
		second := e.submitted(text(number, "two"))
		e.submitted(text(number, "three"))
		e.submitted(text(number, "four"))
		if p := e.ask(&smpp.CancelSM{MessageID: second, Source: kurir, Dest: phone}); p.Status != smpp.ESME_ROK {
			t.Errorf("cancel_sm by id: %v", p.Status)
		}
		if p := e.ask(&smpp.QuerySM{MessageID: second, Source: kurir}); p.Body.(*smpp.QuerySMResp).State != smpp.MessageDeleted {
			t.Errorf("query_sm of a cancelled one: %v", &p)
		}
		if p := e.ask(&smpp.CancelSM{Source: smpp.Address{Addr: "Other"}, Dest: phone}); p.Status != smpp.ESME_RCANCELFAIL {
			t.Errorf("cancel_sm of another sender: %v", p.Status)
		}
		if p := e.ask(&smpp.CancelSM{Source: kurir, Dest: phone}); p.Status != smpp.ESME_ROK || s.Stats().Stored != 0 {
			t.Errorf("cancel_sm by addresses: %v, %d still wait", p.Status, s.Stats().Stored)
		}
		if p := e.ask(&smpp.CancelSM{Source: kurir, Dest: phone}); p.Status != smpp.ESME_RCANCELFAIL {
			t.Errorf("cancel_sm of nothing: %v", p.Status)
		}
		id = e.submitted(text(number, "short"))
		if p := e.ask(&smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte("short-lived"), Validity: "000000000100000R"}); p.Status != smpp.ESME_ROK {
			t.Fatalf("replace_sm: %v", p.Status)
		}
		time.Sleep(2 * time.Minute)
		if p := e.ask(&smpp.QuerySM{MessageID: id, Source: kurir}); p.Body.(*smpp.QuerySMResp).State != smpp.MessageExpired {
			t.Errorf("after its new validity: %v", &p)
		}
	})
}

// TestMulti: each destination and each number of a list is a message; failures are told; all have one id.
func TestMulti(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Lists: map[string][]string{"all": {"46701000001", "46701000002"}}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		to := func(n string) smpp.MultiDest {
			return smpp.MultiDest{Address: smpp.Address{TON: 1, NPI: 1, Addr: n}}
		}
		multi := func(dests ...smpp.MultiDest) *smpp.SubmitMulti {
			return &smpp.SubmitMulti{Source: smpp.Address{TON: 5, Addr: "Kurir"}, Dests: dests, RegisteredDelivery: 1, Text: []byte("x")}
		}
		e.send(multi(to("46701000003"), to("46701099011"), smpp.MultiDest{List: "all"}))
		synctest.Wait()
		var resp *smpp.SubmitMultiResp
		phones := map[string]string{}
		for _, c := range e.take() {
			switch b := c.pdu.Body.(type) {
			case *smpp.SubmitMultiResp:
				resp = b
			case *smpp.DeliverSM:
				r, _ := smpp.ReceiptFrom(b)
				phones[b.Source.Addr] = r.ID
			}
		}
		if resp == nil || resp.MessageID == "" || len(resp.Unsuccess) != 1 || resp.Unsuccess[0].Addr != "46701099011" || resp.Unsuccess[0].Status != smpp.ESME_RINVDSTADR {
			t.Fatalf("submit_multi_resp %+v", resp)
		}
		for _, n := range []string{"46701000001", "46701000002", "46701000003"} {
			if phones[n] != resp.MessageID {
				t.Errorf("the receipt of %s has id %q, want %q", n, phones[n], resp.MessageID)
			}
		}
		if p := e.ask(multi(smpp.MultiDest{List: "none"})); p.Status != smpp.ESME_RINVDLNAME {
			t.Errorf("an unknown list: %v", p.Status)
		}
	})
}
