package gsm_test

import (
	"errors"
	"strings"
	"testing"

	"kurir/gsm"
)

func TestSeparate(t *testing.T) {
	t.Parallel()
	word := "abcdefghi "             // ten characters
	long := strings.Repeat(word, 17) // 170
	turkish := strings.Repeat("şifre değil ", 20)
	for _, tt := range []struct {
		name     string
		text     string
		o        gsm.SplitOptions
		numbered bool
		want     []string
	}{
		{"short", "hi", gsm.SplitOptions{}, true, []string{"hi"}},
		{"between words", long, gsm.SplitOptions{}, false, []string{strings.Repeat(word, 16)[:159], "abcdefghi"}},
		{"a blank at the border", strings.Repeat("x", 160) + " yy", gsm.SplitOptions{}, false, []string{strings.Repeat("x", 160), "yy"}},
		{"numbered", long, gsm.SplitOptions{}, true, []string{"1/2 " + strings.Repeat(word, 15)[:149], "2/2 " + strings.Repeat(word, 2)[:19]}},
		{"one long word", strings.Repeat("x", 170), gsm.SplitOptions{}, false, []string{strings.Repeat("x", 160), strings.Repeat("x", 10)}},
		{"no pair is cut", strings.Repeat("€", 81), gsm.SplitOptions{}, false, []string{strings.Repeat("€", 80), "€"}},
		{"lines", strings.Repeat("x", 150) + "\n\n" + strings.Repeat("y", 20), gsm.SplitOptions{}, false, []string{strings.Repeat("x", 150), strings.Repeat("y", 20)}},
		{"UCS-2", strings.Repeat("слово ", 14), gsm.SplitOptions{}, false, []string{strings.Repeat("слово ", 11)[:11*11-1], "слово слово слово"}},
		{"beside a header", strings.Repeat("x", 170), gsm.SplitOptions{Header: gsm.Header{Elements: []gsm.Element{gsm.PortsElement(1, 2)}}}, false, []string{strings.Repeat("x", 152), strings.Repeat("x", 18)}},
		{"national", turkish, gsm.SplitOptions{Languages: 1 << gsm.Turkish}, false, nil},
	} {
		got, err := gsm.Separate(tt.text, tt.o, tt.numbered)
		if err != nil || tt.want != nil && strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
		for _, piece := range got {
			if size, err := gsm.MeasureWith(piece, tt.o); err != nil || size.Parts != 1 {
				t.Errorf("%s: %q takes %d parts, %v", tt.name, piece, size.Parts, err)
			}
		}
	}
	if got, err := gsm.Separate(turkish, gsm.SplitOptions{Languages: 1 << gsm.Turkish}, false); len(got) != 2 {
		t.Errorf("a Turkish text of 240 characters: %d messages, %v, want 2", len(got), err)
	}
	if got, err := gsm.Separate(strings.Repeat(word, 200), gsm.SplitOptions{}, true); err != nil || len(got) != 14 || !strings.HasPrefix(got[13], "14/14 ") {
		t.Errorf("numbers of two digits: %d messages, %v", len(got), err)
	}
	if _, err := gsm.Separate(strings.Repeat(word, 5000), gsm.SplitOptions{}, false); !errors.Is(err, gsm.ErrTooManyParts) {
		t.Errorf("50,000 characters: %v", err)
	}
}

func FuzzSeparate(f *testing.F) {
	f.Add("“Łódź” a\u030a 😀 some words that are long enough to be cut", true, uint16(2))
	f.Add(strings.Repeat("€", 150)+" "+strings.Repeat("ş", 30), false, uint16(2))
	f.Add(strings.Repeat("€", 155)+strings.Repeat("ş", 30), true, uint16(2))
	f.Fuzz(func(t *testing.T, text string, numbered bool, languages uint16) {
		text = strings.Repeat(text, 1+400/(1+len(text)))
		o := gsm.SplitOptions{Languages: gsm.Languages(languages)}
		pieces, err := gsm.Separate(text, o, numbered)
		if err != nil {
			return
		}
		all := ""
		for _, piece := range pieces {
			if size, err := gsm.MeasureWith(piece, o); err != nil || size.Parts != 1 {
				t.Fatalf("%q takes %d parts, %v", piece, size.Parts, err)
			}
			if numbered && len(pieces) > 1 {
				_, piece, _ = strings.Cut(piece, " ")
			}
			all += piece
		}
		if want, got := strings.Join(strings.Fields(text), ""), strings.Join(strings.Fields(all), ""); want != got {
			t.Fatalf("%q became %q", text, pieces)
		}
	})
}
