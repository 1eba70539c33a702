package cimd2

import (
	"encoding/hex"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the meaning of each packet into the fixtures, to be read before it is believed")

// fixture is one packet of testdata.
type fixture struct {
	frame []byte
	means string
}

var notation = strings.NewReplacer("<STX>", "\x02", "<ETX>", "\x03", "<TAB>", "\t")

// fixtures reads testdata/digest.txt: a packet per line, and below it what it means.
func fixtures(t testing.TB) []fixture {
	t.Helper()
	b, err := os.ReadFile("testdata/digest.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []fixture
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == ' ':
			list[len(list)-1].means = strings.TrimSpace(line)
		default:
			list = append(list, fixture{frame: []byte(notation.Replace(line))})
		}
	}
	if len(list) < 16 {
		t.Fatalf("only %d packets", len(list))
	}
	return list
}

// body gives an empty body of an operation, nil if it has none.
func body(op Operation) Body {
	for _, b := range []Body{
		&Login{}, &Submit{}, &SubmitResp{}, &Enquire{}, &EnquireResp{}, &DeliveryRequest{}, &DeliveryRequestResp{}, &Cancel{},
		&Set{}, &Get{}, &GetResp{}, &Deliver{}, &StatusReport{},
	} {
		if b.Operation() == op {
			return b
		}
	}
	return nil
}

// meaning is the packet's listing with the octets of its text, which String hides.
func meaning(t testing.TB, p *Packet) string {
	t.Helper()
	s := p.String()
	if b := body(p.Op); b != nil && p.Refused() == nil {
		if err := p.Read(b); err != nil {
			t.Error(err)
		}
		switch b := b.(type) {
		case *Submit:
			s += " text=" + hex.EncodeToString(b.Data)
		case *Deliver:
			s += " text=" + hex.EncodeToString(b.Data)
		}
	}
	return s
}

// What was recorded of other programs is read as they meant it, and written again as the same octets.
func TestForeignBytes(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	for _, f := range fixtures(t) {
		p, err := Decode(f.frame)
		if err != nil {
			t.Errorf("%q: %v", f.frame, err)
			continue
		}
		got := meaning(t, p)
		back := strings.NewReplacer("\x02", "<STX>", "\x03", "<ETX>", "\t", "<TAB>")
		out.WriteString(back.Replace(string(f.frame)) + "\n    " + got + "\n")
		if !*update && got != f.means {
			t.Errorf("%q:\n got %s\nwant %s", f.frame, got, f.means)
		}
		again, err := Append([]byte("before"), p)
		if err != nil || string(again[6:]) != string(f.frame) {
			t.Errorf("%q: written as %q (%v)", f.frame, again, err)
		}
	}
	if *update {
		head, err := os.ReadFile("testdata/digest.txt")
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(head), "\n")
		if err := os.WriteFile("testdata/digest.txt", []byte(first+"\n"+out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
