package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestLinkUCP: a link over UCP to the simulator: texts of all kinds, refusals, states, messages from phones, one session or
// two, windows of one and of all numbers; tshark reads what we say.
func TestLinkUCP(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"a window of one, the alphabet of a country": ", window: 1, keep_alive: 1s, alphabet: swedish",
		"two sessions with all numbers, a zone":      ", window: 100, sessions: 2, zone: Europe/Stockholm, keep_alive: 1s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLinkUCP(t, more)
		})
	}
}

func testLinkUCP(t *testing.T, more string) {
	opt := simulator.Options{UCP: freeAddr(t), SystemID: "6000", Password: linkPass}
	if strings.Contains(more, "zone") {
		var err error
		if opt.Zone, err = time.LoadLocation("Europe/Stockholm"); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(more, "swedish") {
		if err := opt.SetUCPAlphabet("swedish"); err != nil {
			t.Fatal(err)
		}
	}
	sim := startSimulator(t, opt)
	addr, judge := tappedAs(t, "ucp", sim.UCPAddr(), true, true)
	h := startHook(t)
	s := startServer(t, sim, serverOptions{
		connectors: []string{fmt.Sprintf("{name: op1, kind: ucp, hosts: [%q], account: \"6000\", password: %s, inbound_numbers: international, reconnect: 500ms%s}", addr, linkPass, more)},
		inbound:    []string{`{keyword: info, account: ` + account + `, do: [{webhook: "` + h.URL + `/info"}]}`},
	})
	linkExchange(t, s, sim, h, "+46701099006")
	judge()
}

// linkExchange sends over the link of a server to the simulator: texts of all kinds, states, fifty messages to one phone at once,
// messages from phones, what the simulator refuses for good.
func linkExchange(t *testing.T, s *server, sim *simulator.Simulator, h *hook, refused string) {
	t.Helper()
	linked(t, sim)
	long := textMark + strings.Repeat(" åäö 0123456789", 25)
	ids := map[string]string{}
	for _, x := range []struct{ to, text, state string }{
		{"+46701000001", "ref-1 " + textMark + " åäö €[]{}", "delivered"},
		{"+46701000002", "ref-2 " + textMark + " Привет", "delivered"},
		{"+46701000003", "ref-3 " + long, "delivered"},
		{"+46701099605", "ref-4 " + textMark, "undeliverable"},
		{refused, "ref-5 " + textMark, "rejected"},
		{"+46701099800", "ref-6 " + textMark, "delivered"},
		{"+46701099501", "ref-7 " + textMark, "delivered"}, // its notification overtakes the answer
		{"+46701099310", "ref-8 " + textMark, "delivered"}, // throttled once
	} {
		ids[x.to] = s.send(x.to, x.text, "from", "Kurir")
		if got := s.becomes(ids[x.to], x.state); got.State != x.state {
			t.Errorf("%s is %s", x.to, got.State)
		}
		ph, _ := sim.Phone(x.to, 5)
		if x.state == "delivered" && (len(ph.Texts) != 1 || ph.Texts[0].Text != x.text || ph.Texts[0].Peer != "Kurir") {
			t.Errorf("%s shows %+v, want %q", x.to, ph.Texts, x.text)
		}
	}
	many := make([]string, 50) // to one phone within a second or two: each has a name of its own
	for i := range many {
		many[i] = s.send("+46701000009", fmt.Sprint("ref-", 10+i, " ", textMark))
	}
	for _, id := range many {
		s.becomes(id, "delivered")
	}
	for _, text := range []string{"info " + textMark + " åäö", "info " + textMark + " Привет", "info " + long} {
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: text}); err != nil {
			t.Fatal(err)
		}
		c := receive(t, "an inbound webhook", h.calls)
		if ev := c.event(t, hookSecret); ev.Data.From != "+46701234567" || ev.Data.To != service || ev.Data.Text != text {
			t.Errorf("%+v, want %q", ev.Data, text)
		}
	}
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 || c.Refused != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
}
