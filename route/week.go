package route

import (
	"fmt"
	"time"

	"kurir/message"
)

// Week is times of the week in a time zone.
type Week struct {
	written Patterns
	spans   []message.Span
	zone    *time.Location
}

// NewWeek reads times that ValidateWeek found nothing wrong with; nil, which is
// any time, if there are none. An empty zone is UTC.
func NewWeek(when Patterns, zone string) *Week {
	if len(when) == 0 {
		return nil
	}
	w := &Week{written: when, zone: time.UTC}
	for _, text := range when {
		if s, err := message.ParseSpan(text); err == nil {
			w.spans = append(w.spans, s)
		}
	}
	if z, err := time.LoadLocation(zone); err == nil {
		w.zone = z
	}
	return w
}

// Holds tells whether a time lies within.
func (w *Week) Holds(at time.Time) bool {
	if w == nil {
		return true
	}
	at = at.In(w.zone)
	for _, s := range w.spans {
		if s.Holds(at) {
			return true
		}
	}
	return false
}

// Why says in plain words that a time does not lie within.
func (w *Week) Why(at time.Time) string {
	return fmt.Sprintf("%s is not within when: %s", at.In(w.zone).Format("Mon 15:04 MST"), w.written)
}

// ValidateWeek reports what is wrong with times of the week (mon-fri
// 08:00-17:00) and their time zone.
func ValidateWeek(report func(field, problem string), when Patterns, zone string) {
	for i, text := range when {
		if _, err := message.ParseSpan(text); err != nil {
			report(Item("when", i, len(when)), err.Error())
		}
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		report("zone", fmt.Sprintf("%.40q is not a time zone such as Europe/Stockholm", zone))
	} else if zone != "" && len(when) == 0 {
		report("zone", "has no effect without when")
	}
}
