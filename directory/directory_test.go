package directory_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"kurir/directory"
	"kurir/message"
)

// asWritten takes digits for numbers with country code and the rest for names.
func asWritten(text string) (message.Address, error) {
	digits := strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "+")
	switch {
	case !message.AllDigits(digits):
		return message.Address{TON: message.TONAlphanumeric, Number: text}, nil
	case len(digits) <= 8 && digits == text:
		return message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: digits}, nil
	case digits[0] == '0':
		return message.Address{}, fmt.Errorf("%q is written without a country code", text)
	}
	return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}, nil
}

func address(text string) message.Address {
	a, err := asWritten(text)
	if err != nil {
		panic(err)
	}
	return a
}

// Entries are numbers and names in full, beginnings and patterns.
func TestMatch(t *testing.T) {
	t.Parallel()
	file := "\ufeffnumber,note\n+46701234567,complains\n# a comment\n\n46 70 765 43 21;x\n" +
		"+4673*\n+4676?????11\n72456\nACME\nFree*\n*bank*\r\n+1900*\n"
	n, mistakes := directory.ReadNumbers(strings.NewReader(file), asWritten)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if n.Len() != 9 {
		t.Errorf("%d entries", n.Len())
	}
	for text, want := range map[string]string{
		"+46701234567": "46701234567", "+46701234568": "", "46707654321": "46707654321",
		"+46731": "4673*", "+46720000000": "", "+46761234511": "4676?????11", "+46761234512": "",
		"72456": "72456", "724560": "", "46731": "", // a short code, no Swedish mobile number
		"acme": "acme", "ACME2": "", "FREE beer": "free*", "My Bank": "*bank*", "+19005551234": "1900*",
		"+46731234567890123456": "4673*", "+46701234567890123456": "", // extended numbers
	} {
		got, ok := n.Match(address(text))
		if got != want || ok != (want != "") {
			t.Errorf("%s falls under %q, want %q", text, got, want)
		}
	}
	for digits, want := range map[string]bool{"46731234": false, "467312345": true} { // whose type of number says nothing
		if _, ok := n.Match(message.Address{Number: digits}); ok != want {
			t.Errorf("%s falls under +4673*: %t", digits, ok)
		}
	}
	if all, _ := directory.ReadNumbers(strings.NewReader("*\n"), asWritten); all != nil {
		for _, text := range []string{"+46701234567", "72456", "ACME", "24/7", "4673749494900012"} {
			if _, ok := all.Match(address(text)); !ok {
				t.Errorf("%s is not under *", text)
			}
		}
	}
}

// Mistakes are told with their lines, all at once.
func TestMistakes(t *testing.T) {
	t.Parallel()
	_, mistakes := directory.ReadNumbers(strings.NewReader("+46701234567\n0701234567\n+46ab*\n070*\n"), asWritten)
	var lines []int
	for _, m := range mistakes {
		lines = append(lines, m.Line)
	}
	if fmt.Sprint(lines) != "[2 3 4]" {
		t.Errorf("mistakes %v", mistakes)
	}
	if _, mistakes := directory.ReadNumbers(strings.NewReader("+46701234567\n"+strings.Repeat("9", 100_000)), asWritten); len(mistakes) != 1 || mistakes[0].Line != 2 {
		t.Errorf("a line without end: %v", mistakes)
	}
}

// A set is as good as a map, however it is changed.
func TestAddRemove(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	n, want := directory.NewNumbers(), map[string]bool{}
	for range 30_000 {
		text := fmt.Sprintf("4670%06d", r.IntN(6000))
		e, _ := directory.Number(text)
		if r.IntN(3) == 0 {
			if n.Remove(e) != want[text] {
				t.Fatalf("removal of %s", text)
			}
			delete(want, text)
		} else {
			if n.Add(e) == want[text] {
				t.Fatalf("addition of %s", text)
			}
			want[text] = true
		}
		if n.Len() != len(want) {
			t.Fatalf("%d entries, want %d", n.Len(), len(want))
		}
	}
	for i := range 6000 {
		text := fmt.Sprintf("4670%06d", i)
		if _, ok := n.Match(address("+" + text)); ok != want[text] {
			t.Fatalf("%s: %t", text, ok)
		}
	}
}

// TestComplaint25Millions: a list of a million numbers takes eight octets each.
func TestComplaint25Millions(t *testing.T) { // not parallel: it measures memory
	const many = 1_000_000
	var b strings.Builder
	for i := range many {
		fmt.Fprintf(&b, "+4670%07d\n", i*7%10_000_000)
	}
	file := b.String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, mistakes := directory.ReadNumbers(strings.NewReader(file), asWritten)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(mistakes) > 0 || n.Len() != many {
		t.Fatal(n.Len(), mistakes)
	}
	if each := float64(after.HeapAlloc-before.HeapAlloc) / many; each > 9 {
		t.Errorf("%.1f octets a number", each)
	}
	a := address("+46701234567")
	if allocs := testing.AllocsPerRun(100, func() { n.Match(a) }); allocs > 0 {
		t.Errorf("a look-up allocates %v times", allocs)
	}
	runtime.KeepAlive(file)
}

// TestWords: phones opt out in the languages of their countries, however
// they write the word.
func TestWords(t *testing.T) {
	t.Parallel()
	w := directory.NewWords(nil, []string{"nog!"}, nil)
	for text, want := range map[string]directory.Said{
		"STOP": directory.SaidStop, " stop. ": directory.SaidStop, "“Stopp!”": directory.SaidStop, "Säg  upp": directory.SaidStop,
		"SAG UPP": directory.SaidStop, "Arrêt": directory.SaidStop, "arret": directory.SaidStop, "REZYGNUJE": directory.SaidStop,
		"διακοπη": directory.SaidStop, "ΤΕΛΟΣ": directory.SaidStop, "СТОП": directory.SaidStop, "İPTAL": directory.SaidStop, "iptal": directory.SaidStop,
		"CIK": directory.SaidStop, "hætta": directory.SaidStop, "Állj": directory.SaidStop, "відписатися": directory.SaidStop, "nog": directory.SaidStop,
		"Stop ACME": directory.SaidStop, "start": directory.SaidStart, "Начало": directory.SaidNothing, "СТАРТ": directory.SaidStart, "sākt": directory.SaidStart,
		"påmeld": directory.SaidStart, "unstop": directory.SaidStart,
		"": directory.SaidNothing, "stop by at eight": directory.SaidNothing, "Please stop": directory.SaidNothing, "stopwatch": directory.SaidNothing,
		"Stop other": directory.SaidNothing, "...": directory.SaidNothing,
	} {
		if got, _ := w.Heard(text, "acme"); got != want {
			t.Errorf("%q says %d, want %d", text, got, want)
		}
	}
	for _, text := range []string{"?", " ", "!!!"} {
		if got, _ := directory.NewWords(nil, []string{"!!", "bort"}, nil).Heard(text); got != directory.SaidNothing {
			t.Errorf("%q says %d although a word of signs alone is none", text, got)
		}
	}
	if got, _ := directory.NewWords([]string{"sv"}, nil, nil).Heard("baja"); got != directory.SaidNothing {
		t.Error("Spanish words hold though Swedish ones were asked for")
	}
}

// Every language has its words and answers, no word says both, and answers are in the
// language of the word or of the phone's country.
func TestLanguages(t *testing.T) {
	t.Parallel()
	codes := directory.LanguageCodes()
	want := "bg hr cs da nl en et fi fr de el hu ga it lv lt mt pl pt ro sk sl es sv no is uk tr"
	for _, code := range strings.Fields(want) {
		w := directory.NewWords([]string{code}, nil, nil)
		for text, said := range map[string]directory.Said{"stop": directory.SaidStop, "start": directory.SaidStart} {
			if got, word := w.Heard(text); got != said {
				t.Errorf("%s: %s says %d", code, text, got)
			} else if answer := w.Language(word, "999").Answer(said, "72456"); !strings.Contains(answer, "72456") || strings.Contains(answer, "{") {
				t.Errorf("%s: answer %q", code, answer)
			}
		}
	}
	if len(codes) != len(strings.Fields(want)) {
		t.Errorf("languages %v", codes)
	}
	if both := directory.SaidBoth(); len(both) > 0 {
		t.Errorf("words that say both: %v", both)
	}
	for codes, want := range map[string]string{"sv no": "sv", "no sv": "no", "tr": "tr"} { // the first that was asked for
		w := directory.NewWords(strings.Fields(codes), []string{"nej"}, nil)
		if got := w.Language("nej", "8613012345678").Code; got != want {
			t.Errorf("of %s a word of one's own is answered in %s, want %s", codes, got, want)
		}
	}
	w := directory.NewWords(nil, nil, nil)
	for _, test := range []struct{ text, phone, code string }{
		{"stop", "46701234567", "sv"},
		{"stop", "4791234567", "no"},
		{"sluta", "4791234567", "sv"},
		{"stop", "8613012345678", "en"},
		{"stopp", "46701234567", "sv"},
		{"стоп", "380501234567", "uk"},
		{"стоп", "359881234567", "bg"},
		{"koniec", "421901234567", "sk"},
	} {
		_, word := w.Heard(test.text)
		if got := w.Language(word, test.phone).Code; got != test.code {
			t.Errorf("%s from %s is answered in %s, want %s", test.text, test.phone, got, test.code)
		}
	}
}

// Words of one's own that say the opposite of others are found.
func TestContradiction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		codes, stop, start []string
		said               directory.Said
		at                 int
	}{
		{[]string{"sv"}, []string{"nej", "Stopp"}, []string{"ja"}, directory.SaidStart, -1},
		{nil, []string{"nej", "START!"}, nil, directory.SaidStop, 1},
		{nil, nil, []string{"ja", "STOP"}, directory.SaidStart, 1},
		{[]string{"sv"}, []string{"nej"}, []string{"NEJ"}, directory.SaidStop, 0},
		{[]string{"sv"}, []string{"alta"}, nil, directory.SaidStart, -1}, // Spanish, and not asked for
		{nil, []string{"alta"}, nil, directory.SaidStop, 0},
	} {
		if said, at := directory.Contradiction(tt.codes, tt.stop, tt.start); at != tt.at || at >= 0 && said != tt.said {
			t.Errorf("%+v: %d at %d", tt, said, at)
		}
	}
}

// Words are compared without case and marks, in every script.
func TestFold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "?!": "", "STOP": "stop", "Från": "fran", "E\u0301va": "eva", "ÉVA": "eva", "Łódź": "lodz", "Straße": "strasse", "STRASSE": "strasse",
		"BLÅBÆR": "blabaer", "СТОП": "стоп", "ЇЖАК": "іжак", "İstanbul": "istanbul", "KAYIT": "kayit", "kayıt": "kayit", "ΤΈΛΟΣ": "τελοσ", "τέλος": "τελοσ",
		"  two   words. ": "two words",
	} {
		if got := directory.Fold(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
