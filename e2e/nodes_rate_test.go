package e2e

import (
	"fmt"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
)

const (
	sharedRate  = 50 // of the link, parts a second
	sharedAfter = 2 * time.Second
)

// TestNodesRate: three servers share a link of 50 parts a second, and an account of 40. What they are given unevenly, and then by
// another one of them, arrives at the operator at the link's rate: two seconds after the traffic has moved at least 95 % of it, and
// never more than one part beyond it in any second; what the account was accepted at the three arrives within 5 % of its rate. It
// runs with no other beside it, and has three trials: a part that this machine delivers late comes together with what follows.
func TestNodesRate(t *testing.T) {
	sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{Receipts: simulator.ReceiptTime{None: true}}})
	nodes := startNodes(t, sim, pgtest.Start(t, pgtest.NoSync).Database(t), serverOptions{
		binary: plainBinary(t), link: fmt.Sprintf(", rate: %d, sessions: 3, window: 10", sharedRate),
		accounts: []string{fmt.Sprintf(`{name: ward, api_keys: [%s], senders: ["*"], sender: WARD, rate: 40}`, wardKey)},
	}, "a", "b", "c")
	eventually(t, "each has one session", func() bool {
		return sim.Stats().Receivers == 3 && nodes[0].sessions() == 1 && nodes[1].sessions() == 1 && nodes[2].sessions() == 1
	})
	threeTrials(t, func() error { return arrivesShared(t, sim, nodes) })
}

// arrivesShared makes one trial.
func arrivesShared(t *testing.T, sim *simulator.Simulator, nodes []*server) error {
	began, before := time.Now(), sim.Stats().Accepted
	arrived := func(n int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d parts have come", n), func() bool { return sim.Stats().Accepted >= before+n })
	}
	submitAtOnce(t, nodes[0].rest, 250, "uneven "+textMark)
	submitAtOnce(t, nodes[1].rest, 50, "uneven "+textMark)
	arrived(290)
	moved := time.Now()
	submitAtOnce(t, nodes[2].rest, 210, "moved "+textMark)
	arrived(510)
	wards := time.Now()
	for _, s := range nodes {
		ward := *s.rest
		ward.key = wardKey
		submitAtOnce(t, &ward, 40, "ward "+textMark)
	}
	arrived(630)
	var all, link, ward []time.Time
	for _, m := range sim.Messages(simulator.Filter{Limit: 10_000, After: began}) {
		all = append(all, m.Time)
		if m.From.Addr == "WARD" {
			ward = append(ward, m.Time)
		} else {
			link = append(link, m.Time)
		}
	}
	if len(link) != 510 || len(ward) != 120 {
		t.Fatalf("%d parts came and %d of the account, want 510 and 120", len(link), len(ward))
	}
	first, second := usedFrom(link[:290], began.Add(sharedAfter)), usedFrom(link[290:], moved.Add(sharedAfter))
	rate := usedFrom(ward[40:100], ward[40])
	t.Logf("at most %d parts of %d a second within a second; %.1f a second arrived, and when the traffic had moved %.1f; of the account %.1f in %v",
		mostInASecond(all), sharedRate, first, second, rate, ward[119].Sub(wards))
	switch {
	case mostInASecond(all) > sharedRate+1:
		return fmt.Errorf("%d parts came within a second over a link of %d a second", mostInASecond(all), sharedRate)
	case first < 0.95*sharedRate || second < 0.95*sharedRate:
		return fmt.Errorf("%.1f parts a second arrived, and when the traffic had moved %.1f, over a link of %d", first, second, sharedRate)
	case rate < 0.95*40 || rate > 1.05*40:
		return fmt.Errorf("%.1f parts a second arrived of an account of 40", rate)
	}
	return nil
}

// usedFrom is how many of these parts came a second from an instant on.
func usedFrom(at []time.Time, from time.Time) float64 {
	n := 0
	for _, x := range at {
		if x.After(from) {
			n++
		}
	}
	return float64(n) / at[len(at)-1].Sub(from).Seconds()
}

// mostInASecond is how many of these times, which are in order, lie within any second at most.
func mostInASecond(at []time.Time) (most int) {
	first := 0
	for i := range at {
		for at[i].Sub(at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
