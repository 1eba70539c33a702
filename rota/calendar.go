package rota

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// around is how much before and behind a time Calendar looks, so that spans that reach beyond it keep their begin and end, by
// which calendars know them again.
const around = 31 * 24 * time.Hour

// Calendar gives who is on duty from a time until another as iCalendar (RFC 5545): an event for each span, gaps too. Times are
// in UTC (3.3.5, form 2), which calendars show in the zone of whoever looks, without a description of ours. The id of an event is
// that of the rota and the begin, so that another person takes its place when the rota changes. now is when it is written. The error
// is one of the times.
func (p *Plan) Calendar(from, to, now time.Time) ([]byte, error) {
	if err := checkTimes(from, to); err != nil {
		return nil, err
	}
	var w icsWriter
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Kurir//Rota//EN")
	w.line("CALSCALE", "GREGORIAN")
	w.line("METHOD", "PUBLISH")
	w.text("NAME", p.Rota.Name)         // RFC 7986 5.1
	w.text("X-WR-CALNAME", p.Rota.Name) // for calendars from before it
	w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	id := p.id()
	for _, s := range p.pieces(max(from.Add(-around).Unix(), 0), to.Add(around).Unix(), map[*Plan][]piece{}) {
		if s.to > from.Unix() && s.from < to.Unix() {
			w.event(&s, id, now)
		}
	}
	w.line("END", "VCALENDAR")
	return []byte(w.b.String()), nil
}

// id stands for the rota in ids of events: the same for good, and no other's.
func (p *Plan) id() string {
	sum := sha256.Sum256([]byte(p.Rota.Account + "\x00" + p.Rota.Name))
	return hex.EncodeToString(sum[:8])
}

// Label is how a member is shown to people: contact:Anna is Anna.
func Label(member string) string {
	for _, prefix := range [...]string{"contact:", "group:", Prefix} {
		if name, ok := strings.CutPrefix(member, prefix); ok {
			return strings.TrimSpace(name)
		}
	}
	return member
}

// Labels are those of several, as a sentence names them; for nobody it is empty.
func Labels(who []string) string {
	all := make([]string, len(who))
	for i := range who {
		all[i] = Label(who[i])
	}
	return strings.Join(all, ", ")
}

// icsWriter writes content lines (RFC 5545 3.1).
type icsWriter struct{ b strings.Builder }

// stamp writes a time in UTC (3.3.5, form 2).
func stamp(at time.Time) string { return at.UTC().Format("20060102T150405Z") }

// event writes a span (3.6.1).
func (w *icsWriter) event(s *piece, id string, now time.Time) {
	begin := stamp(time.Unix(s.from, 0))
	w.line("BEGIN", "VEVENT")
	w.line("UID", begin+"-"+id+"@kurir")
	w.line("DTSTAMP", stamp(now))
	w.line("DTSTART", begin)
	w.line("DTEND", stamp(time.Unix(s.to, 0)))
	if len(s.Who) == 0 {
		w.text("SUMMARY", "Nobody on duty")
		w.line("CATEGORIES", "GAP")
	} else {
		w.text("SUMMARY", Labels(s.Who))
		description := s.By
		if len(s.Also) > 0 {
			description += "\noverlaps with " + strings.Join(s.Also, ", ")
			w.line("CATEGORIES", "OVERLAP")
		}
		w.text("DESCRIPTION", description)
	}
	w.line("TRANSP", "TRANSPARENT")
	w.line("END", "VEVENT")
}

// text writes a property whose value is a text (3.3.11).
func (w *icsWriter) text(name, value string) {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	w.line(name, strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(value))
}

// lineOctets is how long a line may be, without its end.
const lineOctets = 75

// line writes a property, folded where it is too long, never within a character.
func (w *icsWriter) line(name, value string) {
	text, room := name+":"+value, lineOctets
	for len(text) > room {
		at := room
		for !utf8.RuneStart(text[at]) {
			at--
		}
		w.b.WriteString(text[:at] + "\r\n ")
		text, room = text[at:], lineOctets-1 // the blank counts
	}
	w.b.WriteString(text + "\r\n")
}
