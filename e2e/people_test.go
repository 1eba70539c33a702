package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// TestPeople: curl imports contacts from a table into a group, as documented, and sends to all of them; killed in the midst of it
// the server goes on where it was, and accepts for nobody twice.
func TestPeople(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{account: ", rate: 200"})
	linked(t, sim)

	const n = 1200
	var table strings.Builder
	table.WriteString("name;mobile;n\n")
	for i := range n {
		fmt.Fprintf(&table, "Anna %d;070-%07d;%d\n", i%7, 1000001+i, i)
	}
	file := filepath.Join(s.dir, "staff.csv")
	if err := os.WriteFile(file, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	curl := func(v any, path string, args ...string) {
		t.Helper()
		args = append([]string{"-sSN", "-H", "Authorization: Bearer " + apiKey, "http://" + s.http + path}, args...)
		out, err := exec.CommandContext(t.Context(), "curl", args...).Output()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := json.Unmarshal(out, v); err != nil {
			t.Fatalf("%s: %v: %.300s", path, err, out)
		}
	}
	var group struct{ Members int }
	curl(&group, "/v1/groups", "--json", `{"name": "staff"}`)
	for _, want := range [2]string{"made", "same"} { // it may be sent again
		var done map[string]any
		curl(&done, "/v1/contacts/import?group=staff", "-H", "Content-Type: text/csv", "--data-binary", "@"+file)
		if done[want] != float64(n) || len(done["results"].([]any)) != n {
			t.Fatalf("%s: %v made, %v same, %v refused", want, done["made"], done["same"], done["refused"])
		}
	}
	if curl(&group, "/v1/groups/staff"); group.Members != n {
		t.Fatalf("%d members", group.Members)
	}

	type job struct {
		ID, State string
		Messages  int
		Refused   int
	}
	var answer struct{ Job job }
	curl(&answer, "/v1/messages", "--json", `{"to": ["group:staff", "+46701000001"], "text": "ref-{n} `+textMark+`", "variables": {}, "reference": "summer", "receipts": "none"}`)
	if answer.Job.State != "running" {
		t.Fatalf("%+v", answer)
	}
	at := answer.Job
	for at.Messages < n/6 {
		s.fetch("/v1/jobs/"+answer.Job.ID, &at) // quicker than curl, or the job may be over
	}
	if at.State != "running" {
		t.Fatalf("%+v before the server was killed", at)
	}
	s.proc.kill()
	s.start()
	within(t, 3*patience, "the job ends", func() bool {
		curl(&at, "/v1/jobs/"+answer.Job.ID)
		return at.State != "running"
	})
	if at.State != "done" || at.Messages != n || at.Refused != 0 {
		t.Errorf("%+v", at)
	}
	within(t, 3*patience, "all phones have it", func() bool { return sim.References().Distinct == n })
	accepted := map[string]int{}
	for next := "/v1/messages?limit=1000&reference=summer"; next != ""; {
		var page struct {
			Messages []struct{ To string }
			Next     string
		}
		curl(&page, next)
		for _, m := range page.Messages {
			accepted[m.To]++
		}
		next = page.Next
	}
	for to, times := range accepted {
		if times != 1 {
			t.Errorf("%d messages to %s", times, to)
		}
	}
	if len(accepted) != n {
		t.Errorf("%d phones", len(accepted))
	}
	began := time.Now()
	var left map[string]string
	if curl(&left, "/v1/groups/staff", "-X", "DELETE"); left["deleted"] == "" || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", left, time.Since(began))
	}
}
