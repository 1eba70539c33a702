package simulator

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
	"kurir/ucp"
)

// ucpLine writes what came as a customer would note it down.
func ucpLine(h heard, from time.Duration, id *string) string {
	after := ""
	if d := (h.at - from).Round(10 * time.Millisecond); d > 0 {
		after = " after " + d.String()
	}
	if r := h.p.Outcome(); r != nil {
		switch {
		case r.Code != ucp.CodeNone:
			return fmt.Sprintf("refused %02d%s", r.Code, after)
		case r.SM == "":
			return "answer without id" + after
		}
		*id = r.SM
		return "answer" + after
	}
	m := h.p.Message()
	what := fmt.Sprintf("%d %s", h.p.Op, map[byte]string{ucp.StatusDelivered: "delivered", ucp.StatusBuffered: "buffered", ucp.StatusFailed: "failed"}[m.Dst])
	if got := m.OAdC + ":" + m.SCTS; *id != "" && got != *id {
		what += " of another"
	}
	if r, _ := m.Reason(); r != 0 {
		what += fmt.Sprintf(" %03d", r)
	}
	return what + after
}

// ucpLives says what an application sees within a minute of one submission to a number, and what the phone has in the end.
var ucpLives = map[string]struct {
	sees   []string
	closed bool
	junk   bool
	phone  bool
}{
	"00000": {sees: []string{"answer", "53 delivered"}, phone: true},
	"99006": {sees: []string{"refused 06"}},
	"99055": {sees: []string{"refused 55"}},
	"99088": {sees: []string{"refused 88"}},
	"99101": {sees: []string{"refused 54"}},

	"99300": {},
	"99301": {sees: []string{"53 delivered"}, phone: true},
	"99302": {sees: []string{"answer", "answer", "53 delivered"}, phone: true},
	"99303": {sees: []string{"answer after 1s", "53 delivered after 1s"}, phone: true},
	"99307": {sees: []string{"refused 55"}},
	"99308": {sees: []string{"answer without id"}, phone: true},
	"99309": {sees: []string{"refused 55"}},
	"99310": {sees: []string{"refused 04"}},

	"99400": {closed: true},
	"99401": {closed: true, phone: true},
	"99402": {sees: []string{"answer"}, closed: true, phone: true},
	"99403": {},
	"99404": {sees: []string{"answer", "53 delivered"}, closed: true, phone: true},
	"99405": {sees: []string{"answer", "53 delivered"}, junk: true, phone: true},

	"99500": {sees: []string{"answer"}, phone: true},
	"99501": {sees: []string{"53 delivered", "answer"}, phone: true},
	"99502": {sees: []string{"answer", "53 delivered", "53 delivered"}, phone: true},
	"99503": {sees: []string{"answer", "53 delivered after 2s"}, phone: true},
	"99506": {sees: []string{"answer", "53 delivered of another"}, phone: true},
	"99511": {sees: []string{"answer", "53 delivered", "53 failed 101"}, phone: true},
	"99512": {sees: []string{"answer", "53 buffered 107", "53 delivered after 1s"}, phone: true},
	"99601": {sees: []string{"answer", "53 buffered"}},
	"99603": {sees: []string{"answer", "53 failed 107"}},
	"99605": {sees: []string{"answer", "53 failed 101"}},
	"99700": {sees: []string{"answer", "53 delivered"}, phone: true},
	"99800": {sees: []string{"answer", "53 buffered 107", "53 delivered after 2s"}, phone: true},
	"99804": {sees: []string{"answer", "53 buffered 116", "53 delivered after 2s"}, phone: true},
	"99806": {sees: []string{"answer", "53 failed 108"}},
}

// The fates are the same as on SMPP, in the words of UCP.
func TestUCPFates(t *testing.T) {
	t.Parallel()
	for digits, want := range ucpLives {
		t.Run(digits, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
				m := loginUCP(t, s)
				to := "467012" + digits
				from := time.Since(m.started)
				m.send(words(to, "hello"))
				time.Sleep(time.Minute)
				var sees []string
				id := ""
				for _, h := range m.take() {
					sees = append(sees, ucpLine(h, from, &id))
				}
				if !slices.Equal(sees, want.sees) {
					t.Errorf("sees %q, want %q", sees, want.sees)
				}
				closed, junk := m.end()
				ph, _ := s.Phone(to, 1)
				if closed != want.closed || (junk > 0) != want.junk || (len(ph.Texts) == 1 && ph.Texts[0].Text == "hello") != want.phone {
					t.Errorf("closed %t, junk %d, the phone has %+v", closed, junk, ph.Texts)
				}
			})
		})
	}
}

// What a message is: sender, alphabets, data, header, times, the other two operations.
func TestUCPMessages(t *testing.T) {
	t.Parallel()
	text := func(octets string) *ucp.Message { return &ucp.Message{MT: ucp.MTText, Msg: []byte(octets)} }
	for name, x := range map[string]struct {
		op    ucp.Operation
		body  ucp.Body
		code  ucp.Code
		check func(m *Message) bool
	}{
		"GSM alphabet": {ucp.OpSubmit, text("Hej \x0f{| \x1be"), 0, func(m *Message) bool { return m.Text == "Hej åäö €" && m.Encoding == "gsm7" }},
		"digits":       {ucp.OpSubmit, &ucp.Message{MT: ucp.MTDigits, Msg: []byte("112")}, 0, func(m *Message) bool { return m.Text == "112" }},
		"data":         {ucp.OpSubmit, &ucp.Message{MT: ucp.MTData, Msg: []byte{1, 2}}, 0, func(m *Message) bool { return m.Encoding == "binary" && len(m.Octets) == 2 }},
		"UCS-2": {ucp.OpSubmit, &ucp.Message{MT: ucp.MTData, Msg: []byte{4, 0x1f}, XSer: ucp.Services{2, 1, 8}}, 0, func(m *Message) bool {
			return m.Text == "П" && m.Encoding == "ucs2"
		}},
		"packed septets": {ucp.OpSubmit, &ucp.Message{MT: ucp.MTData, Msg: []byte{0xE8, 0x32, 0x9B, 0xFD, 0x06}, XSer: ucp.Services{2, 1, 0}}, 0, func(m *Message) bool {
			return m.Text == "hello" && m.Encoding == "gsm7"
		}},
		"flash": {ucp.OpSubmit, &ucp.Message{MT: ucp.MTText, Msg: []byte("x"), MCLs: '0'}, 0, func(m *Message) bool { return m.Flash }},
		"part": {ucp.OpSubmit, &ucp.Message{MT: ucp.MTText, Msg: []byte("x"), XSer: ucp.Services{1, 6, 5, 0, 3, 7, 2, 1}}, 0, func(m *Message) bool {
			return m.Part != nil && *m.Part == Part{7, 1, 2} && m.Text == "x"
		}},
		"name as sender": {ucp.OpSubmit, &ucp.Message{OAdC: "0ECFB63B7D0ED3CB", OTOA: ucp.OTOAName, MT: ucp.MTText}, 0, func(m *Message) bool {
			return m.From == Address{TON: smpp.TONAlphanumeric, Addr: "Omnigate"}
		}},
		"times": {ucp.OpSubmit, &ucp.Message{MT: ucp.MTText, DD: '1', DDT: "0101000200", VP: "0201000200"}, 0, func(m *Message) bool {
			return m.Schedule == "000101010000000+" && m.Validity == "000102010000000+" // the SMSC stands an hour east of Greenwich
		}},
		"op 01":            {ucp.OpCallInput, &ucp.CallInput{OAdC: "6000", MT: ucp.MTText, Msg: []byte("x")}, 0, func(m *Message) bool { return m.Text == "x" && m.RegisteredDelivery == 0 }},
		"op 30":            {ucp.OpTransfer, &ucp.Transfer{OAdC: "6000", NRq: '1', Msg: []byte("x")}, 0, func(m *Message) bool { return m.Text == "x" && m.RegisteredDelivery == 1 }},
		"no such time":     {ucp.OpSubmit, &ucp.Message{MT: ucp.MTText, VP: "3213000200"}, ucp.CodeTimePeriod, nil},
		"no message type":  {ucp.OpSubmit, &ucp.Message{}, ucp.CodeMessageType, nil},
		"too long":         {ucp.OpSubmit, text(strings.Repeat("x", 161)), ucp.CodeTooLong, nil},
		"op 02":            {ucp.OpMultipleInput, &ucp.MultipleInput{Recipients: []string{"1"}, MT: ucp.MTText}, ucp.CodeNotSupported, nil},
		"a second session": {ucp.OpSession, ucp.OpenSession("x", "y"), ucp.CodeNotAllowed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{Zone: time.FixedZone("", 3600)}, func(t *testing.T, s *Simulator) {
				m := loginUCP(t, s)
				r := m.ask(&ucp.PDU{Op: x.op, Body: toPhone(x.body)})
				if r == nil || r.Code != x.code {
					t.Fatalf("%+v", r)
				}
				list := s.Messages(Filter{Outcome: "delivered"})
				if x.check == nil {
					if len(list) > 0 {
						t.Errorf("taken: %+v", list)
					}
					return
				}
				if len(list) != 1 || !x.check(&list[0]) || list[0].To[0].Addr != "46701000000" || list[0].Alias != r.SM || r.SM != "0046701000000:010100010000" {
					t.Errorf("%+v, %+v", r, list)
				}
			})
		})
	}
}

// toPhone gives a message a recipient.
func toPhone(body ucp.Body) ucp.Body {
	const phone = "0046701000000"
	switch b := body.(type) {
	case *ucp.Message:
		b.AdC = phone
	case *ucp.CallInput:
		b.AdC = phone
	case *ucp.Transfer:
		b.AdC = phone
	}
	return body
}

// Who may log in, what comes before it, keep-alive, and who needs none.
func TestUCPLogin(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{SystemID: "6000", Password: "secret"}, func(t *testing.T, s *Simulator) {
		m := dialUCP(t, s)
		if r := m.ask(words("46701000000", "x")); r == nil || r.Code != ucp.CodeNotAllowed {
			t.Errorf("before the log-in: %+v", r)
		}
		if r := m.ask(&ucp.PDU{Op: ucp.OpSession, Body: ucp.OpenSession("6000", "wrong")}); r == nil || r.Code != ucp.CodeAuthentication {
			t.Errorf("a wrong password: %+v", r)
		}
		synctest.Wait()
		if closed, _ := m.end(); !closed {
			t.Error("who is refused stays connected")
		}
		m = loginUCP(t, s)
		if r := m.ask(&ucp.PDU{Op: ucp.OpAlert, Body: &ucp.Alert{AdC: "6000", PID: ucp.PIDTCP}}); r == nil || r.SM != "0000" {
			t.Errorf("keep-alive: %+v", r)
		}
		_, _ = io.WriteString(m.conn, "junk\x02\x03\x0200/00020/R/53/A///95\x03\x0201/00014/O/59/00\x03")
		if got := m.take(); len(got) != 1 || got[0].p.Outcome().Code != ucp.CodeSyntax {
			t.Errorf("to junk: %v", got)
		}
		if list := s.Sessions(); len(list) != 1 || list[0].Protocol != "UCP" || list[0].SystemID != "6000" || list[0].Mode != "transceiver" {
			t.Errorf("%+v", list)
		}
		synctest.Wait()
		if c := s.Stats(); c.Binds != 1 || c.BindsRefused != 1 || c.Malformed != 3 {
			t.Errorf("%+v", c.Counts)
		}
	})
	inBubble(t, Options{UCPKnown: true}, func(t *testing.T, s *Simulator) {
		if r := dialUCP(t, s).ask(words("46701000000", "x")); r == nil || r.Code != ucp.CodeNone {
			t.Errorf("%+v", r)
		}
	})
}

// Messages to one recipient within a second have different names, and the time is that of where the SMSC stands.
func TestUCPStamps(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Zone: time.FixedZone("", -3600)}, func(t *testing.T, s *Simulator) {
		m := loginUCP(t, s)
		for _, want := range []string{"46701000000:311299230000", "46701000000:311299230001", "46701000001:311299230000"} {
			if r := m.ask(words(want[:11], "x")); r == nil || r.SM != want {
				t.Errorf("%+v, want %s", r, want)
			}
		}
	})
}

// What is written on a phone goes to the account that wrote to it, in operations 52, and is repeated when it is refused for
// the moment or not answered.
func TestUCPInbound(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		m := loginUCP(t, s)
		bind(t, s, smpp.Transceiver)
		m.ask(words("46701000000", "x"))
		m.take()
		long := strings.Repeat("0123456789", 20)
		for _, text := range []string{"åäö €", "Привет", long} {
			if err := s.Inject(Inbound{From: "46701000000", Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		got := m.take()
		if len(got) != 4 {
			t.Fatalf("%v", got)
		}
		gsm7, ucs2, first, second := got[0].p.Message(), got[1].p.Message(), got[2].p.Message(), got[3].p.Message()
		if got[0].p.Op != ucp.OpDeliver || gsm7.AdC != "46700000001" || gsm7.OAdC != "46701000000" || gsm7.OTOA != ucp.OTOAInternational || gsm7.SCTS != "010100000000" || ucp.AlphabetGSM.Decode(gsm7.Msg) != "åäö €" {
			t.Errorf("%s", got[0].p)
		}
		if ucs2.MT != ucp.MTData || ucs2.Coding() != 8 || ucs2.NB != "96" {
			t.Errorf("%s", got[1].p)
		}
		if len(first.XSer.UDH()) != 6 || string(first.Msg)+string(second.Msg) != long {
			t.Errorf("%s, %s", got[2].p, got[3].p)
		}
		m.answersWith(ucp.CodeSystem, false)
		if err := s.Inject(Inbound{From: "46701000000", Text: "again"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		m.answersWith(0, false)
		time.Sleep(2 * time.Second)
		if got := m.take(); len(got) != 2 || string(got[1].p.Message().Msg) != "again" {
			t.Errorf("%v", got)
		}
		synctest.Wait()
		if c := s.Stats(); c.Acked != 6 || c.Retried != 1 || c.Unexpected != 0 || c.Inbound != 6 {
			t.Errorf("%+v", c.Counts)
		}
	})
}

// The window towards an application is at most the numbers that there are, and they go round.
func TestUCPWindow(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		m := loginUCP(t, s)
		m.answersWith(0, true)
		if err := s.Inject(Inbound{From: "46701000000", To: "6000", Text: "{n}", Count: 250}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for round := range 3 {
			got := m.take()
			if want := min(100, 250-100*round); len(got) != want {
				t.Fatalf("%d came in round %d, want %d", len(got), round, want)
			}
			for _, h := range got {
				seen[string(h.p.Message().Msg)] = true
				m.write(h.p.Ack(""))
			}
		}
		if len(seen) != 250 {
			t.Errorf("%d of 250 came", len(seen))
		}
		m.send(&ucp.PDU{Op: ucp.OpAlert, Body: &ucp.Alert{}})
		synctest.Wait()
		if c := s.Stats(); c.Acked != 250 || c.Unexpected != 0 || c.Unacked != 0 {
			t.Errorf("%+v", c.Counts)
		}
	})
}

// Inquiry, modification and deletion of what waits for its phone.
func TestUCPManages(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		m := loginUCP(t, s)
		const to = "46701299801" // off
		id, _ := ucp.ParseID(m.ask(words(to, "first")).SM)
		m.take()
		about := func(o ucp.Operation) *ucp.PDU {
			p := words(to, "second")
			p.Op, p.Message().SCTS = o, id.SCTS
			return p
		}
		if r := m.ask(about(ucp.OpInquire)); r == nil || r.SM != id.String() {
			t.Errorf("%+v", r)
		}
		if got := m.take(); len(got) != 1 || got[0].p.Op != ucp.OpInquiryAnswer || got[0].p.Message().Dst != ucp.StatusBuffered {
			t.Errorf("%v", got)
		}
		if r := m.ask(about(ucp.OpModify)); r == nil || r.SM != id.String() {
			t.Errorf("%+v", r)
		}
		if err := s.SetPhone(to, PhoneOn, 0); err != nil {
			t.Fatal(err)
		}
		if got := m.take(); len(got) != 1 || got[0].p.Op != ucp.OpNotify || got[0].p.Message().SCTS != id.SCTS {
			t.Errorf("%v", got)
		}
		if ph, _ := s.Phone(to, 5); len(ph.Texts) != 1 || ph.Texts[0].Text != "second" {
			t.Errorf("%+v", ph.Texts)
		}
		if r := m.ask(about(ucp.OpDelete)); r == nil || r.Code != ucp.CodeNotFound {
			t.Errorf("%+v", r)
		}
		if r := m.ask(about(ucp.OpInquire)); r == nil || r.Code != ucp.CodeNone {
			t.Errorf("%+v", r)
		}
		if got := m.take(); len(got) != 1 || got[0].p.Message().Dst != ucp.StatusDelivered {
			t.Errorf("%v", got)
		}
		if err := s.SetPhone(to, PhoneOff, 0); err != nil {
			t.Fatal(err)
		}
		id, _ = ucp.ParseID(m.ask(words(to, "third")).SM)
		m.take()
		if r := m.ask(about(ucp.OpDelete)); r == nil || r.SM != id.String() {
			t.Errorf("%+v", r)
		}
		if got := m.take(); len(got) != 1 || got[0].p.Op != ucp.OpDeletionAnswer {
			t.Errorf("%v", got)
		}
		synctest.Wait()
		if c := s.Stats(); c.Managed != 5 || c.Stored != 0 {
			t.Errorf("%+v", c.Counts)
		}
	})
}

// The alphabet of texts is that of the SMSC, both ways.
func TestUCPAlphabet(t *testing.T) {
	t.Parallel()
	if words := strings.Join(ucp.AlphabetNames(), ", "); words != UCPAlphabets {
		t.Errorf("%s, want %s", UCPAlphabets, words)
	}
	if err := new(Options).SetUCPAlphabet("klingon"); err == nil {
		t.Error("klingon is taken")
	}
	inBubble(t, Options{UCPAlphabet: ucp.AlphabetSwedish}, func(t *testing.T, s *Simulator) {
		m := loginUCP(t, s)
		p := words("46701000000", "")
		p.Message().Msg = []byte("}{|")
		m.ask(p)
		m.take()
		if ph, _ := s.Phone("46701000000", 1); len(ph.Texts) != 1 || ph.Texts[0].Text != "åäö" {
			t.Errorf("%+v", ph.Texts)
		}
		for text, want := range map[string]string{"ÅÄÖ": "][\\", "[": "\x00["} {
			if err := s.Inject(Inbound{From: "46701000000", Text: text}); err != nil {
				t.Fatal(err)
			}
			if got := m.take(); len(got) != 1 || string(got[0].p.Message().Msg) != want {
				t.Errorf("%s: %v", text, got)
			}
		}
	})
}
