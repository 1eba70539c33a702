package gateway

import (
	"slices"
	"time"

	"kurir/message"
	"kurir/tally"
)

// Maintenance is a planned time in which links or interfaces may be down: it is kept apart in the report of availability, and a
// link that is down meanwhile raises no alarm.
type Maintenance struct {
	// Name in lists and reports.
	Name string `yaml:"name" example:"op1-move"`
	// From is when it begins, with its zone: 2026-12-06T02:00:00+01:00.
	From string `yaml:"from" example:"\"2026-12-06T02:00:00+01:00\""`
	// Until is when it ends.
	Until string `yaml:"until" example:"\"2026-12-06T04:00:00+01:00\""`
	// Links that it is of. Empty, and interfaces too: all links and interfaces.
	Links []string `yaml:"links" example:"[op1]"`
	// Interfaces that it is of: http, smpp, ucp, cimd2, smtp, or the name of a dialect that is served by itself.
	Interfaces []string `yaml:"interfaces"`
	// Note for people, at most 200 characters. Empty: none.
	Note string `yaml:"note" example:"the operator moves his server"`
}

// maintenanceNote bounds a note, in characters.
const maintenanceNote = 200

// Validate reports what is wrong with it; which links there are its caller knows.
func (m *Maintenance) Validate(report func(field, problem string)) {
	if problem := message.NameProblem(m.Name); m.Name == "" || problem != "" {
		if problem == "" {
			problem = "is missing"
		}
		report("name", problem)
	}
	from, err := time.Parse(time.RFC3339, m.From)
	if err != nil {
		report("from", "is no time with its zone, such as 2026-12-06T02:00:00+01:00")
	}
	until, err := time.Parse(time.RFC3339, m.Until)
	switch {
	case err != nil:
		report("until", "is no time with its zone, such as 2026-12-06T04:00:00+01:00")
	case !until.After(from):
		report("until", "does not lie behind from")
	}
	for i, name := range m.Interfaces {
		if problem := message.NameProblem(name); name == "" || problem != "" {
			report(message.Item("interfaces", i, len(m.Interfaces)), "is no name of an interface: http, smpp, ucp, cimd2, smtp")
		}
	}
	if len([]rune(m.Note)) > maintenanceNote {
		report("note", "has more than 200 characters")
	}
}

// span is when it is; it was checked.
func (m *Maintenance) span() tally.Span {
	from, _ := time.Parse(time.RFC3339, m.From)
	until, _ := time.Parse(time.RFC3339, m.Until)
	return tally.Span{From: from.UnixMilli(), Until: until.UnixMilli()}
}

// PlannedFor gives when maintenance is planned of a link, or else of an interface.
func PlannedFor(list []Maintenance, isLink bool, name string) (spans []tally.Span) {
	for i := range list {
		m := &list[i]
		of := m.Interfaces
		if isLink {
			of = m.Links
		}
		if len(m.Links)+len(m.Interfaces) == 0 || slices.Contains(of, name) {
			spans = append(spans, m.span())
		}
	}
	return tally.Union(spans)
}

// maintained tells whether the operator works on his side now, as on every week, or maintenance is planned for the link.
func (s *LinkSettings) maintained(now time.Time) bool {
	ms := now.UnixMilli()
	return s.Maintenance.Active(now) || slices.ContainsFunc(s.Planned, func(p tally.Span) bool { return p.From <= ms && ms < p.Until })
}
