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

// TestGroupOfMany sends one message to a group of 100,000, each with a name of his own, and kills the server in the middle: it goes on
// where it was, everybody has the message once, and memory does not follow the number of members. KURIR_LONG=1 runs it; the figures
// are those of docs/benchmarks.md.
func TestGroupOfMany(t *testing.T) {
	if !long() {
		t.Skip("KURIR_LONG=1 runs it")
	}
	const n = 100_000
	sim := startSimulator(t, simulator.Options{Phones: -1, Keep: -1})
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", window: 500, sessions: 2"})
	linked(t, sim)
	call := func(v any, method, path, media, body string) {
		t.Helper()
		status, text, _, err := s.do(method, path, media, strings.NewReader(body))
		if err != nil || status >= http.StatusMultipleChoices {
			t.Fatalf("%s %s: %d %.300s %v", method, path, status, text, err)
		}
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatalf("%s %s: %v %.300s", method, path, err, text)
		}
	}
	var group struct{ Members int }
	call(&group, http.MethodPost, "/v1/groups", "application/json", `{"name": "staff"}`)
	took := stopwatch()
	const each = 10_000
	for from := 0; from < n; from += each {
		var table strings.Builder
		table.WriteString("name;mobile\n")
		for i := from; i < from+each; i++ {
			fmt.Fprintf(&table, "Anna %d;070-%d%05d\n", i, 12+i/90_000, i%90_000) // with no digits that the simulator obeys
		}
		var done struct{ Made int }
		if call(&done, http.MethodPost, "/v1/contacts/import?group=staff", "text/csv", table.String()); done.Made != each {
			t.Fatalf("%d of %d contacts were made", done.Made, each)
		}
	}
	if call(&group, http.MethodGet, "/v1/groups/staff", "", ""); group.Members != n {
		t.Fatalf("%d members", group.Members)
	}
	t.Logf("%d contacts imported in %v", n, took())

	type job struct {
		ID, State         string
		Messages, Refused int
	}
	var answer struct{ Job job }
	before, peak, took := s.memory(), s.peakMemory(), stopwatch()
	call(&answer, http.MethodPost, "/v1/messages", "application/json", `{"to": ["group:staff"], "text": "ref-{name} `+textMark+`", "variables": {}, "reference": "all", "receipts": "none"}`)
	at := answer.Job
	for at.Messages < n/2 {
		call(&at, http.MethodGet, "/v1/jobs/"+answer.Job.ID, "", "")
	}
	half, most := took(), peak()
	s.proc.kill()
	s.start()
	again := stopwatch()
	peak = s.peakMemory()
	within(t, 5*time.Minute, "the job ends", func() bool {
		call(&at, http.MethodGet, "/v1/jobs/"+answer.Job.ID, "", "")
		return at.State != "running"
	})
	rest := again()
	if at.State != "done" || at.Messages != n || at.Refused != 0 {
		t.Errorf("%+v", at)
	}
	within(t, time.Minute, "everybody has it", func() bool { return sim.Stats().Accepted >= n })
	most = max(most, peak())
	t.Logf("half of %d accepted in %v, killed, the rest in %v after the start; memory %.1f MiB, before %.1f; %d went out", n, half, rest, float64(most)/(1<<20), float64(before)/(1<<20), sim.Stats().Accepted)
	if most > before+192<<20 {
		t.Errorf("memory grew from %d to %d MiB", before>>20, most>>20)
	}
	if uncertain := sim.Stats().Accepted - n; uncertain > 2*1000 { // a window and a look-ahead of each session
		t.Errorf("%d messages more than %d went out", uncertain, n)
	}
	seen := map[string]bool{}
	for next := "/v1/messages?limit=1000&reference=all"; next != ""; {
		var page struct {
			Messages []struct{ To string }
			Next     string
		}
		call(&page, http.MethodGet, next, "", "")
		for _, m := range page.Messages {
			if seen[m.To] {
				t.Errorf("two messages to %s", m.To)
			}
			seen[m.To] = true
		}
		next = page.Next
	}
	if len(seen) != n {
		t.Errorf("%d phones", len(seen))
	}
	s.proc.stop()
}
