package rota

import (
	"strings"
	"time"

	"kurir/message"
)

// day is a day of the calendar, wherever, as the number of days since 1 January 1970.
type day int

const secondsOfDay = 24 * 60 * 60

// dayOf gives the day of a date; a month or day beyond its range is carried over.
func dayOf(year int, month time.Month, of int) day {
	return day(time.Date(year, month, of, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay)
}

// dayAt gives the day that the clock of a zone shows at a time.
func dayAt(at time.Time, zone *time.Location) day {
	return dayOf(at.In(zone).Date())
}

func (d day) date() (year int, month time.Month, of int) {
	return time.Unix(int64(d)*secondsOfDay, 0).UTC().Date()
}

// weekday of the day: the first of them was a Thursday.
func (d day) weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// at gives when the clock of a zone shows a minute of the day, in seconds since 1970.
func (d day) at(minute int, zone *time.Location) int64 {
	year, month, of := d.date()
	return message.OnClock(year, month, of, minute, zone).Unix()
}

// parseDay reads 2026-01-05, within the years 1970 to 2200.
func parseDay(text string) (day, bool) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() < 1970 || at.Year() > lastYear {
		return 0, false
	}
	return dayOf(at.Date()), true
}

// lastYear bounds days that can be named: computation with seconds stays far from its end.
const lastYear = 2200

// parseExtra reads 2026-05-15, or 05-15 of each year, whose year is 0.
func parseExtra(text string) (year int, monthDay [2]int, ok bool) {
	if d, ok := parseDay(text); ok {
		year, month, of := d.date()
		return year, [2]int{int(month), of}, true
	}
	d, ok := parseDay("2000-" + text) // a year that has 29 February
	_, month, of := d.date()
	return 0, [2]int{int(month), of}, ok
}

// wall is a time as a clock on the wall shows it.
type wall struct {
	day    day
	minute int
}

func (w wall) before(v wall) bool { return w.day < v.day || w.day == v.day && w.minute < v.minute }

// parseWall reads 2026-07-01 08:00, also with T between, or 2026-07-01, which is its beginning, or as an end its end.
func parseWall(text string, end bool) (w wall, ok bool) {
	date, clock, timed := strings.Cut(strings.Replace(text, "T", " ", 1), " ")
	if w.day, ok = parseDay(date); !ok {
		return w, false
	}
	if timed {
		w.minute, ok = message.ParseMinute(clock)
	} else if end {
		w.day++
	}
	return w, ok
}
