package rota

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// holidayMode is what a holiday is to a layer.
type holidayMode uint8

const (
	asUsual holidayMode = iota
	asWeekday
	skipped
	alone
)

// Plan is a rota that can be asked. It does not change.
type Plan struct {
	Rota   *Rota
	set    *Set
	zone   *time.Location
	rules  []rule          // of holidays
	extra  map[day]bool    // further holidays of one year
	yearly map[[2]int]bool // further holidays of each year: month and day
	layers []layer         // in their order
	wholes []exception     // exceptions that replace everything
	swaps  []exception     // that replace one
}

// layer is a compiled Layer.
type layer struct {
	name     string
	start    day
	end      day // the first that is none of its days
	handover int // minute of the day
	slots    []slot
	cycle    int // days
	when     []message.Span
	mode     holidayMode
	as       time.Weekday
	fills    bool
}

// slot is who is on duty from a day of the cycle on.
type slot struct {
	who  []string
	from int // days since the begin of the cycle
}

// exception is a compiled Exception: seconds since 1970.
type exception struct {
	name     string
	from, to int64
	who      []string
	instead  string
}

// Zone is that of its times.
func (p *Plan) Zone() *time.Location { return p.zone }

// always is the time of a layer that says nothing.
func always() []message.Span {
	span, err := message.ParseSpan("00:00-24:00")
	if err != nil {
		panic(err) // a constant
	}
	return []message.Span{span}
}

func compile(r *Rota, set *Set) *Plan {
	p := &Plan{Rota: r, set: set, zone: zoneOf(r.Zone), extra: map[day]bool{}, yearly: map[[2]int]bool{}, rules: countries()[r.Country]}
	for _, text := range r.Days {
		switch year, monthDay, ok := parseExtra(text); {
		case !ok:
		case year == 0:
			p.yearly[monthDay] = true
		default:
			p.extra[dayOf(year, time.Month(monthDay[0]), monthDay[1])] = true
		}
	}
	for i := range r.Layers {
		p.layers = append(p.layers, compileLayer(&r.Layers[i], i))
	}
	for i := range r.Exceptions {
		e := &r.Exceptions[i]
		from, _ := parseWall(e.From, false)
		until, _ := parseWall(e.Until, true)
		c := exception{
			name: "exception", who: e.Who, instead: e.For,
			from: from.day.at(from.minute, p.zone), to: until.day.at(until.minute, p.zone),
		}
		if e.Note != "" {
			c.name += ": " + e.Note
		}
		if e.For == "" {
			p.wholes = append(p.wholes, c)
		} else {
			p.swaps = append(p.swaps, c)
		}
	}
	return p
}

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC // Validate has said so
	}
	return zone
}

func compileLayer(l *Layer, index int) layer {
	c := layer{name: l.Name, fills: l.Fills, end: dayOf(lastYear+1, time.January, 1)}
	if c.name == "" {
		c.name = fmt.Sprintf("layer %d", index+1)
	}
	c.start, _ = parseDay(l.Start)
	if until, ok := parseDay(l.Until); ok {
		c.end = until + 1
	}
	c.handover, _ = message.ParseMinute(l.Handover)
	c.mode, c.as, _ = parseHolidays(l.Holidays)
	for i := range l.Slots {
		c.slots = append(c.slots, slot{who: l.Slots[i].Who, from: c.cycle})
		days := l.Slots[i].Days
		if days <= 0 {
			days = l.Days
		}
		if days <= 0 {
			days = 7
		}
		c.cycle += days
	}
	for _, text := range l.When {
		if span, err := message.ParseSpan(text); err == nil {
			c.when = append(c.when, span)
		}
	}
	if len(l.When) == 0 {
		c.when = always()
	}
	return c
}

// holiday tells whether a day is one.
func (p *Plan) holiday(d day, years holidays) bool {
	year, month, of := d.date()
	if p.extra[d] || p.yearly[[2]int{int(month), of}] {
		return true
	}
	all, known := years[year]
	if !known {
		all = map[day]bool{}
		eachHoliday(p.rules, year, p.Rota.Eves, func(d day, _ *rule) { all[d] = true })
		years[year] = all
	}
	return all[d]
}

// holidays are those of the years that were looked at.
type holidays map[int]map[day]bool

// on gives the day of the week for which a day is taken by a layer; false if the layer has nobody then.
func (p *Plan) on(l *layer, d day, years holidays) (weekday time.Weekday, any, ok bool) {
	if l.mode == asUsual {
		return d.weekday(), false, true
	}
	switch holiday := p.holiday(d, years); {
	case l.mode == alone:
		return 0, true, holiday // whatever day of the week that is
	case !holiday:
		return d.weekday(), false, true
	case l.mode == skipped:
		return 0, false, false
	}
	return l.as, false, true
}

// windows calls use for each time of the week of a layer that begins on a day.
func (p *Plan) windows(l *layer, d day, years holidays, use func(from, to int64)) {
	weekday, whatever, ok := p.on(l, d, years)
	if !ok {
		return
	}
	for _, span := range l.when {
		if !whatever && !span.On(weekday) {
			continue
		}
		minute, long := span.Minutes()
		if from, to := d.at(minute, p.zone), d.at(minute+long, p.zone); from < to {
			use(from, to)
		}
	}
}

// slotOf gives the slot whose day it is by the cycle, the day on which it began and the one on which the next begins.
func (l *layer) slotOf(d day) (s *slot, begin, end day) {
	cycle := (int(d-l.start)/l.cycle)*l.cycle + int(l.start)
	into := int(d) - cycle
	i, found := slices.BinarySearchFunc(l.slots, into, func(s slot, into int) int { return s.from - into })
	if !found {
		i--
	}
	next := l.cycle
	if i+1 < len(l.slots) {
		next = l.slots[i+1].from
	}
	return &l.slots[i], day(cycle + l.slots[i].from), day(cycle + next)
}

// Duty is who is on duty at a time.
type Duty struct {
	Who  []string // numbers, contacts and groups as they are written; empty for a gap
	By   string   // the layer or exception; else
	Also []string // layers behind it that have somebody else too, though they are not meant to fill
}

// elseName is what Else is called among layers.
const elseName = "else"

// OnDuty tells who is on duty at a time.
func (p *Plan) OnDuty(at time.Time) Duty { return p.onDuty(at.Unix(), map[*Plan]Duty{}) }

// onDuty is OnDuty; known are the answers of rotas within rotas, each of which is asked once.
func (p *Plan) onDuty(t int64, known map[*Plan]Duty) (d Duty) {
	stands := p.standsIn(t, nil)
	nested := func(q *Plan) []string {
		inner, asked := known[q]
		if !asked {
			inner = q.onDuty(t, known)
			known[q] = inner
		}
		return inner.Who
	}
	take := func(who []string, by string, fills bool) {
		d.take(p.leaves(swapped(who, stands), nested), by, fills)
	}
	for i := range p.wholes {
		if e := &p.wholes[i]; e.from <= t && t < e.to {
			take(e.who, e.name, true)
		}
	}
	years := holidays{}
	for i := range p.layers {
		if s := p.at(&p.layers[i], t, years); s != nil {
			take(s.who, p.layers[i].name, p.layers[i].fills)
		}
	}
	take(p.Rota.Else, elseName, true)
	return d
}

// take takes who is on duty by one of the layers, the first of which counts.
func (d *Duty) take(who []string, by string, fills bool) {
	switch {
	case len(who) == 0:
	case len(d.Who) == 0:
		d.Who, d.By = who, by
	case !fills && !slices.Equal(who, d.Who):
		d.Also = append(d.Also, by)
	}
}

// at gives the slot of a layer that has somebody at a time, nil for none.
func (p *Plan) at(l *layer, t int64, years holidays) *slot {
	today := dayAt(time.Unix(t, 0), p.zone)
	within := false
	for d := today - reaches; d <= today+1 && !within; d++ {
		p.windows(l, d, years, func(from, to int64) { within = within || from <= t && t < to })
	}
	for d := today - reaches; within && d <= today+1; d++ {
		if d < l.start || d >= l.end {
			continue
		}
		if d.at(l.handover, p.zone) <= t && t < (d+1).at(l.handover, p.zone) {
			s, _, _ := l.slotOf(d)
			return s
		}
	}
	return nil
}

// reaches is for how many days after it began a time of the week can last: one for what ends past midnight, one for a zone
// that leaps over a day, as Samoa did on 30 December 2011.
const reaches = 2

// swapped puts those who stand in for somebody in his place.
func swapped(who []string, stands []*exception) []string {
	for _, e := range stands {
		if i := slices.Index(who, e.instead); i >= 0 {
			who = slices.Concat(who[:i], e.who, who[i+1:])
		}
	}
	return who
}

// standsIn appends the exceptions that replace somebody at a time.
func (p *Plan) standsIn(t int64, list []*exception) []*exception {
	for i := range p.swaps {
		if e := &p.swaps[i]; e.from <= t && t < e.to {
			list = append(list, e)
		}
	}
	return list
}

// leaves puts those who are on duty in a rota in its place, and names each once.
func (p *Plan) leaves(who []string, onDuty func(*Plan) []string) []string {
	if len(who) == 1 && !strings.HasPrefix(who[0], Prefix) {
		return who // as most are
	}
	all := make([]string, 0, len(who))
	add := func(list ...string) {
		for _, w := range list {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	for _, member := range who {
		name, ok := nested(member)
		if !ok {
			add(member)
		} else if q := p.set.Find(p.Rota.Account, name); q != nil {
			add(onDuty(q)...)
		}
	}
	return all
}
