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
