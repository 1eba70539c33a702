package e2e

import (
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

// TestModemPIN: a wrong PIN costs the SIM one of its three attempts and no more: neither does the test of a link that is stopped, nor a link
// of another name with the same modem.
func TestModemPIN(t *testing.T) {
	t.Parallel()
	sim, modem, device := startModem(t, simulator.ModemOptions{PIN: "4711"})
	link := func(name string) string {
		return fmt.Sprintf(`{name: %s, kind: modem, modems: [{devices: [%q], pin: "1111"}], check: 1s}`, name, device)
	}
	s := startServer(t, sim, serverOptions{connectors: []string{link("gsm")}, routes: []string{`{to: "*", via: [gsm]}`}, account: ", admin: true"})
	eventually(t, "the PIN was tried", func() bool { return modem.PINTries() == 2 })
	kurir := func(args ...string) string {
		out, _ := run(t, ours, s.dir, s.binary, append(args, "--server", s.base, "--key", apiKey)...)
		return out
	}
	kurir("link", "stop", "gsm")
	for range 3 {
		if out := kurir("link", "test", "gsm"); modem.PINTries() != 2 {
			t.Fatalf("%d tries are left: %s", modem.PINTries(), out)
		}
	}
	s.proc.stop()
	other := startServer(t, sim, serverOptions{dir: s.dir, connectors: []string{link("other")}, routes: []string{`{to: "*", via: [other]}`}, account: ", admin: true"})
	eventually(t, "the PIN is known to be wrong", func() bool {
		_, link := other.get("/v1/links/other")
		return strings.Contains(link, "has been tried before without success")
	})
	if n := modem.PINTries(); n != 2 {
		t.Errorf("%d tries are left", n)
	}
}
