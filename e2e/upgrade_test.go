package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/pgtest"
)

// buildNewer is this program as a later version may be: with a change that adds to the tables, and one that takes that away again.
func buildNewer(t *testing.T) (binary string, forms int) {
	t.Helper()
	dir := t.TempDir()
	migrations, err := filepath.Abs("../store/migrations/postgres")
	if err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob(filepath.Join(migrations, "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	forms = len(there) + 2
	over := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range map[string]string{
		fmt.Sprintf("%04d_note.sql", forms-1):   fmt.Sprintf("-- least: %d\nALTER TABLE message ADD COLUMN note TEXT;\n", len(there)),
		fmt.Sprintf("%04d_contract.sql", forms): "ALTER TABLE message DROP COLUMN note;\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		over.Replace[filepath.Join(migrations, name)] = file
	}
	text, err := json.Marshal(over)
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err = build("kurir-newer", "-overlay", overlay)
	if err != nil {
		t.Fatal(err)
	}
	return binary, forms
}

// previous is the program of the last tag, empty where there is none.
func previous(t *testing.T) string {
	t.Helper()
	tag, err := exec.Command("git", "describe", "--tags", "--abbrev=0", "HEAD^").Output()
	if err != nil {
		return ""
	}
	name, dir := strings.TrimSpace(string(tag)), t.TempDir()
	unpack := exec.Command("bash", "-euo", "pipefail", "-c", `git -C .. archive "$0" | tar -x -C "$1"`, name, dir)
	if text, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", name, err, text)
	}
	t.Logf("the older program is %s", name)
	out, err := buildIn(dir, "kurir-previous")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestClusterUpgrade replaces the program of one server after the other under load by a later one. What that adds to the tables is
// there as soon as the first of it runs, and older ones go on; what it takes away is taken when the last of them is replaced.
func TestClusterUpgrade(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	newer, forms := buildNewer(t)
	x := clusterExperiment{name: "6 all get a later program in turn", faults: 3, gap: time.Second, limit: 3 * time.Second, waits: 2 * time.Second, binary: previous(t)}
	x.fault = func(i int, _ *rand.Rand) {
		s := x.nodes[i]
		s.proc.stop()
		s.binary = newer
		x.again(t, s)
		want := forms - 1
		if i == len(x.nodes)-1 {
			want = forms
		}
		if got := pgtest.Exec(t, x.address, "SELECT value FROM meta WHERE name = 'form'")[0][0]; got != strconv.Itoa(want) {
			t.Errorf("with %d servers of the later program the tables have form %s, want %d", i+1, got, want)
		}
	}
	x.run(t)
}
