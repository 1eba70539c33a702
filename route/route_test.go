package route

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	const international, short = message.TONInternational, message.TONUnknown
	tests := []struct {
		number, country string
		ton             message.TON
		want            string // empty: refused
	}{
		{"+46701234567", "", international, "46701234567"},
		{"46701234567", "", international, "46701234567"},
		{"0046701234567", "", international, "46701234567"},
		{"+46 70-123 45 67", "", international, "46701234567"},
		{"+46 (0)70 123 45 67", "", international, "46701234567"},
		{"(+46) 70.123.45.67", "", international, "46701234567"},
		{"070-123 45 67", "46", international, "46701234567"},
		{"0701234567", "46", international, "46701234567"},
		{"(0)70-1234567", "46", international, "46701234567"},
		{"0701234567", "", 0, ""},
		{"+1 (202) 555-0123", "", international, "12025550123"},
		{"202-555-0123", "1", international, "12025550123"},
		{"12025550123", "1", international, "12025550123"},
		{"72456", "46", short, "72456"},
		{"112", "46", short, "112"},
		{"12345678", "", short, "12345678"},
		{"123456789", "", international, "123456789"},
		{"12", "46", 0, ""},
		{"+12", "", 0, ""},
		{"+123", "", international, "123"},
		{"123456789012345", "", international, "123456789012345"},
		{"1234567890123456", "", 0, ""},
		{"+1234567890123456", "", 0, ""},
		{"+0701234567", "46", 0, ""},
		{"000", "46", 0, ""},
		{"", "46", 0, ""},
		{"+", "46", 0, ""},
		{"++46701234567", "", 0, ""},
		{"46+701234567", "", 0, ""},
		{"07O1234567", "46", 0, ""}, // a letter O
		{"ACME", "", 0, ""},
		{"+46\u00a070\u2011123\u202f45\u200967", "", international, "46701234567"},
		{"٠٧٠١٢٣٤٥٦٧", "46", 0, ""},
		{"+46701234567\n", "", 0, ""},
		{"+46701234567;+46701234568", "", 0, ""},
		{strings.Repeat("4", 10000), "", 0, ""},
		{strings.Repeat("-", 10000), "", 0, ""},
	}
	for _, test := range tests {
		got, err := Normalise(test.number, test.country)
		want := message.Address{}
		if test.want != "" {
			want = message.Address{TON: test.ton, NPI: message.NPIISDN, Number: test.want}
		}
		if got != want || (err != nil) != (test.want == "") {
			t.Errorf("Normalise(%.40q, %q) = %+v, %v; want %q", test.number, test.country, got, err, test.want)
		}
	}
}

func TestSender(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sender, country string
		want            message.Address
		refuse          string // part of the error
	}{
		{"ACME", "", message.Address{TON: message.TONAlphanumeric, Number: "ACME"}, ""},
		{" ACME ", "", message.Address{TON: message.TONAlphanumeric, Number: "ACME"}, ""},
		{"Taxi 020", "", message.Address{TON: message.TONAlphanumeric, Number: "Taxi 020"}, ""},
		{"Räddning", "", message.Address{TON: message.TONAlphanumeric, Number: "Räddning"}, ""},
		{"Elevenchars", "", message.Address{TON: message.TONAlphanumeric, Number: "Elevenchars"}, ""},
		{"ÅÄÖåäöÆØÑÜß", "", message.Address{TON: message.TONAlphanumeric, Number: "ÅÄÖåäöÆØÑÜß"}, ""},
		{"1234567890A", "", message.Address{TON: message.TONAlphanumeric, Number: "1234567890A"}, ""},
		{"+46701234567", "", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}, ""},
		{"+46 70-123 45 67", "", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}, ""},
		{"46701234567", "", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}, ""},
		{"72456", "", message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: "72456"}, ""},
		{"0701234567", "", message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: "0701234567"}, ""},
		{"", "", message.Address{}, "is empty"},
		{"  ", "", message.Address{}, "is empty"},
		{"Sundsvalls kommun", "", message.Address{}, `"Sundsvalls" would do`},
		{"Twelve chars", "", message.Address{}, `"Twelve" would do`},
		{"Ridderkerker1", "", message.Address{}, `"Ridderkerke" would do`},
		{"[[[[[[", "", message.Address{}, `"[[[[[" would do`}, // two septets each
		{"12345678901 AB", "", message.Address{}, "at most 11"},
		{"Жук", "", message.Address{}, "cannot show"},
		{"a\nb", "", message.Address{}, "control character"},
		{"a\xff", "", message.Address{}, "cannot show"},
		{"12", "", message.Address{}, "too short"},
		{"(0)", "", message.Address{}, "no digits"},
		{"1234567890123456", "", message.Address{}, "too long"},
		{"24/7", "", message.Address{TON: message.TONAlphanumeric, Number: "24/7"}, ""},
		{"118.118", "", message.Address{TON: message.TONAlphanumeric, Number: "118.118"}, ""},
		{"72 456", "", message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: "72456"}, ""},
		{"2025550123", "1", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "12025550123"}, ""},
		{"202.555.0123", "1", message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "12025550123"}, ""},
		{"0701234567", "46", message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: "0701234567"}, ""},
		{"01234567890123456", "", message.Address{}, "digits"},
	}
	for _, test := range tests {
		got, err := Sender(test.sender, test.country)
		if got != test.want {
			t.Errorf("Sender(%q) = %+v, want %+v", test.sender, got, test.want)
		}
		if (err != nil) != (test.refuse != "") || err != nil && !strings.Contains(err.Error(), test.refuse) {
			t.Errorf("Sender(%q): error %v, want %q", test.sender, err, test.refuse)
		}
	}
}

func TestCleanInputIsNotCopied(t *testing.T) {
	for _, number := range []string{"+46701234567", "46701234567", "0046701234567", "72456"} {
		if n := testing.AllocsPerRun(100, func() { _, _ = Normalise(number, "46") }); n != 0 {
			t.Errorf("Normalise(%q): %v allocations", number, n)
		}
	}
	for _, sender := range []string{"ACME", "46701234567", "72456"} {
		if n := testing.AllocsPerRun(100, func() { _, _ = Sender(sender, "46") }); n != 0 {
			t.Errorf("Sender(%q): %v allocations", sender, n)
		}
	}
}

func via(links ...string) Via {
	var v Via
	for _, link := range links {
		v = append(v, Hop{Link: link})
	}
	return v
}

func query(to, from, account string) Query {
	q := Query{Account: account}
	q.To, _ = Normalise(to, "46")
	if from != "" {
		q.From, _ = Sender(from, "46")
	}
	return q
}

var rules = []Rule{
	{Name: "emergency", To: Patterns{"112", "+4670112"}, Via: via("op3")},
	{Name: "campaign", To: Patterns{"+46*"}, Account: Patterns{"shop-*", "kiosk"}, Via: via("cheap", "op1")},
	{Name: "brand", To: Patterns{"46*", "+47*"}, From: Patterns{"ACME", "+4673*"}, Via: via("op2")},
	{To: Patterns{"+46*"}, Via: via("op1", "op2")},
	{Name: "rest of acme", Account: Patterns{"acme"}, Via: via("op9")},
	{Name: "behind", To: Patterns{"+4670*"}, Via: via("never")},
}

func TestChoose(t *testing.T) { // not parallel: it counts allocations
	table := NewTable(rules)
	tests := []struct {
		q     Query
		rule  int
		links []string // nil: no route
	}{
		{query("112", "", "x"), 0, []string{"op3"}},
		{query("+4670112", "", "x"), 0, []string{"op3"}},
		{query("+46701121", "", "x"), 3, []string{"op1", "op2"}},
		{query("+46701234567", "ACME", "shop-7"), 1, []string{"cheap", "op1"}},
		{query("+46701234567", "ACME", "shop"), 2, []string{"op2"}},
		{query("+46701234567", "0046737494949", "x"), 2, []string{"op2"}},
		{query("+46701234567", "4673Bank", "x"), 3, []string{"op1", "op2"}}, // a name
		{query("+4790000000", "ACME", "x"), 2, []string{"op2"}},
		{query("+4790000000", "OTHER", "acme"), 4, []string{"op9"}},
		{query("+4790000000", "OTHER", "x"), 0, nil},
		{query("0701234567", "", "x"), 3, []string{"op1", "op2"}},
		{query("+4", "", "x"), 0, nil},
	}
	for _, test := range tests {
		got, ok := table.Choose(test.q)
		if diff := cmp.Diff(Choice{Rule: test.rule, Links: test.links}, got); diff != "" || ok != (test.links != nil) {
			t.Errorf("%+v: %v %s", test.q, ok, diff)
		}
	}
	if n := testing.AllocsPerRun(100, func() { table.Choose(tests[3].q) }); n != 0 {
		t.Errorf("Choose: %v allocations", n)
	}
	if _, ok := (&Table{}).Choose(tests[0].q); ok {
		t.Error("a table without rules leads somewhere")
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	got := NewTable(rules).Explain(query("+46701234567", "OTHER", "acme"))
	want := []Considered{
		{0, "emergency", false, "recipient +46701234567 does not match to: 112, +4670112", false},
		{1, "campaign", false, "account acme does not match account: shop-*, kiosk", true},
		{2, "brand", false, "sender OTHER does not match from: ACME, +4673*", false},
		{3, "routes[3]", true, "goes by op1, then op2", false},
		{4, "rest of acme", false, "not asked: routes[3] matched before", false},
		{5, "behind", false, "not asked: routes[3] matched before", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Explain goes through the rules one by one, Choose by the tree: they must agree whatever the rules are.
func TestChooseAgreesWithExplain(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) Patterns {
		var p Patterns
		for range random.IntN(3) {
			p = append(p, of[random.IntN(len(of))])
		}
		return p
	}
	for range 500 {
		var rules []Rule
		for range random.IntN(12) {
			rules = append(rules, Rule{
				To:   pick("*", "4*", "46*", "+467*", "467012", "112", "1*", "47*", "11*", "+46?01*", "4?", "?1?"),
				From: pick("*", "ACME", "AC*", "46*"), Account: pick("*", "a", "a*", "b", "ab"), Group: pick("g", "h", "g*"),
				Percent: random.IntN(2) * 50, Via: via("x"),
			})
		}
		table := NewTable(rules)
		for _, to := range []string{"467012", "4670123", "112", "47", "9", "", "ACME"} {
			q := Query{To: message.Address{Number: to}, From: message.Address{Number: "ACME"}, Account: "ab", Groups: []string{"g", "i"}}
			want := -1
			for _, c := range table.Explain(q) {
				if c.Matched {
					want = c.Rule
				}
			}
			got, ok := table.Choose(q)
			if ok != (want >= 0) || ok && got.Rule != want {
				t.Fatalf("to %q with %+v: Choose %v %v, Explain %d", to, rules, got.Rule, ok, want)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what string
		rule Rule
		want []string
	}{
		{"good", rules[1], nil},
		{"no via", Rule{To: Patterns{"*"}}, []string{"via"}},
		{"empty via", Rule{Via: via("op1", "")}, []string{"via[1]"}},
		{"letters", Rule{To: Patterns{"ACME"}, Via: via("op1")}, []string{"to"}},
		{"star inside", Rule{To: Patterns{"+46*7", "*"}, Via: via("op1")}, []string{"to[0]"}},
		{"00", Rule{To: Patterns{"0046*"}, Via: via("op1")}, []string{"to"}},
		{"national", Rule{To: Patterns{"070*"}, Via: via("op1")}, []string{"to"}},
		{"senders", Rule{From: Patterns{"ACME", "+*", "46*", "0701234567", "0046*", "+ACME*", "+070*"}, Via: via("op1")}, []string{"from[4]", "from[5]", "from[6]"}},
		{"name", Rule{Name: "a\nb", Via: via("op1")}, []string{"name"}},
		{"any digit", Rule{To: Patterns{"+4670?????67", "?????", "46?1*"}, Via: via("op1")}, nil},
		{"conditions", Rule{Group: Patterns{"gold", "*d"}, Interface: Patterns{"pigeon"}, Encoding: Patterns{"utf8"}, Parts: "3-1", Text: "(", When: Patterns{"mon", "noon"}, Zone: "Mars", Percent: 100, Sticky: "yes", Via: via("op1")}, []string{"group[1]", "interface", "encoding", "parts", "text", "when[1]", "zone", "percent", "sticky"}},
		{"weights", Rule{Via: Via{{"op1", 70}, {"op2", 0}, {"op3", 1001}}}, []string{"via[1]", "via[2]"}},
		{"without effect", Rule{Zone: "Europe/Stockholm", Sticky: "recipient", Via: via("op1")}, []string{"zone", "sticky"}},
		{"empty", Rule{To: Patterns{""}, From: Patterns{"", "A*B"}, Account: Patterns{""}, Via: via("op1")}, []string{"to", "from[0]", "from[1]", "account"}},
	}
	for _, test := range tests {
		var got []string
		test.rule.Validate(func(field, _ string) { got = append(got, field) })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, number := range []string{"+46701234567", "(0)70-123", "00", "72456", "+46 (0)70", "\xff", "(0)"} {
		f.Add(number, "46")
		f.Add(number, "")
	}
	f.Fuzz(func(t *testing.T, number, country string) {
		if len(country) > 3 || country != "" && (!message.AllDigits(country) || country[0] == '0') {
			return
		}
		for _, parse := range []func() (message.Address, error){
			func() (message.Address, error) { return Normalise(number, country) },
			func() (message.Address, error) { return Sender(number, country) },
		} {
			a, err := parse()
			if (err == nil) == (a == message.Address{}) {
				t.Fatalf("%q: %+v, %v", number, a, err)
			}
			if err != nil {
				continue
			}
			if len(a.Number) < minDigits && a.TON != message.TONAlphanumeric || len(a.Number) > 2*maxDigits {
				t.Fatalf("%q: %+v", number, a)
			}
			if a.TON == message.TONAlphanumeric == message.AllDigits(a.Number) {
				t.Fatalf("%q: %+v", number, a)
			}
		}
		// What was understood once is understood likewise again.
		if a, err := Normalise(number, country); err == nil {
			if again, err := Normalise(a.String(), country); err != nil || again != a {
				t.Fatalf("%q: %+v, then %+v, %v", number, a, again, err)
			}
		}
	})
}

// TestErrorsAreShort: what is wrong with a number or a sender is said for every
// recipient of a request, so a long one is not repeated.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"1", "0", "+0", "A", "\x01", "\u0416", "+46 "} {
		long := strings.Repeat(written, 100_000)
		for name, parse := range map[string]func() error{
			"number": func() error { _, err := Normalise(long, ""); return err },
			"sender": func() error { _, err := Sender(long, ""); return err },
		} {
			if err := parse(); err == nil || len(err.Error()) > 1000 {
				t.Errorf("%s of many %q: %.100v", name, written, err)
			}
		}
	}
}

// BenchmarkChooseOwn: 1,000 rules of which each account sees a few, and with conditions.
func BenchmarkChooseOwn(b *testing.B) {
	var many []Rule
	for i := range 999 {
		many = append(many, Rule{Account: Patterns{fmt.Sprintf("acme-%d", i/3)}, Interface: Patterns{"kannel"}, Via: via("x")})
	}
	many = append(many, Rule{Percent: 99, Via: Via{{"y", 70}, {"z", 30}}}, Rule{Via: via("z")})
	table := NewTable(many)
	q := query("+46701234567", "ACME", "acme-200")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := table.Choose(q); !ok {
			b.Fatal("no route")
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{1, 20, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var many []Rule
			for i := range n - 1 {
				many = append(many, Rule{To: Patterns{fmt.Sprintf("+%d*", 100000+i)}, Via: via("x")})
			}
			table := NewTable(append(many, Rule{Via: via("y")}))
			q := query("+46701234567", "ACME", "acme")
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := table.Choose(q); !ok {
					b.Fatal("no route")
				}
			}
		})
	}
}

func BenchmarkNormalise(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Normalise("+46701234567", "46")
	}
}
