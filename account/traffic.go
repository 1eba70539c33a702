package account

import (
	"fmt"
	"time"
)

// Traffic is what is suspicious or too much of a customer's messages, by recipient and country.
type Traffic struct {
	// Countries are those that may be written to, two letters each (ISO 3166-1); all others are closed, and so are numbers of no
	// country. Short codes stay open. Empty: all are open.
	Countries []string `yaml:"countries" example:"[SE, \"NO\"]"`
	// RecipientHour is how many messages one recipient may be sent in an hour of the clock. 0: no limit.
	RecipientHour int `yaml:"recipient_hour" example:"20"`
	// CountryHour is how many messages may go to a country in an hour of the clock, by its two letters; "*" is each other
	// country. Empty: no limit.
	CountryHour map[string]int `yaml:"country_hour"`
	// Repeats is the time within which the same text from the same account to the same recipient is refused, at most 24h.
	// It is in memory only: a restart forgets. 0: repeats are no matter.
	Repeats time.Duration `yaml:"repeats" example:"1m"`
	// Growth is when the alarm traffic is raised: more than so many times as many messages go to a country within an hour as in the
	// average hour before, and at least a hundred. It knows the average from the third hour after a start on. 0: never.
	Growth int `yaml:"growth" example:"10"`
	// Series is when the alarm traffic is raised: one text, digits apart, goes to so many of 64 numbers that follow one another,
	// within an hour. At most 64. 0: never.
	Series int `yaml:"series" example:"20"`
}

// Bounds of Traffic.
const (
	mostRepeats = 24 * time.Hour
	mostSeries  = 64
)

// EachOther stands in CountryHour for every country that is not named.
const EachOther = "*"

// Validate reports what is wrong, each with the field as it is written in the file. isCountry tells whether there is a country of
// that code.
func (t *Traffic) Validate(isCountry func(string) bool, report func(field, problem string)) {
	country := func(field, code string) {
		if !isCountry(code) {
			report(field, fmt.Sprintf("%.40q is no country of two capital letters (ISO 3166-1) such as SE", code))
		}
	}
	for i, code := range t.Countries {
		country(fmt.Sprintf("countries[%d]", i), code)
	}
	for code, most := range t.CountryHour {
		if code != EachOther {
			country("country_hour."+code, code)
		}
		if most < 0 {
			report("country_hour."+code, "is less than 0; 0 lets nothing through")
		}
	}
	for field, n := range map[string]int{"recipient_hour": t.RecipientHour, "growth": t.Growth, "series": t.Series} {
		if n < 0 {
			report(field, "is less than 0; leave it out for no limit")
		}
	}
	if t.Growth == 1 {
		report("growth", "is 1: every second hour has more than the average; such as 10")
	}
	if t.Series == 1 || t.Series > mostSeries {
		report("series", "is not within 2 to 64")
	}
	if t.Repeats < 0 || t.Repeats > mostRepeats {
		report("repeats", "is not between 0 and 24h")
	}
}

// Watches tells whether there is anything to count of single messages.
func (t *Traffic) Watches() bool {
	return t.RecipientHour != 0 || len(t.CountryHour) > 0 || t.Repeats != 0 || t.Growth != 0 || t.Series != 0
}
