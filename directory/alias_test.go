package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kurir/message"
)

// testNumber takes Swedish numbers, as route.Normalise does.
func testNumber(text string) (string, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "-", "")
	digits := strings.TrimPrefix(text, "+")
	if !message.AllDigits(digits) || digits == "" {
		return "", false
	}
	if rest, ok := strings.CutPrefix(digits, "0"); ok {
		digits = "46" + rest
	}
	return digits, true
}

func noLoops(address string) string {
	if message.MailDomain(address) == "sms.example.se" {
		return address + " is an address of ours"
	}
	return ""
}

func readAliases(t testing.TB, text string) (*Aliases, []LineMistake) {
	t.Helper()
	table, mistakes, err := ReadAliases(strings.NewReader(text), testNumber, noLoops)
	if err != nil {
		t.Fatal(err)
	}
	return table, mistakes
}

// TestAliases: words and numbers with comments, quotes and lines that go on, as aliases(5) has them.
func TestAliases(t *testing.T) {
	t.Parallel()
	table, mistakes := readAliases(t, "\ufeff# the desk\n"+
		"info, Hjälp: anna@example.se, \"bo@example.se\",\r\n"+
		"\n"+
		"   # between the lines\n"+
		"\t<cecilia@example.se>   # behind it\n"+
		"\"two: words\" : d#e@example.se\n"+
		"0701234561: anna@example.se\n"+
		"+46 8-123 45 : bo@example.se, bo@example.se\n"+
		"72456:duty@example.se")
	if len(mistakes) != 0 {
		t.Fatal(mistakes)
	}
	three := []string{"anna@example.se", "bo@example.se", "cecilia@example.se"}
	for _, c := range []struct {
		got, want []string
	}{
		{table.Word(Fold("INFO")), three},
		{table.Word(Fold("hjalp")), three},
		{table.Word(Fold("two: words")), []string{"d#e@example.se"}},
		{table.Number("46701234561"), []string{"anna@example.se"}},
		{table.Number("46812345"), []string{"bo@example.se"}},
		{table.Number("72456"), []string{"duty@example.se"}},
		{table.Word("72456"), nil},
		{table.Word("+72456"), nil},
		{table.Word("other"), nil},
		{(*Aliases)(nil).Word("info"), nil},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%v; want %v", c.got, c.want)
		}
	}
	if table.Len() != 6 {
		t.Errorf("there are %d", table.Len())
	}
}

// TestAliasMistakes: each mistake is told with its line, and the other lines count.
func TestAliasMistakes(t *testing.T) {
	t.Parallel()
	table, mistakes := readAliases(t, "  anna@example.se\ninfo anna@example.se\ninfo: anna@example.se\nINFO: bo@example.se\n"+
		"empty:\nlocal: anna\nloop: x@sms.example.se\n...: anna@example.se\nlatin\xe4: anna@example.se\n0701234561: a@example.se\n+46701234561: b@example.se\n")
	want := map[int]string{
		1: "no line before", 2: "no colon", 4: "line 3 already", 5: "no address", 6: "no address of the form", 7: "of ours", 8: "neither a word", 9: "UTF-8", 11: "line 10 already",
	}
	if len(mistakes) != len(want) {
		t.Errorf("mistakes: %v", mistakes)
	}
	for _, m := range mistakes {
		if want[m.Line] == "" || !strings.Contains(m.Text, want[m.Line]) {
			t.Errorf("line %d: %s; want %q", m.Line, m.Text, want[m.Line])
		}
	}
	if table.Len() != 2 {
		t.Errorf("there are %d", table.Len())
	}
}

// TestAliasBounds: what is told of a bad file is bounded, and a line that never ends is a mistake.
func TestAliasBounds(t *testing.T) {
	t.Parallel()
	_, mistakes := readAliases(t, strings.Repeat("x\n", 1000))
	if last := mistakes[len(mistakes)-1]; len(mistakes) != aliasMistakes+1 || !strings.Contains(last.Text, "949 more") || last.Line != aliasMistakes+1 {
		t.Errorf("%d mistakes, the last %v", len(mistakes), last)
	}
	_, mistakes = readAliases(t, "a: a@example.se\n"+strings.Repeat("x", 2*aliasLine))
	if len(mistakes) != 1 || mistakes[0].Line != 2 {
		t.Errorf("a long line: %v", mistakes)
	}
	_, mistakes = readAliases(t, "a: a@example.se"+strings.Repeat(",\n b@example.se", 10_000))
	if len(mistakes) == 0 || mistakes[len(mistakes)-1].Line == 0 {
		t.Errorf("a long entry: %v", mistakes)
	}
}

// FuzzAliases: nothing panics, and what is found are addresses that mail may go to.
func FuzzAliases(f *testing.F) {
	f.Add("info, \"a b\": anna@example.se,\n bo@example.se # x\n0701234561: a@b\nalarm: rota:ward4\n")
	f.Add("\ufeff: a@b\n a\n\"\n\":\"\n#\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, mistakes := readAliases(t, text)
		for key, list := range table.to {
			for _, address := range list {
				if key == "" || !strings.HasPrefix(address, rotaPrefix) && (!message.IsMailbox(address) || noLoops(address) != "") {
					t.Errorf("%q leads to %q", key, address)
				}
			}
		}
		if len(mistakes) > aliasMistakes+2 {
			t.Errorf("%d mistakes", len(mistakes))
		}
	})
}

// BenchmarkAliases reads a file of 100,000 lines.
func BenchmarkAliases(b *testing.B) {
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "word%d: person%d@example.se\n07%08d: person%d@example.se, desk@example.se\n", i, i, i, i)
	}
	b.ReportAllocs()
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if table, mistakes := readAliases(b, text.String()); table.Len() != 100_000 || len(mistakes) > 0 {
			b.Fatal(table.Len(), mistakes)
		}
	}
}
