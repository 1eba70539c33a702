package e2e

import (
	"fmt"
	"testing"
	"time"

	"kurir/simulator"
)

// queueUp hands over n messages, a thousand a request, without receipts.
func queueUp(t *testing.T, s *server, n int) {
	t.Helper()
	for ; n > 0; n -= 1000 {
		submitAtOnce(t, s.rest, min(n, 1000), "full "+textMark)
	}
}

// during gives what an operator took and how often it asked for less speed within a time, per second and as a share.
func during(sim *simulator.Simulator, d time.Duration) (perSecond, throttled float64) {
	before, begin := sim.Stats(), time.Now()
	<-time.After(d)
	after, took := sim.Stats(), time.Since(begin).Seconds()
	taken, refused := after.Accepted-before.Accepted, after.Throttled-before.Throttled
	return float64(taken) / took, float64(refused) / float64(max(1, taken+refused))
}

// TestAdaptation: the operator takes 50/s and the link is set to 100/s. After 30 s it has nearly all of it with few complaints;
// when the limit is lifted it is back at its own within a minute. A machine that has much else to do spoils a trial, so
// that up to three are made, each from the beginning, and one has to hold all of it.
func TestAdaptation(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	// Not beside others: whether a link finds its operator's rate within 30 seconds is nothing to be judged on a busy machine.
	threeTrials(t, func() error { return adapts(t) })
}

// adapts makes one trial with a simulator and a server of its own.
func adapts(t *testing.T) error {
	sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{
		Rate: 50, Latency: simulator.Duration(20 * time.Millisecond), Receipts: simulator.ReceiptTime{None: true},
	}})
	defer sim.Close()
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", window: 20, rate: 100"})
	defer s.proc.stop()
	linked(t, sim)
	queueUp(t, s, 12000)
	<-time.After(30 * time.Second)
	rate, throttled := during(sim, 20*time.Second)
	t.Logf("after 30 s: %.1f/s taken, %.2f %% throttled", rate, 100*throttled)
	if rate < 47 || throttled >= 0.02 {
		return fmt.Errorf("after 30 s: %.1f/s taken, want 47; %.2f %% throttled, want less than 2", rate, 100*throttled)
	}
	b := *sim.Behaviour()
	b.Rate = 0
	if err := sim.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	took := stopwatch()
	for rate = 0; rate < 95 && took() < 55*time.Second; {
		rate, _ = during(sim, 5*time.Second)
	}
	t.Logf("the limit lifted for %v: %.1f/s", took(), rate)
	if rate < 95 || rate > 102 {
		return fmt.Errorf("%v after the limit was lifted: %.1f/s, want 95 to 100", took(), rate)
	}
	return nil
}
