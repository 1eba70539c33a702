package resource

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/route"
)

// value reads one value of a field.
func (f *Field) value(text, country string) (Value, error) {
	switch {
	case text == "":
		return Value{}, errors.New("is empty; leave it out to see all")
	case len(text) > maxValue:
		return Value{}, fmt.Errorf("is longer than %d octets", maxValue)
	}
	switch f.Type {
	case Number, Sender:
		return Value{Text: f.number(text, country)}, nil
	case Word:
		if !slices.Contains(f.Words, text) {
			return Value{}, fmt.Errorf("%.40q is not one of %s", text, strings.Join(f.Words, ", "))
		}
	case Time:
		at, err := ParseTime(text)
		return Value{Time: at}, err
	}
	return Value{Text: text}, nil
}

// number gives a number or sender as messages hold it, however it is written; what is none stays as it is. In a
// query a plus that was not escaped arrives as a space, which is dropped before: with its calling code the number is
// understood all the same.
func (f *Field) number(text, country string) string {
	read := route.Normalise
	if f.Type == Sender {
		read = route.Sender
	}
	if a, err := read(text, country); err == nil {
		return a.Number
	}
	return text
}

// ParseTime reads RFC 3339, a date (its beginning in UTC), or Unix seconds.
func ParseTime(text string) (time.Time, error) {
	// A plus of the offset that was not escaped arrives as a space.
	text = strings.Replace(text, " ", "+", 1)
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 && seconds < 1<<35 {
		return time.Unix(seconds, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%.40q is no time; write 2026-11-01T12:00:00Z, 2026-11-01 or Unix seconds", text)
}
