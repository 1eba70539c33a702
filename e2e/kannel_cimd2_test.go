package e2e

import (
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

// kannelCIMD2 is the group that connects Kannel to an SMSC on CIMD2.
func kannelCIMD2(addr, user, pass string) string {
	host, port, _ := strings.Cut(addr, ":")
	return fmt.Sprintf(`group = smsc
smsc = cimd2
smsc-id = kurir
host = %s
port = %s
smsc-username = %s
smsc-password = %s
keepalive = 1
sender-prefix = never
reconnect-delay = 1
`, host, port, user, pass)
}

// TestKannelSimulatorCIMD2: Kannel takes the simulator for an SMSC on CIMD2: messages, status reports, messages from phones. It
// does not ask to be told that a phone is off.
func TestKannelSimulatorCIMD2(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{CIMD2: freeAddr(t)})
	addr, judge := tappedAs(t, "cimd", sim.CIMD2Addr(), true, false)
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, kannelCIMD2(addr, "kurir", linkPass), mo.URL)
	eventually(t, "Kannel has logged in", func() bool { return sim.Stats().Binds == 1 })
	kannelExchange(t, k, sim, mo, dlr, []int{1, 8})
	if c := sim.Stats(); c.Retried != 0 || c.Malformed != 0 || c.Unexpected != 0 || c.BindsRefused != 0 {
		t.Errorf("the simulator counts %+v", c.Counts)
	}
	judge()
}
