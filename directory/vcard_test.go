package directory

import (
	"fmt"
	"strings"
	"testing"
)

func cards(text string) (got []string) {
	ReadVCards(text, func(line int, c *Contact, problem string) bool {
		if problem != "" {
			got = append(got, fmt.Sprintf("%d: %s", line, problem))
			return true
		}
		got = append(got, fmt.Sprintf("%d: %s|%s|%s|%s|%s|%s|%v", line, c.Name, c.Mobile, c.Pager, c.Mail, c.Language, c.Note, c.Fields))
		return true
	})
	return got
}

// Cards of all versions are read, as phones and mail programs write them.
func TestReadVCards(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ what, text, want string }{
		{"3.0", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna \r\n  Berg\r\nTEL;TYPE=WORK,VOICE:08-1\r\nTEL;TYPE=CELL:070-123\r\nEMAIL:a@x.se\r\nNOTE:one\\, two\\nthree\r\nEND:VCARD\r\n", "1: Anna  Berg|070-123||a@x.se||one, two\nthree|map[]"},
		{"2.1", "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=96=\n=72jan;Bo;;;\nTEL;CELL;PREF:070\nEND:VCARD\n", "1: Bo Örjan|070|||||map[]"},
		{"4.0", "\ufeffBEGIN:VCARD\nVERSION:4.0\nN:Berg;Anna;;Dr;\nitem1.TEL;VALUE=uri;TYPE=\"cell,voice\":tel:+46-70-1;ext=5\nTEL;TYPE=pager:0746\nLANG:sv\nEND:VCARD\n", "1: Dr Anna Berg|+46-70-1|0746||sv||map[]"},
		{"a telephone of no kind, and two cards", "BEGIN:VCARD\nFN:A\nTEL:1\nTEL;TYPE=FAX:2\nEND:VCARD\njunk\nBEGIN:VCARD\nFN:B\nEND:VCARD", "1: A|1|||||map[] 7: B||||||map[]"},
		{"one that does not end", "BEGIN:VCARD\nFN:A\n", "1: the card does not end"},
		{"no UTF-8", "BEGIN:VCARD\nFN:\xe5\nEND:VCARD\n", "1: the card is not UTF-8"},
		{"nothing", "name,mobile\n", ""},
	} {
		if got := strings.Join(cards(test.text), " "); got != test.want {
			t.Errorf("%s: %q, want %q", test.what, got, test.want)
		}
	}
}

// What is written is read again, whatever is in it, in lines of at most 75 octets.
func TestVCardComesBack(t *testing.T) {
	t.Parallel()
	c := &Contact{Name: `Ann;a, "B" \ ` + strings.Repeat("Ö", 60), Mobile: "+46701234567", Pager: "+46741", Mail: "a@x.se", Language: "sv", Note: "x\nEND:VCARD", Fields: map[string]string{"ward": "4;a=b"}}
	text := string(AppendVCard(nil, c))
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets", len(line))
		}
	}
	n := 0
	ReadVCards(text, func(_ int, got *Contact, problem string) bool {
		if n++; problem != "" || !c.Same(got) {
			t.Errorf("%+v %s", got, problem)
		}
		return true
	})
	if n != 1 {
		t.Errorf("%d cards", n)
	}
}

// What a file can make of cards is bounded: how many fields one has, so that what was read can be written and read again, and how long
// the head of a line is searched for an encoding at each of its continuations.
func TestVCardBounds(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range maxCardLines - 1 {
		fmt.Fprintf(&many, "%s:f%d=x\n", cardField, i)
	}
	ReadVCards("BEGIN:VCARD\n"+many.String()+"END:VCARD\n", func(_ int, c *Contact, problem string) bool {
		if problem != "" || len(c.Fields) != MaxContactFields+1 {
			t.Fatalf("%+v %s", c, problem)
		}
		ReadVCards(string(AppendVCard(nil, c)), func(_ int, again *Contact, problem string) bool {
			if problem != "" || !c.Same(again) {
				t.Errorf("written again it is %+v %s", again, problem)
			}
			return true
		})
		return true
	})
	if got := cards("QUOTED-PRINTABLE=\n" + strings.Repeat("=\n", 100_000) + "\nBEGIN:VCARD\nFN:A\nEND:VCARD\n"); len(got) != 1 { // took a minute
		t.Errorf("behind a line without a value: %q", got)
	}
}

func FuzzReadVCards(f *testing.F) {
	f.Add("BEGIN:VCARD\r\nFN:a\r\n b\r\nN;ENCODING=QUOTED-PRINTABLE:=C3=\r\n=96;;\r\nTEL;TYPE=\"a:b\":tel:1;x\r\nEND:VCARD\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		ReadVCards(text, func(_ int, c *Contact, problem string) bool {
			if (c == nil) != (problem != "") && c == nil {
				t.Error("neither a card nor a problem")
			}
			if problem == "" {
				ReadVCards(string(AppendVCard(nil, c)), func(_ int, again *Contact, problem string) bool {
					if problem != "" {
						t.Errorf("written again it has a problem: %s", problem)
					}
					return true
				})
			}
			return true
		})
	})
}
