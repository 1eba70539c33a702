package web

import (
	"slices"
	"strings"
	"time"

	"kurir/account"
)

// instant is a time as a field of a form has it: picked by the clock of the device, or without a script by that of the server.
type instant struct {
	Value string // as the field has it, by the server's clock
	At    string // RFC 3339, from which a script makes the value by the clock of the device; empty for none
	Step  string // 1 where it has seconds
}

// instantOf gives the field of a time as settings have it: RFC 3339, or a day, which stands for its end in UTC, or with starts for its
// beginning. What is neither is nothing that can be picked: ok is false.
func instantOf(text string, starts bool) (f instant, ok bool) {
	at, err := account.ParseExpiry(text)
	if err != nil || at.IsZero() {
		return f, text == ""
	}
	if starts && len(text) == len(time.DateOnly) {
		at = at.AddDate(0, 0, -1)
	}
	f = instant{Value: at.Local().Format(timeField), At: at.UTC().Format(time.RFC3339)}
	if at.Second() != 0 {
		f.Value, f.Step = at.Local().Format(timeField+":05"), "1"
	}
	return f, true
}

// typedInstant gives a time that was picked as settings have it: by the clock of a zone, the server's if that is empty or unknown.
// What was typed otherwise stays as it is: REST says what is wrong with it.
func typedInstant(text, zone string) string {
	where, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		where = time.Local
	}
	text = strings.TrimSpace(text)
	for _, form := range []string{timeField, timeField + ":05"} {
		if at, err := time.ParseInLocation(form, text, where); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return text
}

// kindTimes are the fields of settings that are times of this form, by kind.
func kindTimes(kind string) []string {
	return map[string][]string{"notices": {"start", "end"}, "users": {"until"}, "keys": {"expires", "previous_expires"}}[kind]
}

// pickTimes makes fields of times ones that are picked, if what is in them can be.
func (f *form) pickTimes(kind string) {
	for _, list := range [][]*formField{f.Common, f.More} {
		for _, field := range list {
			if field.Kind != textField || !slices.Contains(kindTimes(kind), field.Name) {
				continue
			}
			if at, ok := instantOf(field.Value, field.Name == "start"); ok {
				field.Kind, field.Instant, f.Zones = pickedField, at, zoneName()
			}
		}
	}
}

// Instant is a time of a row as a field of a form has it.
func (r row) Instant(field string) instant {
	at, ok := instantOf(r.text(field), false)
	if !ok {
		at.Value = r.text(field)
	}
	return at
}

// Zones names the zone of the server's clock.
func (v *view) Zones() string { return zoneName() }
