package e2e

import (
	"fmt"
	"net"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// bareESME is a client without any rules: it sends every PDU in every state, and answers what it is sent.
type bareESME struct {
	t         *testing.T
	conn      net.Conn
	seq       uint32
	delivered []smpp.PDU // deliver_sm and data_sm
}

func dialBare(t *testing.T, addr string) *bareESME {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &bareESME{t: t, conn: c}
}

// bind binds, and checks that the answer is as the version wants it.
func (e *bareESME) bind(mode smpp.BindMode, v smpp.Version) {
	e.t.Helper()
	e.bindAs(account, mode, v)
}

// bindAs is bind with the name of an account.
func (e *bareESME) bindAs(name string, mode smpp.BindMode, v smpp.Version) {
	e.t.Helper()
	p := e.ask(&smpp.Bind{Mode: mode, SystemID: name, Password: password, Version: v})
	body, ok := p.Body.(*smpp.BindResp)
	if p.Status != smpp.ESME_ROK || !ok {
		e.t.Fatalf("bind as %v with %v: %v", mode, v, &p)
	}
	if said, ok := body.Version(); ok != v.TLVs() || ok && said != v { // the version in force
		e.t.Errorf("bind with %v: sc_interface_version %v %t", v, said, ok)
	}
}

// read takes the next PDU; those that bring messages are answered and kept.
func (e *bareESME) read() (p smpp.PDU) {
	e.t.Helper()
	for {
		_ = e.conn.SetReadDeadline(time.Now().Add(patience))
		var err error
		if p, err = readPDU(e.conn); err != nil {
			e.t.Fatalf("nothing comes, or what cannot be read: %v", err)
		}
		switch p.Command {
		case smpp.CommandDeliverSM, smpp.CommandDataSM:
			e.delivered = append(e.delivered, p)
		case smpp.CommandEnquireLink:
		default:
			return p
		}
		_, _ = e.conn.Write(frame(e.t, smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence}))
		if p.Command != smpp.CommandEnquireLink {
			return p
		}
	}
}

// ask sends a request and waits for what answers it.
func (e *bareESME) ask(body smpp.Body) smpp.PDU {
	e.t.Helper()
	e.seq++
	if _, err := e.conn.Write(frame(e.t, smpp.PDU{Sequence: e.seq, Body: body})); err != nil {
		e.t.Fatal(err)
	}
	return e.answer()
}

// answer waits for what answers the request that was sent last.
func (e *bareESME) answer() smpp.PDU {
	e.t.Helper()
	for {
		if p := e.read(); p.Command.IsResponse() && p.Sequence == e.seq {
			return p
		}
	}
}

// next waits for the next message that was brought.
func (e *bareESME) next() smpp.PDU {
	e.t.Helper()
	for len(e.delivered) == 0 {
		e.read()
	}
	p := e.delivered[0]
	e.delivered = e.delivered[1:]
	return p
}

// TestOperations drives every row of the operation matrix in docs/protocols.md that is about our side as SMSC, from an
// ESME of each version: each "yes" works, each "no" has the answer that stands there.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, v := range []smpp.Version{smpp.Version33, smpp.Version34, smpp.Version50} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			testOperations(t, v)
		})
	}
}

func testOperations(t *testing.T, v smpp.Version) {
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{account: `, smpp: {alerts: true}, lists: [{name: staff, numbers: ["+46701000011", "+46701000012"]}]`})
	linked(t, sim)
	kurir := smpp.Address{TON: 5, Addr: "Kurir"}
	e := dialBare(t, s.smpp)
	e.bind(smpp.Transceiver, v)

	submit := func(body smpp.Body) (id string) {
		t.Helper()
		p := e.ask(body)
		switch b := p.Body.(type) {
		case *smpp.SubmitSMResp:
			id = b.MessageID
		case *smpp.DataSMResp:
			id = b.MessageID
		case *smpp.SubmitMultiResp:
			id = b.MessageID
		}
		if p.Status != smpp.ESME_ROK || id == "" || v == smpp.Version33 && len(id) > 8 {
			t.Fatalf("%s: %v", body.Command(), &p)
		}
		return id
	}
	receipt := func(what string, from string) {
		t.Helper()
		p := e.next()
		d, ok := p.Body.(*smpp.DeliverSM)
		if !ok {
			t.Fatalf("receipt of %s: %v", what, &p)
		}
		r, ok := smpp.ReceiptFrom(d)
		if !ok || !smpp.IsReceipt(d.ESMClass) || r.State != smpp.MessageDelivered || from != "" && d.Source.Addr != from || len(d.TLVs) > 0 != v.TLVs() {
			t.Errorf("receipt of %s: %+v %v", what, r, d.TLVs)
		}
	}
	id := submit(shortText("46701000001", "ref-1 "+textMark))
	receipt("submit_sm", "46701000001")
	if p := e.ask(&smpp.QuerySM{MessageID: id, Source: kurir}); p.Status != smpp.ESME_ROK || p.Body.(*smpp.QuerySMResp).State != smpp.MessageDelivered {
		t.Errorf("query_sm: %v", &p)
	}
	data := &smpp.DataSM{Source: kurir, Dest: international("46701000002"), RegisteredDelivery: 1}
	data.TLVs.Set(smpp.TagMessagePayload, []byte("ref-2 "+textMark))
	submit(data)
	receipt("data_sm", "46701000002")
	multi := &smpp.SubmitMulti{
		Source: kurir, RegisteredDelivery: 1, Text: []byte("ref-3 " + textMark),
		Dests: []smpp.MultiDest{{Address: international("46701000003")}, {Address: international("0")}, {List: "staff"}, {List: "nobody"}},
	}
	p := e.ask(multi)
	if b, ok := p.Body.(*smpp.SubmitMultiResp); !ok || p.Status != smpp.ESME_ROK || b.MessageID == "" || len(b.Unsuccess) != 2 {
		t.Errorf("submit_multi: %v", &p)
	} else {
		for _, u := range b.Unsuccess {
			if u.Addr == "nobody" && u.Status != smpp.ESME_RINVDLNAME || u.Addr == "0" && u.Status != smpp.ESME_RINVDSTADR {
				t.Errorf("submit_multi: %s is refused with %v", u.Addr, u.Status)
			}
		}
		for range 3 {
			receipt("submit_multi", "")
		}
	}

	// What waits can be replaced and taken back.
	later := shortText("46701000004", "ref-4 "+textMark)
	later.ScheduleTime = "000001000000000R" // tomorrow
	id = submit(later)
	if p := e.ask(&smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte("ref-5 " + textMark)}); p.Status != smpp.ESME_ROK {
		t.Errorf("replace_sm: %v", &p)
	}
	if p := e.ask(&smpp.CancelSM{MessageID: id, Source: kurir, Dest: later.Dest}); p.Status != smpp.ESME_ROK {
		t.Errorf("cancel_sm: %v", &p)
	}
	if p := e.ask(&smpp.ReplaceSM{MessageID: id, Source: kurir, Text: []byte(textMark)}); p.Status != smpp.ESME_RREPLACEFAIL {
		t.Errorf("replace_sm of a cancelled message: %v", &p)
	}
	other := *later
	other.Dest = international("46701000005")
	submit(&other)
	if p := e.ask(&smpp.CancelSM{Source: kurir, Dest: other.Dest}); p.Status != smpp.ESME_ROK {
		t.Errorf("cancel_sm by addresses: %v", &p)
	}
	if p := e.ask(&smpp.CancelSM{MessageID: "0000000000000", Source: kurir}); p.Status == smpp.ESME_ROK {
		t.Errorf("cancel_sm of nothing: %v", &p)
	}
	e.delivered = nil // receipts of the cancelled ones

	// From a phone.
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: "in-1 " + textMark}); err != nil {
		t.Fatal(err)
	}
	for {
		d, ok := e.next().Body.(*smpp.DeliverSM)
		if ok && d.ESMClass == 0 {
			if string(d.Text) != "in-1 "+textMark {
				t.Errorf("deliver_sm of a message from a phone: %q", d.Text)
			}
			break
		}
	}
	if v.TLVs() {
		alerted(t, sim, e, "46701000001")
	}
	if p := e.ask(&smpp.EnquireLink{}); p.Command != smpp.CommandEnquireLinkResp || p.Status != smpp.ESME_ROK {
		t.Errorf("enquire_link: %v", &p)
	}
	refusals(t, e, v)
	if p := e.ask(&smpp.Unbind{}); p.Command != smpp.CommandUnbindResp || p.Status != smpp.ESME_ROK {
		t.Errorf("unbind: %v", &p)
	}
	states(t, s.smpp, v)
}

// alerted has the operator say that a phone can be reached, of which the customer who wrote to it is told.
func alerted(t *testing.T, sim *simulator.Simulator, e *bareESME, number string) {
	t.Helper()
	if err := sim.Alert(number, ""); err != nil {
		t.Fatal(err)
	}
	for {
		p := e.read()
		if p.Command != smpp.CommandAlertNotification {
			continue
		}
		b := p.Body.(*smpp.AlertNotification)
		status, stated := b.TLVs.U8(smpp.TagMSAvailabilityStatus)
		if b.Source.Addr != number || b.ESME != (smpp.Address{TON: 5, Addr: "Kurir"}) || !stated || status != 0 {
			t.Errorf("alert_notification: %+v", b)
		}
		return
	}
}

// refusals sends a bound session's worth of what is answered with no.
func refusals(t *testing.T, e *bareESME, v smpp.Version) {
	t.Helper()
	broadcast := &smpp.BroadcastSM{TLVs: smpp.TLVs{
		{Tag: smpp.TagBroadcastAreaIdentifier, Value: []byte("\x00west")},
		{Tag: smpp.TagBroadcastContentType, Value: []byte{1, 0, 0}},
		{Tag: smpp.TagBroadcastRepNum, Value: []byte{0, 1}},
		{Tag: smpp.TagBroadcastFrequencyInterval, Value: []byte{9, 0, 1}},
	}}
	broadcastResp := func(id smpp.CommandID) smpp.CommandID {
		if v < smpp.Version50 {
			return smpp.CommandGenericNack
		}
		return id.Response()
	}
	for _, c := range []struct {
		body    smpp.Body
		command smpp.CommandID
		status  smpp.Status
	}{
		{broadcast, broadcastResp(smpp.CommandBroadcastSM), smpp.ESME_RINVCMDID},
		{&smpp.QueryBroadcastSM{MessageID: "1"}, broadcastResp(smpp.CommandQueryBroadcastSM), smpp.ESME_RINVCMDID},
		{&smpp.CancelBroadcastSM{MessageID: "1"}, broadcastResp(smpp.CommandCancelBroadcastSM), smpp.ESME_RINVCMDID},
		{&smpp.DeliverSM{}, smpp.CommandDeliverSMResp, smpp.ESME_RINVBNDSTS},
		{&smpp.AlertNotification{}, smpp.CommandGenericNack, smpp.ESME_RINVBNDSTS},
		{&smpp.Outbind{SystemID: "x"}, smpp.CommandGenericNack, smpp.ESME_RINVBNDSTS},
		{&smpp.Bind{Mode: smpp.Receiver, SystemID: account, Password: password}, smpp.CommandBindReceiverResp, smpp.ESME_RALYBND},
	} {
		if p := e.ask(c.body); p.Command != c.command || p.Status != c.status {
			t.Errorf("%s: %v, want %v %v", c.body.Command(), &p, c.command, c.status)
		}
	}
	e.seq++
	if _, err := e.conn.Write(rawHead(smpp.HeaderLen, 0x77, 0, e.seq)); err != nil {
		t.Fatal(err)
	}
	if p := e.answer(); p.Command != smpp.CommandGenericNack || p.Status != smpp.ESME_RINVCMDID {
		t.Errorf("an unknown command: %v", &p)
	}
}

// states asks for each operation where the bind does not allow it (SMPP 3.4 2.3).
func states(t *testing.T, addr string, v smpp.Version) {
	t.Helper()
	for _, mode := range []smpp.BindMode{smpp.Receiver, smpp.Transmitter} {
		e := dialBare(t, addr)
		e.bind(mode, v)
		want := smpp.ESME_ROK
		if mode == smpp.Receiver {
			want = smpp.ESME_RINVBNDSTS
		}
		if p := e.ask(shortText("46701000009", fmt.Sprintf("ref-%v %s", mode, textMark))); p.Status != want {
			t.Errorf("submit_sm of a %v: %v", mode, p.Status)
		}
		for _, body := range []smpp.Body{&smpp.QuerySM{MessageID: "1"}, &smpp.CancelSM{MessageID: "1"}, &smpp.ReplaceSM{MessageID: "1"}} {
			if p := e.ask(body); (p.Status == smpp.ESME_RINVBNDSTS) != (mode == smpp.Receiver) {
				t.Errorf("%s of a %v: %v", body.Command(), mode, p.Status)
			}
		}
		if p := e.ask(&smpp.Unbind{}); p.Status != smpp.ESME_ROK {
			t.Errorf("unbind of a %v: %v", mode, p.Status)
		}
	}
	early := dialBare(t, addr)
	if p := early.ask(shortText("46701000009", "ref-0 "+textMark)); p.Status != smpp.ESME_RINVBNDSTS {
		t.Errorf("submit_sm before the bind: %v", p.Status)
	}
	if p := early.ask(&smpp.EnquireLink{}); p.Status != smpp.ESME_ROK {
		t.Errorf("enquire_link before the bind: %v", p.Status)
	}
}
