package message

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours says when messages may be sent.
type Hours struct {
	// Times of the week at which messages may be sent: mon-fri 08:00-20:00, sat, 10:00-18:00. What comes outside of them, or
	// still waits then, is sent when they begin again. Empty: always.
	Times []string `yaml:"times"`
	// Zone of these times, such as Europe/Stockholm. Empty or recipient: that of the recipient's country; where a country has
	// several, the times have to be permitted in the first and the last; UTC for short numbers and unknown countries.
	Zone string `yaml:"zone"`
	// Urgent true: urgent messages are sent at any time.
	Urgent bool `yaml:"urgent"`
}

// zoneOfRecipient is the word for an empty Zone.
const zoneOfRecipient = "recipient"

// String returns the hours as ParseHours reads them and people do: mon-fri 08:00-20:00, sat; Europe/Stockholm; urgent at
// any time.
func (h *Hours) String() string {
	text := strings.Join(h.Times, ", ") + "; " + cmp.Or(h.Zone, zoneOfRecipient)
	if h.Urgent {
		text += urgentWords
	}
	return text
}

const urgentWords = "; urgent at any time"

// ParseHours reads what String wrote of hours that Validate found nothing wrong with.
func ParseHours(text string) *Hours {
	h := &Hours{}
	text, h.Urgent = strings.CutSuffix(text, urgentWords)
	times, zone, _ := strings.Cut(text, "; ")
	h.Times, h.Zone = strings.Split(times, ", "), zone
	return h
}

// Validate reports what is wrong with it.
func (h *Hours) Validate(report func(field, problem string)) {
	for i, text := range h.Times {
		if _, err := ParseSpan(text); err != nil {
			report(fmt.Sprintf("times[%d]", i), err.Error())
		}
	}
	if _, err := time.LoadLocation(h.Zone); h.Zone != zoneOfRecipient && (h.Zone == "Local" || err != nil) {
		report("zone", fmt.Sprintf("%.40q is neither recipient nor a time zone such as Europe/Stockholm", h.Zone))
	}
	if len(h.Times) == 0 && (h.Zone != "" || h.Urgent) {
		report("times", "are missing, such as mon-fri 08:00-20:00; the rest has no effect without them")
	}
}

// Permit is Hours ready to be asked. It does not change.
type Permit struct {
	spans  []Span
	zones  []*time.Location // of the times
	of     Zones            // where the times are the recipient's
	urgent bool
}

// Permit compiles it; nil for always.
func (h *Hours) Permit() *Permit { return h.PermitIn(nil) }

// PermitIn compiles it with the zones of countries, that many may share; they are loaded if zones is nil.
func (h *Hours) PermitIn(zones Zones) *Permit {
	p := &Permit{urgent: h.Urgent}
	for _, text := range h.Times {
		if s, err := ParseSpan(text); err == nil {
			p.spans = append(p.spans, s)
		}
	}
	if len(p.spans) == 0 {
		return nil
	}
	if zone, err := time.LoadLocation(h.Zone); err == nil && h.Zone != "" {
		p.zones = []*time.Location{zone}
		return p
	}
	if zones == nil {
		zones = LoadZones()
	}
	p.zones, p.of = []*time.Location{time.UTC}, zones
	return p
}

// Opens returns when a message may be sent: at itself if it may then. Messages
// that may be sent at no time within ten days are sent at once.
func (p *Permit) Opens(m *Message, at time.Time) time.Time {
	if p == nil || p.urgent && m.Priority == Urgent {
		return at
	}
	zones := p.zonesOf(m.To)
	if p.open(zones, at) {
		return at
	}
	best := time.Time{}
	for _, zone := range zones {
		local := at.In(zone)
		for day := range 11 {
			for _, s := range p.spans {
				c := time.Date(local.Year(), local.Month(), local.Day()+day, 0, s.from, 0, 0, zone)
				for range 2 { // where the clock leaps over it, they begin an hour later
					if c.After(at) && (best.IsZero() || c.Before(best)) && p.open(zones, c) {
						best = c
					}
					c = c.Add(time.Hour)
				}
			}
		}
	}
	if best.IsZero() {
		return at
	}
	return best
}

func (p *Permit) open(zones []*time.Location, at time.Time) bool {
	for _, zone := range zones {
		local := at.In(zone)
		if !slices.ContainsFunc(p.spans, func(s Span) bool { return s.Holds(local) }) {
			return false
		}
	}
	return true
}

// zonesOf returns the zones that count for a recipient.
func (p *Permit) zonesOf(to Address) []*time.Location {
	if p.of == nil || !to.international() {
		return p.zones
	}
	for n := min(len(to.Number), 4); n > 0; n-- {
		if zones := p.of[to.Number[:n]]; len(zones) > 0 {
			return zones
		}
	}
	return p.zones
}
