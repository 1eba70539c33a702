package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Settings are a line each; what is made says its revision, and what is shown could stand in the file.
func TestConfig(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const rows = `{"routes":[{"name":"","source":"file","place":"kurir.yaml:7","value":{}},{"name":"night","source":"api","position":1,"revision":17,"changed_at":"2026-11-01T12:00:00Z","changed_by":"root","value":{"to":"46*"}}]}`
	if err := remoteTo(t, 200, rows).listSettings(t.Context(), &out, "routes"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"NAME FROM POSITION REVISION CHANGED BY", "- kurir.yaml:7 - - - -", "night REST 1 17 "} {
		if got := strings.Join(strings.Fields(lines[i]), " "); !strings.HasPrefix(got, want) {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	out.Reset()
	const one = `{"name":"night","source":"api","revision":17,"changed_by":"root","value":{"to":"46*","via":["op1"]}}`
	if err := remoteTo(t, 200, one).showSetting(t.Context(), &out, "/v1/config/routes/night"); err != nil || !strings.HasPrefix(out.String(), "# made over REST, revision 17 by root\nto: 46*\n") {
		t.Errorf("shown: %q, %v", out.String(), err)
	}
	value, err := readValue(strings.NewReader("to: 46*\nvia: [op1]\nmax_parts: 3\n"), "-")
	if body, _ := json.Marshal(value); err != nil || string(body) != `{"max_parts":3,"to":"46*","via":["op1"]}` {
		t.Errorf("read: %s, %v", body, err)
	}
	out.Reset()
	if err := remoteTo(t, 200, one).setSetting(t.Context(), &out, "PUT", "/v1/config/routes/night", "routes", value); err != nil || out.String() != "routes night: in force, revision 17\n" {
		t.Errorf("set: %q, %v", out.String(), err)
	}
	err = remoteTo(t, 422, `{"detail":"via: no connector is named \"op9\"","errors":[{"field":"via","detail":"via: no connector is named \"op9\""}]}`).setSetting(t.Context(), &out, "PUT", "/v1/config/routes/night", "routes", value)
	if err == nil || !strings.HasSuffix(err.Error(), `via: no connector is named "op9"`) || exitCode(err) != exitRefused {
		t.Errorf("refused: %v", err)
	}
}

// What there is one of needs no name, everything else does.
func TestConfigSingle(t *testing.T) {
	t.Parallel()
	const nouns = `{"nouns":[{"noun":"accounts","key":"name"},{"noun":"alarms","single":true}]}`
	const alarms = `{"name":"alarms","source":"api","revision":3,"changed_by":"root","value":{"link_down":"1m"}}`
	for line, want := range map[string]string{
		"set alarms --merge -f -":   "alarms: in force, revision 3\n",
		"delete alarms":             "alarms is deleted\n",
		"set accounts --merge -f -": "--merge changes what is there: give its NAME too",
		"delete accounts":           "a name is expected too, as kurir config list accounts shows them",
	} {
		r := remoteTo(t, 200, nouns, alarms)
		args := strings.Fields(line)
		cmd := map[string]func() *cobra.Command{"set": r.setCmd, "delete": r.deleteCmd}[args[0]]()
		var out bytes.Buffer
		cmd.SetArgs(args[1:])
		cmd.SetIn(strings.NewReader("link_down: 1m"))
		cmd.SetOut(&out)
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		said := ""
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			said = err.Error()
		}
		if said += out.String(); said != want {
			t.Errorf("%s: %q, want %q", line, said, want)
		}
	}
}
