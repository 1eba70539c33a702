package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestSmoothRate: a link of 100 parts a second and an account of 20. What comes in lumps, long messages among it, arrives
// at the operator smoothly over two sessions: in any 100 ms no more than a tenth of the link's rate and one part, and of
// the account no more than a tenth of its rate and one; and as fast as the rates allow. It runs with no other beside it, and
// has three trials: what the machine delivers 10 ms late comes together with what follows.
func TestSmoothRate(t *testing.T) {
	sim := startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{Receipts: simulator.ReceiptTime{None: true}}})
	s := startServer(t, sim, serverOptions{
		binary: plainBinary(t), link: ", rate: 100, sessions: 2, window: 50",
		accounts: []string{fmt.Sprintf(`{name: ward, api_keys: [%s], senders: ["*"], sender: WARD, rate: 20}`, wardKey)},
	})
	linked(t, sim)
	threeTrials(t, func() error { return arrivesSmoothly(t, sim, s) })
}

// threeTrials fails the test when none of three comes out right, for what a busy machine may spoil.
func threeTrials(t *testing.T, trial func() error) {
	t.Helper()
	var failure error
	for n := 1; n <= 3; n++ {
		if failure = trial(); failure == nil {
			return
		}
		t.Logf("trial %d: %v", n, failure)
	}
	t.Error(failure)
}

// arrivesSmoothly makes one trial.
func arrivesSmoothly(t *testing.T, sim *simulator.Simulator, s *server) error {
	const parts = 30*4 + 130 + 2*20 // long ones are of four
	before, ward := sim.Stats().Accepted, *s.rest
	ward.key = wardKey
	began := time.Now()
	submitAtOnce(t, s.rest, 30, ("long " + strings.Repeat(textMark+" ", 100))[:600])
	submitAtOnce(t, s.rest, 130, "short "+textMark)
	for range 2 {
		submitAtOnce(t, &ward, 20, "ward "+textMark)
		<-time.After(time.Second)
	}
	eventually(t, "all has come", func() bool { return sim.Stats().Accepted >= before+parts })
	var all, wards []time.Time
	for _, m := range sim.Messages(simulator.Filter{Limit: 10_000, After: began}) {
		all = append(all, m.Time)
		if m.From.Addr == "WARD" {
			wards = append(wards, m.Time)
		}
	}
	if len(all) != parts || len(wards) != 40 {
		t.Fatalf("%d parts came, %d of the account, want %d and 40", len(all), len(wards), parts)
	}
	took, want := all[parts-1].Sub(began).Seconds(), float64(parts)/100
	link, account := mostWithin(all), mostWithin(wards)
	t.Logf("%d parts in %.2f s; at most %d of the link and %d of the account within 100 ms", parts, took, link, account)
	switch {
	case link > 11:
		return fmt.Errorf("%d parts came within 100 ms over a link of 100 a second, want 11", link)
	case account > 3:
		return fmt.Errorf("%d parts came within 100 ms of an account of 20 a second, want 3", account)
	case took > want*1.1+1:
		return fmt.Errorf("%d parts took %.1f s over a link of 100 a second", parts, took)
	}
	return nil
}

// submitAtOnce hands over n messages in one request, without receipts.
func submitAtOnce(t *testing.T, r *rest, n int, text string) {
	t.Helper()
	numbers := phones(n, "1")
	for i := range numbers {
		numbers[i] = "+" + numbers[i]
	}
	body, err := json.Marshal(map[string]any{"to": numbers, "text": text, "receipts": "none"})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := r.post(string(body)); status != http.StatusAccepted {
		t.Fatalf("%d %s", status, answer)
	}
}

// mostWithin is how many of these times, which are in order, lie within 100 ms at most.
func mostWithin(at []time.Time) (most int) {
	first := 0
	for i := range at {
		for at[i].Sub(at[first]) >= 100*time.Millisecond {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
