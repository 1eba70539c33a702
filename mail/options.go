package mail

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Options are what an address or a subject asks for beside the text.
type Options struct {
	Flash bool   // shown at once, and not kept by the phone
	High  bool   // high priority
	At    string // when it is to be sent: 07:30, or 2026-12-24T07:30; empty: at once
	Tag   string // a word for reports, at most 40 characters
}

// With gives the options of both. What more says of time and tag goes before.
func (o Options) With(more Options) Options {
	o.Flash = o.Flash || more.Flash
	o.High = o.High || more.High
	if more.At != "" {
		o.At = more.At
	}
	if more.Tag != "" {
		o.Tag = more.Tag
	}
	return o
}

// Forms of Options.At.
const (
	formClock = "15:04"
	formDay   = "2006-01-02T15:04"
)

// When gives the time of At in the zone of now: a clock time alone is that of
// today, or of tomorrow if it has passed. Zero: there is none.
func (o Options) When(now time.Time) (time.Time, error) {
	if o.At == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(formDay, o.At, now.Location()); err == nil {
		return t, nil
	}
	clock, err := time.Parse(formClock, o.At)
	if err != nil {
		return time.Time{}, fmt.Errorf("at=%s is no time: write at=07:30 or at=2026-12-24T07:30", shorten(o.At))
	}
	t := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if t.Before(now) {
		t = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return t, nil
}

// longestTag is how many characters a tag may have.
const longestTag = 40

// readOption reads one: flash, high, at=07:30, tag=x.
func readOption(text string) (o Options, err error) {
	name, value, given := strings.Cut(text, "=")
	value = strings.TrimSpace(value)
	switch name = strings.ToLower(strings.TrimSpace(name)); {
	case name == "flash" && !given:
		o.Flash = true
	case name == "high" && !given:
		o.High = true
	case name == "at" && given:
		o.At, err = readAt(value)
	case name == "tag" && given:
		o.Tag, err = value, checkTag(value)
	default:
		err = fmt.Errorf("there is no option %q: there are flash, high, at=07:30 and tag=WORD", shorten(text))
	}
	return o, err
}

// readAt reads a time with or without the marks between its numbers.
func readAt(value string) (string, error) {
	for _, form := range []string{formClock, "1504", formDay, "20060102T1504"} {
		if t, err := time.Parse(form, strings.ToUpper(value)); err == nil && len(value) == len(form) {
			if len(form) > len(formClock) {
				return t.Format(formDay), nil
			}
			return t.Format(formClock), nil
		}
	}
	return "", fmt.Errorf("at=%s is no time: write at=07:30 or at=2026-12-24T07:30", shorten(value))
}

func checkTag(value string) error {
	runes := []rune(value)
	if len(runes) == 0 || len(runes) > longestTag {
		return fmt.Errorf("a tag has 1 to %d characters", longestTag)
	}
	for _, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:/ ", r) {
			return fmt.Errorf("a tag has no %q", r)
		}
	}
	return nil
}

// ParseSubject takes the options off the front of a subject: [flash] [high]
// [at=07:30] [tag=x], in any order. Brackets with anything else in them belong to the
// subject, and end the options. The error is a sentence about one that names an option
// and says something that cannot be, such as [at=99:99].
func ParseSubject(subject string) (Options, string, error) {
	var o Options
	for {
		rest := strings.TrimLeftFunc(subject, unicode.IsSpace)
		inside, after, found := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		if !found || !strings.HasPrefix(rest, "[") {
			return o, strings.TrimSpace(subject), nil
		}
		more, err := readOption(inside)
		switch {
		case err != nil && meantAsOption(inside):
			return o, strings.TrimSpace(subject), fmt.Errorf("[%s] in the subject: %w", shorten(inside), err)
		case err != nil:
			return o, strings.TrimSpace(subject), nil
		}
		o, subject = o.With(more), after
	}
}

// meantAsOption tells whether brackets begin with the name of an option and an equals sign.
func meantAsOption(inside string) bool {
	name, _, given := strings.Cut(inside, "=")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "flash", "high", "at", "tag":
		return given
	}
	return false
}
