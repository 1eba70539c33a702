package gateway

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// TestLimitsOnDaysOfChange: a limit per day is for a day of the account's zone,
// be it of 23 hours or of 25.
func TestLimitsOnDaysOfChange(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day   time.Time
		hours int
	}{
		{time.Date(2026, 3, 29, 0, 0, 0, 0, zone), 23},
		{time.Date(2026, 10, 25, 0, 0, 0, 0, zone), 25},
		{time.Date(2026, 10, 26, 0, 0, 0, 0, zone), 24},
	} {
		var l allowances
		l.limit([periods]int64{perDay: 2})
		had := 0
		for at := c.day; at.Before(c.day.Add(time.Duration(c.hours) * time.Hour)); at = at.Add(30 * time.Minute) {
			if l.roll(at, zone); l.exceeded(1) == nil {
				l.use(1)
				had++
			}
		}
		if had != 2 {
			t.Errorf("%d messages on the day of %d hours, want 2", had, c.hours)
		}
		if l.roll(c.day.Add(time.Duration(c.hours)*time.Hour), zone); l.exceeded(2) != nil {
			t.Errorf("the day of %d hours does not end with it", c.hours)
		}
	}
}

// A limit per month is for a month of the account's zone, and begins with 0 in the next.
func TestLimitsOfMonths(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	var l allowances
	l.limit([periods]int64{perMonth: 1})
	for _, step := range []struct {
		at  time.Time
		had bool
	}{
		{time.Date(2026, 10, 1, 0, 0, 0, 0, zone), false},
		{time.Date(2026, 10, 31, 22, 59, 59, 0, time.UTC), true},
		{time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), false}, // November in Stockholm
		{time.Date(2026, 11, 30, 22, 59, 0, 0, time.UTC), true},
		{time.Date(2027, 2, 1, 0, 0, 0, 0, zone), false},
		{time.Date(2027, 2, 28, 23, 59, 0, 0, zone), true},
	} {
		l.roll(step.at, zone)
		if e := l.exceeded(1); (e != nil) != step.had {
			t.Errorf("at %v the limit is %+v", step.at, e)
		} else if e == nil {
			l.use(1)
		}
	}
}
