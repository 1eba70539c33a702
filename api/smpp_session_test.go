package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

func TestSMPPBind(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		for _, test := range []struct {
			id, password string
			want         smpp.Status
		}{
			{"acme", "wrong", 0x0E},
			{"acme", "", 0x0E},
			{"nobody", "secret", 0x0F},
			{"", "", 0x0F},
			{"other", "web", 0x0F}, // it has a system_id of its own
			{"otherbox", "web", 0x0E},
			{"otherbox", "pass2", 0},
			{"far", "secret", 0x0D}, // from elsewhere
			{"acme", "secret", 0},
		} {
			before := time.Now()
			c, err := b.bind(smpp.Transceiver, test.id, test.password, smpp.Version34)
			if test.want == 0 {
				if err != nil {
					t.Errorf("%s: %v", test.id, err)
					continue
				}
				c.Close(nil)
				continue
			}
			if !errors.Is(err, test.want) {
				t.Errorf("%s/%s: %v, want %v", test.id, test.password, err, test.want)
			}
			if time.Since(before) < 200*time.Millisecond {
				t.Errorf("%s/%s: refused after %v, want it slow", test.id, test.password, time.Since(before))
			}
		}
		synctest.Wait()
		one, two := b.mustBind(smpp.Transmitter), b.mustBind(smpp.Receiver)
		if _, err := b.bind(smpp.Receiver, "acme", "secret", 0x34); !errors.Is(err, smpp.ESME_RBINDFAIL) {
			t.Errorf("a third session: %v", err)
		}
		if list := b.server.Sessions(); len(list) != 2 || list[0].Account != "acme" || list[0].Version != "3.4" {
			t.Errorf("sessions: %+v", list)
		}
		if b.gateway.wakes != 3 { // the transceivers and the receiver
			t.Errorf("%d wakes, want 3", b.gateway.wakes)
		}
		if p := two.do(t, &smpp.EnquireLink{}); p.Status != 0 {
			t.Errorf("enquire_link: %v", p.Status)
		}
		if err := one.Unbind(t.Context()); err != nil {
			t.Errorf("unbind: %v", err)
		}
		synctest.Wait()
		b.mustBind(smpp.Transceiver) // the place is free again
	})
}

func TestSMPPSubmit(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		p := c.do(t, smppSubmit("hello"))
		if id, err := message.ParseID(p.Body.(*smpp.SubmitSMResp).MessageID); err != nil || id == 0 || p.Status != 0 {
			t.Errorf("answer %v", &p)
		}
		if p := c.do(t, smppSubmit("fail")); p.Status != smpp.ESME_RINVDSTADR {
			t.Errorf("bad recipient: %v", p.Status)
		}
		bad := smppSubmit("x")
		bad.DataCoding = 11
		if p := c.do(t, bad); p.Status != smpp.ESME_RINVDCS {
			t.Errorf("unknown coding: %v", p.Status)
		}
		data := &smpp.DataSM{Dest: smpp.Address{TON: 1, Addr: "46701234567"}}
		data.TLVs.Set(smpp.TagMessagePayload, []byte("by data_sm"))
		if p := c.do(t, data); p.Status != 0 || len(p.Body.(*smpp.DataSMResp).MessageID) != 13 {
			t.Errorf("data_sm: %v", &p)
		}
		one := message.ID(1).String()
		if p := c.do(t, &smpp.QuerySM{MessageID: one}); p.Status != 0 || p.Body.(*smpp.QuerySMResp).State != 2 ||
			p.Body.(*smpp.QuerySMResp).FinalDate != "260301120000000+" {
			t.Errorf("query_sm: %v", &p)
		}
		for _, test := range []struct {
			body smpp.Body
			want smpp.Status
		}{
			{&smpp.QuerySM{MessageID: message.ID(2).String()}, smpp.ESME_RQUERYFAIL},
			{&smpp.QuerySM{MessageID: "nonsense"}, smpp.ESME_RINVMSGID},
			{&smpp.QuerySM{MessageID: one, Source: smpp.Address{TON: 5, Addr: "OTHER"}}, smpp.ESME_RINVSRCADR},
			{&smpp.QuerySM{MessageID: one, Source: smpp.Address{TON: 5, Addr: "ACME"}}, smpp.ESME_ROK},
			{&smpp.CancelSM{MessageID: one}, smpp.ESME_RCANCELFAIL}, // it has left
			{&smpp.CancelSM{MessageID: message.ID(2).String()}, smpp.ESME_RCANCELFAIL},
			{&smpp.CancelSM{}, smpp.ESME_RINVSRCADR},
			{&smpp.CancelSM{Source: smpp.Address{TON: 5, Addr: "ACME"}}, smpp.ESME_RINVDSTADR},
			{&smpp.ReplaceSM{MessageID: one, Text: []byte("x")}, smpp.ESME_RREPLACEFAIL},
			{&smpp.ReplaceSM{MessageID: one, ScheduleTime: "001301000000000+"}, smpp.ESME_RINVSCHED},
		} {
			if p := c.do(t, test.body); p.Status != test.want {
				t.Errorf("%v: %v, want %v", test.body.Command(), p.Status, test.want)
			}
		}
		if len(b.gateway.subs) != 3 {
			t.Errorf("%d submissions, want 3", len(b.gateway.subs))
		}
	})
}

// TestSMPPOverfilled: what exceeds the account's window is throttled, and
// passes when answers have come.
func TestSMPPOverfilled(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		b.gateway.hold = true
		answers := b.flood(80)
		if n := len(answers); n != 30 {
			t.Fatalf("%d answers, want 30 for what exceeds 50", n)
		}
		for range 30 {
			if r := <-answers; r.PDU.Status != smpp.ESME_RTHROTTLED {
				t.Errorf("status %v", r.PDU.Status)
			}
		}
		b.gateway.release()
		for range 50 {
			if r := <-answers; r.PDU.Status != smpp.ESME_ROK {
				t.Errorf("status %v", r.PDU.Status)
			}
		}
		if b.gateway.batches > 5 {
			t.Errorf("%d batches for one write", b.gateway.batches)
		}
	})
}

// flood binds with a window larger than the account's and submits n messages at
// once. It returns the answers, as they come.
func (b *smppBench) flood(n int) <-chan smpp.Response {
	b.t.Helper()
	answers := make(chan smpp.Response, n)
	d := smpp.Dialer{
		Hosts: []string{"pipe:1"}, Dial: b.pipes.dial, Bind: smpp.Bind{SystemID: "acme", Password: "secret"},
		Session: smpp.SessionConfig{Window: n},
	}
	s, _, err := d.Connect(b.t.Context(), smppAnswers{answers})
	if err != nil {
		b.t.Fatal(err)
	}
	requests := make([]smpp.Request, n)
	for i := range requests {
		requests[i].Body = smppSubmit(fmt.Sprint("message ", i))
	}
	if sent, err := s.Send(requests); sent != n || err != nil {
		b.t.Fatal(sent, err)
	}
	synctest.Wait()
	return answers
}

type smppAnswers struct{ ch chan smpp.Response }

func (smppAnswers) Requests(*smpp.Session, []smpp.PDU) {}
func (h smppAnswers) Responses(_ *smpp.Session, list []smpp.Response) {
	for _, r := range list {
		h.ch <- r
	}
}

func smppItems(n int) []*gateway.Item {
	items := make([]*gateway.Item, n)
	for i := range items {
		m := &message.Message{ID: message.ID(i + 1), Parts: 1, To: message.Address{TON: 1, NPI: 1, Number: "46701234567"}}
		items[i] = &gateway.Item{Message: m, State: message.Delivered}
	}
	return items
}

func smppCount(list []gateway.Delivered) map[gateway.Verdict]int {
	n := map[gateway.Verdict]int{}
	for _, d := range list {
		n[d.Verdict]++
	}
	return n
}

func TestSMPPDeliver(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		if n := b.server.Limit("acme"); n != 0 {
			t.Errorf("limit %d without a session", n)
		}
		b.server.Deliver("acme", smppItems(3))
		if v := smppCount(b.gateway.take()); v[gateway.NobodyThere] != 3 {
			t.Errorf("without a session: %v", v)
		}
		sender := b.mustBind(smpp.Transmitter)
		if n := b.server.Limit("acme"); n != 0 {
			t.Errorf("limit %d with a transmitter", n)
		}
		sender.Close(nil)
		synctest.Wait()
		one, two := b.mustBind(smpp.Receiver), b.mustBind(smpp.Transceiver)
		if n := b.server.Limit("acme"); n != 64 {
			t.Errorf("limit %d, want 2 x 32", n)
		}
		b.server.Deliver("acme", smppItems(60))
		synctest.Wait()
		if v := smppCount(b.gateway.take()); v[gateway.Acknowledged] != 60 {
			t.Errorf("verdicts %v", v)
		}
		a, c := len(one.received()), len(two.received())
		if a+c != 60 || a < 20 || c < 20 {
			t.Errorf("spread %d and %d", a, c)
		}

		one.status, two.status = smpp.ESME_RX_T_APPN, smpp.ESME_RX_T_APPN
		b.server.Deliver("acme", smppItems(2))
		synctest.Wait()
		one.status, two.status = smpp.ESME_RX_R_APPN, smpp.ESME_RX_R_APPN
		b.server.Deliver("acme", smppItems(3))
		synctest.Wait()
		if v := smppCount(b.gateway.take()); v[gateway.TryLater] != 2 || v[gateway.GiveUp] != 3 {
			t.Errorf("refused: %v", v)
		}

		one.silent, two.silent = true, true
		b.server.Deliver("acme", smppItems(4))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if v := smppCount(b.gateway.take()); v[gateway.TryLater] != 4 {
			t.Errorf("no answer in time: %v", v)
		}
	})
}

// TestSMPPDeliverEnd: what a session had goes to the others, later; what the
// last one had waits for the next to bind.
func TestSMPPDeliverEnd(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		one, two := b.mustBind(smpp.Receiver), b.mustBind(smpp.Transceiver)
		one.silent, two.silent = true, true
		b.server.Deliver("acme", smppItems(200)) // more than both windows
		synctest.Wait()
		one.Close(nil)
		synctest.Wait()
		first := smppCount(b.gateway.take())
		if first[gateway.TryLater] == 0 || first[gateway.NobodyThere] != 0 {
			t.Errorf("one session ended: %v", first)
		}
		two.Close(nil)
		synctest.Wait()
		second := smppCount(b.gateway.take())
		if second[gateway.NobodyThere] == 0 || first[gateway.TryLater]+second[gateway.NobodyThere] != 200 {
			t.Errorf("both ended: %v, %v", first, second)
		}
	})
}

// TestSMPPDeliverInbound: a long message goes out in parts and is acknowledged
// when all of them are; a peer of version 3.3 gets no optional parameters.
func TestSMPPDeliverInbound(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c, err := b.bind(smpp.Receiver, "acme", "secret", smpp.Version33)
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("Ж", 100)
		items := []*gateway.Item{
			{Inbound: &message.Inbound{
				ID: 1, From: message.Address{TON: 1, NPI: 1, Number: "46701234567"}, To: message.Address{Number: "72345"},
				Content: message.Content{Text: "Hej @", Class: gsm.NoClass},
			}},
			{Inbound: &message.Inbound{ID: 2, Content: message.Content{Text: long, Class: gsm.NoClass}, Encoding: gsm.UCS2}},
			{Inbound: &message.Inbound{
				ID: 3, Content: message.Content{Data: []byte{1, 2}, Header: []byte{4, 4, 2, 1, 2}, Class: gsm.NoClass}, Encoding: gsm.Binary,
			}},
			smppItems(1)[0],
		}
		b.server.Deliver("acme", items)
		synctest.Wait()
		if v := smppCount(b.gateway.take()); v[gateway.Acknowledged] != 4 {
			t.Errorf("verdicts %v", v)
		}
		got := c.received()
		if len(got) != 5 {
			t.Fatalf("%d deliver_sm's, want 5", len(got))
		}
		if d := got[0]; string(d.Text) != "Hej \x00" || d.DataCoding != 0 || d.ESMClass != 0 || d.Source.Addr != "46701234567" || d.Dest.Addr != "72345" {
			t.Errorf("short: %+v", d)
		}
		var text string
		for _, d := range got {
			if d.DataCoding == 8 {
				h, rest, err := gsm.ParseHeader(d.Text)
				concat, ok := h.Concat()
				if err != nil || !ok || concat.Total != 2 || d.ESMClass != 0x40 {
					t.Errorf("part: %+v", d)
				}
				text += gsm.DecodeUCS2(rest)
			}
			if len(d.TLVs) != 0 {
				t.Error("optional parameters for a peer of version 3.3")
			}
		}
		if text != long {
			t.Errorf("parts are %q", text)
		}
	})
}

// TestSMPPDeliverOdd: what is odd of operators reaches customers all the same.
func TestSMPPDeliverOdd(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		full := strings.Repeat("x", 160) // SAR parameters took no room from it
		b.server.Deliver("acme", []*gateway.Item{
			{Inbound: &message.Inbound{
				ID: 1, From: message.Address{TON: 5, Number: strings.Repeat("n", 255)}, To: message.Address{Number: strings.Repeat("4", 21)},
				Content: message.Content{Text: "long addresses", Class: gsm.NoClass},
			}},
			{Inbound: &message.Inbound{
				ID: 2, From: message.Address{TON: 5, Number: "Caféß Δ"}, To: message.Address{Number: "72345"},
				Content: message.Content{Text: "name", Class: gsm.NoClass},
			}},
			{Inbound: &message.Inbound{
				ID: 3, From: message.Address{Number: "1"}, To: message.Address{Number: "72345"}, Encoding: gsm.GSM7,
				Content: message.Content{Text: full, Header: []byte{6, 8, 4, 1, 2, 2, 1}, Class: gsm.NoClass},
			}},
		})
		synctest.Wait()
		if v := smppCount(b.gateway.take()); v[gateway.Acknowledged] != 3 {
			t.Errorf("verdicts %v", v)
		}
		got := c.received()
		if len(got) != 3 {
			t.Fatalf("%d deliver_sm's, want 3", len(got))
		}
		if d := got[0]; d.Source.Addr != strings.Repeat("n", 20) || d.Dest.Addr != strings.Repeat("4", 20) {
			t.Errorf("addresses of %d and %d octets", len(d.Source.Addr), len(d.Dest.Addr))
		}
		if d := got[1]; d.Source.Addr != "Caf\xe9\xdf ?" {
			t.Errorf("name %q", d.Source.Addr)
		}
		if d := got[2]; string(d.Text) != full || d.ESMClass != 0 {
			t.Errorf("esm_class %#x, %q", d.ESMClass, d.Text)
		}
	})
}
