package smpp

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the meaning of each PDU into the fixtures, to be read before it is believed")

// fixture is one PDU of a file in testdata.
type fixture struct {
	name  string
	frame []byte
	means string
}

// fixtures reads a file: a line "name hex" and below it what Decode is to make of it.
func fixtures(t testing.TB, file string) []fixture {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []fixture
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			list[len(list)-1].means = line[1:]
		default:
			name, digits, _ := strings.Cut(line, " ")
			frame, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, name, err)
			}
			list = append(list, fixture{name: name, frame: frame})
		}
	}
	return list
}

func allFixtures(t testing.TB) []fixture {
	var list []fixture
	files, _ := filepath.Glob("testdata/*.hex")
	for _, f := range files {
		list = append(list, fixtures(t, f)...)
	}
	if len(list) < 50 {
		t.Fatalf("only %d fixtures", len(list))
	}
	return list
}

// meaning is the PDU's listing with the octets of its text, which String hides.
func meaning(p *PDU) string {
	s := p.String()
	if m, ok := p.Body.(interface{ Message() []byte }); ok {
		s += " text=" + hex.EncodeToString(m.Message())
	}
	return s
}

// What other programs send is read as they meant it, and written again as the same bytes.
func TestForeignBytes(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.hex")
	for _, file := range files {
		var out bytes.Buffer
		for _, f := range fixtures(t, file) {
			var p PDU
			if err := Decode(f.frame, &p); err != nil {
				t.Errorf("%s: %s: %v", file, f.name, err)
				continue
			}
			out.WriteString(f.name + " " + hex.EncodeToString(f.frame) + "\n\t" + meaning(&p) + "\n")
			if !*update && meaning(&p) != f.means {
				t.Errorf("%s: %s:\n got %s\nwant %s", file, f.name, meaning(&p), f.means)
			}
			again, err := Append([]byte("before"), &p)
			if err != nil {
				t.Errorf("%s: %s: %v", file, f.name, err)
			}
			if diff := cmp.Diff(f.frame, again[6:]); diff != "" {
				t.Errorf("%s: %s: written differently:\n%s", file, f.name, diff)
			}
		}
		if *update {
			head, _ := os.ReadFile(file)
			first, _, _ := strings.Cut(string(head), "\n")
			if err := os.WriteFile(file, append([]byte(first+"\n"), out.Bytes()...), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
