package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestLinkUCP, TestLinkCIMD2: a link to the simulator: texts of all kinds, refusals, states, messages from phones, one session or
// two, windows of one and of all numbers; tshark reads what we say.
func TestLinkUCP(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		more, alphabet string
		local          bool
	}{
		"a window of one, the alphabet of a country": {more: "window: 1, alphabet: swedish", alphabet: "swedish"},
		"two sessions with all numbers, a zone":      {more: "window: 100, sessions: 2, zone: Europe/Stockholm", local: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := simulator.Options{UCP: freeAddr(t), SystemID: "6000"}
			if x.alphabet != "" {
				if err := opt.SetUCPAlphabet(x.alphabet); err != nil {
					t.Fatal(err)
				}
			}
			testLink(t, foreignLink{kind: "ucp", layer: "ucp", login: `account: "6000"`, refused: "+46701099006", addr: (*simulator.Simulator).UCPAddr}, opt, x.more, x.local)
		})
	}
}

func TestLinkCIMD2(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		more  string
		local bool
	}{
		"a window of one, no checksums":         {more: "window: 1, no_checksum: true"},
		"two sessions with all numbers, a zone": {more: "window: 128, sessions: 2, zone: Europe/Stockholm, validity: absolute", local: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := simulator.Options{CIMD2: freeAddr(t), SystemID: "acme"}
			testLink(t, foreignLink{kind: "cimd2", layer: "cimd", login: "user: acme", refused: "+46701099044", addr: (*simulator.Simulator).CIMD2Addr}, opt, x.more, x.local)
		})
	}
}

// foreignLink is what a link over another protocol than SMPP has of its own.
type foreignLink struct {
	kind, layer string // the protocol's name, ours and tshark's
	login       string
	refused     string // a recipient that the simulator refuses for good
	addr        func(*simulator.Simulator) string
}

// testLink has a link to a simulator with those options, whose clock is local if it says so.
func testLink(t *testing.T, l foreignLink, opt simulator.Options, more string, local bool) {
	t.Helper()
	opt.Password = linkPass
	if local {
		var err error
		if opt.Zone, err = time.LoadLocation("Europe/Stockholm"); err != nil {
			t.Fatal(err)
		}
	}
	sim := startSimulator(t, opt)
	addr, judge := tappedAs(t, l.layer, l.addr(sim), true, true)
	h := startHook(t)
	s := startServer(t, sim, serverOptions{
		connectors: []string{fmt.Sprintf("{name: op1, kind: %s, hosts: [%q], %s, password: %s, inbound_numbers: international, reconnect: 500ms, keep_alive: 1s, %s}", l.kind, addr, l.login, linkPass, more)},
		inbound:    []string{`{keyword: info, account: ` + account + `, do: [{webhook: "` + h.URL + `/info"}]}`},
	})
	linkExchange(t, s, sim, h, l.refused)
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
