package rota_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/rota"
)

// swedish are the public holidays of Sweden as almanacs print them, without those of a fixed date: long Friday, Easter Sunday and
// Monday, Ascension, Whitsun, Midsummer's Eve and Day, All Saints.
var swedish = map[int]string{
	2024: "03-29 03-31 04-01 05-09 05-19 06-21 06-22 11-02",
	2025: "04-18 04-20 04-21 05-29 06-08 06-20 06-21 11-01",
	2026: "04-03 04-05 04-06 05-14 05-24 06-19 06-20 10-31",
	2027: "03-26 03-28 03-29 05-06 05-16 06-25 06-26 11-06",
	2028: "04-14 04-16 04-17 05-25 06-04 06-23 06-24 11-04",
	2029: "03-30 04-01 04-02 05-10 05-20 06-22 06-23 11-03",
	2030: "04-19 04-21 04-22 05-30 06-09 06-21 06-22 11-02",
}

func TestSwedishHolidays(t *testing.T) {
	t.Parallel()
	for year, moving := range swedish {
		dates := strings.Fields(moving)
		red := slices.Concat(dates[:5], dates[6:], []string{"01-01", "01-06", "05-01", "06-06", "12-25", "12-26"})
		easter, err := time.Parse("2006-01-02", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+dates[1])
		if err != nil {
			t.Fatal(err)
		}
		eves := []string{easter.AddDate(0, 0, -1).Format("01-02"), easter.AddDate(0, 0, 48).Format("01-02"), dates[5], "12-24", "12-31"}
		compareDates(t, "SE", year, false, red)
		compareDates(t, "SE", year, true, append(red, eves...))
	}
	if list := rota.Holidays("SE", 2004, false); slices.ContainsFunc(list, func(h rota.Holiday) bool { return h.Name == "Sveriges nationaldag" }) ||
		!slices.ContainsFunc(list, func(h rota.Holiday) bool { return h.Name == "Annandag pingst" && h.Date.Format("01-02") == "05-31" }) {
		t.Errorf("until 2004 Whit Monday was a holiday and 6 June was none: %v", list)
	}
}

func compareDates(t *testing.T, country string, year int, eves bool, want []string) {
	t.Helper()
	got := map[string]bool{}
	for _, h := range rota.Holidays(country, year, eves) {
		got[h.Date.Format("01-02")] = true
	}
	for _, date := range want {
		if !got[date] {
			t.Errorf("%s %d, eves %v: %s is missing", country, year, eves, date)
		}
		delete(got, date)
	}
	if len(got) > 0 {
		t.Errorf("%s %d, eves %v: there is no holiday on %v", country, year, eves, got)
	}
}

// The other countries, in years in which something is out of the way.
func TestHolidaysOfCountries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country string
		year    int
		want    string
	}{
		{"NO", 2026, "01-01 04-02 04-03 04-05 04-06 05-01 05-14 05-17 05-24 05-25 12-25 12-26"},
		{"DK", 2023, "01-01 04-06 04-07 04-09 04-10 05-05 05-18 05-28 05-29 12-25 12-26"},
		{"DK", 2024, "01-01 03-28 03-29 03-31 04-01 05-09 05-19 05-20 12-25 12-26"}, // without Store Bededag
		{"FI", 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-20 10-31 12-06 12-25 12-26"},
		{"DE", 2017, "01-01 04-14 04-17 05-01 05-25 06-05 10-03 10-31 12-25 12-26"}, // 500 years of the Reformation
		{"DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26"},
		{"NL", 2025, "01-01 04-20 04-21 04-26 05-05 05-29 06-08 06-09 12-25 12-26"}, // 27 April is a Sunday
		{"NL", 2026, "01-01 04-05 04-06 04-27 05-05 05-14 05-24 05-25 12-25 12-26"},
		{"GB", 2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-26 12-28"},
		{"GB", 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
		{"GB", 2022, "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27"},
		{"GB", 2023, "01-01 01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"},
		{"GB", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"},
	} {
		compareDates(t, c.country, c.year, false, strings.Fields(c.want))
	}
	if len(rota.Holidays("XX", 2026, true)) != 0 {
		t.Error("a country that is not known has holidays")
	}
}

// Easter Sunday by the tables of the Gregorian calendar: its earliest and latest, and the years around now.
func TestEaster(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{
		1818: "03-22", 1943: "04-25", 1954: "04-18", 1981: "04-19", 2000: "04-23", 2008: "03-23", 2011: "04-24", 2019: "04-21", 2025: "04-20", 2026: "04-05", 2038: "04-25", 2049: "04-18", 2076: "04-19",
	} {
		if !slices.ContainsFunc(rota.Holidays("SE", year, false), func(h rota.Holiday) bool { return h.Name == "Påskdagen" && h.Date.Format("01-02") == want }) {
			t.Errorf("Easter of %d is not %s", year, want)
		}
	}
}
