package e2e

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestESME binds in the three ways, submits, and gets receipts where they can be received.
func TestESME(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	// A transmitter submits; the receipt waits until somebody can receive.
	tx := bindTo(t, s.smpp, smpp.Transmitter)
	first := tx.accepted("46701000001", "ref-1 "+textMark)
	eventually(t, "the text arrived", func() bool { return sim.Stats().Accepted == 1 })
	rx := bindTo(t, s.smpp, smpp.Receiver)
	if r := rx.receipt(); r.ID != first || r.State != smpp.MessageDelivered || r.Stat != "DELIVRD" || r.Sub != "001" || r.Dlvrd != "001" {
		t.Errorf("receipt %+v of %s", r, first)
	}
	tx.unbind()
	rx.unbind()

	// A transceiver does both.
	trx := bindTo(t, s.smpp, smpp.Transceiver)
	ids := map[string]smpp.MessageState{
		trx.accepted("46701000002", "ref-2 "+textMark): smpp.MessageDelivered,
		trx.accepted("46701099605", "ref-3 "+textMark): smpp.MessageUndeliverable,
		trx.accepted("46701099603", "ref-4 "+textMark): smpp.MessageExpired,
		trx.accepted("46701099011", "ref-5 "+textMark): smpp.MessageRejected,
	}
	for id, states := range trx.receipts(len(ids)) {
		if want, ok := ids[id]; !ok || len(states) != 1 || states[0] != want {
			t.Errorf("receipts of %s: %v, want %v", id, states, want)
		}
	}
	if status, _ := trx.submit(&smpp.EnquireLink{}); status != smpp.ESME_ROK {
		t.Errorf("enquire_link: %v", status)
	}
	// No receipt asked for, and none comes.
	quiet := shortText("46701000006", "ref-6 "+textMark)
	quiet.RegisteredDelivery = 0
	if status, id := trx.submit(quiet); status != smpp.ESME_ROK || id == "" {
		t.Errorf("submit_sm without receipt: %v", status)
	}
	trx.unbind()
	if len(trx.delivered) > 0 {
		d := <-trx.delivered
		t.Errorf("a receipt that nobody asked for: %+v", d.Dest)
	}
}

// TestESMELong sends long texts in each of the ways in which ESMEs do.
func TestESMELong(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	text := "ref-long " + textMark + strings.Repeat(" 0123456789", 21) // 240 octets, which is two parts
	whole := shortText("46703000001", text)
	payload := shortText("46703000002", "")
	payload.TLVs.Set(smpp.TagMessagePayload, []byte(text))
	for _, m := range []*smpp.SubmitSM{whole, payload} {
		if status, _ := e.submit(m); status != smpp.ESME_ROK {
			t.Fatalf("submit_sm: %v", status)
		}
		if r := e.receipt(); r.State != smpp.MessageDelivered {
			t.Errorf("receipt %+v", r)
		}
		if got := shown(t, sim, m.Dest.Addr); got.Text != text || got.Parts != 2 {
			t.Errorf("%s shows %d parts, %q", m.Dest.Addr, got.Parts, got.Text)
		}
	}

	// Parts that the customer made: each is a message of its own with its receipt.
	for i, part := range []string{text[:150], text[150:]} {
		udh := shortText("46703000003", "\x05\x00\x03\x2a\x02"+string(rune(i+1))+part)
		udh.ESMClass = 0x40
		sar := shortText("46703000004", part)
		sar.TLVs.SetU16(smpp.TagSARMsgRefNum, 42)
		sar.TLVs.SetU8(smpp.TagSARTotalSegments, 2)
		sar.TLVs.SetU8(smpp.TagSARSegmentSeqnum, uint8(i+1))
		for _, m := range []*smpp.SubmitSM{udh, sar} {
			if status, _ := e.submit(m); status != smpp.ESME_ROK {
				t.Fatalf("submit_sm of a part: %v", status)
			}
		}
	}
	e.receipts(4)
	for _, number := range []string{"46703000003", "46703000004"} {
		if got := shown(t, sim, number); got.Text != text {
			t.Errorf("%s shows %q", number, got.Text)
		}
	}

	ucs2 := shortText("46703000005", "\x04\x1f\x04\x40\x04\x38\xd8\x3d\xde\x00")
	ucs2.DataCoding = 8
	if status, _ := e.submit(ucs2); status != smpp.ESME_ROK {
		t.Fatal(status)
	}
	if got := shown(t, sim, "46703000005"); got.Text != "При😀" {
		t.Errorf("UCS-2 arrives as %q", got.Text)
	}
}

// TestBindRefused: who may not bind is told why by the command_status.
func TestBindRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil, serverOptions{
		accounts: []string{
			`{name: far, password: ` + secretMark + `1, addresses: [192.0.2.0/24]}`,
			`{name: one, password: ` + secretMark + `2, smpp: {sessions: 1}}`,
		},
	})
	for _, c := range []struct {
		id, password string
		want         smpp.Status
	}{
		{"nobody", secretMark + "1", smpp.ESME_RINVSYSID},
		{account, secretMark + "no", smpp.ESME_RINVPASWD},
		{"far", secretMark + "1", smpp.ESME_RBINDFAIL},
		{"one", secretMark + "2", smpp.ESME_ROK},
		{"one", secretMark + "2", smpp.ESME_RBINDFAIL}, // the first is still bound
	} {
		_, err := tryBind(t, s.smpp, smpp.Bind{Mode: smpp.Transceiver, SystemID: c.id, Password: c.password}, smpp.SessionConfig{})
		var refused *smpp.BindError
		switch {
		case c.want == smpp.ESME_ROK && err != nil:
			t.Errorf("%s: %v", c.id, err)
		case c.want != smpp.ESME_ROK && (!errors.As(err, &refused) || refused.Status != c.want):
			t.Errorf("%s: %v, want %v", c.id, err, c.want)
		}
	}
}

// TestComplaint03ReceiptsWait: receipts and inbound messages are kept on disk until the customer binds, also over a restart,
// and until he acknowledges them.
func TestComplaint03ReceiptsWait(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	const count = 150

	tx := bindTo(t, s.smpp, smpp.Transmitter)
	want := map[string]bool{}
	for _, number := range phones(count, "1") {
		want[tx.accepted(number, "ref "+textMark)] = true
	}
	tx.unbind()
	if err := sim.Inject(simulator.Inbound{From: "46701000001", To: "46737494949", Text: "in-1 " + textMark}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all are delivered", func() bool { return s.metric(`kurir_messages_final_total{state="delivered"}`) == count })
	eventually(t, "the inbound message is acknowledged", func() bool { return sim.Stats().Acked == count+1 })
	s.restart()

	// One who refuses gets them again.
	bad := bindRefusing(t, s.smpp, smpp.Receiver, smpp.ESME_RX_T_APPN)
	receive(t, "a receipt that is refused", bad.delivered)
	bad.sess.Close(nil)
	s.restart()

	rx := bindTo(t, s.smpp, smpp.Receiver)
	inbound := 0
	for len(want) > 0 || inbound == 0 {
		d := receive(t, "a receipt", rx.delivered)
		if !smpp.IsReceipt(d.ESMClass) {
			inbound++
			if string(d.Text) != "in-1 "+textMark || d.Source.Addr != "46701000001" || d.Dest.Addr != "46737494949" {
				t.Errorf("inbound message %+v %q", d.Source, d.Text)
			}
			continue
		}
		r, _ := smpp.ReceiptFrom(&d)
		if !want[r.ID] {
			t.Errorf("receipt %s twice, or of nothing", r.ID)
		}
		delete(want, r.ID)
	}
	rx.unbind()
	s.restart()
	again := bindTo(t, s.smpp, smpp.Receiver)
	id := again.accepted2(t, s)
	if r := again.receipt(); r.ID != id {
		t.Errorf("receipt of %s came again", r.ID)
	}
}

// accepted2 submits on a transmitter of its own, for a session that only receives.
func (e *esme) accepted2(t testing.TB, s *server) string {
	t.Helper()
	tx := bindTo(t, s.smpp, smpp.Transmitter)
	defer tx.unbind()
	return tx.accepted("46701000009", "ref-after "+textMark)
}

// TestInbound: a text typed on a phone goes to a webhook, to a bound session and to the inbox, as the rules say.
func TestInbound(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	h := startHook(t)
	s := startServer(t, sim, serverOptions{
		inbound: []string{
			`{keyword: info, account: ` + account + `, do: [{webhook: "` + h.URL + `/info"}]}`,
			`{keyword: both, account: ` + account + `, do: [{webhook: "` + h.URL + `/both"}, {smpp: ` + account + `}]}`,
			`{keyword: bound, do: [{smpp: ` + account + `}]}`,
		},
	})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Receiver)
	write := func(text string) {
		t.Helper()
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	long := "both " + textMark + strings.Repeat(" åäö 0123456789", 25)
	write("INFO " + textMark)
	write(long)
	write("bound " + textMark + " Привет")
	write("nothing " + textMark)

	got := map[string]string{}
	for range 2 {
		c := receive(t, "an inbound webhook", h.calls)
		ev := c.event(t, hookSecret)
		if ev.Type != "message.inbound" || ev.Data.From != "+46701234567" || ev.Data.To != service {
			t.Errorf("webhook %s", c.Body)
		}
		got[c.Path] = ev.Data.Text
	}
	if got["/info"] != "INFO "+textMark || got["/both"] != long {
		t.Errorf("webhooks got %q", got)
	}
	words := map[string]int{}
	for range 5 { // three parts of the long one, the one in Cyrillic, and the one that no rule names
		d := receive(t, "an inbound message on the session", e.delivered)
		switch {
		case d.ESMClass&0x40 != 0:
			words["both"]++
		case d.DataCoding == 8:
			words["bound"]++
		default:
			words[strings.Fields(string(d.Text))[0]]++
		}
	}
	if words["both"] != 3 || words["bound"] != 1 || words["nothing"] != 1 {
		t.Errorf("the session got %v", words)
	}

	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound?sort=id", &page)
	if len(page.Inbound) != 4 || page.Inbound[1].Text != long || page.Inbound[2].Text != "bound "+textMark+" Привет" {
		t.Errorf("the inbox has %+v", page.Inbound)
	}
	one := viewed{}
	s.fetch("/v1/inbound/"+page.Inbound[0].ID, &one)
	if one.Text != "INFO "+textMark {
		t.Errorf("one of the inbox: %+v", one)
	}
}

// TestComplaint09PartReceipts: with receipts_per: part a customer is told of each part of a long message when the operator's receipt
// comes, while the others are awaited, and of none twice.
func TestComplaint09PartReceipts(t *testing.T) {
	t.Parallel()
	o := startBareSMSC(t, smpp.Version34) // whose receipts come when the test says so
	s := startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", o.addr, ", window: 10")}, account: ", smpp: {receipts_per: part}"})
	link := receive(t, "a bind", o.conns)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	arrives := func(number string, part int) {
		t.Helper()
		if p := link.ask(receiptOf(strconv.Itoa(1000+part), number, smpp.Version34), smpp.CommandDeliverSMResp); p.Status != smpp.ESME_ROK {
			t.Errorf("the receipt of part %d is answered %v", part, p.Status)
		}
	}
	id := e.accepted("46701000001", "ref-1 "+textMark+" "+strings.Repeat("0123456789", 15)[:135])
	link.next(smpp.CommandSubmitSM)
	arrives("46701000001", 1)
	if r := e.receipt(); r.ID != id {
		t.Fatalf("receipt of %s, which has one part, want %s", r.ID, id)
	}
	const parts = 4
	m := shortText("46701000002", "")
	m.TLVs.Set(smpp.TagMessagePayload, []byte("ref-2 "+textMark+" "+strings.Repeat("0123456789", 55)))
	status, id := e.submit(m)
	if status != smpp.ESME_ROK {
		t.Fatal(status)
	}
	for range parts {
		link.next(smpp.CommandSubmitSM)
	}
	seen := map[uint8]bool{}
	for n := 1; n <= parts; n++ {
		arrives("46701000002", 1+[]int{3, 1, 4, 2}[n-1])
		d := receive(t, "a receipt", e.delivered)
		r, _ := smpp.ReceiptFrom(&d)
		total, _ := d.TLVs.U8(smpp.TagSARTotalSegments)
		number, _ := d.TLVs.U8(smpp.TagSARSegmentSeqnum)
		if r.ID != id || r.State != smpp.MessageDelivered || total != parts || number < 1 || number > parts || seen[number] || r.Sub != "004" {
			t.Errorf("receipt of part %d of %d: %+v", number, total, r)
		}
		seen[number] = true
		if v := s.message(id); n < parts && v.State != "enroute" {
			t.Errorf("after %d receipts of %d the message is %s", n, parts, v.State)
		}
	}
	s.becomes(id, "delivered")
	e.unbind()
	if len(e.delivered) > 0 {
		t.Errorf("%d more receipts came", len(e.delivered))
	}
}
