package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestLinkCIMD2: a link over CIMD2 to the simulator: texts of all kinds, refusals, states, messages from phones, one session or
// two, windows of one and of all numbers; tshark reads what we say.
func TestLinkCIMD2(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{
		"a window of one, no checksums":         ", window: 1, keep_alive: 1s, no_checksum: true",
		"two sessions with all numbers, a zone": ", window: 128, sessions: 2, zone: Europe/Stockholm, keep_alive: 1s, validity: absolute",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLinkCIMD2(t, more)
		})
	}
}

func testLinkCIMD2(t *testing.T, more string) {
	opt := simulator.Options{CIMD2: freeAddr(t), SystemID: "acme", Password: linkPass}
	if strings.Contains(more, "zone") {
		var err error
		if opt.Zone, err = time.LoadLocation("Europe/Stockholm"); err != nil {
			t.Fatal(err)
		}
	}
	sim := startSimulator(t, opt)
	addr, judge := tappedAs(t, "cimd", sim.CIMD2Addr(), true, true)
	h := startHook(t)
	s := startServer(t, sim, serverOptions{
		connectors: []string{fmt.Sprintf("{name: op1, kind: cimd2, hosts: [%q], user: acme, password: %s, inbound_numbers: international, reconnect: 500ms%s}", addr, linkPass, more)},
		inbound:    []string{`{keyword: info, account: ` + account + `, do: [{webhook: "` + h.URL + `/info"}]}`},
	})
	linkExchange(t, s, sim, h, "+46701099044")
	judge()
}
