package rota

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Holiday is a public holiday of a country, or the eve of one.
type Holiday struct {
	Date time.Time // at 00:00 UTC
	Name string    // in the language of the country
	Eve  bool      // no public holiday, but a day that people have off
}

// rule says when one holiday is. One of the ways is used: days after Easter Sunday, a weekday within the seven days from a
// date, or a date.
type rule struct {
	name  string
	month time.Month
	day   int

	easter  bool         // day counts from Easter Sunday
	on      bool         // it is on weekday, on the date or up to six days later
	weekday time.Weekday // of on

	saturday, sunday int  // by how many days it is moved from there
	substitute       bool // the day that it is on stays one too

	since, until int  // first and last year; 0 for any
	except       int  // a year in which it was on another day
	eve          bool // counts only with eves
}

// fixed, fromEaster and weekdayFrom make rules of the three ways.
func fixed(name string, month time.Month, of int) rule {
	return rule{name: name, month: month, day: of}
}

func fromEaster(name string, days int) rule { return rule{name: name, day: days, easter: true} }

func weekdayFrom(name string, weekday time.Weekday, month time.Month, of int) rule {
	return rule{name: name, weekday: weekday, on: true, month: month, day: of}
}

func (r rule) eveOf() rule             { r.eve = true; return r }
func (r rule) from(year int) rule      { r.since = year; return r }
func (r rule) through(year int) rule   { r.until = year; return r }
func (r rule) in(year int) rule        { r.since, r.until = year, year; return r }
func (r rule) exceptIn(year int) rule  { r.except = year; return r }
func (r rule) moved(sat, sun int) rule { r.saturday, r.sunday = sat, sun; return r }

// substituted is moved, and the day itself is a holiday too.
func (r rule) substituted(sat, sun int) rule {
	r.substitute = true
	return r.moved(sat, sun)
}

// days gives on which days of a year it is: mostly one.
func (r *rule) days(year int, easter day) (d day, also day, ok bool) {
	if r.since > year || r.until != 0 && r.until < year || r.except == year {
		return 0, 0, false
	}
	switch {
	case r.easter:
		d = easter + day(r.day)
	case r.on:
		d = dayOf(year, r.month, r.day)
		d += day((int(r.weekday) - int(d.weekday()) + 7) % 7)
	default:
		d = dayOf(year, r.month, r.day)
	}
	also = d
	switch d.weekday() {
	case time.Saturday:
		also += day(r.saturday)
	case time.Sunday:
		also += day(r.sunday)
	}
	if !r.substitute {
		d = also
	}
	return d, also, true
}

// easterOf gives Easter Sunday of a year of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8).
func easterOf(year int) day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dayOf(year, time.Month(n/31), n%31+1)
}

// Countries are those whose holidays are known, in order.
func Countries() []string { return slices.Sorted(maps.Keys(countries())) }

// Holidays gives the public holidays of a country in a year, in order, and with eves the eves before them that people have
// off. A country that is not known has none.
func Holidays(country string, year int, eves bool) []Holiday {
	var list []Holiday
	eachHoliday(countries()[country], year, eves, func(d day, r *rule) {
		date, month, of := d.date()
		list = append(list, Holiday{Date: time.Date(date, month, of, 0, 0, 0, 0, time.UTC), Name: r.name, Eve: r.eve})
	})
	slices.SortStableFunc(list, func(a, b Holiday) int { return cmp.Compare(a.Date.Unix(), b.Date.Unix()) })
	return list
}

func eachHoliday(rules []rule, year int, eves bool, use func(day, *rule)) {
	easter := easterOf(year)
	for i := range rules {
		r := &rules[i]
		if r.eve && !eves {
			continue
		}
		d, also, ok := r.days(year, easter)
		if !ok {
			continue
		}
		use(d, r)
		if also != d {
			use(also, r)
		}
	}
}
