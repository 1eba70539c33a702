package message_test

import (
	"testing"
	"time"

	"kurir/message"
)

// A minute of a day is when the clock shows it: later by the leap where it leaps over it, the first where it comes twice, and
// behind a day that was left out the day's own.
func TestOnClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone             string
		year, month, day int
		minute           int
		want             string
	}{
		{"Europe/Stockholm", 2026, 3, 29, 150, "2026-03-29T01:30:00Z"},
		{"Europe/Stockholm", 2026, 10, 25, 150, "2026-10-25T00:30:00Z"},
		{"Europe/Stockholm", 2026, 10, 24, 24*60 + 480, "2026-10-25T07:00:00Z"},
		{"Pacific/Apia", 2011, 12, 30, 480, "2011-12-30T18:00:00Z"}, // no such day there
		{"Pacific/Apia", 2011, 12, 31, 0, "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", 2011, 12, 31, 480, "2011-12-30T18:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if at := message.OnClock(c.year, time.Month(c.month), c.day, c.minute, zone); at.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("%+v: %s", c, at.UTC())
		}
	}
}
