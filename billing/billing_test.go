package billing

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/message"
)

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

const someList = `destination,price,link,from,until
*,0.20,,,
46,0.035,,,
+4670,0.041,op1,2026-01-01,2027-01-01
4670,0.045,op1,2026-06-01,
4670,0.0399,,,2026-03-01
1,1,,2026-01-01T12:00:00+01:00,
`

func list(t *testing.T, text string) *List {
	t.Helper()
	prices, mistakes := ReadPrices(strings.NewReader(text), Known{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return NewList("standard", "EUR", prices)
}

// TestComplaint15PriceSheets: prices by destination, from sheets with dates, as exact as they are written.
func TestComplaint15PriceSheets(t *testing.T) {
	t.Parallel()
	l := list(t, someList)
	for _, test := range []struct {
		what, number, link string
		at                 time.Time
		want               message.Amount
	}{
		{"any number", "33123", "op1", day("2026-02-01"), 200_000},
		{"a prefix", "46812345", "op1", day("2026-02-01"), 35_000},
		{"the longest prefix, its link", "46701", "op1", day("2026-02-01"), 41_000},
		{"the longest prefix, another link", "46701", "op2", day("2026-02-01"), 39_900},
		{"until is over: the next prefix", "46701", "op2", day("2026-03-01"), 35_000},
		{"just before", "46701", "op2", day("2026-03-01").Add(-1), 39_900},
		{"before it holds", "46701", "op1", day("2025-12-31"), 39_900},
		{"the later of two that hold", "46701", "op1", day("2026-06-01"), 45_000},
		{"still the later", "46701", "op1", day("2028-01-01"), 45_000},
		{"a time with zone", "1555", "", day("2026-01-01").Add(11 * time.Hour), 1_000_000},
		{"before that", "1555", "", day("2026-01-01").Add(11*time.Hour - 1), 200_000},
		{"a number shorter than prefixes", "4", "op1", day("2026-02-01"), 200_000},
	} {
		got, ok := l.Find(&Destination{Number: test.number}, test.link, test.at)
		if !ok || got.Amount != test.want {
			t.Errorf("%s: %s %v, want %s", test.what, got.Amount, ok, test.want)
		}
	}
	units, missing, ok := l.Rate(nil, &Destination{Number: "46701"}, []string{"op1", "op2"}, day("2026-02-01"))
	if !ok || missing != "" || !slices.Equal(units, []message.Amount{41_000, 39_900}) {
		t.Errorf("two links: %v %q %v", units, missing, ok)
	}
	narrow := list(t, "destination,price,link\n46,0.01,op1\n")
	if _, missing, ok := narrow.Rate(nil, &Destination{Number: "461"}, []string{"op1", "op2"}, day("2026-02-01")); ok || missing != "op2" {
		t.Errorf("a link without a price: %q %v", missing, ok)
	}
	if _, ok := narrow.Find(&Destination{Number: "47"}, "op1", day("2026-02-01")); ok {
		t.Error("a price for a destination that has none")
	}
}

// TestComplaint15NetworkPrices: rows by network and country; the most specific of those that fit counts, of it the link's own.
func TestComplaint15NetworkPrices(t *testing.T) {
	t.Parallel()
	l := list(t, `destination,network,price,link,until
*,,0.01,,
1,,0.02,,
CA,,0.03,,
46,,0.04,,
SE,,0.05,,
46719,,0.06,,
,24001,0.07,,
,24001,0.08,op1,
SE,Tele2,0.09,,
,Tele2,0.10,,
,24008,0.11,,2026-01-01
,Comviq,0.12,,
`)
	for _, test := range []struct {
		what string
		to   Destination
		link string
		want message.Amount
	}{
		{"nothing is known", Destination{Number: "33123"}, "", 10_000},
		{"a country within a calling code", Destination{Number: "12045551234", Country: "CA", CountryDigits: 4}, "", 30_000},
		{"another country of it", Destination{Number: "12025551234", Country: "US", CountryDigits: 1}, "", 20_000},
		{"the calling code and the country: the code", Destination{Number: "46812345", Country: "SE", CountryDigits: 2}, "", 40_000},
		{"a longer beginning", Destination{Number: "46719123", Country: "SE", CountryDigits: 2}, "", 60_000},
		{"the network before any beginning", Destination{Number: "46719123", Country: "SE", CountryDigits: 2, Code: "24001", Network: "Telia"}, "op2", 70_000},
		{"its price by the link", Destination{Number: "46701", Country: "SE", CountryDigits: 2, Code: "24001"}, "op1", 80_000},
		{"by name and country", Destination{Number: "46701", Country: "SE", CountryDigits: 2, Network: "Tele2"}, "", 90_000},
		{"by name in another country", Destination{Number: "37251", Country: "EE", CountryDigits: 3, Network: "Tele2"}, "", 100_000},
		{"by code, over", Destination{Number: "46701", Country: "SE", CountryDigits: 2, Code: "24008"}, "", 40_000},
		{"by code, over, by name", Destination{Number: "46701", Country: "SE", CountryDigits: 2, Code: "24008", Network: "Comviq"}, "", 120_000},
	} {
		if got, ok := l.Find(&test.to, test.link, day("2026-02-01")); !ok || got.Amount != test.want {
			t.Errorf("%s: %s %v by %s, want %s", test.what, got.Amount, ok, got.Where(), test.want)
		}
	}
	if !l.ByPlace() || list(t, someList).ByPlace() {
		t.Error("which lists go by country and network")
	}
}

func TestListMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, text string
		want       []string
	}{
		{"empty", "", []string{"line 1: the file is empty; its first line names the columns: destination,network,price,link,from,until"}},
		{"no header", "46,0.02\n", []string{`line 1: there is no column "46"; there are destination, network, price, link, from, until`, `line 1: there is no column "0.02"; there are destination, network, price, link, from, until`}},
		{"a column missing", "destination,link\n46,op1\n", []string{"line 1: the column price is missing; the first line names the columns: destination,network,price,link,from,until"}},
		{"a column twice", "destination,price,price\n46,1,1\n", []string{"line 1: the column price is there twice"}},
		{"all of them, by line", "destination,price,link,from,until\n" +
			"46,\"0,02\",,,\n" +
			"070,0.02,,,\n" +
			"47,-1,,,\n" +
			"48,1000001,,,\n" +
			"49,0.1,nowhere,,\n" +
			"45,0.1,,2026-02-30,\n" +
			"45,0.1,,2026-03-01,2026-03-01\n" +
			"44,0.1\n" +
			"43,0.1,,,\n" +
			"+43,0.2,,,\n" +
			",0.2,,,\n" +
			"1234567890123456,0.2,,,\n", []string{
			"line 2: price: an amount is expected, such as 12.50 or 0.0385: digits, and at most six behind the point",
			`line 3: destination: "070" is neither the beginning of international numbers, such as 46 or +4670, nor a country such as SE`,
			"line 4: price: -1.00 is less than 0",
			"line 5: price: 1000001.00 is more than 1000000.00",
			`line 6: link: no connector is named "nowhere"`,
			`line 7: from: "2026-02-30" is neither a date such as 2026-12-31 nor a time such as 2026-12-31T22:00:00Z`,
			"line 8: until: is not later than from",
			"line 9: there are 2 columns, and the first line names 5",
			"line 11: the same destination, link and from as line 10",
			"line 12: destination: is missing; * is for every number",
			"line 13: destination: has more than 15 digits",
		}},
		{"networks and countries", "destination,network,price\nXX,,1\n46,Telia,1\nSE,24001,1\n,2400,1\nSE,Telia,1\nSE,Telia,2\nse,,1\n", []string{
			"line 2: destination: XX is no country (ISO 3166-1) that is known here",
			"line 3: destination: beside a network it is empty, or a country of two capital letters such as SE",
			"line 4: destination: SE stands beside the network 24001, whose digits say its country",
			`line 5: network: "2400" is no MCC and MNC of five or six digits (ITU-T E.212), such as 24001`,
			"line 7: the same destination, link and from as line 6",
			`line 8: destination: "se" is neither the beginning of international numbers, such as 46 or +4670, nor a country such as SE`,
		}},
		{"quotes", "destination,price\n46,\"0.1\n", []string{"line 2: is no CSV: extraneous or missing \" in quoted-field"}},
		{"UTF-16", "d\xff\x00", []string{"line 1: the file is not UTF-8"}},
	} {
		prices, mistakes := ReadPrices(strings.NewReader(test.text), Known{Links: []string{"op1"}, Country: func(code string) bool { return code != "XX" }})
		var got []string
		for _, m := range mistakes {
			got = append(got, m.Error())
		}
		if prices != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %d prices,\n%s\nwant\n%s", test.what, len(prices), strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
	many, _ := strings.CutPrefix(strings.Repeat("x\n", 1000), "")
	if _, mistakes := ReadPrices(strings.NewReader("destination,price\n"+many), Known{}); len(mistakes) != 100 {
		t.Errorf("%d mistakes are told", len(mistakes))
	}
	good, mistakes := ReadPrices(strings.NewReader("\ufeffPrice,destination\r\n0.02,46\r\n"), Known{})
	if len(mistakes) > 0 || len(good) != 1 || good[0].Prefix != "46" {
		t.Errorf("a spreadsheet's file: %v %v", good, mistakes)
	}
}

func TestReservations(t *testing.T) {
	t.Parallel()
	r := &Reservation{Payer: "acme", Currency: "EUR", Rule: ChargeDelivered, Units: []message.Amount{41_000, 39_900, 0}}
	again, err := ParseReservation(r.String())
	if err != nil || again.String() != "acme EUR delivered 0.041 0.0399 0.00" {
		t.Fatalf("%q: %v", r, err)
	}
	if d := again.Dearest(3); d != 123_000 {
		t.Errorf("the dearest costs %s", d)
	}
	if d := again.By(1, 2); d != 79_800 {
		t.Errorf("the second costs %s", d)
	}
	if d := (&Reservation{Units: []message.Amount{MaxPrice}}).Dearest(255); d != 255*MaxPrice || d < 0 {
		t.Errorf("the most a message can cost: %s", d)
	}
	nobody, err := ParseReservation((&Reservation{Currency: "SEK", Units: []message.Amount{1}}).String())
	if err != nil || nobody.Payer != "" || !nobody.Taken() {
		t.Errorf("nobody pays: %+v %v", nobody, err)
	}
	for _, bad := range []string{"", "acme EUR sent", "acme EUR never 1", "acme EUR  1", "acme EUR sent x", "acme EUR sent -1", "acme EUR sent 1000000.01"} {
		if r, err := ParseReservation(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, r)
		}
	}
	for s, charged := range map[message.State]bool{
		message.Delivered: true, message.Sent: true, message.Undeliverable: false, message.Expired: false,
		message.Deleted: false, message.Rejected: false, message.Unknown: false,
	} {
		if again.Final(s) != charged {
			t.Errorf("%s: charged %v", s, !charged)
		}
	}
}

func FuzzReadPrices(f *testing.F) {
	f.Add([]byte(someList))
	f.Add([]byte("destination,price\n46,\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		prices, mistakes := ReadPrices(bytes.NewReader(text), Known{})
		if len(mistakes) > 0 {
			if prices != nil {
				t.Error("prices beside mistakes")
			}
			return
		}
		if n := NewList("", "EUR", prices).Len(); n != len(prices) {
			t.Errorf("%d of %d prices are kept", n, len(prices))
		}
	})
}
