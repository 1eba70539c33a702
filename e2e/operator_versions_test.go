package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kurir/smpp"
)

// bareSMSC is an operator without any rules, for one link: it takes each bind, answers what it is asked as it is told,
// sends every PDU, and keeps what comes.
type bareSMSC struct {
	t       *testing.T
	addr    string
	version smpp.Version
	conns   chan *bareSession
}

// bareSession is a connection on which the link has bound.
type bareSession struct {
	t    *testing.T
	conn net.Conn
	bind *smpp.Bind
	came chan smpp.PDU // all but enquire_link
	seq  uint32
	ids  int
}

func startBareSMSC(t *testing.T, v smpp.Version) *bareSMSC {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &bareSMSC{t: t, addr: l.Addr().String(), version: v, conns: make(chan *bareSession, 10)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go o.serve(c)
		}
	}()
	return o
}

// serve reads one connection to its end.
func (o *bareSMSC) serve(c net.Conn) {
	defer c.Close()
	s := &bareSession{t: o.t, conn: c, came: make(chan smpp.PDU, 100)}
	defer close(s.came)
	for {
		p, err := readPDU(c)
		if err != nil {
			return // who waits for something is told that nothing comes any more; the test may be over
		}
		if b, ok := p.Body.(*smpp.Bind); ok {
			s.bind = b
			resp := &smpp.BindResp{Mode: b.Mode, SystemID: "bare"}
			if o.version.TLVs() {
				resp.TLVs.SetU8(smpp.TagSCInterfaceVersion, uint8(o.version))
			}
			s.write(smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence, Body: resp})
			o.conns <- s
			continue
		}
		s.answer(&p)
		if p.Command != smpp.CommandEnquireLink {
			s.came <- p
		}
	}
}

// readPDU reads one PDU.
func readPDU(c net.Conn) (p smpp.PDU, err error) {
	b := make([]byte, smpp.HeaderLen)
	if _, err = io.ReadFull(c, b); err != nil {
		return p, err
	}
	b = append(b, make([]byte, smpp.ParseHeader(b).Length-smpp.HeaderLen)...)
	if _, err = io.ReadFull(c, b[smpp.HeaderLen:]); err != nil {
		return p, err
	}
	return p, smpp.Decode(b, &p)
}

// answer answers a request with ESME_ROK.
func (s *bareSession) answer(p *smpp.PDU) {
	resp := smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence}
	switch p.Command {
	case smpp.CommandSubmitSM:
		s.ids++
		resp.Body = &smpp.SubmitSMResp{MessageID: strconv.Itoa(1000 + s.ids)}
	case smpp.CommandQuerySM:
		resp.Body = &smpp.QuerySMResp{MessageID: p.Body.(*smpp.QuerySM).MessageID, State: smpp.MessageEnroute}
	case smpp.CommandCancelSM, smpp.CommandReplaceSM, smpp.CommandEnquireLink, smpp.CommandUnbind:
	default:
		return
	}
	s.write(resp)
}

func (s *bareSession) write(p smpp.PDU) { _, _ = s.conn.Write(frame(s.t, p)) }

// next waits for a PDU of a kind, passing over others.
func (s *bareSession) next(id smpp.CommandID) smpp.PDU {
	s.t.Helper()
	for {
		p := receive(s.t, id.String()+" at the operator", s.came)
		if p.Command == 0 {
			s.t.Fatalf("the connection ended without %v", id)
		}
		if p.Command == id {
			return p
		}
	}
}

// ask sends a request and waits for a response of this command.
func (s *bareSession) ask(body smpp.Body, id smpp.CommandID) smpp.PDU {
	s.t.Helper()
	s.seq++
	s.write(smpp.PDU{Sequence: s.seq, Body: body})
	for {
		if p := s.next(id); p.Sequence == s.seq {
			return p
		}
	}
}

// receiptOf is a receipt; from 3.4 on with optional parameters.
func receiptOf(id, number string, v smpp.Version) *smpp.DeliverSM {
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		Source: international(number), Dest: smpp.Address{TON: 5, Addr: "Kurir"}, ESMClass: smpp.ESMReceipt,
		Text: []byte("id:" + id + " sub:001 dlvrd:001 submit date:2611280000 done date:2611280000 stat:DELIVRD err:000 text:"),
	}}
	if v.TLVs() {
		d.TLVs.SetCString(smpp.TagReceiptedMessageID, id)
		d.TLVs.SetU8(smpp.TagMessageState, uint8(smpp.MessageDelivered))
	}
	return d
}

// TestOperationsOfOperators drives every row of the operation matrix in docs/protocols.md that is about our side as
// ESME, with an operator of each version, on one connection and on two: each "yes" works, and of each "no" nothing is
// sent.
func TestOperationsOfOperators(t *testing.T) {
	t.Parallel()
	for _, v := range []smpp.Version{smpp.Version33, smpp.Version34, smpp.Version50} {
		for _, bind := range []string{"transceiver", "receiver+transmitter"} {
			if bind == "transceiver" && v == smpp.Version33 {
				continue // 3.3 has none, and the file is refused
			}
			t.Run(v.String()+" "+bind, func(t *testing.T) {
				t.Parallel()
				testOperationsOfOperators(t, v, bind)
			})
		}
	}
}

func testOperationsOfOperators(t *testing.T, v smpp.Version, bind string) {
	o := startBareSMSC(t, v)
	calls := freeAddr(t)
	set := fmt.Sprintf(", version: %q, bind: %s, enquire_link: 1s, cancel: true, replace: true, outbind: {listen: %q, password: %sknock}", v, bind, calls, secretMark)
	if v.TLVs() {
		set += ", tlvs: {pass: [user_message_reference]}"
	}
	s := startServer(t, nil, serverOptions{account: ", admin: true", connectors: []string{linkTo("op1", o.addr, set)}})
	tx := receive(t, "a bind", o.conns)
	rx := tx
	if bind != "transceiver" {
		if rx = receive(t, "the other bind", o.conns); rx.bind.Mode != smpp.Receiver {
			tx, rx = rx, tx
		}
	}
	for _, b := range []*bareSession{tx, rx} {
		if b.bind.Version != v || b.bind.SystemID != "kurir" || b.bind.Password != linkPass {
			t.Errorf("bind %+v", b.bind)
		}
	}
	if wants := map[string]smpp.BindMode{"transceiver": smpp.Transceiver, "receiver+transmitter": smpp.Transmitter}; tx.bind.Mode != wants[bind] {
		t.Errorf("bound as %v", tx.bind.Mode)
	}

	// submit_sm, and its receipt.
	e := bindTo(t, s.smpp, smpp.Transceiver)
	submit := func(number string) (id, operators string) {
		t.Helper()
		m := shortText(number, "ref-1 "+textMark)
		m.TLVs.SetU16(smpp.TagUserMessageReference, 7)
		status, id := e.submit(m)
		p := tx.next(smpp.CommandSubmitSM)
		b := p.Body.(*smpp.SubmitSM)
		if status != smpp.ESME_ROK || b.Dest.Addr != number || b.RegisteredDelivery != 1 || len(b.TLVs) > 0 != v.TLVs() {
			t.Errorf("%v; submit_sm %+v", status, b)
		}
		s.becomes(id, "enroute")
		return id, strconv.Itoa(1000 + tx.ids)
	}
	id, operators := submit("46701000001")
	if p := rx.ask(receiptOf(operators, "46701000001", v), smpp.CommandDeliverSMResp); p.Status != smpp.ESME_ROK {
		t.Errorf("the receipt is answered %v", p.Status)
	}
	s.becomes(id, "delivered")

	// query_sm, replace_sm, cancel_sm.
	id, operators = submit("46701000002")
	if status, body, _, err := s.do(http.MethodPost, "/v1/messages/"+id+"/query", "", nil); err != nil || status != http.StatusOK {
		t.Errorf("query: %d %s %v", status, body, err)
	}
	if b := tx.next(smpp.CommandQuerySM).Body.(*smpp.QuerySM); b.MessageID != operators || b.Source.Addr != "Kurir" {
		t.Errorf("query_sm %+v", b)
	}
	kurir := smpp.Address{TON: 5, Addr: "Kurir"}
	if p, err := e.sess.Do(t.Context(), &smpp.ReplaceSM{MessageID: id, Source: kurir, RegisteredDelivery: 1, Text: []byte("ref-2 " + textMark)}); err != nil || p.Status != smpp.ESME_ROK {
		t.Errorf("replace_sm: %v %v", &p, err)
	}
	if b := tx.next(smpp.CommandReplaceSM).Body.(*smpp.ReplaceSM); b.MessageID != operators || string(b.Text) != "ref-2 "+textMark || len(b.TLVs) > 0 {
		t.Errorf("replace_sm %+v", b)
	}
	if p, err := e.sess.Do(t.Context(), &smpp.CancelSM{MessageID: id, Source: kurir, Dest: international("46701000002")}); err != nil || p.Status != smpp.ESME_ROK {
		t.Errorf("cancel_sm: %v %v", &p, err)
	}
	if b := tx.next(smpp.CommandCancelSM).Body.(*smpp.CancelSM); b.MessageID != operators || b.Source.Addr != "Kurir" {
		t.Errorf("cancel_sm %+v", b)
	}
	s.becomes(id, "deleted")

	// What submit_multi and data_sm bring goes out as submit_sm, too.
	multi := &smpp.SubmitMulti{Source: kurir, Text: []byte("ref-3 " + textMark), Dests: []smpp.MultiDest{{Address: international("46701000003")}, {Address: international("46701000004")}}}
	if p, err := e.sess.Do(t.Context(), multi); err != nil || p.Status != smpp.ESME_ROK {
		t.Errorf("submit_multi: %v %v", &p, err)
	}
	data := &smpp.DataSM{Source: kurir, Dest: international("46701000005")}
	data.TLVs.Set(smpp.TagMessagePayload, []byte("ref-4 "+textMark))
	if p, err := e.sess.Do(t.Context(), data); err != nil || p.Status != smpp.ESME_ROK {
		t.Errorf("data_sm: %v %v", &p, err)
	}
	var numbers []string
	for range 3 {
		numbers = append(numbers, tx.next(smpp.CommandSubmitSM).Body.(*smpp.SubmitSM).Dest.Addr)
	}
	if slices.Sort(numbers); !slices.Equal(numbers, []string{"46701000003", "46701000004", "46701000005"}) {
		t.Errorf("submit_sm to %v", numbers)
	}
	operatorSends(t, s, rx)

	// outbind.
	listening(t, calls)
	c, err := net.Dial("tcp", calls)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(frame(t, smpp.PDU{Sequence: 1, Body: &smpp.Outbind{SystemID: "bare", Password: secretMark + "knock"}})); err != nil {
		t.Fatal(err)
	}
	go o.serve(c)
	called := receive(t, "a bind on the operator's connection", o.conns)
	if called.bind.Mode != smpp.Receiver || called.bind.Version != v || called.bind.Password != linkPass {
		t.Errorf("on outbind: bind %+v", called.bind)
	}
	in := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Source: international("46701234567"), Dest: international("46737494949"), Text: []byte("in-3 " + textMark)}}
	if p := called.ask(in, smpp.CommandDeliverSMResp); p.Status != smpp.ESME_ROK {
		t.Errorf("deliver_sm after outbind is answered %v", p.Status)
	}
	s.proc.stop()
	for _, b := range []*bareSession{tx, called} {
		b.next(smpp.CommandUnbind)
	}
}

// operatorSends drives what an SMSC sends.
func operatorSends(t *testing.T, s *server, rx *bareSession) {
	t.Helper()
	from, to := international("46701234567"), international(strings.TrimPrefix(service, "+"))
	if p := rx.ask(&smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Source: from, Dest: to, Text: []byte("in-1 " + textMark)}}, smpp.CommandDeliverSMResp); p.Status != smpp.ESME_ROK {
		t.Errorf("deliver_sm is answered %v", p.Status)
	}
	data := &smpp.DataSM{Source: from, Dest: to}
	data.TLVs.Set(smpp.TagMessagePayload, []byte("in-2 "+textMark))
	if p := rx.ask(data, smpp.CommandDataSMResp); p.Status != smpp.ESME_ROK {
		t.Errorf("data_sm is answered %v", p.Status)
	}
	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound", &page)
	texts := []string{}
	for _, in := range page.Inbound {
		texts = append(texts, in.Text)
	}
	if slices.Sort(texts); !slices.Equal(texts, []string{"in-1 " + textMark, "in-2 " + textMark}) {
		t.Errorf("the inbox has %q", texts)
	}
	rx.seq++
	rx.write(smpp.PDU{Sequence: rx.seq, Body: &smpp.AlertNotification{Source: from, ESME: to}}) // has no answer
	if p := rx.ask(&smpp.EnquireLink{}, smpp.CommandEnquireLinkResp); p.Status != smpp.ESME_ROK {
		t.Errorf("enquire_link is answered %v", p.Status)
	}
	// What an SMSC does not send.
	for _, c := range []struct {
		body    smpp.Body
		command smpp.CommandID
		status  smpp.Status
	}{
		{&smpp.Outbind{SystemID: "x"}, smpp.CommandGenericNack, smpp.ESME_RINVBNDSTS},
		{&smpp.QuerySM{MessageID: "1"}, smpp.CommandQuerySMResp, smpp.ESME_RINVBNDSTS},
		{shortText("46701000001", textMark), smpp.CommandSubmitSMResp, smpp.ESME_RINVBNDSTS},
	} {
		if p := rx.ask(c.body, c.command); p.Status != c.status {
			t.Errorf("%s is answered %v", c.body.Command(), &p)
		}
	}
	rx.seq++
	if _, err := rx.conn.Write(rawHead(smpp.HeaderLen, 0x77, 0, rx.seq)); err != nil {
		t.Fatal(err)
	}
	if p := rx.next(smpp.CommandGenericNack); p.Status != smpp.ESME_RINVCMDID || p.Sequence != rx.seq {
		t.Errorf("an unknown command: %v", &p)
	}
}
