package api

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
)

// TestUCPStates: each state comes as 53, with the recipient as originator and the second that names the message.
func TestUCPStates(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		id := ucpSent(t, c, ucpText("0701234567", "hello"))
		if v := b.deliver(b.gateway.become(message.Enroute)...); v[gateway.Acknowledged] != 1 || len(c.received()) != 0 {
			t.Errorf("the operator has it: %v", v)
		}
		for _, test := range []struct {
			state message.State
			dst   byte
			rsn   string
		}{
			{message.Buffered, ucp.StatusBuffered, "000"},
			{message.Delivered, ucp.StatusDelivered, "000"},
			{message.Expired, ucp.StatusFailed, "108"},
			{message.Undeliverable, ucp.StatusFailed, "108"},
			{message.Rejected, ucp.StatusFailed, "108"},
			{message.Deleted, ucp.StatusFailed, "108"},
		} {
			time.Sleep(time.Second)
			if v := b.deliver(b.gateway.become(test.state)...); v[gateway.Acknowledged] != 1 {
				t.Fatalf("%v: %v", test.state, v)
			}
			p := c.received()[0]
			m := p.Message()
			if p.Op != ucp.OpNotify || m.OAdC != "0701234567" || m.SCTS != id.SCTS || m.AdC != "6000" || m.Dst != test.dst || m.Rsn != test.rsn {
				t.Errorf("%v: %s", test.state, p)
			}
			if want := string(ucp.AppendSeconds(nil, time.Now(), time.UTC)); m.DSCTS != want {
				t.Errorf("%v: at %s, want %s", test.state, m.DSCTS, want)
			}
			if text := ucp.AlphabetGSM.Decode(m.Msg); !strings.HasPrefix(text, "Message for 0701234567, with identification "+id.SCTS) {
				t.Errorf("%q", text)
			}
		}
	})
}

// TestUCPStateOdd: a receipt comes whatever recipient and sender were written like, and of messages of other interfaces.
func TestUCPStateOdd(t *testing.T) {
	accounts := []account.Account{{Name: "acme", Password: "secret", UCP: account.Login{Name: "8888"}}}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		c, err := b.login(ucp.OpenSession("8888", "secret"))
		if err != nil {
			t.Fatal(err)
		}
		named := message.Address{TON: message.TONAlphanumeric, Number: "Kurir"}
		at := time.Date(2026, 11, 29, 18, 0, 0, 0, time.UTC)
		other := &message.Message{ID: message.FirstIDAt(at), Via: message.ViaREST, Reference: "mine", From: named, To: smppInternational("46701234567")}
		v := b.deliver(
			&gateway.Item{Message: &message.Message{Via: message.ViaUCP, Reference: "at:20261129180000:+46701234567", From: named}, State: message.Delivered},
			&gateway.Item{Message: &message.Message{Via: message.ViaUCP, Reference: "at:20261129180000:" + strings.Repeat("4", 40), From: smppInternational("46701234568901234")}, State: message.Delivered},
			&gateway.Item{Message: &message.Message{Via: message.ViaUCP, Reference: "at:20261129180000:070-123 45", From: message.Address{Number: "odd"}}, State: message.Delivered},
			&gateway.Item{Message: other, State: message.Delivered},
		)
		if v[gateway.Acknowledged] != 4 {
			t.Fatalf("verdicts %v", v)
		}
		got := c.received()
		for i, want := range []struct{ from, to string }{
			{"8888", "46701234567"}, {"4670123456890123", strings.Repeat("4", 22)}, {"8888", "07012345"}, {"8888", "46701234567"},
		} {
			if m := got[i].Message(); m.AdC != want.from || m.OAdC != want.to || m.SCTS != "291126180000" {
				t.Errorf("%d: %s", i, got[i])
			}
		}
	})
}

// TestUCPPlus: a recipient with a plus is accepted, and its receipt comes.
func TestUCPPlus(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		b.mustLogin()
		var talk ucpTalk
		c := &customer{account: b.directory.Load().ByName("acme"), login: &account.Login{}, zone: time.UTC, now: time.Now()}
		p := &ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("+46701234567", "hello")}
		subs, _, ok := talk.submitted(p, c)
		if !ok || subs[0].ToAddr != smppInternational("46701234567") {
			t.Fatalf("%+v", subs)
		}
		answer := talk.accepted(p, c, make([]gateway.Result, 1), []time.Time{c.now})
		if frame, err := ucp.Append(nil, answer); err != nil {
			t.Errorf("%s: %v", frame, err)
		}
	})
}

func TestUCPDeliver(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		if n := b.server.Limit("acme"); n != 0 {
			t.Errorf("limit %d without a session", n)
		}
		if v := b.deliver(smppItems(3)...); v[gateway.NobodyThere] != 3 {
			t.Errorf("without a session: %v", v)
		}
		one, two := b.mustLogin(), b.mustLogin()
		if n := b.server.Limit("acme"); n != 100 {
			t.Errorf("limit %d, want 2 x 50", n)
		}
		if v := b.deliver(smppItems(60)...); v[gateway.Acknowledged] != 60 {
			t.Errorf("verdicts %v", v)
		}
		if a, c := len(one.received()), len(two.received()); a+c != 60 || a < 20 || c < 20 {
			t.Errorf("spread %d and %d", a, c)
		}
		for _, test := range []struct {
			code ucp.Code
			want gateway.Verdict
		}{
			{ucp.CodeSystem, gateway.TryLater},
			{ucp.CodeNotAllowed, gateway.TryLater},
			{ucp.CodeNotSupported, gateway.GiveUp},
			{ucp.CodeCharacterSet, gateway.GiveUp},
		} {
			one.reply(ucpNack(test.code))
			two.reply(ucpNack(test.code))
			b.server.Deliver("acme", smppItems(2))
			synctest.Wait()
			for _, v := range b.gateway.take() {
				if v.Verdict != test.want || v.Code != uint32(test.code) {
					t.Errorf("%v: %+v", test.code, v)
				}
			}
		}
		one.reply(nil)
		two.reply(nil)
		b.server.Deliver("acme", smppItems(4))
		time.Sleep(31 * time.Second)
		synctest.Wait()
		v := smppCount(b.gateway.take())
		if v[gateway.TryLater]+v[gateway.NobodyThere] != 4 {
			t.Errorf("no answer in time: %v", v)
		}
		if n := b.server.Limit("acme"); n != 0 {
			t.Errorf("limit %d after the sessions were given up", n)
		}
	})
}

// TestUCPDeliverEnd: what a session had goes to the others, later; what the last one had waits for the next to come.
func TestUCPDeliverEnd(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		one, two := b.mustLogin(), b.mustLogin()
		one.reply(nil)
		two.reply(nil)
		long := &gateway.Item{Inbound: ucpInbound(strings.Repeat("Ж", 3000), gsm.UCS2)} // more parts than a window has
		b.server.Deliver("acme", append(smppItems(200), long, long))
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
		if second[gateway.NobodyThere] == 0 || first[gateway.TryLater]+second[gateway.TryLater]+second[gateway.NobodyThere] != 202 {
			t.Errorf("both ended: %v, %v", first, second)
		}
	})
}

// TestUCPInbound: a long message goes out in parts and is acknowledged when all of them are.
func TestUCPInbound(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		long := strings.Repeat("Ж", 100)
		flash := ucpInbound("flash", gsm.GSM7)
		flash.Content.Class = 0
		data := ucpInbound("", gsm.Binary)
		data.Content.Data, data.Content.Header = []byte{1, 2}, []byte{4, 4, 2, 1, 2}
		v := b.deliver(
			&gateway.Item{Inbound: ucpInbound("Hej @", gsm.GSM7)}, &gateway.Item{Inbound: ucpInbound(long, gsm.UCS2)}, &gateway.Item{Inbound: data},
			&gateway.Item{Inbound: flash}, &gateway.Item{Inbound: ucpInbound("", gsm.GSM7)}, &gateway.Item{Inbound: ucpInbound("é ☃", gsm.Auto)},
		)
		got := c.received()
		if v[gateway.Acknowledged] != 6 || len(got) != 7 {
			t.Fatalf("%v, %d operations", v, len(got))
		}
		m := got[0].Message()
		if got[0].Op != ucp.OpDeliver || m.AdC != "72345" || m.OAdC != "46701234567" || m.OTOA != ucp.OTOAInternational || m.SCTS != "010100000000" ||
			m.MT != ucp.MTText || string(m.Msg) != "Hej \x00" || m.XSer != nil {
			t.Errorf("short: %s", got[0])
		}
		var text string
		for _, p := range got[1:3] {
			m := p.Message()
			h, _, err := gsm.ParseHeader(m.XSer.UDH())
			if concat, ok := h.Concat(); err != nil || !ok || concat.Total != 2 || m.Coding() != 8 {
				t.Errorf("part: %s", p)
			}
			text += gsm.DecodeUCS2(m.Msg)
		}
		if text != long {
			t.Errorf("parts are %q", text)
		}
		if m := got[3].Message(); m.MT != ucp.MTData || m.Coding() != 4 || string(m.Msg) != "\x01\x02" || string(m.XSer.UDH()) != "\x04\x04\x02\x01\x02" {
			t.Errorf("data: %s", got[3])
		}
		if m := got[4].Message(); m.Coding() != 0x10 || string(m.Msg) != "flash" {
			t.Errorf("flash: %s", got[4])
		}
		if m := got[6].Message(); m.Coding() != 8 || gsm.DecodeUCS2(m.Msg) != "é ☃" {
			t.Errorf("found out: %s", got[6])
		}
	})
}

// TestUCPInboundSenders: whoever wrote, the message comes.
func TestUCPInboundSenders(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		name := func(number string) message.Address {
			return message.Address{TON: message.TONAlphanumeric, Number: number}
		}
		for _, test := range []struct {
			from   message.Address
			to     string
			sender string
			name   bool
		}{
			{name("Kurir"), "72345", "Kurir", true},
			{name("A name that is too long"), "72345", "A name that", true},
			{name("Жук"), "72345", "0", false},
			{message.Address{Number: "12345"}, "72345", "12345", false},
			{message.Address{Number: "Odd"}, "72345", "Odd", true},
			{message.Address{}, "72345", "0", false},
			{message.Address{Number: strings.Repeat("4", 20)}, strings.Repeat("7", 20), strings.Repeat("4", 16), false},
			{name("Kurir"), "Info", "Kurir", true},
		} {
			in := ucpInbound("hello", gsm.GSM7)
			in.From, in.To = test.from, message.Address{Number: test.to}
			if v := b.deliver(&gateway.Item{Inbound: in}); v[gateway.Acknowledged] != 1 {
				t.Errorf("%+v: %v", test, v)
				continue
			}
			m := c.received()[0].Message()
			if sender, isName := m.Sender(); sender != test.sender || isName != test.name {
				t.Errorf("%+v: %q %t", test, sender, isName)
			}
		}
	})
}
