package gsm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"kurir/gsm"
)

// TestComplaint11Simplify: what the alphabet has stays, what it lacks gets its
// plain form, and each replacement is told.
func TestComplaint11Simplify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, want, told string
	}{
		{"Räksmörgås på färjan, é à ø ñ ü ß Ç", "Räksmörgås på färjan, é à ø ñ ü ß Ç", ""},
		{"“Hej” – sa hon…", "\"Hej\" - sa hon...", "“→\" ”→\" –→- …→..."},
		{"it’s 5\u00a0000 kr", "it's 5 000 kr", "’→' \u00a0→ "},
		{"Łódź, žluťoučký kůň", "Lodz, zlutoucky kun", "Ł→L ó→o ź→z ž→z ť→t č→c ý→y ů→u ň→n"},
		{"ǻ ǿ Ǽ ấ ǜ", "å ø Æ a ü", "ǻ→å ǿ→ø Ǽ→Æ ấ→a ǜ→ü"},
		{"a\u030a e\u0301 x\u0302", "å é x", "\u0302→"},
		{"ﬁﬂ œ ĳ", "fifl oe ij", "ﬁ→fi ﬂ→fl œ→oe ĳ→ij"},
		{"ＡＢＣ１２！", "ABC12!", "Ａ→A Ｂ→B Ｃ→C １→1 ２→2 ！→!"},
		{"½ m² №1", "1/2 m2 No1", "½→1/2 ²→2 №→No"},
		{"İstanbul ığşç", "Istanbul igsc", "İ→I ı→i ğ→g ş→s ç→c"},
		{"a\u200bb\u00adc", "abc", "\u200b→ \u00ad→"},
		{"``", "''", "`→'"},
		{"Привет “du”", "Привет “du”", "П! р! и! в! е! т! “→\" ”→\""},
		{"😀", "😀", "😀!"},
		{"20°", "20°", "°!"},
		{"", "", ""},
	} {
		out, told, whole := gsm.Simplify(tt.text)
		var got []string
		for _, r := range told {
			if r.Kept {
				got = append(got, string(r.Rune)+"!")
			} else {
				got = append(got, string(r.Rune)+"→"+r.By)
			}
		}
		if out != tt.want || strings.Join(got, " ") != tt.told || whole != gsm.IsGSM7(out) {
			t.Errorf("%q: %q, told %q, %v; want %q, told %q", tt.text, out, strings.Join(got, " "), whole, tt.want, tt.told)
		}
	}
}

// TestSimplifyEveryLetter: every letter of the Latin script becomes one of the
// alphabet or is told as one that stays.
func TestSimplifyEveryLetter(t *testing.T) {
	t.Parallel()
	kept := 0
	for r := rune(0xC0); r < 0x1F00; r++ {
		if r > 0x24F && r < 0x1E00 {
			continue
		}
		out, told, whole := gsm.Simplify(string(r))
		switch {
		case whole && !gsm.IsGSM7(out), whole && out == "", whole && !gsm.IsGSM7(string(r)) && len(told) != 1:
			t.Errorf("%c: %q, %v", r, out, told)
		case !whole:
			kept++
			if out != string(r) || len(told) != 1 || !told[0].Kept {
				t.Errorf("%c: %q, %v", r, out, told)
			}
		}
	}
	if kept > 70 { // tone letters, clicks, obsolete ones
		t.Errorf("%d letters of the Latin script have no plain form", kept)
	}
}

func FuzzSimplify(f *testing.F) {
	f.Add("“Łódź” a\u030a 😀")
	f.Fuzz(func(t *testing.T, text string) {
		out, told, whole := gsm.Simplify(text)
		switch {
		case !whole && out != text:
			t.Errorf("%q became %q although it is not whole", text, out)
		case whole && (!utf8.ValidString(text) || !gsm.IsGSM7(out)):
			t.Errorf("%q became %q", text, out)
		}
		for _, r := range told {
			if r.Count < 1 || r.Kept && whole || !r.Kept && !gsm.IsGSM7(r.By) {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}
