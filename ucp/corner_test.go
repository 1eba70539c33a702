package ucp

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// What breaks gateways, numbered as in our notes on the protocol. Those about sessions are in session_test.go.
func TestCorners(t *testing.T) {
	t.Parallel()
	t.Run("corner 1", testCornerSameSecond)
	t.Run("corner 2", func(t *testing.T) { // a notification has the addresses swapped
		submit := mustDecode(t, framed("04/00086/O/51/46701234567/71000//1//3/////////////3//43//////////0106050003070201///2E"))
		notify := mustDecode(t, framed("05/00112/O/53/71000/46701234567/////////////211126213102/0/000/211126213110/3//44656C697665726564/////////////7F"))
		id, ok := ParseID("46701234567:211126213102")
		if !ok || notify.Message().AdC != submit.Message().OAdC || notify.Message().OAdC != id.AdC || notify.Message().SCTS != id.SCTS {
			t.Errorf("%s and %s, %+v", submit, notify, id)
		}
	})
	t.Run("corner 3", testCornerTwice)
	t.Run("corner 4", func(t *testing.T) { // years of two digits
		for text, year := range map[string]int{"090196161057": 2096, "290200161057": 2000, "010199161057": 2099} {
			if got, err := ParseTime(text, time.UTC); err != nil || got.Year() != year {
				t.Errorf("%s: %s, %v", text, got, err)
			}
		}
	})
	t.Run("corner 5", testCornerPlus)
	t.Run("corner 6", testCornerNames)
	t.Run("corner 7", testCornerAlphabets)
	t.Run("corner 8", testCornerBits)
	t.Run("corner 9", func(t *testing.T) { // a notification wanted at no address
		p := mustDecode(t, framed("02/00126/O/51/46701234567/0ECFB63B7D0ED3CB//1//1/////////////3/88/68656C6C6F20776F726C64////1////5039//020100060101070101///49"))
		if m := p.Message(); m.NRq != '1' || m.NAdC != "" || m.NT != '0'+NotifyDelivered {
			t.Errorf("%s", p)
		}
	})
	t.Run("corner 10", testCornerFields)
	t.Run("corner 11", testCornerCase)
	t.Run("corner 12", testCornerNumbers)
	t.Run("corner 13", testCornerBothDirections)
	t.Run("corner 14", testCornerAlive)
	t.Run("corner 15", testCornerBothDirections)
	t.Run("corner 16", func(t *testing.T) { // the password in a log
		line := Describe(framed("00/00051/O/60/6000/6/5/1/736563726574//0100//////9B"))
		if strings.Contains(line, "secret") || strings.Contains(line, "736563726574") {
			t.Error(line)
		}
	})
	t.Run("corner 17", testCornerSlowLogin)
	t.Run("corner 18", func(t *testing.T) { // a header before a text, which stays unpacked and without padding
		p := mustDecode(t, framed("04/00086/O/51/46701234567/71000//1//3/////////////3//43//////////0106050003070201///2E"))
		if m := p.Message(); string(m.Msg) != "C" || !bytes.Equal(m.XSer.UDH(), []byte{5, 0, 3, 7, 2, 1}) || m.Coding() != 0 {
			t.Errorf("%s", p)
		}
	})
	t.Run("corner 19", testCornerCoding)
	t.Run("corner 20", func(t *testing.T) { // a message from a phone as op 01
		p := mustDecode(t, raw("00", "O/01/6000/46701234567//3/48/"))
		if b, ok := p.Body.(*CallInput); !ok || b.AdC != "6000" || string(b.Msg) != "H" {
			t.Errorf("%s", p)
		}
	})
}

// inStockholm is a zone with summer time.
func inStockholm(t *testing.T) *time.Location {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return stockholm
}

// Two messages to a number in one second.
func testCornerSameSecond(t *testing.T) {
	stockholm := inStockholm(t)
	var s Stamps
	now := time.Date(2026, 11, 29, 17, 0, 0, 0, stockholm)
	for i, want := range []string{"291126170000", "291126170001", "291126170002"} {
		if got := string(s.Append(nil, "1", now, stockholm)); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	if got := string(s.Append(nil, "2", now, stockholm)); got != "291126170000" {
		t.Errorf("another number: %s", got)
	}
}

// The hour that there is twice.
func testCornerTwice(t *testing.T) {
	stockholm := inStockholm(t)
	var s Stamps
	last := ""
	for at := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); at.Hour() < 3; at = at.Add(10 * time.Minute) {
		text := string(s.Append(nil, "1", at, stockholm))
		if text[6:] <= last {
			t.Errorf("%s after %s", text, last)
		}
		last = text[6:]
	}
	// In spring there is none between 01:59:59 and 03:00:00, but stamps of many messages may run into that hour.
	before := time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)
	seen := map[string]bool{}
	for i := range 10 {
		seen[string(s.Append(nil, "2", before.Add(time.Duration(i/5)*time.Second), stockholm))] = true
	}
	if len(seen) != 10 {
		t.Errorf("of 10 stamps there are %v", seen)
	}
}

// + in an address.
func testCornerPlus(t *testing.T) {
	var m Message
	if err := m.SetSender("+46700000001"); err != nil || m.OAdC != "46700000001" || m.OTOA != OTOAInternational {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := Append(nil, &PDU{Op: OpSubmit, Body: &Message{AdC: "+4670"}}); !errors.Is(err, CodeAdC) {
		t.Errorf("written: %v", err)
	}
	if p := mustDecode(t, raw("00", "O/51/+4670/+4671///")); p.Message().AdC != "+4670" || p.Message().OAdC != "+4671" {
		t.Errorf("read: %s", p)
	}
}

// Fields that nobody knows, and fields that are not there.
func testCornerFields(t *testing.T) {
	fields := "46701234567/6000//1/6000/7/0539////////////3//48" + strings.Repeat("/", 13)
	p := mustDecode(t, raw("01", "O/51/"+fields+"new/newer//"))
	short := mustDecode(t, raw("01", "O/51/46701234567/6000//1/6000/7/0539////////////3//48/"))
	if a, b := mustAppend(t, p), mustAppend(t, short); !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

// Hexadecimal digits in lower case.
func testCornerCase(t *testing.T) {
	p := mustDecode(t, []byte(strings.Replace(string(raw("01", "O/01/1/2//3/5a5b5c/")), "E", "e", 1)))
	if got := string(mustAppend(t, p)); !strings.Contains(got, "/5A5B5C/") {
		t.Errorf("%q", got)
	}
	if _, err := Decode(framed("00/00039/R/52/A//076567:010196010101/6c")); err != nil {
		t.Error(err)
	}
}

// The length of a name counts half octets.
func testCornerNames(t *testing.T) {
	for name, want := range map[string]string{
		"Vodafone": "0ED637396C7EBBCB", "Omnigate": "0ECFB63B7D0ED3CB", "Kurir": "09CBBA3C2D07", "Elevenchars": "", "A": "0241",
	} {
		got, err := AppendName(nil, name)
		if want != "" && string(got) != want || err != nil {
			t.Errorf("%s became %s, want %s: %v", name, got, want, err)
		}
		if back, err := ParseName(string(got)); err != nil || back != name {
			t.Errorf("%s became %q: %v", got, back, err)
		}
		if back, err := ParseName(strings.ToLower(string(got))); err != nil || back != name {
			t.Errorf("%s in lower case became %q: %v", got, back, err)
		}
	}
	seven, _ := AppendName(nil, "Sjuling")
	if string(seven[:2]) != "0D" {
		t.Errorf("seven characters: %s", seven)
	}
	if name, err := ParseName("0E" + string(seven[2:])); err != nil || name != "Sjuling" { // length in octets
		t.Errorf("%q, %v", name, err)
	}
	if name, err := ParseName("FF" + string(seven[2:])); err != nil || name != "Sjuling" { // any length
		t.Errorf("%q, %v", name, err)
	}
	for _, bad := range []string{"", "0", "0E", "0ED", "0EXX", "hello"} {
		if name, err := ParseName(bad); !errors.Is(err, ErrNotName) {
			t.Errorf("%q is %q: %v", bad, name, err)
		}
		m := Message{OAdC: bad, OTOA: OTOAName}
		if s, name := m.Sender(); s != bad || name {
			t.Errorf("%q is %q", bad, s)
		}
	}
	for _, bad := range []string{"", "TwelveLetter", "Привет", "€€€€€€", "+"} {
		var m Message
		if err := m.SetSender(bad); bad != "+" && !errors.Is(err, ErrName) {
			t.Errorf("%q is %q: %v", bad, m.OAdC, err)
		}
	}
}

// Where SMSCs differ: the characters of the national alphabets.
func testCornerAlphabets(t *testing.T) {
	for _, x := range []struct {
		alphabet Alphabet
		text     string
		octets   string
	}{
		{AlphabetGSM, "Hej åäö € []", "Hej \x0f{| \x1be \x1b<\x1b>"},
		{AlphabetGSM, "@$_^\\~|{}", "\x00\x02\x11\x1b\x14\x1b/\x1b=\x1b@\x1b(\x1b)"},
		{AlphabetIRA, "@$_[]{}", "@$_[]{}"},
		{AlphabetLatin1, "@åäöÿ", "@\xe5\xe4\xf6\xff"},
		{AlphabetGerman, "§ÄÖÜäöüß$_", "@[\\]{|}~$_"},
		{AlphabetSwedish, "åäöÅÄÖ@", "}{|][\\@"},
		{AlphabetDanish, "æøåÆØÅ", "{|}[\\]"},
	} {
		got, ok := x.alphabet.Append(nil, x.text)
		if !ok || string(got) != x.octets {
			t.Errorf("%s: %q, want %q", x.alphabet, got, x.octets)
		}
		if back := x.alphabet.Decode(got); back != x.text {
			t.Errorf("%s: %q became %q", x.alphabet, x.text, back)
		}
	}
	for a, lacks := range map[Alphabet]string{
		AlphabetGSM: "ы", AlphabetIRA: "å", AlphabetGerman: "@", AlphabetSwedish: "[", AlphabetLatin1: "€", AlphabetSwedishNames: "@", 99: "a",
	} {
		if out, ok := a.Append([]byte("x"), "ab"+lacks); ok || string(out) != "x" {
			t.Errorf("%s has %s: %q", a, lacks, out)
		}
	}
	for _, word := range AlphabetNames() {
		a, err := ParseAlphabet(word)
		if err != nil || a.String() != word {
			t.Errorf("%s: %s, %v", word, a, err)
		}
		plain := "abc XYZ 019 !%&()*+,-./:;<=>?\""
		if octets, ok := a.Append(nil, plain); !ok || string(octets) != plain || a.Decode(octets) != plain {
			t.Errorf("%s: %q became %q", a, plain, octets)
		}
		_ = a.Decode([]byte{0x80, 0xFF, 0x1B})
	}
	if _, err := ParseAlphabet("klingon"); err == nil || !strings.Contains(err.Error(), "swedish") {
		t.Errorf("%v", err)
	}
}

// NB is missing, counts octets, or stands where it means nothing.
func testCornerBits(t *testing.T) {
	for _, x := range []struct{ mt, nb, msg, want string }{
		{"4", "32", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "0032", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "4", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "99", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "x", "F5AA34DE", "\xf5\xaa\x34\xde"},
		{"4", "24", "F5AA34DE", "\xf5\xaa\x34"},
		{"4", "20", "F5AA34DE", "\xf5\xaa\x34"},
		{"3", "88", "4142", "AB"},
		{"3", "8", "4142", "AB"},
	} {
		p := mustDecode(t, raw("00", "O/51/1/2"+strings.Repeat("/", 17)+x.mt+"/"+x.nb+"/"+x.msg+strings.Repeat("/", 13)))
		if got := string(p.Message().Msg); got != x.want {
			t.Errorf("MT %s NB %q: %q, want %q", x.mt, x.nb, got, x.want)
		}
	}
	m := &Message{}
	m.SetData(make([]byte, 140))
	if p := mustDecode(t, mustAppend(t, &PDU{Op: OpSubmit, Body: m})); p.Message().NB != "1120" {
		t.Errorf("%s", p)
	}
}

// The data coding scheme where XSer does not name it.
func testCornerCoding(t *testing.T) {
	for name, x := range map[string]struct {
		m    Message
		want uint8
	}{
		"text":                 {Message{MT: MTText}, 0},
		"flash text":           {Message{MT: MTText, MCLs: '0'}, 0xF0},
		"data":                 {Message{MT: MTData}, 4},
		"data of class 1":      {Message{MT: MTData, MCLs: '1'}, 0xF5},
		"flagged as data":      {Message{MT: MTText, DCs: '1'}, 4},
		"UCS-2":                {Message{MT: MTData, MCLs: '1', XSer: Services{2, 1, 8}}, 8},
		"scheme of no octets":  {Message{MT: MTData, XSer: Services{2, 0}}, 4},
		"behind what is known": {Message{MT: MTData, XSer: Services{0x40, 2, 2, 1, 2, 1, 8}}, 8},
		"cut off":              {Message{MT: MTData, XSer: Services{0x40, 9, 2, 1, 8}}, 4},
	} {
		if got := x.m.Coding(); got != x.want {
			t.Errorf("%s: %#x, want %#x", name, got, x.want)
		}
	}
}

// The forms of a system message that names a message.
func TestParseID(t *testing.T) {
	t.Parallel()
	for sm, want := range map[string]ID{
		"46701234567:211126213102": {"46701234567", "211126213102"}, "211126213102": {"", "211126213102"}, ":211126213102": {"", "211126213102"},
	} {
		id, ok := ParseID(sm)
		if !ok || id != want || strings.TrimPrefix(sm, ":") != id.String() {
			t.Errorf("%s: %+v, %v", sm, id, ok)
		}
	}
	for _, sm := range []string{"", "0003", "46701234567:", "46701234567:21112621310x", "delivered", "4670:2111262131021"} {
		if id, ok := ParseID(sm); ok {
			t.Errorf("%q: %+v", sm, id)
		}
	}
	without := mustDecode(t, raw("00", "R/51/A/46701234567:211126213102/")) // no MVP
	if r := without.Outcome(); r.SM != "46701234567:211126213102" || r.MVP != "" {
		t.Errorf("%s", without)
	}
}

// Times of both forms, and what is none.
func TestTimes(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*60*60)
	at := time.Date(2026, 2, 28, 23, 59, 58, 0, zone)
	if s := string(AppendSeconds(nil, at.UTC(), zone)); s != "280226235958" {
		t.Error(s)
	}
	if s := string(AppendMinutes(nil, at.UTC(), zone)); s != "2802262359" {
		t.Error(s)
	}
	for text, want := range map[string]time.Time{"280226235958": at, "2802262359": at.Truncate(time.Minute), "": {}} {
		if got, err := ParseTime(text, zone); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{"290226235958", "000126000000", "010026000000", "011326000000", "010126240000", "010126006000", "010126000060", "0101260000x0", "01012600000", "+10126000000"} {
		if got, err := ParseTime(bad, zone); !errors.Is(err, ErrTime) {
			t.Errorf("%s: %s, %v", bad, got, err)
		}
	}
}

// Every code and reason has its words, and those that nobody knows are numbers.
func TestCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[Code]string{7: "07 authentication failure", 55: "55 system error", 29: "29", 95: "95 (the operator's own)", 200: "200 (the operator's own)"} {
		if code.String() != want || code.Error() != "error "+want {
			t.Errorf("%d: %s", code, code)
		}
	}
	for reason, want := range map[Reason]string{0: "000 unknown subscriber", 107: "107 absent subscriber", 300: "300"} {
		if reason.String() != want {
			t.Errorf("%d: %s", reason, reason)
		}
	}
	for text, want := range map[string]Code{"04": CodeNotAllowed, "4": CodeNotAllowed, "99": 99} {
		if got, err := ParseCode(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "100", "-1", "x", "ESME_ROK"} {
		if got, err := ParseCode(bad); err == nil {
			t.Errorf("%q is %s", bad, got)
		}
	}
	for rsn, want := range map[string]Reason{"107": 107, "000": 0, "7": 7} {
		if got, ok := (&Message{Rsn: rsn}).Reason(); !ok || got != want {
			t.Errorf("%s: %s", rsn, got)
		}
	}
	for _, rsn := range []string{"", "x", "1000"} {
		if got, ok := (&Message{Rsn: rsn}).Reason(); ok {
			t.Errorf("%q: %s", rsn, got)
		}
	}
	for o, want := range map[Operation]string{1: "op 01 (call input)", 51: "op 51 (submit)", 5: "op 05", 99: "op 99", 200: "op 200"} {
		if o.String() != want {
			t.Errorf("%d: %s", uint8(o), o)
		}
	}
}
