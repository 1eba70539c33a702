package rota

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Bounds of a rota.
const (
	MaxLayers     = 20
	MaxSlots      = 200 // of a layer
	MaxTimes      = 40  // times of the week of all layers together
	MaxMembers    = 20  // of a slot
	MaxExceptions = 200
	MaxExtraDays  = 200
	MaxSlotDays   = 366
	MaxDepth      = 5  // rotas within each other
	MaxReach      = 20 // rotas that one leads to, itself included
)

// Rota says who is on duty when.
type Rota struct {
	// Name by which messages (rota:NAME) and other rotas name it.
	Name string `yaml:"name" example:"ward4"`
	// Account whose rota it is, and whose contacts and groups it names. Others do not see it.
	Account string `yaml:"account" example:"acme"`
	// Numbers of the account that are the rota's: what is written to one goes on as a message to whoever is on duty, unless a dialog,
	// an alias or a rule takes it. One or a list. Empty: none.
	Numbers message.Words `yaml:"numbers" example:"\"+46737494949\""`
	// Mail is what stands before the @ of the addresses by which the account's authors write to whoever is on duty, at any domain of
	// smtp (alarm), or a whole address (alarm@sms.example.se). One or a list. Empty: none but rota.NAME.
	Mail message.Words `yaml:"mail" example:"alarm"`
	// Zone of its times, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" example:"Europe/Stockholm"`
	// Country is whose public holidays count, two letters: DE, DK, FI, GB (England), NL, NO, SE. Empty: only those under days.
	Country string `yaml:"country" example:"SE"`
	// Eves counts the eves before holidays too that people have off there, such as Midsummer's Eve and Christmas Eve.
	Eves bool `yaml:"eves"`
	// Days are further days that count as holidays: 2026-05-15, or 04-30 of each year.
	Days []string `yaml:"days"`
	// Layers of who is on duty; at each time the first that has somebody counts.
	Layers []Layer `yaml:"layers"`
	// Exceptions come before all layers.
	Exceptions []Exception `yaml:"exceptions"`
	// Else is who is on duty when no layer has anybody; one or several, as who of a slot. Empty: nobody, which is a gap.
	Else message.Words `yaml:"else"`
	// Escalation is who is asked when nobody who is on duty answers a message to the rota. Empty: nobody.
	Escalation Ladder `yaml:"escalation"`
}

// Layer is slots that follow one another again and again, at some times of the week.
type Layer struct {
	// Name in lists of who is on duty. Empty: its place, such as layer 1.
	Name string `yaml:"name"`
	// Start is the day on which the first slot begins, such as 2026-01-05; before it the layer has nobody. The day of the week of
	// hand-overs is that of start where slots have 7 days.
	Start string `yaml:"start" example:"2026-01-05"`
	// Until is the last day of the layer, at whose hand-over time it ends on the next. Empty: it goes on.
	Until string `yaml:"until"`
	// Handover is the time of day at which slots begin, such as 08:00. Empty: 00:00.
	Handover string `yaml:"handover"`
	// Days is how long slots are that do not say so. 0: 7.
	Days int `yaml:"days"`
	// Slots one after the other; behind the last the first comes again. One slot alone is always.
	Slots []Slot `yaml:"slots"`
	// When is the times of the week at which the layer has somebody: mon-fri 08:00-17:00, sat, 22:00-06:00 (past midnight, by the
	// day on which it begins); one or a list. Empty: always.
	When message.Words `yaml:"when"`
	// Holidays is what a public holiday is to when: a day of the week (sun) for which it is taken, skip for a day on which the
	// layer has nobody, or only for a layer that has somebody on holidays alone. Empty: a day like others.
	Holidays string `yaml:"holidays"`
	// Fills is a layer that is meant to stand behind others; that it has somebody too is not pointed out as an overlap.
	Fills bool `yaml:"fills"`
}

// Slot is who is on duty for some days.
type Slot struct {
	// Who is those on duty, one or several: numbers, contact:NAME and group:NAME of the account, and rota:NAME for whoever is on
	// duty there. Empty: nobody, which leaves the time to the layers behind.
	Who message.Words `yaml:"who" example:"[\"contact:Anna\"]"`
	// Days is how long, 1 to 366. 0: as the layer says.
	Days int `yaml:"days"`
}

// Exception is who is on duty in place of what the layers say.
type Exception struct {
	// From is when it begins: 2026-07-01, or 2026-07-01 08:00.
	From string `yaml:"from" example:"2026-07-01 08:00"`
	// Until is when it ends; a day alone ends with that day.
	Until string `yaml:"until" example:"2026-07-03"`
	// Who is those on duty, as who of a slot. Empty, with for: the one there is away, and others of the slot or the layers behind
	// are on duty.
	Who message.Words `yaml:"who" example:"[\"contact:Bo\"]"`
	// For is the one who is replaced, as written in the slots of this rota, where that one would be on duty. Empty: who is on duty for
	// the whole of the time, whatever the layers say.
	For string `yaml:"for"`
	// Note is the reason, for lists of who is on duty.
	Note string `yaml:"note"`
}

// Prefix stands before the name of a rota where members and recipients are named.
const Prefix = "rota:"

// nested gives the name of the rota that a member is; false if it is none.
func nested(member string) (string, bool) {
	name, ok := strings.CutPrefix(member, Prefix)
	return strings.TrimSpace(name), ok
}

// Validate reports what is wrong with it, each with the field as it is written in the file.
func (r *Rota) Validate(report func(field, problem string)) {
	switch {
	case r.Name == "":
		report("name", "is missing")
	case message.NameProblem(r.Name) != "":
		report("name", message.NameProblem(r.Name))
	case strings.ContainsAny(r.Name, "/?#@"):
		report("name", "has a character that paths and mail addresses do not have: /, ?, # or @")
	}
	if _, err := time.LoadLocation(r.Zone); r.Zone == "Local" || err != nil {
		report("zone", fmt.Sprintf("%.40q is not a time zone such as Europe/Stockholm", r.Zone))
	}
	if r.Country != "" && !slices.Contains(Countries(), r.Country) {
		report("country", fmt.Sprintf("%.40q is not one of %s", r.Country, strings.Join(Countries(), ", ")))
	}
	if r.Eves && r.Country == "" {
		report("eves", "are those of a country; name it under country")
	}
	atMost(report, "days", len(r.Days), MaxExtraDays)
	for i, text := range r.Days {
		if _, _, ok := parseExtra(text); !ok {
			report(fmt.Sprintf("days[%d]", i), fmt.Sprintf("%.40q is no day such as 2026-05-15, or 04-30 of each year", text))
		}
	}
	if len(r.Layers) == 0 && len(r.Else) == 0 {
		report("layers", "is missing, and there is nobody under else")
	}
	atMost(report, "layers", len(r.Layers), MaxLayers)
	times := 0
	for i := range r.Layers {
		r.Layers[i].validate(within(report, fmt.Sprintf("layers[%d].", i)))
		times += len(r.Layers[i].When)
	}
	atMost(report, "layers", times, MaxTimes, "times of the week under when")
	atMost(report, "exceptions", len(r.Exceptions), MaxExceptions)
	for i := range r.Exceptions {
		r.Exceptions[i].validate(within(report, fmt.Sprintf("exceptions[%d].", i)))
	}
	membersProblem(report, "else", r.Else)
	r.validateOwned(report)
	r.Escalation.validate(within(report, "escalation."))
}

func within(report func(field, problem string), path string) func(field, problem string) {
	return func(field, problem string) { report(path+field, problem) }
}

func atMost(report func(field, problem string), field string, n, most int, what ...string) {
	if n > most {
		report(field, strings.Join(append([]string{fmt.Sprintf("has %d entries; at most %d are possible", n, most)}, what...), ": "))
	}
}

func (l *Layer) validate(report func(field, problem string)) {
	if problem := message.NameProblem(l.Name); problem != "" {
		report("name", problem)
	}
	start, ok := parseDay(l.Start)
	if !ok {
		report("start", fmt.Sprintf("%.40q is no day such as 2026-01-05", l.Start))
	}
	if until, good := parseDay(l.Until); l.Until != "" && !good {
		report("until", fmt.Sprintf("%.40q is no day such as 2026-12-31", l.Until))
	} else if l.Until != "" && ok && until < start {
		report("until", "is before start")
	}
	if _, ok := message.ParseMinute(l.Handover); l.Handover != "" && !ok {
		report("handover", fmt.Sprintf("%.40q is no time such as 08:00", l.Handover))
	}
	daysProblem(report, l.Days)
	if len(l.Slots) == 0 {
		report("slots", "is missing")
	}
	atMost(report, "slots", len(l.Slots), MaxSlots)
	for i := range l.Slots {
		path := fmt.Sprintf("slots[%d].", i)
		membersProblem(report, path+"who", l.Slots[i].Who)
		daysProblem(within(report, path), l.Slots[i].Days)
	}
	for i, text := range l.When {
		if _, err := message.ParseSpan(text); err != nil {
			report(message.Item("when", i, len(l.When)), err.Error())
		}
	}
	if _, _, ok := parseHolidays(l.Holidays); !ok {
		report("holidays", fmt.Sprintf("%.40q is neither a day such as sun nor skip or only", l.Holidays))
	}
}

func daysProblem(report func(field, problem string), days int) {
	if days < 0 || days > MaxSlotDays {
		report("days", fmt.Sprintf("is not within 1 to %d", MaxSlotDays))
	}
}

func (e *Exception) validate(report func(field, problem string)) {
	from, fromOK := parseWall(e.From, false)
	until, untilOK := parseWall(e.Until, true)
	const like = "%.40q is no time such as 2026-07-01 or 2026-07-01 08:00"
	if !fromOK {
		report("from", fmt.Sprintf(like, e.From))
	}
	if !untilOK {
		report("until", fmt.Sprintf(like, e.Until))
	}
	if fromOK && untilOK && !from.before(until) {
		report("until", "is not after from")
	}
	if len(e.Who) == 0 && e.For == "" {
		report("who", "is missing; name who is on duty, or under for who is away")
	}
	membersProblem(report, "who", e.Who)
	if problem := message.NameProblem(e.Note); problem != "" {
		report("note", problem)
	}
}

// membersProblem reports members that cannot be: what numbers, contacts and groups there are, others know.
func membersProblem(report func(field, problem string), field string, who []string) {
	atMost(report, field, len(who), MaxMembers)
	for i, member := range who {
		path := message.Item(field, i, len(who))
		kind, name, named := strings.Cut(member, ":")
		switch {
		case strings.TrimSpace(member) == "":
			report(path, "is empty")
		case message.NameProblem(strings.TrimPrefix(member, kind+":")) != "":
			report(path, message.NameProblem(strings.TrimPrefix(member, kind+":")))
		case named && strings.TrimSpace(name) == "":
			report(path, "has no name behind "+kind+":")
		case slices.Index(who, member) < i:
			report(path, fmt.Sprintf("names %.80q twice", member))
		}
	}
}

// parseHolidays reads what a holiday is to a layer.
func parseHolidays(text string) (mode holidayMode, day time.Weekday, ok bool) {
	switch text {
	case "":
		return asUsual, 0, true
	case "skip":
		return skipped, 0, true
	case "only":
		return alone, 0, true
	}
	day, ok = message.ParseWeekday(text)
	return asWeekday, day, ok
}
