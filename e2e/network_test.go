package e2e

import (
	"testing"
	"time"

	"kurir/e2e/netns"
	"kurir/simulator"
)

// startSimulatorOn runs an SMSC inside the test, on a host of a network; on this machine if it is nil.
func startSimulatorOn(t testing.TB, host *netns.Host, opt simulator.Options) (sim *simulator.Simulator) {
	t.Helper()
	if host == nil {
		return startSimulator(t, opt)
	}
	opt.SMPP = host.Address() + ":2775"
	_ = host.Do(func() error {
		sim = startSimulator(t, opt)
		return nil
	})
	return sim
}

// TestOperatorCutOff: what the operator says is lost for three seconds. Messages reach him meanwhile, are on the wire once, and
// are delivered when he is heard again; then the other way round.
func TestOperatorCutOff(t *testing.T) {
	t.Parallel()
	network := netns.New(t)
	here, operator := network.Host(t, "kurir"), network.Host(t, "operator")
	sim := startSimulatorOn(t, operator, simulator.Options{})
	s := startServer(t, sim, serverOptions{on: here})
	linked(t, sim)
	s.becomes(s.send("+46701740605", "before "+textMark), "delivered")

	network.Cut(t, operator, here)
	id := s.send("+46701740606", "unanswered "+textMark)
	eventually(t, "the operator has the message", func() bool { return sim.Stats().Accepted == 2 })
	<-time.After(3 * time.Second)
	if m := s.message(id); m.State == "delivered" {
		t.Errorf("the message is %s, though the operator cannot be heard", m.State)
	}
	network.Heal(t, operator, here)
	s.becomes(id, "delivered")

	network.Cut(t, here, operator)
	id = s.send("+46701740607", "unheard "+textMark)
	<-time.After(3 * time.Second)
	if n := sim.Stats().Accepted; n != 2 {
		t.Errorf("the operator has %d messages, though he cannot hear us", n)
	}
	network.Heal(t, here, operator)
	s.becomes(id, "delivered")
	if n := sim.Stats().Accepted; n != 3 {
		t.Errorf("the operator has %d messages, want each of 3 once", n)
	}
}
