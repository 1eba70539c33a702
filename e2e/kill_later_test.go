package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestKillAmidCommands kills the program while it starts programs for messages from phones, and while a recurring message is due.
// A program runs at most once for a text; either its answer went to the phone, once, or the text says why there is none. The
// recurring message goes once to each of its phones.
func TestKillAmidCommands(t *testing.T) {
	t.Parallel()
	const texts, kills, phone = 150, 5, "46701234567"
	random := faults(t)
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran") // by nobody, where Kurir is root
	for _, err := range []error{os.WriteFile(ran, nil, 0o600), os.Chmod(ran, 0o666), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sim := startSimulator(t, simulator.Options{})
	s := prepareServer(t, sim, serverOptions{
		binary: plainBinary(t),
		more: fmt.Sprintf("commands:\n  - {name: work, run: [/bin/sh, -c, 'echo $1 >> %s; echo done $1', sh, \"{rest}\"], from: [\"+%s\"]}\n", ran, phone) +
			fmt.Sprintf("schedules:\n  - {name: tick, account: %s, at: [\"mon-sun %s\"], to: [\"+46701000001\", \"+46701000002\", \"+46701000003\"], text: Test %s}",
				account, time.Now().UTC().Format("15:04"), textMark), // made up for, as it has just passed
		inbound: []string{`{keyword: work, account: ` + account + `, do: [{command: work, answer: true, most: 255}]}`},
	})
	for range kills { // the recurring message is sent as soon as it runs
		s.launch()
		s.proc.out.wait(t, "open messages read")
		<-time.After(time.Duration(random.IntN(20)) * time.Millisecond)
		s.proc.kill()
	}
	s.start()
	linked(t, sim) // until then the simulator has nobody to give a text to
	for k := range kills {
		for n := k * texts / kills; n < (k+1)*texts/kills; n++ {
			if err := sim.Inject(simulator.Inbound{From: phone, To: "46737494949", Text: fmt.Sprintf("work %d %s", n, textMark)}); err != nil {
				t.Errorf("a phone writes: %v", err)
			}
		}
		<-time.After(time.Duration(random.IntN(200)) * time.Millisecond)
		s.proc.kill()
		s.start()
	}

	var page struct{ Inbound, Messages []viewed }
	type event struct{ What string }
	ends := map[string][]event{}
	within(t, 3*patience, "every text is in the inbox, and what became of its program", func() bool {
		s.fetch("/v1/inbound?limit=1000", &page)
		wrote := map[string]bool{}
		for _, in := range page.Inbound {
			var one struct{ Events []event }
			s.fetch("/v1/inbound/"+in.ID, &one)
			if n := len(one.Events); n > 0 && (one.Events[n-1].What == "told" || one.Events[n-1].What == "tell_given_up") {
				ends[in.ID] = one.Events
				wrote[in.Text] = true
			}
		}
		return len(wrote) == texts && len(ends) == len(page.Inbound)
	})
	answers, ticks := map[string]int{}, map[string]int{}
	eventually(t, "the recurring message has gone out to three phones", func() bool {
		s.fetch("/v1/messages?limit=1000", &page)
		clear(answers)
		clear(ticks)
		for _, m := range page.Messages {
			answers[m.Reference]++
			if strings.HasPrefix(m.Reference, "tick ") {
				ticks[m.To]++
			}
		}
		return len(ticks) >= 3
	})
	whole, without := 0, 0
	for _, in := range page.Inbound {
		switch last := ends[in.ID][len(ends[in.ID])-1]; {
		case last.What == "told" && answers[in.ID] == 1:
			whole++
		case last.What == "tell_given_up" && answers[in.ID] == 0:
			without++
		default:
			t.Errorf("%s has %d answers, and %v", in.ID, answers[in.ID], ends[in.ID])
		}
	}
	out, err := os.ReadFile(ran)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for line := range strings.Lines(string(out)) {
		if times[line]++; times[line] > 1+len(page.Inbound)-texts { // what came again after a kill is another text
			t.Errorf("the program ran %d times for %q", times[line], line)
		}
	}
	t.Logf("%d texts, %d in the inbox: %d answered, %d given up; %d runs", texts, len(page.Inbound), whole, without, len(times))
	if len(ticks) != 3 || ticks["+46701000001"] != 1 || ticks["+46701000002"] != 1 || ticks["+46701000003"] != 1 {
		t.Errorf("the recurring message went out as %v, want once to each of three", ticks)
	}
	s.proc.stop()
}
