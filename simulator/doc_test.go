package simulator

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of fates into the documentation")

// TestDocumentation holds that docs/simulator.md has the table of fates as it is.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	const file, begin, end = "../docs/simulator.md", "TestDocumentation -update -->\n", "<!-- end of fates -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	var table strings.Builder
	table.WriteString("\n| last digits | what happens |\n|---|---|\n")
	for _, f := range Fates() {
		table.WriteString("| `" + f.Digits + "` | " + f.What + " |\n")
	}
	want := before + begin + table.String() + "\n" + end + after
	if want == string(b) {
		return
	}
	if !*update {
		t.Fatalf("%s has another table of fates: go test ./simulator -run TestDocumentation -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
