package route

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"kurir/message"
)

func international(digits string) message.Address {
	return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}
}

// Countries are known by the longest beginning of a number.
func TestCountries(t *testing.T) {
	t.Parallel()
	n := NewNetworks(nil)
	for number, want := range map[string]string{
		"46701234567": "SE", "4791234567": "NO", "4779123456": "SJ", "12025550123": "US", "14165550123": "CA", "18765550123": "JM", "16715550123": "GU",
		"79161234567": "RU", "77011234567": "KZ", "447700900123": "GB", "447797123456": "JE", "447624123456": "IM", "3906698123": "VA", "393331234567": "IT",
		"358401234567": "FI", "3581812345": "AX", "262639123456": "YT", "262692123456": "RE", "5999123456": "CW", "5997123456": "BQ", "61891621234": "CC",
		"61412345678": "AU", "38344123456": "XK", "99412345678": "AZ", "881612345678": "", "8835100": "", "999123456": "",
	} {
		if got := n.Of(international(number)).Country; got != want {
			t.Errorf("+%s is in %q, want %q", number, got, want)
		}
	}
	if got := n.Of(message.Address{Number: "46123"}).Country; got != "" {
		t.Errorf("a short code is in %s", got)
	}
	for code, want := range map[string]bool{"SE": true, "US": true, "ZW": true, "AC": true, "se": false, "": false, "S": false, "4 ": false, "XX": false, "47": false} {
		if IsCountry(code) != want {
			t.Errorf("%q is a country: %t", code, !want)
		}
	}
	for prefix := 1; prefix <= 999; prefix++ { // every calling code is two letters or none
		if c := n.find(fmt.Sprint(prefix)).Country; c != "" && (len(c) != 2 || strings.ToUpper(c) != c) {
			t.Errorf("%d is in %q", prefix, c)
		}
	}
}

const networksText = "prefix,mcc,mnc,network,country\n+46701,240,01,Telia,SE\n4673,240,02,Tre,\n44,,,Some British,\n467012,24099,,Other,\n"

// TestComplaint15Networks: networks come from a CSV, the longest beginning of a number counts,
// and routes are by country and network and say why they are not taken.
func TestComplaint15Networks(t *testing.T) {
	t.Parallel()
	list, mistakes := ReadNetworks(strings.NewReader(networksText))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	n := NewNetworks(list)
	for number, want := range map[string]Network{
		"46701134567": {Country: "SE", Code: "24001", Name: "Telia"}, "46731234567": {Country: "SE", Code: "24002", Name: "Tre"}, "46701234567": {Country: "SE", Code: "24099", Name: "Other"},
		"447700900123": {Country: "GB", Name: "Some British"}, "46721234567": {Country: "SE"},
	} {
		if got := n.Of(international(number)); got != want {
			t.Errorf("+%s is in %+v, want %+v", number, got, want)
		}
	}
	table := NewTable([]Rule{
		{Name: "dnd", List: Patterns{"vip"}, Via: via("a")},
		{Name: "telia", Network: Patterns{"24001"}, Via: via("b")},
		{Name: "three", Network: Patterns{"tre"}, Via: via("c")},
		{Name: "nordic", Country: Patterns{"SE", "NO"}, Via: via("d")},
	})
	table.Use(Lookup{Networks: n, List: func(name string, to message.Address) bool { return name == "vip" && to.Number == "46700000001" }})
	for number, want := range map[string]string{"46701134567": "b", "46731234567": "c", "46721234567": "d", "4791234567": "d", "46700000001": "a", "4512345678": ""} {
		choice, ok := table.Choose(Query{To: international(number)})
		if got := strings.Join(choice.Links, ","); ok != (want != "") || got != want {
			t.Errorf("+%s goes by %q, want %q", number, got, want)
		}
	}
	said := table.Explain(Query{To: international("4512345678")})
	for i, want := range []string{
		"recipient +4512345678 is not on list: vip", "the network of +4512345678 is not known, the rule is for network: 24001",
		"the network of +4512345678 is not known, the rule is for network: tre", "recipient +4512345678 is in DK, the rule is for country: SE, NO",
	} {
		if said[i].Why != want {
			t.Errorf("rule %d: %q, want %q", i, said[i].Why, want)
		}
	}
	if why := table.Explain(Query{To: international("46701134567")}); why[1].Why != "goes by b" {
		t.Errorf("telia: %+v", why)
	}
	if why := table.Explain(Query{To: international("46731234567")})[1].Why; why != "recipient +46731234567 is in the network 24002 Tre, the rule is for network: 24001" {
		t.Error(why)
	}
}

// What is laid over a table counts where it says anything, a country alone too; where it says nothing the table does.
func TestNetworksOverlay(t *testing.T) {
	t.Parallel()
	n := NewNetworks([]NetworkPrefix{{"46701", Network{Country: "SE", Code: "24001", Name: "Telia"}}, {"4673", Network{Country: "SE", Code: "24002", Name: "Tre"}}})
	n.Overlay(NewNetworks([]NetworkPrefix{{"4673", Network{Country: "SE", Code: "24007", Name: "Tele2"}}, {"88161", Network{Country: "US"}}, {"4479111", Network{}}}))
	for number, want := range map[string]Network{
		"46701134567": {Country: "SE", Code: "24001", Name: "Telia"}, "46731234567": {Country: "SE", Code: "24007", Name: "Tele2"}, "46721234567": {Country: "SE"},
		"881612345678": {Country: "US"}, "881712345678": {}, "447911123456": {Country: "GG"},
	} {
		if got := n.Of(international(number)); got != want {
			t.Errorf("+%s is in %+v, want %+v", number, got, want)
		}
	}
	n.Overlay(nil)
	if got := n.Of(international("46731234567")).Name; got != "Tre" {
		t.Errorf("without it the number is of %s", got)
	}
}

func TestNetworkMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "the file is empty",
		"prefix,colour\n46,x\n":         "there is no column",
		"mcc,mnc\n240,01\n":             "the column prefix is missing",
		"prefix\n046\n":                 "is no beginning of numbers",
		"prefix,mcc,mnc\n46,24,01\n":    "is no network",
		"prefix,country\n46,Sweden\n":   "is no country",
		"prefix,network\n46,\"x\ny\"\n": "control character",
	} {
		_, mistakes := ReadNetworks(strings.NewReader(text))
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Text, want) {
			t.Errorf("%q: %v, want %q", text, mistakes, want)
		}
	}
}

// A table of a hundred thousand prefixes stays small, and looking one up costs no memory.
func TestNetworksMemory(t *testing.T) { // not parallel: it measures memory
	const many = 100_000
	list := make([]NetworkPrefix, 0, many)
	for i := range many {
		list = append(list, NetworkPrefix{fmt.Sprintf("46%06d", i), Network{Country: "SE", Code: fmt.Sprintf("240%02d", i%90), Name: "x"}})
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := NewNetworks(list)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := float64(after.HeapAlloc-before.HeapAlloc) / many; each > 14 {
		t.Errorf("%.1f octets a prefix", each)
	}
	a := international("46012345678")
	if allocs := testing.AllocsPerRun(100, func() { n.Of(a) }); allocs > 0 {
		t.Errorf("a look-up allocates %v times", allocs)
	}
	runtime.KeepAlive(list)
}
