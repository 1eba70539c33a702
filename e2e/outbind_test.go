package e2e

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestOutbindOfOperator: operators connect to us and ask us to bind: the simulator to a link that sends by sessions of
// its own too, npm smpp to a link that only receives. Who is not the operator is not told our password.
func TestOutbindOfOperator(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	ours, npms := freeAddr(t), freeAddr(t)
	s := startServer(t, nil, serverOptions{
		connectors: []string{
			linkTo("op1", sim.Addr(), fmt.Sprintf(", outbind: {listen: %q, system_id: simulator, password: %sknock}", ours, secretMark)),
			fmt.Sprintf("{name: op2, kind: smpp, system_id: kurir, password: %s, outbind: {listen: %q, password: %sknock}}", linkPass, npms, secretMark),
		},
	})
	linked(t, sim)
	listening(t, ours)
	bound := func() (n int) {
		for _, v := range sim.Sessions() {
			if v.Mode == smpp.Receiver.String() {
				n++
			}
		}
		return n
	}
	size := s.proc.out.size()
	if err := sim.Outbind(t.Context(), simulator.Outbind{Address: ours, SystemID: "simulator", Password: secretMark + "wrong"}); err != nil {
		t.Fatal(err)
	}
	s.proc.out.waitAfter(t, size, "an outbind was refused")
	if err := sim.Outbind(t.Context(), simulator.Outbind{Address: ours, SystemID: "simulator", Password: secretMark + "knock"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Kurir has bound as a receiver", func() bool { return bound() == 1 })
	in := func(ref string) {
		t.Helper()
		before := s.metric(`kurir_link_inbound_total{link="op1"}`)
		for i := range 4 { // both sessions, in turn
			if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: fmt.Sprintf("%s-%d %s", ref, i, textMark)}); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "the messages from the phone have come", func() bool { return s.metric(`kurir_link_inbound_total{link="op1"}`) == before+4 })
		eventually(t, "they are acknowledged", func() bool {
			return !slices.ContainsFunc(sim.Sessions(), func(v simulator.Session) bool { return v.Unacked > 0 })
		})
	}
	in("first")
	for _, v := range sim.Sessions() {
		if v.SystemID == "kurir" && v.Counts.Acked == 0 {
			t.Errorf("a session had nothing to acknowledge: %+v", v)
		}
	}
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")

	// He connects anew after a cut: the link is as it was.
	last := slices.MaxFunc(sim.Sessions(), func(a, b simulator.Session) int { return cmp.Compare(a.Number, b.Number) }).Number
	sim.DropLinks()
	eventually(t, "the link is bound again, and the sessions before are gone", func() bool {
		old := func(v simulator.Session) bool { return v.Number <= last }
		return !slices.ContainsFunc(sim.Sessions(), old) && sim.Stats().Receivers == 1
	})
	if err := sim.Outbind(t.Context(), simulator.Outbind{Address: ours, SystemID: "simulator", Password: secretMark + "knock"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Kurir has bound again", func() bool { return bound() == 1 })
	in("second")

	// A link that only waits for outbind.
	n := startNode(t, "outbind.js", "smsc", portOf(npms), "npm", secretMark+"knock")
	if e := n.next("bound"); e.Command != "bind_receiver" || e.SystemID != "kurir" || e.Version != 0x34 {
		t.Errorf("bind %+v", e)
	}
	eventually(t, "the link is up", func() bool { return s.metric(`kurir_link_up{link="op2"}`) == 1 })
	n.say(map[string]any{"fields": map[string]any{
		"source_addr_ton": 1, "source_addr": "46701234567", "destination_addr": "46737494949", "short_message": "in-npm " + textMark,
	}})
	if e := n.next("acknowledged"); e.Status != 0 {
		t.Errorf("the inbound message is answered %#x", e.Status)
	}
	var page struct {
		Inbound []viewed `json:"inbound"`
	}
	s.fetch("/v1/inbound?limit=1", &page)
	if len(page.Inbound) != 1 || page.Inbound[0].Text != "in-npm "+textMark || page.Inbound[0].Link != "op2" {
		t.Errorf("the inbox has %+v", page.Inbound)
	}
	s.proc.stop()
	n.next("unbind")
}

// TestOutbindToCustomer: a customer who listens is called when something is owed to him and he is not bound; what waits
// comes on the connection that he bound on. One who binds with wrong credentials gets nothing.
func TestOutbindToCustomer(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	ports := []int{freePort(t), freePort(t)}
	calls := func(port int) string {
		return fmt.Sprintf("smpp: {outbind: {host: %q, system_id: kurir-smsc, password: %sknk}}", fmt.Sprintf("127.0.0.1:%d", port), secretMark)
	}
	s := startServer(t, sim, serverOptions{
		account:  ", " + calls(ports[0]),
		accounts: []string{fmt.Sprintf(`{name: other, password: %sothr, senders: ["*"], sender: Other, %s}`, secretMark, calls(ports[1]))},
	})
	linked(t, sim)
	npm := startNode(t, "outbind.js", "esme", fmt.Sprint(ports[0]), account, password)
	npm.next("listening")
	liar := startNode(t, "outbind.js", "esme", fmt.Sprint(ports[1]), "other", secretMark+"no")
	liar.next("listening")

	tx := bindTo(t, s.smpp, smpp.Transmitter)
	id := tx.accepted("46701000001", "ref-1 "+textMark)
	if e := npm.next("outbind"); e.SystemID != "kurir-smsc" || e.Text != secretMark+"knk" {
		t.Errorf("outbind %+v", e)
	}
	if e := npm.next("bound"); e.Status != 0 {
		t.Errorf("the bind is answered %#x", e.Status)
	}
	if d := npm.next("deliver_sm"); d.Receipted != id || d.State != 2 || d.ESMClass != 4 {
		t.Errorf("receipt %+v of %s", d, id)
	}
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: strings.TrimPrefix(service, "+"), Text: "in-1 " + textMark}); err != nil {
		t.Fatal(err)
	}
	if d := npm.next("deliver_sm"); d.From != "46701234567" || d.ESMClass != 0 {
		t.Errorf("inbound %+v", d)
	}

	other, err := tryBind(t, s.smpp, smpp.Bind{Mode: smpp.Transmitter, SystemID: "other", Password: secretMark + "othr"}, smpp.SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	other.accepted("46701000002", "ref-2 "+textMark)
	liar.next("outbind")
	if e := liar.next("bound"); smpp.Status(e.Status) != smpp.ESME_RINVPASWD {
		t.Errorf("a wrong password is answered %v", smpp.Status(e.Status))
	}
	liar.next("close")
	s.proc.stop()
	npm.next("unbind")
}

// TestOutbindToCustomerVersions: he may bind by any version on that connection; who wants data_sm gets it from 3.4 on.
func TestOutbindToCustomerVersions(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	versions := []smpp.Version{smpp.Version33, smpp.Version34, smpp.Version50}
	var opt serverOptions
	var listeners []net.Listener
	for i := range versions {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		listeners = append(listeners, l)
		opt.accounts = append(opt.accounts, fmt.Sprintf(
			`{name: called%d, password: %s, senders: ["*"], sender: Kurir, smpp: {receipts: data_sm, outbind: {host: %q, system_id: smsc, password: %sknk}}}`, i, password, l.Addr(), secretMark))
	}
	s := startServer(t, sim, opt)
	linked(t, sim)
	for i, v := range versions {
		name := fmt.Sprintf("called%d", i)
		tx, err := tryBind(t, s.smpp, smpp.Bind{Mode: smpp.Transmitter, SystemID: name, Password: password, Version: v}, smpp.SessionConfig{})
		if err != nil {
			t.Fatal(err)
		}
		tx.accepted("46701000001", "ref-1 "+textMark)
		c, err := listeners[i].Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		e := &bareESME{t: t, conn: c}
		if p, err := readPDU(c); err != nil || p.Command != smpp.CommandOutbind {
			t.Fatalf("%v: %v %v", v, &p, err)
		}
		e.bindAs(name, smpp.Receiver, v)
		p := e.next()
		switch d := p.Body.(type) {
		case *smpp.DeliverSM:
			if v.TLVs() || !smpp.IsReceipt(d.ESMClass) || len(d.TLVs) > 0 {
				t.Errorf("%v: %v", v, &p)
			}
		case *smpp.DataSM:
			if _, named := d.TLVs.Get(smpp.TagReceiptedMessageID); !v.TLVs() || !named {
				t.Errorf("%v: %v", v, &p)
			}
		}
	}
}
