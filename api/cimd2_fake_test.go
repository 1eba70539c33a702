package api

import (
	"testing"
	"testing/synctest"

	"kurir/account"
	"kurir/cimd2"
	"kurir/wire"
)

type (
	cimd2Bench  struct{ *wireBench[*cimd2.Packet] }
	cimd2Client = wireClient[*cimd2.Packet]
)

func newCIMD2Wire(core smppCore, o WireOptions) *wireServer[*cimd2.Packet] {
	return newCIMD2Server(core, o).wireServer
}

func cimd2Test(t *testing.T, test func(t *testing.T, b cimd2Bench)) {
	t.Helper()
	accounts := wireAccounts(func(a *account.Account, l account.Login) { a.CIMD2 = l }, "otherbox")
	wireTest(t, accounts, newCIMD2Wire, func(t *testing.T, b *wireBench[*cimd2.Packet]) { test(t, cimd2Bench{b}) })
}

// cimd2Ack takes everything.
func cimd2Ack(p *cimd2.Packet) *cimd2.Packet { return cimd2.Empty(p.Op.Response(), p.Seq) }

// login logs in and asks for a window.
func (b cimd2Bench) login(user, password string, window int) (*cimd2Client, error) {
	c := &cimd2Client{answer: cimd2Ack}
	d := cimd2.Dialer{Hosts: []string{"pipe:1"}, Dial: b.dial, User: user, Password: password, Session: wire.Config{Window: window}}
	s, err := d.Connect(b.t.Context(), c)
	c.Session = s
	synctest.Wait()
	return c, err
}

func (b cimd2Bench) mustLogin() *cimd2Client {
	b.t.Helper()
	c, err := b.login("acme", "secret", 100)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// cimd2Packet makes the packet of a body.
func cimd2Packet(t *testing.T, body cimd2.Body) *cimd2.Packet {
	t.Helper()
	p, err := cimd2.New(body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cimd2Do sends a request and gives the answer and its error code.
func cimd2Do(t *testing.T, c *cimd2Client, body cimd2.Body) (*cimd2.Packet, error) {
	t.Helper()
	p := c.do(t, cimd2Packet(t, body))
	return p, p.Refused()
}

// cimd2Text is a message with a text.
func cimd2Text(text string, to ...string) *cimd2.Submit {
	return &cimd2.Submit{
		Destinations: to, Originator: "6000", Reports: cimd2.Some(int(cimd2.ReportsFinal)),
		UserData: cimd2.UserData{Data: []byte(text)},
	}
}

// cimd2Sent submits a message and gives the results.
func cimd2Sent(t *testing.T, c *cimd2Client, m *cimd2.Submit) []cimd2.SubmitResult {
	t.Helper()
	p := c.do(t, cimd2Packet(t, m))
	var resp cimd2.SubmitResp
	if err := p.Read(&resp); err != nil || len(resp.Results) != len(m.Destinations) {
		t.Fatalf("%s: %v", p, err)
	}
	return resp.Results
}
