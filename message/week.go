package message

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// Span is times of the week: on each of the days from a minute of it, for so many minutes, which may end on the next day.
type Span struct {
	days       uint8 // a bit for each time.Weekday
	from, long int   // minutes
}

// Holds tells whether a time, by the clock of its own zone, lies within.
func (s Span) Holds(at time.Time) bool {
	minute := int(at.Weekday())*minutesOfDay + at.Hour()*60 + at.Minute()
	for day := range 7 {
		if s.days>>day&1 != 0 && (minute-day*minutesOfDay-s.from+minutesOfWeek)%minutesOfWeek < s.long {
			return true
		}
	}
	return false
}

// On tells whether they are on a day of the week.
func (s Span) On(day time.Weekday) bool { return s.days>>day&1 != 0 }

// Minutes gives the minute of the day at which they begin, and how many minutes they last, at most those of a day.
func (s Span) Minutes() (from, long int) { return s.from, s.long }

// ParseWeekday reads sun, mon, tue, wed, thu, fri or sat.
func ParseWeekday(text string) (time.Weekday, bool) {
	day := slices.Index(dayNames, text)
	return time.Weekday(max(day, 0)), day >= 0
}

// ParseMinute reads a time of day, 00:00 to 23:59, as minutes since midnight.
func ParseMinute(text string) (int, bool) {
	minute, ok := parseMinute(text)
	return minute, ok && minute < minutesOfDay
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseSpan reads mon-fri 08:00-17:00, sat, sat-mon or 22:00-06:00.
func ParseSpan(text string) (Span, error) {
	wrong := fmt.Errorf("%.40q is no time of the week such as mon-fri 08:00-17:00, sat or 22:00-06:00", text)
	s := Span{days: 1<<7 - 1, long: minutesOfDay}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 || len(words) > 2 {
		return s, wrong
	}
	if first := words[0]; first[0] < '0' || first[0] > '9' {
		days, ok := parseDays(first)
		if !ok {
			return s, wrong
		}
		s.days, words = days, words[1:]
	}
	switch len(words) {
	case 0:
		return s, nil
	case 2:
		return s, wrong
	}
	from, to, ok := strings.Cut(words[0], "-")
	begin, ok1 := parseMinute(from)
	end, ok2 := parseMinute(to)
	if !ok || !ok1 || !ok2 || begin == end || begin == minutesOfDay {
		return s, wrong
	}
	s.from, s.long = begin, (end-begin+minutesOfDay)%minutesOfDay
	if s.long == 0 {
		s.long = minutesOfDay
	}
	return s, nil
}

// parseDays reads mon or mon-fri.
func parseDays(text string) (days uint8, ok bool) {
	first, last, ranged := strings.Cut(text, "-")
	from := slices.Index(dayNames, first)
	to := from
	if ranged {
		to = slices.Index(dayNames, last)
	}
	if from < 0 || to < 0 {
		return 0, false
	}
	for day := from; ; day = (day + 1) % 7 {
		days |= 1 << day
		if day == to {
			return days, true
		}
	}
}

// parseMinute reads 00:00 to 24:00.
func parseMinute(text string) (int, bool) {
	if text == "24:00" {
		return minutesOfDay, true
	}
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil && len(text) == len("15:04")
}

// Moment is a time of day on some days of the week.
type Moment struct {
	days   uint8 // a bit for each time.Weekday
	minute int
}

// ParseMoment reads mon-fri 08:00, sun 18:30 or 08:00 for every day.
func ParseMoment(text string) (Moment, error) {
	wrong := fmt.Errorf("%.40q is no time such as mon-fri 08:00, sun 18:30 or 08:00", text)
	m := Moment{days: 1<<7 - 1}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 || len(words) > 2 {
		return m, wrong
	}
	ok := true
	if len(words) == 2 {
		m.days, ok = parseDays(words[0])
	}
	minute, isTime := parseMinute(words[len(words)-1])
	if !ok || !isTime || minute == minutesOfDay {
		return m, wrong
	}
	m.minute = minute
	return m, nil
}

// Next returns the first of them after a time, by the clock of a zone. Where that clock leaps over it, it is as much later
// as the clock leaps; where it comes twice, it is the first of the two.
func (m Moment) Next(after time.Time, zone *time.Location) time.Time {
	local := after.In(zone)
	for day := range 9 {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, zone)
		at := m.on(date, zone)
		if m.days>>date.Weekday()&1 != 0 && at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// on returns when it is on a day.
func (m Moment) on(day time.Time, zone *time.Location) time.Time {
	y, mon, d := day.Date()
	return OnClock(y, mon, d, m.minute, zone)
}

// OnClock returns when the clock of a zone shows a minute of a day; minutes beyond a day are of those that follow. Where that
// clock leaps over it, it is as much later as the clock leaps (RFC 5545 3.3.5); where it comes twice, it is the first of the two.
func OnClock(year int, month time.Month, day, minute int, zone *time.Location) time.Time {
	wall := time.Date(year, month, day, 0, minute, 0, 0, time.UTC)
	at := time.Date(year, month, day, 0, minute, 0, 0, zone)
	_, offset := at.Add(-24 * time.Hour).Zone()
	before := wall.Add(-time.Duration(offset) * time.Second).In(zone) // if the clock is not changed before it
	shows := func(t time.Time) bool {
		return t.Minute() == wall.Minute() && t.Hour() == wall.Hour() && t.Day() == wall.Day()
	}
	if shows(at) && !shows(before) {
		return at
	}
	return before
}
