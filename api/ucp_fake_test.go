package api

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
	"kurir/wire"
)

type (
	ucpBench  struct{ *wireBench[*ucp.PDU] }
	ucpClient = wireClient[*ucp.PDU]
)

func newUCPWire(core smppCore, o WireOptions) *wireServer[*ucp.PDU] {
	return newUCPServer(core, o).wireServer
}

func ucpTest(t *testing.T, test func(t *testing.T, b ucpBench)) {
	t.Helper()
	ucpTestWith(t, wireAccounts(func(a *account.Account, l account.Login) { a.UCP = l }, "8888"), test)
}

func ucpTestWith(t *testing.T, accounts []account.Account, test func(t *testing.T, b ucpBench)) {
	t.Helper()
	wireTest(t, accounts, newUCPWire, func(t *testing.T, b *wireBench[*ucp.PDU]) { test(t, ucpBench{b}) })
}

// ucpAck takes everything.
func ucpAck(p *ucp.PDU) *ucp.PDU { return p.Ack("") }

// ucpNack refuses everything with a code.
func ucpNack(code ucp.Code) func(p *ucp.PDU) *ucp.PDU {
	return func(p *ucp.PDU) *ucp.PDU { return p.Nack(code, "no") }
}

// login opens a session; without a login it connects only.
func (b ucpBench) login(login *ucp.Login) (*ucpClient, error) {
	c := &ucpClient{answer: ucpAck}
	d := ucp.NewDialer([]string{"pipe:1"}, login, "6000", wire.Config{Window: 100})
	d.Dial = b.dial
	s, err := d.Connect(b.t.Context(), c)
	c.Session = s
	synctest.Wait()
	return c, err
}

func (b ucpBench) mustLogin() *ucpClient {
	b.t.Helper()
	c, err := b.login(ucp.OpenSession("acme", "secret"))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// ucpDo sends an operation and gives its result.
func ucpDo(t *testing.T, c *ucpClient, op ucp.Operation, body ucp.Body) *ucp.Result {
	t.Helper()
	return c.do(t, &ucp.PDU{Op: op, Body: body}).Outcome()
}

// ucpText is a message with a text.
func ucpText(to, text string) *ucp.Message {
	m := &ucp.Message{AdC: to, OAdC: "6000", NRq: '1', NT: '3'}
	octets, _ := ucp.AlphabetGSM.Append(nil, text)
	m.SetText(octets)
	return m
}

// ucpSent submits a message and gives its id.
func ucpSent(t *testing.T, c *ucpClient, m *ucp.Message) ucp.ID {
	t.Helper()
	r := ucpDo(t, c, ucp.OpSubmit, m)
	id, ok := ucp.ParseID(r.SM)
	if r.Code != ucp.CodeNone || !ok || id.AdC != m.AdC {
		t.Fatalf("%v %q", r.Code, r.SM)
	}
	return id
}

// ucpMinute gives a time as DDT and VP have it.
func ucpMinute(t time.Time) string { return string(ucp.AppendMinutes(nil, t, time.UTC)) }

// ucpInbound is a message from a phone.
func ucpInbound(text string, enc gsm.Encoding) *message.Inbound {
	return &message.Inbound{
		ID: 1, From: smppInternational("46701234567"), To: message.Address{Number: "72345"}, Encoding: enc,
		Content: message.Content{Text: text, Class: gsm.NoClass}, Received: time.Now().UnixMilli(),
	}
}

// smppInternational is an international number.
func smppInternational(number string) message.Address {
	return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: number}
}
