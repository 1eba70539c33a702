package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"kurir/load"
	"kurir/simulator"
)

// TestLoadAndSimulate runs the three parts as processes of their own, as a benchmark does: the generator's figures
// and the simulator's agree, over every interface.
func TestLoadAndSimulate(t *testing.T) {
	t.Parallel()
	binary := raceBinary(t)
	smscAddr, apiAddr := freeAddr(t), freeAddr(t)
	start(t, ours, t.TempDir(), binary, "simulate", "--smpp", smscAddr, "--http", apiAddr,
		"--system-id", "kurir", "--password", linkPass, "--receipts", "50ms", "--count-references")
	sim := &rest{t: t, base: "http://" + apiAddr, client: &http.Client{}}
	t.Cleanup(sim.client.CloseIdleConnections)
	listening(t, smscAddr)
	s := startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", smscAddr, ", window: 100")}})
	eventually(t, "the link is bound", func() bool { return s.metric(`kurir_link_up{link="op1"}`) == 1 })
	const count = 2000
	for _, c := range []struct {
		name string
		args []string
	}{
		{"SMPP", []string{"smpp", s.smpp, "--system-id", account, "--password", password, "--sessions", "2"}},
		{"REST", []string{"http", "http://" + s.http, "--key", apiKey, "--connections", "8"}},
		{"REST, many in a request", []string{"http", "http://" + s.http, "--key", apiKey, "--connections", "2", "--per-request", "100"}},
		{"Kannel", []string{"http", "http://" + s.http, "--kannel", "--user", account, "--password", password, "--connections", "8"}},
	} {
		if status, _, _, err := sim.do(http.MethodPost, "/reset", "", nil); err != nil || status != http.StatusNoContent {
			t.Fatalf("%s: reset: %d %v", c.name, status, err)
		}
		dir := t.TempDir()
		accepted := filepath.Join(dir, "accepted")
		args := append([]string{"load"}, c.args...)
		args = append(args, "--count", strconv.Itoa(count), "--json", "--quiet", "--accepted", accepted)
		text, code := run(t, ours, dir, binary, args...)
		var report load.Report
		if err := json.Unmarshal([]byte(text), &report); err != nil || code != 0 {
			t.Errorf("%s: exit code %d, %v:\n%s", c.name, code, err, text)
			continue
		}
		if report.Accepted != count || report.Refused+report.Unanswered+report.Lost+report.Duplicated+report.Unknown != 0 || report.States["DELIVRD"]+report.States["delivered"]+report.States["dlr 1"] != count {
			t.Errorf("%s: %s", c.name, text)
		}
		if report.Acceptance.P50 <= 0 || report.Receipt.P99 < 50 {
			t.Errorf("%s: latencies %+v and %+v", c.name, report.Acceptance, report.Receipt)
		}
		refs, err := os.ReadFile(accepted)
		if err != nil {
			t.Fatal(err)
		}
		status, body, _, err := sim.do(http.MethodPost, "/counts", "text/plain", bytes.NewReader(refs))
		var counts simulator.ReferenceCounts
		if err != nil || status != http.StatusOK || json.Unmarshal(body, &counts) != nil {
			t.Fatalf("%s: counts: %d %s %v", c.name, status, body, err)
		}
		if counts.Expected != count || counts.Missing+counts.Repeats+counts.Unannounced != 0 {
			t.Errorf("%s: the simulator counts %s", c.name, body)
		}
	}
}
