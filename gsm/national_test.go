package gsm_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"kurir/gsm"
)

// nationalRow is one row of testdata/national.tsv.
type nationalRow struct {
	language gsm.Language
	locking  bool
	code     byte
	r        rune
}

// nationalRows reads the tables as two other implementations have them.
func nationalRows(t testing.TB) []nationalRow {
	t.Helper()
	f, err := os.Open("testdata/national.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []nationalRow
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		number, _, _ := strings.Cut(fields[0], " ")
		language, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		point, err := strconv.ParseUint(strings.TrimPrefix(fields[3], "U+"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, nationalRow{gsm.Language(language), fields[1] == "locking", unhex(t, fields[2])[0], rune(point)})
	}
	return rows
}

// TestNationalTables compares every code of every table.
func TestNationalTables(t *testing.T) {
	t.Parallel()
	rows := nationalRows(t)
	if len(rows) != 2294 {
		t.Errorf("%d rows", len(rows))
	}
	for _, row := range rows {
		septets, s := []byte{gsm.Escape, row.code}, gsm.Shift{Single: row.language}
		if row.locking {
			septets, s = septets[1:], gsm.Shift{Locking: row.language}
		}
		want := string(row.r)
		if got := gsm.DecodeShifted(septets, s); got != want {
			t.Errorf("%+v %X is %+q, want %+q", s, septets, got, want)
		}
		again, ok := gsm.AppendShifted(nil, want, s)
		if !ok || gsm.DecodeShifted(again, s) != want || len(again) > len(septets) {
			t.Errorf("%+v: %+q is written as %X, want %X", s, want, again, septets)
		}
	}
}

// TestNationalOnlyTables makes sure that no other character gets in.
func TestNationalOnlyTables(t *testing.T) {
	t.Parallel()
	have := map[gsm.Language]map[rune]bool{}
	for _, row := range nationalRows(t) {
		if have[row.language] == nil {
			have[row.language] = map[rune]bool{}
		}
		have[row.language][row.r] = true
	}
	for l := gsm.Turkish; l <= gsm.Urdu; l++ {
		s := gsm.Shift{Locking: l, Single: l}
		if l == gsm.Spanish {
			s.Locking = gsm.NoLanguage
		}
		for r := rune(0); r < 0x3000; r++ {
			_, ok := gsm.AppendShifted(nil, string(r), s)
			if known := have[l][r] || l == gsm.Spanish && gsm.IsGSM7(string(r)); ok != known {
				t.Errorf("%v: %U is written: %v, want %v", l, r, ok, known)
			}
		}
	}
}

// TestNationalVectors has user data whose header and septets tshark reads so;
// the letters of the septets are those of the tables above.
func TestNationalVectors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, language, header, packed string
		units                          int
	}{
		{"ş", "turkish", "03240101", "D8CC01", 2},
		{"São João Φ `ú`", "portuguese", "06240103250103", "D3FD1BA47CEFDFA08D04D437F401", 15},
		{"नमस्ते १२ [hi]", "hindi", "06240106250106", "2F21F37BCA82369D8D07B4E1A1D31B1F", 18},
		{"اردو ۱", "urdu", "0624010D25010D", "8092660ADA7400", 7},
	} {
		shift := gsm.Shift{}
		h, _, err := gsm.ParseHeader(unhex(t, tt.header))
		if err != nil {
			t.Fatal(err)
		}
		if shift = h.Shift(); shift.Single.String() != tt.language {
			t.Errorf("%s asks for %+v, want %s", tt.header, shift, tt.language)
		}
		septets, ok := gsm.AppendShifted(nil, tt.text, shift)
		packed := gsm.Pack(nil, septets, gsm.FillBits(h.Len()))
		if !ok || !bytes.Equal(packed, unhex(t, tt.packed)) || len(septets) != tt.units {
			t.Errorf("%s is written as %X (%d septets), want %s (%d)", tt.text, packed, len(septets), tt.packed, tt.units)
		}
		if got := gsm.DecodeShifted(gsm.Unpack(nil, unhex(t, tt.packed), tt.units, gsm.FillBits(h.Len())), shift); got != tt.text {
			t.Errorf("%s reads %q, want %q", tt.packed, got, tt.text)
		}
	}
}

// TestComplaint11NationalTables: texts that need a national table are sent in
// it where that is allowed and takes fewer messages, and nowhere else.
func TestComplaint11NationalTables(t *testing.T) {
	t.Parallel()
	turkish := "Sayın müşterimiz, şifreniz değişmiştir. Lütfen bilginiz dışındaysa bizi arayınız."
	for _, tt := range []struct {
		name, text string
		allowed    []string
		enc        gsm.Encoding
		shift      gsm.Shift
		parts      int
	}{
		{"not allowed", turkish, nil, gsm.UCS2, gsm.Shift{}, 2},
		{"single shift", turkish, []string{"turkish"}, gsm.GSM7, gsm.Shift{Single: gsm.Turkish}, 1},
		{"other language", turkish, []string{"spanish", "hindi"}, gsm.UCS2, gsm.Shift{}, 2},
		{"among all", turkish, []string{"all"}, gsm.GSM7, gsm.Shift{Single: gsm.Turkish}, 1},
		{"no cheaper", "Şifre", []string{"turkish"}, gsm.UCS2, gsm.Shift{}, 1},
		{"default alphabet", strings.Repeat("å", 161), []string{"all"}, gsm.GSM7, gsm.Shift{}, 2},
		{"locking", strings.Repeat("ğışĞİŞ", 25), []string{"turkish"}, gsm.GSM7, gsm.Shift{Locking: gsm.Turkish}, 1},
		{"both", strings.Repeat("नमस्ते", 20) + "१", []string{"hindi"}, gsm.GSM7, gsm.Shift{Locking: gsm.Hindi, Single: gsm.Hindi}, 1},
		{"emoji", turkish + " 😀", []string{"all"}, gsm.UCS2, gsm.Shift{}, 2},
		{"two languages", strings.Repeat("ãõ", 40) + "ğ", []string{"portuguese", "turkish"}, gsm.GSM7, gsm.Shift{Locking: gsm.Portuguese, Single: gsm.Turkish}, 1},
	} {
		allowed, err := gsm.ParseLanguages(tt.allowed)
		if err != nil {
			t.Fatal(err)
		}
		o := gsm.SplitOptions{Languages: allowed, Reference: 9}
		size, err := gsm.MeasureWith(tt.text, o)
		if err != nil || size.Encoding != tt.enc || size.Shift != tt.shift || size.Parts != tt.parts {
			t.Errorf("%s: %+v, %v, want %v, %+v, %d parts", tt.name, size, err, tt.enc, tt.shift, tt.parts)
		}
	}
	if _, err := gsm.ParseLanguages([]string{"turkish", "klingon"}); err == nil || !strings.Contains(err.Error(), "klingon") {
		t.Errorf("klingon: %v", err)
	}
}

// TestNationalSplit: whatever is written in national tables, its parts fit, are
// as many as was measured, cut no pair, and read as the text again.
func TestNationalSplit(t *testing.T) {
	t.Parallel()
	letters := map[gsm.Language][]rune{}
	for _, row := range nationalRows(t) {
		if row.r != '\r' && row.r != '\n' {
			letters[row.language] = append(letters[row.language], row.r)
		}
	}
	used := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 4))
		l := gsm.Language(1 + rng.IntN(13))
		var text strings.Builder
		for range 40 + rng.IntN(700) {
			text.WriteRune(letters[l][rng.IntN(len(letters[l]))])
		}
		allowed, _ := gsm.ParseLanguages([]string{l.String()})
		o := gsm.SplitOptions{Languages: allowed, Reference: uint16(seed), Wide: seed%2 == 1}
		if seed%3 == 0 {
			o.Header.Elements = []gsm.Element{gsm.PortsElement(2948, 9200)}
		}
		size, err := gsm.MeasureWith(text.String(), o)
		if err != nil {
			t.Fatal(err)
		}
		segments, err := gsm.AppendSegments(nil, text.String(), o)
		if err != nil || len(segments) != size.Parts {
			t.Fatalf("seed %d: %d segments, %v, want %d", seed, len(segments), err, size.Parts)
		}
		if size.Shift.IsZero() {
			continue
		}
		used++
		var back strings.Builder
		left := 0
		for _, s := range segments {
			h, _, err := gsm.ParseHeader(s.Header)
			if err != nil || h.Shift() != size.Shift {
				t.Fatalf("seed %d: header %X asks for %+v, %v, want %+v", seed, s.Header, h.Shift(), err, size.Shift)
			}
			if left = gsm.Capacity(gsm.GSM7, len(s.Header)) - len(s.Payload); left < 0 {
				t.Fatalf("seed %d: %d septets beside %d octets", seed, len(s.Payload), len(s.Header))
			}
			back.WriteString(gsm.DecodeShifted(s.Payload, h.Shift()))
		}
		if back.String() != text.String() || left != size.Left {
			t.Fatalf("seed %d: %+q, %d left, want %+q, %d", seed, back.String(), left, text.String(), size.Left)
		}
	}
	if used < 500 {
		t.Errorf("only %d of 2000 texts were written in national tables", used)
	}
}

// TestNationalHeader: a customer's own header says in which tables his text is
// written.
func TestNationalHeader(t *testing.T) {
	t.Parallel()
	h := gsm.Header{Elements: []gsm.Element{{ID: gsm.ElementLockingShift, Data: []byte{1}}}}
	segments, err := gsm.AppendSegments(nil, "ğ@ì", gsm.SplitOptions{Header: h, Encoding: gsm.GSM7})
	if err == nil {
		t.Errorf("ì is not in the Turkish alphabet: %+v", segments)
	}
	segments, err = gsm.AppendSegments(nil, "ğ@ı", gsm.SplitOptions{Header: h, Encoding: gsm.GSM7})
	if err != nil || len(segments) != 1 || !bytes.Equal(segments[0].Payload, []byte{0x0C, 0x00, 0x07}) || !bytes.Equal(segments[0].Header, []byte{3, 0x25, 1, 1}) {
		t.Errorf("%+v, %v", segments, err)
	}
	size, err := gsm.MeasureWith("ğì", gsm.SplitOptions{Header: h})
	if err != nil || size.Encoding != gsm.UCS2 || size.Forcing != 'ì' {
		t.Errorf("%+v, %v, want UCS-2 because of ì", size, err)
	}
	for _, tt := range []struct {
		elements []gsm.Element
		want     gsm.Shift
	}{
		{[]gsm.Element{{ID: 0x24, Data: []byte{1}}, {ID: 0x24, Data: []byte{3}}}, gsm.Shift{Single: gsm.Portuguese}},
		{[]gsm.Element{{ID: 0x25, Data: []byte{2}}}, gsm.Shift{}},
		{[]gsm.Element{{ID: 0x25, Data: []byte{14}}, {ID: 0x24, Data: []byte{255}}}, gsm.Shift{}},
		{[]gsm.Element{{ID: 0x25, Data: []byte{}}, {ID: 0x24, Data: []byte{1, 1}}}, gsm.Shift{}},
	} {
		if got := (gsm.Header{Elements: tt.elements}).Shift(); got != tt.want {
			t.Errorf("%v asks for %+v, want %+v", tt.elements, got, tt.want)
		}
	}
}

// TestNationalUndefined: what no table has.
func TestNationalUndefined(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shift         gsm.Shift
		septets, want string
	}{
		{gsm.Shift{Single: gsm.Turkish}, "1b41", "A"},                       // not in the single shift table
		{gsm.Shift{Single: gsm.Turkish}, "1b1b73", " s"},                    // reserved escape
		{gsm.Shift{Locking: gsm.Turkish, Single: gsm.Spanish}, "1b0c", "ğ"}, // the locking table's
		{gsm.Shift{Locking: gsm.Turkish}, "1b65", "€"},                      // the default extension
		{gsm.Shift{Locking: gsm.Tamil}, "00", "\ufffd"},
		{gsm.Shift{Locking: gsm.Tamil}, "ff1b", "\ufffd "},
	} {
		if got := gsm.DecodeShifted(unhex(t, tt.septets), tt.shift); got != tt.want {
			t.Errorf("%+v %s reads %+q, want %+q", tt.shift, tt.septets, got, tt.want)
		}
	}
}

func FuzzDecodeShifted(f *testing.F) {
	f.Add([]byte("\x1b\x73\x1b\x1b"), uint16(0x0101))
	f.Fuzz(func(t *testing.T, septets []byte, tables uint16) {
		var b [2]byte
		binary.BigEndian.PutUint16(b[:], tables)
		text := gsm.DecodeShifted(septets, gsm.Shift{Locking: gsm.Language(b[0]), Single: gsm.Language(b[1])})
		if !utf8.ValidString(text) {
			t.Fatalf("%X gives invalid UTF-8 %q", septets, text)
		}
		allowed := gsm.Languages(tables)
		size, err := gsm.MeasureWith(text, gsm.SplitOptions{Languages: allowed})
		segments, err2 := gsm.AppendSegments(nil, text, gsm.SplitOptions{Languages: allowed})
		if (err == nil) != (err2 == nil) || len(segments) != size.Parts && err == nil {
			t.Fatalf("%q: measured %+v, %v; %d segments, %v", text, size, err, len(segments), err2)
		}
	})
}
