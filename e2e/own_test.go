package e2e

import (
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

// TestOwnOperator: a server of ours is the customer of another, over UCP and over CIMD2: what has become of messages comes back,
// also when they fail, long texts and names as senders arrive, and so does what phones answer.
func TestOwnOperator(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ login, link string }{
		"ucp":   {`ucp: {name: "8888"}`, `account: "8888"`},
		"cimd2": {`cimd2: {window: 20}`, "user: " + account},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ownOperator(t, name, of.login, of.link)
		})
	}
}

// ownOperator does so over one protocol; login is what the account of the server that is the operator has for it, link what the
// other's link has.
func ownOperator(t *testing.T, kind, login, link string) {
	sim := startSimulator(t, simulator.Options{})
	at := freeAddr(t)
	startServer(t, sim, serverOptions{more: fmt.Sprintf("%s: {listen: %q}", kind, at), account: ", " + login})
	linked(t, sim)
	h := startHook(t)
	s := startServer(t, nil, serverOptions{
		connectors: []string{fmt.Sprintf("{name: op1, kind: %s, hosts: [%s], %s, password: %s, reconnect: 500ms, window: 10}", kind, at, link, password)},
		account:    `, webhook: "` + h.URL + `/in"`,
	})
	long := textMark + strings.Repeat(" åäö 0123456789", 20)
	for text, from := range map[string]string{textMark + " short": "HOSPITAL", long: service, textMark + " Привет": service} {
		s.becomes(s.send("+46701234567", text, "from", from), "delivered")
		eventually(t, "the text is on the phone", func() bool {
			phone, _ := sim.Phone("46701234567", 100)
			for _, shown := range phone.Texts {
				if shown.Text == text && shown.Missing == 0 {
					return true
				}
			}
			return false
		})
	}
	s.becomes(s.send("+46701299605", textMark+" to nobody"), "undeliverable")
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: strings.TrimPrefix(service, "+"), Text: textMark + " back"}); err != nil {
		t.Fatal(err)
	}
	receiveCall(t, h, "/in", textMark+" back")
}
