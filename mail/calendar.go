package mail

import (
	"slices"
	"strings"
)

// calendarToText makes of an invitation (RFC 5545) what a person asks first:
// what, when, where. It is taken where the mail has no other text.
func calendarToText(calendar string) string {
	calendar = strings.ReplaceAll(calendar, "\r\n", "\n")
	calendar = strings.NewReplacer("\n ", "", "\n\t", "").Replace(calendar)                  // unfolded, 3.1
	unescape := strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`) // 3.3.11
	found := map[string]string{}
	inside := false
	for line := range strings.SplitSeq(calendar, "\n") {
		name, value, _ := strings.Cut(line, ":")
		name, params, _ := strings.Cut(name, ";")
		name = strings.ToUpper(name)
		switch {
		case name == "BEGIN":
			inside = strings.EqualFold(value, "VEVENT")
		case name == "METHOD" || inside && found[name] == "" && slices.Contains([]string{"SUMMARY", "DTSTART", "LOCATION", "DESCRIPTION"}, name):
			found[name] = strings.TrimSpace(unescape.Replace(value))
			if name == "DTSTART" {
				found[name] = calendarTime(value, params)
			}
		}
	}
	if found["SUMMARY"] != "" && strings.EqualFold(found["METHOD"], "CANCEL") {
		found["SUMMARY"] = "Cancelled: " + found["SUMMARY"]
	}
	var lines []string
	for _, name := range []string{"SUMMARY", "DTSTART", "LOCATION", "DESCRIPTION"} {
		if found[name] != "" {
			lines = append(lines, found[name])
		}
	}
	return strings.Join(lines, "\n")
}

// calendarTime writes 20261201T090000Z as people do, with the zone it is in. A
// time zone's name is kept as it came.
func calendarTime(value, params string) string {
	value = strings.TrimSpace(value)
	if len(value) < 8 {
		return value
	}
	text := value[:4] + "-" + value[4:6] + "-" + value[6:8]
	if len(value) >= 13 && value[8] == 'T' {
		text += " " + value[9:11] + ":" + value[11:13]
	}
	if strings.HasSuffix(value, "Z") {
		return text + " UTC"
	}
	for param := range strings.SplitSeq(params, ";") {
		if zone, is := strings.CutPrefix(param, "TZID="); is {
			text += " " + strings.Trim(zone, `"`)
		}
	}
	return text
}
