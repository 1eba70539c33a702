package message

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

// TestHours: when a message may be sent, in the recipient's zone, in several
// zones of one country, past midnight, at weekends and on the days on which
// clocks are put forward and back.
func TestHours(t *testing.T) {
	t.Parallel()
	day := Hours{Times: []string{"mon-fri 08:00-20:00", "sat 10:00-18:00"}}
	to := func(number string) *Message {
		return &Message{To: Address{TON: TONInternational, NPI: NPIISDN, Number: number}, Priority: Normal}
	}
	for _, c := range []struct {
		name     string
		hours    Hours
		m        *Message
		at, want string
	}{
		{"within", day, to("46701234567"), "2026-11-27T08:00:00+01:00", "2026-11-27T08:00:00+01:00"},
		{"a second before", day, to("46701234567"), "2026-11-27T07:59:59+01:00", "2026-11-27T08:00:00+01:00"},
		{"the end is not within", day, to("46701234567"), "2026-11-27T20:00:00+01:00", "2026-11-28T10:00:00+01:00"},
		{"over Sunday", day, to("46701234567"), "2026-11-28T18:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		{"Finland is an hour ahead", day, to("358401234567"), "2026-11-27T07:30:00+02:00", "2026-11-27T08:00:00+02:00"},
		{"Russia: Kamchatka's evening is Kaliningrad's day", Hours{Times: []string{"08:00-20:00"}}, to("79161234567"), "2026-11-27T12:00:00+12:00", "2026-11-27T18:00:00+12:00"},
		{"Kazakhstan shares Russia's code", Hours{Times: []string{"08:00-20:00"}}, to("77011234567"), "2026-11-27T02:00:00Z", "2026-11-27T03:00:00Z"},
		{"North America waits for the west", Hours{Times: []string{"08:00-20:00"}}, to("12125550123"), "2026-11-27T09:00:00-05:00", "2026-11-27T08:00:00-08:00"},
		{"Jamaica is not in it", Hours{Times: []string{"08:00-20:00"}}, to("18765550123"), "2026-11-27T09:00:00-05:00", "2026-11-27T09:00:00-05:00"},
		{"a given zone", Hours{Times: []string{"08:00-20:00"}, Zone: "Europe/London"}, to("46701234567"), "2026-11-27T08:30:00+01:00", "2026-11-27T08:00:00Z"},
		{"past midnight", Hours{Times: []string{"fri 22:00-02:00"}, Zone: "Europe/Stockholm"}, to("46701234567"), "2026-11-28T01:59:00+01:00", "2026-11-28T01:59:00+01:00"},
		{"put forward: the hour that there is not", Hours{Times: []string{"02:30-05:00"}}, to("46701234567"), "2026-03-29T01:59:00+01:00", "2026-03-29T03:30:00+02:00"},
		{"put forward: the day is shorter", day, to("46701234567"), "2026-03-28T23:00:00+01:00", "2026-03-30T08:00:00+02:00"},
		{"put back: the hour that there is twice", Hours{Times: []string{"02:00-03:00"}}, to("46701234567"), "2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"},
		{"put back: the day is longer", day, to("46701234567"), "2026-10-24T23:00:00+02:00", "2026-10-26T08:00:00+01:00"},
		{"a short number has no country", Hours{Times: []string{"08:00-20:00"}}, &Message{To: Address{Number: "72456"}}, "2026-11-27T07:00:00Z", "2026-11-27T08:00:00Z"},
		{"urgent ones at any time", Hours{Times: []string{"08:00-20:00"}, Urgent: true}, &Message{To: to("46701234567").To, Priority: Urgent}, "2026-11-27T03:00:00Z", "2026-11-27T03:00:00Z"},
	} {
		c.hours.Validate(func(field, problem string) { t.Errorf("%s: %s %s", c.name, field, problem) })
		at, err1 := time.Parse(time.RFC3339, c.at)
		want, err2 := time.Parse(time.RFC3339, c.want)
		if same := ParseHours(c.hours.String()); same.String() != c.hours.String() || same.Urgent != c.hours.Urgent || !slices.Equal(same.Times, c.hours.Times) {
			t.Errorf("%s: %v is read as %v", c.name, &c.hours, same)
		}
		if got := ParseHours(c.hours.String()).Permit().Opens(c.m, at); !got.Equal(want) {
			t.Errorf("%s: %v as text, want %v", c.name, got, want)
		}
		if got := c.hours.Permit().Opens(c.m, at); err1 != nil || err2 != nil || !got.Equal(want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
	zones := LoadZones()
	for prefix, list := range zones {
		if len(list) == 0 || len(list) > 2 {
			t.Errorf("%s has %d zones", prefix, len(list))
		}
	}
	if len(zones) < 220 {
		t.Errorf("zones of %d countries are known", len(zones))
	}
}

func TestHoursMistakes(t *testing.T) {
	t.Parallel()
	for field, h := range map[string]Hours{
		"times[1]": {Times: []string{"08:00-20:00", "noon"}}, "zone": {Times: []string{"sat"}, Zone: "Mars/Olympus"}, "times": {Zone: "Europe/Rome"},
	} {
		found := ""
		h.Validate(func(f, _ string) { found = f })
		if found != field {
			t.Errorf("%+v: %q is wrong, want %q", h, found, field)
		}
	}
}

// TestMomentOnDaysOfChange: a time that a day has twice, or not at all, comes once.
func TestMomentOnDaysOfChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, moment, after, want, next string }{
		{"Europe/Stockholm", "02:30", "2026-03-28T12:00:00Z", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"},
		{"Europe/Stockholm", "02:30", "2026-10-24T12:00:00Z", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"},
		{"Europe/Stockholm", "02:00", "2026-03-28T12:00:00Z", "2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"},
		{"Europe/Stockholm", "03:00", "2026-10-24T12:00:00Z", "2026-10-25T03:00:00+01:00", "2026-10-26T03:00:00+01:00"},
		{"Europe/Stockholm", "08:00", "2026-03-28T12:00:00Z", "2026-03-29T08:00:00+02:00", "2026-03-30T08:00:00+02:00"},
		{"Europe/Stockholm", "sun 08:00", "2026-10-24T12:00:00Z", "2026-10-25T08:00:00+01:00", "2026-11-01T08:00:00+01:00"},
		{"America/New_York", "01:30", "2026-10-31T12:00:00Z", "2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"},
		{"Australia/Lord_Howe", "02:15", "2026-10-03T06:00:00Z", "2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"},
		{"Africa/Cairo", "00:00", "2026-04-23T12:00:00Z", "2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"},
	} {
		m, err := ParseMoment(c.moment)
		zone, err1 := time.LoadLocation(c.zone)
		after, err2 := time.Parse(time.RFC3339, c.after)
		if err != nil || err1 != nil || err2 != nil {
			t.Fatal(err, err1, err2)
		}
		at := m.Next(after, zone)
		if got := at.Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.moment, c.zone, got, c.want)
		}
		if got := m.Next(at, zone).Format(time.RFC3339); got != c.next {
			t.Errorf("%s in %s, and then: %s, want %s", c.moment, c.zone, got, c.next)
		}
	}
}
