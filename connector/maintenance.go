package connector

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Maintenance is a time, every week or every day, in which the operator works on
// his side: that the link is down then is no news.
type Maintenance struct {
	// Days on which it begins: mon, tue, wed, thu, fri, sat, sun. Empty: every day.
	Days []string `yaml:"days" example:"[sun]"`
	// From when on, as hours and minutes.
	From string `yaml:"from" example:"02:00"`
	// To when, on the next day if it is not later than from.
	To string `yaml:"to" example:"04:30"`
	// Zone of these times, as in Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// MaintenancePlan is all such times of a link, ready to be asked.
type MaintenancePlan []maintenanceTime

type maintenanceTime struct {
	days     [7]bool
	from, to time.Duration // since midnight, by the clock on the wall; to may lie beyond it
	zone     *time.Location
}

// Active tells whether the operator works on his side now.
func (p MaintenancePlan) Active(now time.Time) bool {
	for i := range p {
		if p[i].active(now) {
			return true
		}
	}
	return false
}

func (m *maintenanceTime) active(now time.Time) bool {
	now = now.In(m.zone)
	clock := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute + time.Duration(now.Second())*time.Second
	today := int(now.Weekday())
	return m.days[today] && clock >= m.from && clock < m.to ||
		m.days[(today+6)%7] && clock+24*time.Hour < m.to
}

// maintenancePlan reads the times. report is told what is wrong with them.
func maintenancePlan(list []Maintenance, report func(field, problem string)) MaintenancePlan {
	var plan MaintenancePlan
	for i, m := range list {
		field := func(name string) string { return fmt.Sprintf("maintenance[%d].%s", i, name) }
		t := maintenanceTime{zone: time.UTC}
		for _, day := range m.Days {
			n := slices.Index(weekdays, day)
			if n < 0 {
				report(field("days"), fmt.Sprintf("%q is no day; mon, tue, wed, thu, fri, sat, sun are", day))
				continue
			}
			t.days[n] = true
		}
		if len(m.Days) == 0 {
			t.days = [7]bool{true, true, true, true, true, true, true}
		}
		t.from = clockTime(m.From, func(problem string) { report(field("from"), problem) })
		t.to = clockTime(m.To, func(problem string) { report(field("to"), problem) })
		if t.to <= t.from {
			t.to += 24 * time.Hour
		}
		if m.Zone != "" {
			zone, err := time.LoadLocation(m.Zone)
			if err != nil || strings.EqualFold(m.Zone, "local") {
				report(field("zone"), fmt.Sprintf("%q is no time zone that this machine knows", m.Zone))
				continue
			}
			t.zone = zone
		}
		plan = append(plan, t)
	}
	return plan
}

func clockTime(text string, report func(problem string)) time.Duration {
	t, err := time.Parse("15:04", text)
	if err != nil {
		report(fmt.Sprintf("%q is no time of day such as 02:30", text))
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}
