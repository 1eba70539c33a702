package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kurir/smpp"
)

// esme is a customer bound over SMPP. What it is sent, it acknowledges and keeps.
type esme struct {
	t    testing.TB
	sess *smpp.Session

	delivered chan smpp.DeliverSM // receipts and inbound messages

	refuse  smpp.Status // answer of deliver_sm instead of ESME_ROK
	answers chan smpp.Response
}

// bindTo binds as the usual account.
func bindTo(t testing.TB, addr string, mode smpp.BindMode) *esme {
	t.Helper()
	return bindRefusing(t, addr, mode, smpp.ESME_ROK)
}

// bindRefusing binds as one who answers every deliver_sm so, from the first that may come.
func bindRefusing(t testing.TB, addr string, mode smpp.BindMode, answer smpp.Status) *esme {
	t.Helper()
	e, err := tryBindAs(newESME(t, answer), addr, smpp.Bind{Mode: mode, SystemID: account, Password: password}, smpp.SessionConfig{Window: 100})
	if err != nil {
		t.Fatalf("bind: %v", err)
	}
	return e
}

func newESME(t testing.TB, answer smpp.Status) *esme {
	return &esme{t: t, refuse: answer, delivered: make(chan smpp.DeliverSM, 100_000), answers: make(chan smpp.Response, 100_000)}
}

func tryBind(t testing.TB, addr string, bind smpp.Bind, conf smpp.SessionConfig) (*esme, error) {
	return tryBindAs(newESME(t, smpp.ESME_ROK), addr, bind, conf)
}

func tryBindAs(e *esme, addr string, bind smpp.Bind, conf smpp.SessionConfig) (*esme, error) {
	d := smpp.Dialer{Hosts: []string{addr}, Bind: bind, Session: conf}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sess, _, err := d.Connect(ctx, e)
	if err != nil {
		return nil, err
	}
	e.sess = sess
	e.t.Cleanup(func() { sess.Close(nil) })
	return e, nil
}

// Requests implements smpp.Handler.
func (e *esme) Requests(s *smpp.Session, requests []smpp.PDU) {
	answers := make([]smpp.PDU, 0, len(requests))
	for i := range requests {
		p := &requests[i]
		d, ok := p.Body.(*smpp.DeliverSM)
		if !ok {
			answers = append(answers, smpp.PDU{Command: p.Command.Response(), Status: smpp.ESME_RINVCMDID, Sequence: p.Sequence})
			continue
		}
		e.delivered <- *d
		answers = append(answers, smpp.PDU{Command: smpp.CommandDeliverSMResp, Status: e.refuse, Sequence: p.Sequence, Body: &smpp.DeliverSMResp{}})
	}
	_ = s.Respond(answers)
}

// Responses implements smpp.Handler.
func (e *esme) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		e.answers <- r
	}
}

// international gives a number the form of an international address.
func international(number string) smpp.Address { return smpp.Address{TON: 1, NPI: 1, Addr: number} }

// shortText is a submit_sm with a text in the default alphabet, receipt asked for.
func shortText(to, text string) *smpp.SubmitSM {
	return &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: smpp.Address{TON: 5, Addr: "Kurir"}, Dest: international(to), RegisteredDelivery: 1, Text: []byte(text),
	}}
}

// submit submits and returns the status and the message id.
func (e *esme) submit(body smpp.Body) (smpp.Status, string) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := e.sess.Do(ctx, body)
	if err != nil {
		e.t.Fatalf("submit: %v", err)
	}
	if r, ok := p.Body.(*smpp.SubmitSMResp); ok {
		return p.Status, r.MessageID
	}
	return p.Status, ""
}

// accepted submits a text that must be accepted.
func (e *esme) accepted(to, text string) (id string) {
	e.t.Helper()
	status, id := e.submit(shortText(to, text))
	if status != smpp.ESME_ROK || id == "" {
		e.t.Fatalf("submit_sm: %v %q", status, id)
	}
	return id
}

// receipt takes the next deliver_sm, which must be a receipt.
func (e *esme) receipt() smpp.Receipt {
	e.t.Helper()
	d := receive(e.t, "a receipt", e.delivered)
	if !smpp.IsReceipt(d.ESMClass) {
		e.t.Fatalf("deliver_sm with esm_class %#x is no receipt", d.ESMClass)
	}
	r, ok := smpp.ReceiptFrom(&d)
	if !ok {
		e.t.Fatalf("the receipt cannot be read")
	}
	return r
}

// receipts takes n receipts and returns their states by message id.
func (e *esme) receipts(n int) map[string][]smpp.MessageState {
	e.t.Helper()
	got := map[string][]smpp.MessageState{}
	for range n {
		r := e.receipt()
		got[r.ID] = append(got[r.ID], r.State)
	}
	return got
}

// unbind ends the session in good order.
func (e *esme) unbind() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if p, err := e.sess.Do(ctx, &smpp.Unbind{}); err != nil || p.Status != smpp.ESME_ROK {
		e.t.Errorf("unbind: %v %v", p.Status, err)
	}
	receive(e.t, "the end of the session", waitDone(e.sess.Done(), patience))
}

// phones gives n different numbers that end in the digits.
func phones(n int, digits string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("4670%05d%s", i, digits)
	}
	return list
}

// stopwatch returns a function that says how long it has been.
func stopwatch() func() time.Duration {
	begin := time.Now()
	return func() time.Duration { return time.Since(begin) }
}
