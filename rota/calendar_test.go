package rota_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kurir/rota"
)

// property is a content line as RFC 5545 3.1 has it, unfolded.
type property struct{ name, value string }

// readCalendar unfolds and reads content lines, and holds what 3.1 asks of them.
func readCalendar(t *testing.T, text string) (all []property) {
	t.Helper()
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") || !strings.HasSuffix(text, "\r\n") {
		t.Errorf("a line does not end with CR LF: %q", text)
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Errorf("the line %q has more than 75 octets, or is cut within a character", line)
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Errorf("%q is no content line", line)
		}
		all = append(all, property{name, value})
	}
	return all
}

// eventsOf gives the properties of each event, and holds that components are closed as they were opened, and that each has
// what 3.6 and 3.6.1 require, once.
func eventsOf(t *testing.T, all []property) (events []map[string]string) {
	t.Helper()
	var open []string
	seen := map[string]map[string]string{}
	for _, p := range all {
		switch p.name {
		case "BEGIN":
			open = append(open, p.value)
			seen[p.value] = map[string]string{}
			continue
		case "END":
			if len(open) == 0 || open[len(open)-1] != p.value {
				t.Fatalf("END:%s closes %v", p.value, open)
			}
			open = open[:len(open)-1]
			if p.value == "VEVENT" {
				events = append(events, seen["VEVENT"])
			}
			continue
		}
		of := seen[open[len(open)-1]]
		if of[p.name] != "" {
			t.Errorf("%s stands twice", p.name)
		}
		of[p.name] = p.value
	}
	if len(open) > 0 || seen["VCALENDAR"]["VERSION"] != "2.0" || seen["VCALENDAR"]["PRODID"] == "" || seen["VCALENDAR"]["METHOD"] != "PUBLISH" {
		t.Errorf("the calendar is %v; open is %v", seen["VCALENDAR"], open)
	}
	ids := map[string]bool{}
	for _, e := range events {
		for _, name := range []string{"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} {
			if e[name] == "" {
				t.Errorf("an event has no %s: %v", name, e)
			}
		}
		if ids[e["UID"]] || len(e["UID"]) > 255 || e["DTSTART"] >= e["DTEND"] {
			t.Errorf("the event has an id that another has, or is empty: %v", e)
		}
		ids[e["UID"]] = true
	}
	return events
}

// A calendar has an event for each span, with times in UTC, and is as RFC 5545 asks.
func TestCalendar(t *testing.T) {
	t.Parallel()
	p := checked(t, ward()).Find("clinic", "ward4")
	from, now := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text, err := p.Calendar(from, from.AddDate(0, 0, 7), now)
	if err != nil {
		t.Fatal(err)
	}
	events := eventsOf(t, readCalendar(t, string(text)))
	spans, err := p.Between(from, from.AddDate(0, 0, 7))
	if err != nil || len(events) != len(spans) {
		t.Fatalf("%d events of %d spans, %v", len(events), len(spans), err)
	}
	for i, e := range events[1:] {
		s := spans[i+1]
		if e["DTSTART"] != s.From.UTC().Format("20060102T150405Z") || strings.ReplaceAll(e["SUMMARY"], `\,`, ",") != rota.Labels(s.Who) || e["DTSTAMP"] != "20260102T030405Z" {
			t.Errorf("the event of %+v is %v", s, e)
		}
	}
	again, err := p.Calendar(from.AddDate(0, 0, 3).Add(7*time.Minute), from.AddDate(0, 0, 9), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e["UID"])
	}
	if first := eventsOf(t, readCalendar(t, string(again)))[0]; !slices.Contains(ids, first["UID"]) {
		t.Errorf("the same event has another id when it is asked for from its middle: %v", first)
	}
	if _, err := p.Calendar(from, from, now); err == nil {
		t.Error("there is a calendar of no time")
	}
}

// Texts are escaped (3.3.11) and folded (3.1); a gap and an overlap are told.
func TestCalendarTexts(t *testing.T) {
	t.Parallel()
	who := `contact:Åsa, "the; \ boss" ` + strings.Repeat("ö", 40)
	layer := func(name, who string) rota.Layer {
		return rota.Layer{Name: name, Start: "2026-01-01", Until: "2026-01-01", Slots: []rota.Slot{{Who: []string{who}}}}
	}
	p := checked(t, []rota.Rota{{Name: "å;b", Layers: []rota.Layer{layer("first", who[:60]), layer("second", "b")}}}).Find("", "å;b")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	text, err := p.Calendar(from, from.AddDate(0, 0, 2), from)
	if err != nil {
		t.Fatal(err)
	}
	all := readCalendar(t, string(text))
	if !slices.Contains(all, property{"X-WR-CALNAME", `å\;b`}) {
		t.Errorf("the name is not escaped: %v", all)
	}
	events := eventsOf(t, all)
	if len(events) != 2 || !strings.HasPrefix(events[0]["SUMMARY"], `Åsa\, "the\; \\ boss" ööö`) || events[0]["DESCRIPTION"] != `first\noverlaps with second` ||
		events[0]["CATEGORIES"] != "OVERLAP" || events[1]["CATEGORIES"] != "GAP" || events[1]["SUMMARY"] != "Nobody on duty" {
		t.Errorf("events are %v", events)
	}
}
