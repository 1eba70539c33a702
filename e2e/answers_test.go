package e2e

import (
	"fmt"
	"testing"

	"kurir/simulator"
)

// TestAnswersOverKills: the program is killed three times while phones write and are answered automatically. Every text
// that is in the inbox has exactly one answer.
func TestAnswersOverKills(t *testing.T) {
	t.Parallel()
	const phones, kills = 600, 3
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		inbound: []string{`{keyword: open, account: ` + account + `, do: [{reply: "{rest}: 9 to 18 ` + textMark + `"}]}`},
	})
	linked(t, sim)
	write := func(from, to int) {
		for n := from; n < to; n++ {
			if err := sim.Inject(simulator.Inbound{From: fmt.Sprintf("4670%07d", n), To: "46737494949", Text: fmt.Sprintf("Open? day %d %s", n, textMark)}); err != nil {
				t.Errorf("a phone writes: %v", err)
			}
		}
	}
	for k := range kills {
		write(k*phones/(kills+1), (k+1)*phones/(kills+1))
		s.proc.kill()
		s.start()
	}
	write(kills*phones/(kills+1), phones)

	var page struct{ Inbound, Messages []viewed }
	count := map[string]int{} // answers, by what they answer
	within(t, 2*patience, "everything is in the inbox and answered", func() bool {
		s.fetch("/v1/messages?limit=1000", &page) // first: what they answer is in the inbox then
		s.fetch("/v1/inbound?limit=1000", &page)
		clear(count)
		for _, m := range page.Messages {
			count[m.Reference]++
		}
		wrote, answered := map[string]bool{}, true
		for _, in := range page.Inbound {
			wrote[in.From] = true
			answered = answered && count[in.ID] > 0
		}
		return len(wrote) == phones && answered
	})
	for _, in := range page.Inbound {
		if count[in.ID] != 1 {
			t.Errorf("the text from %s has %d answers", in.From, count[in.ID])
		}
		delete(count, in.ID)
	}
	if len(count) > 0 {
		t.Errorf("answers to what nobody wrote: %v", count)
	}
}
