package web

import (
	"testing"
	"time"
)

// Times are picked by the clock of the zone that comes with them, and shown so that saving them again changes nothing.
func TestInstants(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ typed, zone, want string }{
		{"2027-01-31T12:30", "Europe/Stockholm", "2027-01-31T11:30:00Z"},
		{"2027-07-31T12:30:07", "Europe/Stockholm", "2027-07-31T10:30:07Z"},
		{" 2027-01-31T12:30 ", "Asia/Tokyo", "2027-01-31T03:30:00Z"},
		{"2027-01-31T12:30", "No/Where", time.Date(2027, 1, 31, 12, 30, 0, 0, time.Local).UTC().Format(time.RFC3339)},
		{"2027-01-31", "Asia/Tokyo", "2027-01-31"},
		{"2027-01-31T12:30:00Z", "Asia/Tokyo", "2027-01-31T12:30:00Z"},
		{"tomorrow", "", "tomorrow"},
	} {
		if got := typedInstant(one.typed, one.zone); got != one.want {
			t.Errorf("%q in %q is %q, want %q", one.typed, one.zone, got, one.want)
		}
	}
	for _, one := range []struct {
		text   string
		starts bool
		at     string
		ok     bool
	}{
		{"", false, "", true},
		{"2027-01-31", false, "2027-02-01T00:00:00Z", true},
		{"2027-01-31", true, "2027-01-31T00:00:00Z", true},
		{"2027-01-31T12:30:07+01:00", true, "2027-01-31T11:30:07Z", true},
		{"soon", false, "", false},
	} {
		got, ok := instantOf(one.text, one.starts)
		if got.At != one.at || ok != one.ok {
			t.Errorf("%q is at %q, %v; want %q, %v", one.text, got.At, ok, one.at, one.ok)
		}
		if got.At != "" && typedInstant(got.Value, "") != got.At {
			t.Errorf("%q saved again is %q", one.text, typedInstant(got.Value, ""))
		}
	}
}
