package resource

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value reads one value of a field.
func (f *Field) value(text string) (Value, error) {
	switch {
	case text == "":
		return Value{}, errors.New("is empty; leave it out to see all")
	case len(text) > maxValue:
		return Value{}, fmt.Errorf("is longer than %d octets", maxValue)
	}
	switch f.Type {
	case Number:
		return Value{Text: digits(text)}, nil
	case Word:
		if !slices.Contains(f.Words, text) {
			return Value{}, fmt.Errorf("%.40q is not one of %s", text, strings.Join(f.Words, ", "))
		}
	case Time:
		at, err := parseTime(text)
		return Value{Time: at}, err
	}
	return Value{Text: text}, nil
}

// digits gives a number as addresses hold it when there are digits and what stands between them; anything else stays
// as it is. In a query a plus
// that was not escaped arrives as a space.
func digits(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			out.WriteRune(r)
		case strings.ContainsRune("+-. ()/", r):
		default:
			return text
		}
	}
	if out.Len() == 0 {
		return text
	}
	return strings.TrimPrefix(out.String(), "00")
}

// parseTime reads RFC 3339, a date (its beginning in UTC), or Unix seconds.
func parseTime(text string) (time.Time, error) {
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
