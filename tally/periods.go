package tally

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Step is how long the periods of a report are.
type Step string

// The steps.
const (
	Hour  Step = "hour"
	Day   Step = "day"
	Month Step = "month"
)

// Steps are all of them.
func Steps() []Step { return []Step{Hour, Day, Month} }

// Most is how many periods a report has at most.
const Most = 1000

// Cut is a span that is cut into periods.
type Cut struct {
	Starts []time.Time // of the periods, in order; the first may be one that had begun before the span
	Until  time.Time   // the end of the span
	From   time.Time   // and its beginning
}

// Periods cuts the time from one on and before another into the hours, days or months of a zone. An error says in plain words
// why that cannot be.
func Periods(from, until time.Time, step Step, zone *time.Location) (*Cut, error) {
	from, until = from.In(zone), until.In(zone)
	if !slices.Contains(Steps(), step) {
		return nil, fmt.Errorf("%.40q is not hour, day or month", string(step))
	}
	if !until.After(from) {
		return nil, fmt.Errorf("the report ends before it begins")
	}
	c := &Cut{From: from, Until: until}
	for at := begin(from, step); at.Before(until); at = next(at, step) {
		if len(c.Starts) == Most {
			return nil, fmt.Errorf("more than %d periods of a %s: take a longer step or a shorter time", Most, step)
		}
		c.Starts = append(c.Starts, at)
	}
	return c, nil
}

// begin gives when the period began in which a time lies.
func begin(t time.Time, step Step) time.Time {
	switch step {
	case Month:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	}
	return t.Truncate(time.Hour)
}

// next gives the beginning of the period behind one.
func next(t time.Time, step Step) time.Time {
	switch step {
	case Month:
		return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
	}
	return t.Add(time.Hour)
}

// At says in which period a time lies; false if it is in none.
func (c *Cut) At(t time.Time) (int, bool) {
	if t.Before(c.Starts[0]) || !t.Before(c.Until) {
		return 0, false
	}
	return sort.Search(len(c.Starts), func(i int) bool { return c.Starts[i].After(t) }) - 1, true
}

// Hours gives the Unix hours in which what is counted belongs to the span: from the first on and before the second.
func (c *Cut) Hours() (since, until int64) {
	return ceilHour(c.From), ceilHour(c.Until)
}

func ceilHour(t time.Time) int64 {
	hour := t.Unix() / 3600
	if t.Unix()%3600 != 0 || t.Nanosecond() != 0 {
		hour++
	}
	return hour
}

// Span gives the part of a period that lies within the report.
func (c *Cut) Span(i int) Span {
	s := Span{c.Starts[i].UnixMilli(), c.Until.UnixMilli()}
	if i+1 < len(c.Starts) {
		s.Until = c.Starts[i+1].UnixMilli()
	}
	s.From = max(s.From, c.From.UnixMilli())
	return s
}

// Before gives the span of the same length that lies before a report: as many days or months where it begins and ends with
// them.
func Before(from, until time.Time, zone *time.Location) (time.Time, time.Time) {
	from, until = from.In(zone), until.In(zone)
	if from.Equal(begin(from, Month)) && until.Equal(begin(until, Month)) {
		months := (until.Year()-from.Year())*12 + int(until.Month()-from.Month())
		return from.AddDate(0, -months, 0), from
	}
	if from.Equal(begin(from, Day)) && until.Equal(begin(until, Day)) {
		days := int((until.Sub(from) + 12*time.Hour) / (24 * time.Hour))
		return from.AddDate(0, 0, -days), from
	}
	return from.Add(-until.Sub(from)), from
}
