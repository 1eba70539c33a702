package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestManageAtOperator: what an operator has already is taken back and replaced there by a customer's cancel_sm and
// replace_sm, and asked for by an administrator, where the link permits it; where not, nothing reaches the operator.
func TestManageAtOperator(t *testing.T) {
	t.Parallel()
	one, two := startSimulator(t, simulator.Options{}), startSimulator(t, simulator.Options{})
	s := startServer(t, nil, serverOptions{
		account:    ", admin: true",
		connectors: []string{linkTo("op1", one.Addr(), ", cancel: true, replace: true"), linkTo("op2", two.Addr(), "")},
		routes:     []string{`{to: "+4670*", via: [op1]}`, `{to: "*", via: [op2]}`},
	})
	linked(t, one)
	linked(t, two)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	kurir := smpp.Address{TON: 5, Addr: "Kurir"}
	// enroute has a message wait at its operator for a phone that is off.
	enroute := func(sim *simulator.Simulator, number, text string) string {
		t.Helper()
		id := e.accepted(number, text)
		eventually(t, "the operator has "+number, func() bool { return s.message(id).State == "enroute" && sim.Stats().Stored > 0 })
		return id
	}
	do := func(body smpp.Body) smpp.PDU {
		t.Helper()
		p, err := e.sess.Do(t.Context(), body)
		if err != nil {
			t.Fatalf("%v: %v", body.Command(), err)
		}
		return p
	}
	managed := func(sim *simulator.Simulator) uint64 { return uint64(sim.Stats().Managed) }

	// replace_sm: the phone gets the new text.
	id := enroute(one, "46701099801", "ref-1 "+textMark)
	if p := do(&smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte("ref-2 " + textMark + " new")}); p.Status != smpp.ESME_ROK {
		t.Errorf("replace_sm: %v", p.Status)
	}
	if n := managed(one); n != 1 {
		t.Errorf("the operator was asked %d times, want once", n)
	}
	if v := s.message(id); v.Text != "ref-2 "+textMark+" new" || v.State != "enroute" {
		t.Errorf("the message is %s, %q", v.State, v.Text)
	}
	if p := do(&smpp.QuerySM{MessageID: id, Source: kurir}); p.Status != smpp.ESME_ROK || p.Body.(*smpp.QuerySMResp).State != smpp.MessageEnroute {
		t.Errorf("query_sm: %v", &p)
	}
	if err := one.SetPhone("46701099801", simulator.PhoneOn, 0); err != nil {
		t.Fatal(err)
	}
	if r := e.receipt(); r.ID != id || r.State != smpp.MessageDelivered {
		t.Errorf("receipt %+v", r)
	}
	if ph, _ := one.Phone("46701099801", 5); len(ph.Texts) != 1 || ph.Texts[0].Text != "ref-2 "+textMark+" new" {
		t.Errorf("the phone shows %+v", ph.Texts)
	}

	// cancel_sm: it never gets it.
	id = enroute(one, "46701199801", "ref-3 "+textMark)
	if p := do(&smpp.CancelSM{MessageID: id, Source: kurir, Dest: international("46701199801")}); p.Status != smpp.ESME_ROK {
		t.Errorf("cancel_sm: %v", p.Status)
	}
	if r := e.receipt(); r.ID != id || r.State != smpp.MessageDeleted {
		t.Errorf("receipt %+v", r)
	}
	if one.Stats().Stored != 0 {
		t.Error("the operator still has it")
	}

	// cancel_sm by addresses: all that the operator has for the phone, and nothing else.
	id, keep := enroute(one, "46702199801", "ref-6 "+textMark), enroute(one, "46703199801", "ref-7 "+textMark)
	also := enroute(one, "46702199801", "ref-8 "+textMark)
	eventually(t, "the operator has all", func() bool { return one.Stats().Stored == 3 })
	if p := do(&smpp.CancelSM{Source: kurir, Dest: international("46702199801")}); p.Status != smpp.ESME_ROK {
		t.Errorf("cancel_sm by addresses: %v", p.Status)
	}
	for range 2 {
		if r := e.receipt(); r.ID != id && r.ID != also || r.State != smpp.MessageDeleted {
			t.Errorf("receipt %+v", r)
		}
	}
	if one.Stats().Stored != 1 || s.message(keep).State != "enroute" {
		t.Error("the message to another phone was taken back too")
	}

	// A receipt that was lost: the operator is asked, and what he says is as good.
	id = e.accepted("46701099500", "ref-4 "+textMark)
	eventually(t, "the operator has it", func() bool { return s.message(id).State == "enroute" })
	if status, body, _, err := s.do(http.MethodPost, "/v1/messages/"+id+"/query", "", nil); err != nil || status != http.StatusOK {
		t.Errorf("query: %d %s %v", status, body, err)
	}
	if r := e.receipt(); r.ID != id || r.State != smpp.MessageDelivered {
		t.Errorf("receipt %+v", r)
	}

	// Where the link permits neither, the operator hears nothing.
	id = enroute(two, "47101099801", "ref-5 "+textMark)
	for _, c := range []struct {
		body smpp.Body
		want smpp.Status
	}{
		{&smpp.CancelSM{MessageID: id, Source: kurir}, smpp.ESME_RCANCELFAIL},
		{&smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte(textMark)}, smpp.ESME_RREPLACEFAIL},
	} {
		if p := do(c.body); p.Status != c.want {
			t.Errorf("%v where the link permits it not: %v, want %v", c.body.Command(), p.Status, c.want)
		}
	}
	if n := managed(two); n != 0 || two.Stats().Stored != 1 {
		t.Errorf("the operator was asked %d times", n)
	}

	// What is final, or unknown to the operator, is refused.
	for i, body := range []smpp.Body{
		&smpp.CancelSM{MessageID: "0000000000000", Source: kurir},
		&smpp.CancelSM{MessageID: id, Source: smpp.Address{TON: 5, Addr: "Nobody"}},
	} {
		if p := do(body); p.Status == smpp.ESME_ROK {
			t.Errorf("%s: %v", fmt.Sprint(i, body.Command()), p.Status)
		}
	}
}
