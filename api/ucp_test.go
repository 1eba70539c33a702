package api

import (
	"errors"
	"slices"
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

func TestUCPLogin(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		for _, test := range []struct {
			name, password string
			want           ucp.Code
		}{
			{"acme", "wrong", ucp.CodeAuthentication},
			{"acme", "", ucp.CodeAuthentication},
			{"nobody", "secret", ucp.CodeAuthentication},
			{"", "", ucp.CodeAuthentication},
			{"other", "web", ucp.CodeAuthentication}, // it has a name of its own
			{"8888", "web", ucp.CodeAuthentication},
			{"8888", "pass2", ucp.CodeNone},
			{"far", "secret", ucp.CodeAuthentication}, // from elsewhere
			{"acme", "secret", ucp.CodeNone},
		} {
			before := time.Now()
			c, err := b.login(ucp.OpenSession(test.name, test.password))
			if test.want == ucp.CodeNone {
				if err != nil {
					t.Errorf("%s: %v", test.name, err)
					continue
				}
				c.Close(nil)
				continue
			}
			if !errors.Is(err, test.want) {
				t.Errorf("%s/%s: %v, want %v", test.name, test.password, err, test.want)
			}
			if time.Since(before) < 200*time.Millisecond {
				t.Errorf("%s/%s: refused after %v, want it slow", test.name, test.password, time.Since(before))
			}
		}
		synctest.Wait()
		one := b.mustLogin()
		b.mustLogin()
		if _, err := b.login(ucp.OpenSession("acme", "secret")); !errors.Is(err, ucp.CodeNotAllowed) {
			t.Errorf("a third session: %v", err)
		}
		list := b.all.List()
		if len(list) != 2 || list[0].Account != "acme" || list[0].Version != "UCP" || list[0].ID == list[1].ID || list[0].Window != 50 {
			t.Errorf("sessions: %+v", list)
		}
		if b.gateway.wakes != 4 {
			t.Errorf("%d wakes, want 4", b.gateway.wakes)
		}
		one.Close(nil)
		synctest.Wait()
		b.mustLogin() // the place is free again
	})
}

// TestUCPBeforeLogin: nothing but a log-in is taken before one, and no other kind of op 60.
func TestUCPBeforeLogin(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		for _, test := range []struct {
			pdu  *ucp.PDU
			want ucp.Code
		}{
			{&ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("46701234567", "early")}, ucp.CodeNotAllowed},
			{&ucp.PDU{Op: ucp.OpSession, Body: &ucp.Login{OAdC: "acme", STYP: ucp.SessionPassword, Pwd: "secret", NPwd: "new", Vers: ucp.Version}}, ucp.CodeNotAllowed},
		} {
			c, err := b.login(nil)
			if err != nil {
				t.Fatal(err)
			}
			if r := c.do(t, test.pdu).Outcome(); r.Code != test.want {
				t.Errorf("%v: %v", test.pdu.Op, r.Code)
			}
			c.Close(nil)
		}
		if len(b.gateway.taken()) != 0 {
			t.Error("a message was taken before the log-in")
		}
		c := b.mustLogin()
		if r := ucpDo(t, c, ucp.OpSession, ucp.OpenSession("acme", "secret")); r.Code != ucp.CodeNotAllowed {
			t.Errorf("a second log-in: %v", r.Code)
		}
		change := &ucp.Login{OAdC: "acme", STYP: ucp.SessionPassword, Pwd: "secret", NPwd: "new", Vers: ucp.Version}
		if r := ucpDo(t, c, ucp.OpSession, change); r.Code != ucp.CodeNotSupported {
			t.Errorf("a new password: %v", r.Code)
		}
	})
}

// TestUCPKnown: who comes from an address of an account needs no log-in; the number of sessions holds for him too.
func TestUCPKnown(t *testing.T) {
	accounts := []account.Account{{Name: "acme", UCP: account.Login{Addresses: []string{"192.0.2.0/24"}, Sessions: 1}}}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		for _, from := range []string{"198.51.100.1:4", "192.0.2.7:4", "192.0.2.8:4"} {
			b.from = netipPort(from)
			c, err := b.login(nil)
			if err != nil {
				t.Fatal(err)
			}
			want := ucp.CodeNotAllowed
			if from == "192.0.2.7:4" {
				want = ucp.CodeNone
			}
			if r := ucpDo(t, c, ucp.OpSubmit, ucpText("46701234567", "hello")); r.Code != want {
				t.Errorf("%s: %v", from, r.Code)
			}
		}
		if v := b.deliver(b.gateway.become(message.Delivered)...); v[gateway.Acknowledged] != 1 {
			t.Errorf("verdicts %v", v)
		}
	})
}

// TestUCPKnownLogsIn: who is known by his address may log in all the same, and so may others from there. Until somebody has, or
// has said something else, nothing is delivered.
func TestUCPKnownLogsIn(t *testing.T) {
	accounts := []account.Account{
		{Name: "acme", Password: "secret", UCP: account.Login{Name: "8888", Addresses: []string{"192.0.2.0/24"}}},
		{Name: "other", Password: "pass2", UCP: account.Login{Name: "7777"}},
	}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		b.from = netipPort("192.0.2.7:4")
		hold := func(when string, accounts ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for _, s := range b.all.List() {
				got = append(got, s.Account)
			}
			if !slices.Equal(got, accounts) {
				t.Errorf("%s: sessions of %q, want %q", when, got, accounts)
			}
		}
		open := func(c *ucpClient, name, password string) ucp.Code {
			t.Helper()
			return ucpDo(t, c, ucp.OpSession, ucp.OpenSession(name, password)).Code
		}
		for name, want := range map[string]string{"8888": "acme", "7777": "other"} {
			c, _ := b.login(nil)
			hold(name + " before the log-in")
			if code := open(c, name, map[string]string{"8888": "secret", "7777": "pass2"}[name]); code != ucp.CodeNone {
				t.Errorf("%s: %v", name, code)
			}
			hold(name, want)
			if code := open(c, name, "secret"); code != ucp.CodeNotAllowed {
				t.Errorf("%s once more: %v", name, code)
			}
			c.Close(nil)
		}
		c, _ := b.login(nil)
		if code := open(c, "8888", "wrong"); code != ucp.CodeAuthentication {
			t.Errorf("wrong password: %v", code)
		}
		hold("wrong password")
		c, _ = b.login(nil) // who is silent is known by the address
		time.Sleep(6 * time.Second)
		hold("silent", "acme")
		if code := open(c, "8888", "secret"); code != ucp.CodeNone {
			t.Errorf("late: %v", code)
		}
		hold("late", "acme")
		ucpSent(t, c, ucpText("46701234567", "hello"))
		c.Close(nil)
		c, _ = b.login(nil)
		ucpSent(t, c, ucpText("46701234568", "hello"))
		hold("has sent", "acme")
		if code := open(c, "7777", "pass2"); code != ucp.CodeNotAllowed {
			t.Errorf("another's session: %v", code)
		}
		hold("another's session")
		if b.gateway.wakes != 4 {
			t.Errorf("%d wakes, want 4", b.gateway.wakes)
		}
	})
}

// TestUCPGone: an account that is taken out of the configuration is refused, its session ends, and nothing that it is
// owed stays behind.
func TestUCPGone(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c, idle := b.mustLogin(), b.mustLogin()
		ucpSent(t, c, ucpText("46701234567", "hello"))
		b.directory.Store(account.NewDirectory([]account.Account{{Name: "other", Password: "web"}}, nil))
		if r := ucpDo(t, c, ucp.OpSubmit, ucpText("46701234567", "again")); r.Code != ucp.CodeAuthentication {
			t.Errorf("%v", r.Code)
		}
		synctest.Wait()
		if c.Err() == nil {
			t.Error("the session goes on")
		}
		if v := b.deliver(b.gateway.become(message.Delivered)...); v[gateway.NobodyThere]+v[gateway.TryLater] != 1 {
			t.Errorf("verdicts %v", v)
		}
		synctest.Wait()
		if idle.Err() == nil {
			t.Error("the idle session goes on")
		}
		if _, err := b.login(ucp.OpenSession("acme", "secret")); !errors.Is(err, ucp.CodeAuthentication) {
			t.Errorf("%v", err)
		}
	})
}

// TestUCPSubmit: the three operations that carry a message, and what the gateway makes of it.
func TestUCPSubmit(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		ucpSent(t, c, ucpText("46701234567", "Hej åäö @€[]"))
		if r := ucpDo(t, c, ucp.OpTransfer, &ucp.Transfer{AdC: "0701234567", OAdC: "6000", NRq: '1', Msg: []byte("by 30")}); r.Code != ucp.CodeNone ||
			!strings.HasPrefix(r.SM, "0701234567:") {
			t.Errorf("30: %+v", r)
		}
		if r := ucpDo(t, c, ucp.OpCallInput, &ucp.CallInput{AdC: "46701234568", MT: ucp.MTDigits, Msg: []byte("12345")}); r.Code != ucp.CodeNone {
			t.Errorf("01: %+v", r)
		}
		subs := b.gateway.taken()
		if len(subs) != 3 {
			t.Fatalf("%d submissions", len(subs))
		}
		one, two, three := subs[0], subs[1], subs[2]
		if one.Content.Text != "Hej åäö @€[]" || one.ToAddr != smppInternational("46701234567") || one.From != "6000" || one.Receipts != message.ReceiptFinal ||
			one.Target.Kind != message.SMPPTarget || one.Via != message.ViaUCP || one.Priority != message.Normal || one.Account.Name != "acme" {
			t.Errorf("51: %+v", one)
		}
		if two.Content.Text != "by 30" || two.To != "0701234567" || two.ToAddr.Number != "" || two.Receipts != message.ReceiptFinal {
			t.Errorf("30: %+v", two)
		}
		if three.Content.Text != "12345" || three.From != "" || three.FromAddr.Number != "" || three.Receipts != 0 || three.Target.Kind != message.NoTarget {
			t.Errorf("01: %+v", three)
		}
		for _, op := range []*ucp.PDU{
			{Op: ucp.OpMultipleInput, Body: &ucp.MultipleInput{Recipients: []string{"46701234567"}, MT: ucp.MTText, Msg: []byte("x")}},
			{Op: ucp.OpList, Body: &ucp.List{Login: ucp.Login{OAdC: "6000", STYP: ucp.ListAddTerminating, LAdC: "1"}}},
			{Op: ucp.OpDeliver, Body: ucpText("6000", "the wrong way")},
		} {
			if r := c.do(t, op).Outcome(); r.Code == ucp.CodeNone || r.Code == ucp.CodeNotFound {
				t.Errorf("%v: %v", op.Op, r.Code)
			}
		}
	})
}

// TestUCPSenders: numbers and names as sender.
// A refusal of many words is cut to what a result can carry: the customer has to get it.
func TestUCPLongRefusal(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		b.gateway.fail = func(*gateway.Submission) *message.Failure {
			return message.Fail(message.Blocked, "to", "%s", strings.Repeat("x", 201))
		}
		resp, err := c.Do(t.Context(), &ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("46701234567", "x")})
		if err != nil {
			t.Fatal(err)
		}
		if o := resp.Outcome(); o.Code == ucp.CodeNone || !strings.HasPrefix(o.SM, "xxx") {
			t.Errorf("%s", resp)
		}
	})
}

func TestUCPSenders(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		for _, test := range []struct {
			sender string
			from   string
			addr   message.Address
		}{
			{"+46701112233", "", smppInternational("46701112233")},
			{"46701112233", "46701112233", smppInternational("46701112233")},
			{"6000", "6000", message.Address{}},
			{"Kurir", "", message.Address{TON: message.TONAlphanumeric, Number: "Kurir"}},
			{"Sju tcn", "", message.Address{TON: message.TONAlphanumeric, Number: "Sju tcn"}},
		} {
			m := ucpText("46701234567", "hello")
			if err := m.SetSender(test.sender); err != nil {
				t.Fatal(err)
			}
			ucpSent(t, c, m)
			if s := b.gateway.taken()[0]; s.From != test.from || s.FromAddr != test.addr {
				t.Errorf("%s: %q, %+v", test.sender, s.From, s.FromAddr)
			}
		}
	})
}

// TestUCPContents: texts, UTF-16, data, headers and classes.
func TestUCPContents(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		part := []byte{5, 0, 3, 7, 2, 1}
		data := func(coding uint8, header, octets []byte) *ucp.Message {
			m := ucpText("46701234567", "")
			m.SetData(octets)
			if header != nil {
				m.XSer = m.XSer.Add(ucp.ServiceUDH, header...)
			}
			if coding != 0xFF {
				m.XSer = m.XSer.Add(ucp.ServiceDCS, coding)
			}
			return m
		}
		flash := ucpText("46701234567", "flash")
		flash.MCLs = '0'
		headed := ucpText("46701234567", "first ")
		headed.XSer = headed.XSer.Add(ucp.ServiceUDH, part...)
		septets, _ := gsm.AppendGSM7(nil, "packed")
		for _, test := range []struct {
			name string
			m    *ucp.Message
			want message.Content
		}{
			{"UTF-16", data(8, nil, gsm.AppendUCS2(nil, "Привет 😀")), message.Content{Text: "Привет 😀", Want: gsm.UCS2, Class: gsm.NoClass}},
			{"data", data(0xFF, nil, []byte{1, 2, 0}), message.Content{Data: []byte{1, 2, 0}, Want: gsm.Binary, Class: gsm.NoClass}},
			{"data for the phone", data(0xF5, []byte{6, 5, 4, 1, 2, 3, 4}, []byte{9}), message.Content{Data: []byte{9}, Header: []byte{6, 5, 4, 1, 2, 3, 4}, Want: gsm.Binary, Class: 1}},
			{"packed septets", data(0, nil, gsm.Pack(nil, septets, 0)), message.Content{Text: "packed", Class: gsm.NoClass}},
			{"flash", flash, message.Content{Text: "flash", Class: 0}},
			{"part", headed, message.Content{Text: "first ", Header: part, Want: gsm.GSM7, Class: gsm.NoClass}},
		} {
			ucpSent(t, c, test.m)
			got := b.gateway.taken()[0].Content
			if got.Text != test.want.Text || string(got.Data) != string(test.want.Data) || string(got.Header) != string(test.want.Header) ||
				got.Want != test.want.Want || got.Class != test.want.Class {
				t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
			}
		}
		for name, m := range map[string]*ucp.Message{
			"half a character": data(8, nil, []byte{4}), "a header that is cut off": data(8, []byte{5, 0, 3, 7}, []byte{4, 0x1F}),
		} {
			if r := ucpDo(t, c, ucp.OpSubmit, m); r.Code != ucp.CodeSyntax {
				t.Errorf("%s: %v", name, r.Code)
			}
		}
	})
}

// TestUCPTimes: deferred delivery and validity, in the zone of the account, and notifications asked for.
func TestUCPTimes(t *testing.T) {
	accounts := []account.Account{{Name: "acme", Password: "secret", UCP: account.Login{Zone: "Europe/Stockholm"}}}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		now := time.Now() // midnight in UTC, one o'clock in Stockholm
		m := ucpText("46701234567", "later")
		m.DD, m.DDT, m.VP = '1', "0101000300", "0101000500"
		id := ucpSent(t, c, m)
		if s := b.gateway.taken()[0]; !s.SendAt.Equal(now.Add(2*time.Hour)) || s.Validity != 2*time.Hour {
			t.Errorf("at %s for %s", s.SendAt, s.Validity)
		}
		if id.SCTS != "010100010000" {
			t.Errorf("stamp %s", id.SCTS)
		}
		m = ucpText("46701234567", "valid")
		m.VP = "0101000130"
		ucpSent(t, c, m)
		if s := b.gateway.taken()[0]; !s.SendAt.IsZero() || s.Validity != 30*time.Minute {
			t.Errorf("at %s for %s", s.SendAt, s.Validity)
		}
		for _, test := range []struct{ ddt, vp string }{
			{"0101000030", ""}, {"9901000030", ""}, {"", "0101000030"}, {"", "3113000030"}, {"0101000500", "0101000400"},
		} {
			m := ucpText("46701234567", "never")
			if m.VP = test.vp; test.ddt != "" {
				m.DD, m.DDT = '1', test.ddt
			}
			if r := ucpDo(t, c, ucp.OpSubmit, m); r.Code != ucp.CodeTimePeriod {
				t.Errorf("%+v: %v", test, r.Code)
			}
		}
		none := ucpText("46701234567", "never")
		none.DD = '1'
		if r := ucpDo(t, c, ucp.OpSubmit, none); r.Code != ucp.CodeTimePeriod {
			t.Errorf("deferred to no time: %v", r.Code)
		}
	})
}

func TestUCPReceipts(t *testing.T) {
	t.Parallel()
	for nt, want := range map[byte]message.Receipts{
		0: message.ReceiptFinal, '0': message.ReceiptFinal, '1': message.ReceiptSuccess, '2': message.ReceiptFailure, '3': message.ReceiptFinal,
		'4': message.ReceiptIntermediate, '5': message.ReceiptSuccess | message.ReceiptIntermediate,
		'6': message.ReceiptFailure | message.ReceiptIntermediate, '7': message.ReceiptFinal | message.ReceiptIntermediate,
	} {
		if got := ucpReceipts(nt); got != want {
			t.Errorf("NT %q: %v, want %v", nt, got, want)
		}
	}
}

// TestUCPAlphabets: what the octets of a text are is said by the account, both ways; what its alphabet lacks comes as data.
func TestUCPAlphabets(t *testing.T) {
	accounts := []account.Account{{Name: "acme", Password: "secret", UCP: account.Login{Alphabet: "german"}}}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		m := ucpText("46701234567", "")
		m.SetText([]byte("{rger {}|")) // ä, ä, ü, ö in the German variant
		ucpSent(t, c, m)
		if s := b.gateway.taken()[0]; s.Content.Text != "ärger äüö" || s.Content.Want != gsm.Auto {
			t.Errorf("%+v", s.Content)
		}
		v := b.deliver(&gateway.Item{Inbound: ucpInbound("ärger", gsm.GSM7)}, &gateway.Item{Inbound: ucpInbound("5 € à", gsm.GSM7)})
		got := c.received()
		if v[gateway.Acknowledged] != 2 || len(got) != 2 {
			t.Fatalf("%v, %d operations", v, len(got))
		}
		if m := got[0].Message(); m.MT != ucp.MTText || string(m.Msg) != "{rger" {
			t.Errorf("%s %q", got[0], m.Msg)
		}
		if m := got[1].Message(); m.MT != ucp.MTData || m.Coding() != 0 || gsm.DecodeGSM7(gsm.UnpackAll(m.Msg, 0)) != "5 € à" {
			t.Errorf("%s %x", got[1], m.Msg)
		}
	})
}

func TestUCPCodes(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		for _, test := range []struct {
			kind  message.FailureKind
			field string
			want  ucp.Code
		}{
			{message.BadRecipient, "to", ucp.CodeAdC},
			{message.NoRoute, "to", ucp.CodeAdC},
			{message.NotOpened, "to", ucp.CodeAdC},
			{message.BadSender, "from", ucp.CodeSyntax},
			{message.BadContent, "text", ucp.CodeMessageType},
			{message.BadContent, "validity", ucp.CodeTimePeriod},
			{message.BadContent, "send_at", ucp.CodeTimePeriod},
			{message.Throttled, "", ucp.CodeNotAllowed},
			{message.Overloaded, "", ucp.CodeNotAllowed},
			{message.Stopping, "", ucp.CodeSystem},
			{message.StoreFull, "", ucp.CodeSystem},
			{message.NoMoney, "", ucp.CodeBarred},
			{message.OptedOut, "", ucp.CodeBarred},
		} {
			b.gateway.fail = func(*gateway.Submission) *message.Failure { return message.Fail(test.kind, test.field, "because") }
			r := ucpDo(t, c, ucp.OpSubmit, ucpText("46701234567", "x"))
			if r.Code != test.want || !strings.Contains(r.SM, "because") {
				t.Errorf("%v of %q: %v %q, want %v", test.kind, test.field, r.Code, r.SM, test.want)
			}
		}
	})
}
