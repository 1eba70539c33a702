package cimd2

import (
	"errors"
	"fmt"
	"time"
)

// ErrTime is the error of a time that is not of the form yymmddhhmmss.
var ErrTime = errors.New("not a time of the form yymmddhhmmss")

// timeLen is how many characters a time has.
const timeLen = 12

// isTime reports whether a value has the form of a time.
func isTime(value []byte) bool {
	if len(value) != timeLen {
		return false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// ParseTime reads a time yymmddhhmmss, which is the SMSC's local time, of the years 2000 to 2099. Of the hour that a clock
// shows twice in autumn, either may come out, and one that it skips in spring is taken an hour on.
func ParseTime(s string, local *time.Location) (time.Time, error) {
	if len(s) != timeLen {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
	}
	var n [6]int
	for i := range n {
		tens, ones := s[2*i]-'0', s[2*i+1]-'0'
		if tens > 9 || ones > 9 {
			return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
		}
		n[i] = int(tens)*10 + int(ones)
	}
	year, month := 2000+n[0], time.Month(n[1])
	if month < 1 || month > 12 || n[2] < 1 || n[2] > daysIn(year, month) || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return time.Time{}, fmt.Errorf("%q: there is no such time: %w", s, ErrTime)
	}
	return time.Date(year, month, n[2], n[3], n[4], n[5], 0, local), nil
}

// daysIn gives how many days a month has.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// AppendTime appends t as yymmddhhmmss in local time; what is less than a second is cut off.
func AppendTime(dst []byte, t time.Time, local *time.Location) []byte {
	t = t.In(local)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, n := range [...]int{year % 100, int(month), day, hour, minute, second} {
		dst = append(dst, '0'+byte(n/10), '0'+byte(n%10))
	}
	return dst
}

// FormatTime gives what AppendTime appends.
func FormatTime(t time.Time, local *time.Location) string {
	var b [timeLen]byte
	return string(AppendTime(b[:0], t, local))
}

// Lengths of the steps of a relative time (parameters 050 and 053, 3GPP TS 23.040 9.2.3.12.1), and the codes where they
// begin.
const (
	fiveMinutes = 5 * time.Minute // codes 0 to 143: 5 minutes to 12 hours
	halfHour    = 30 * time.Minute
	day         = 24 * time.Hour
	week        = 7 * day

	lastMinutes = 143 // 12 hours
	lastHours   = 167 // 24 hours
	lastDays    = 196 // 30 days
	lastWeeks   = 255 // 63 weeks
)

// RelativeDefault is the relative time that leaves the choice to the SMSC.
const RelativeDefault = -1

// Relative gives the length that a relative time stands for: 5 minutes to 63 weeks. ok is false for RelativeDefault and
// what is no code.
func Relative(code int) (d time.Duration, ok bool) {
	n := time.Duration(code)
	switch {
	case code < 0 || code > lastWeeks:
		return 0, false
	case code <= lastMinutes:
		return (n + 1) * fiveMinutes, true
	case code <= lastHours:
		return 12*time.Hour + (n-lastMinutes)*halfHour, true
	case code <= lastDays:
		return (n - 166) * day, true
	}
	return (n - 192) * week, true
}

// RelativeCode gives the code of the shortest relative time that is not shorter than d, at most that of 63 weeks.
func RelativeCode(d time.Duration) int {
	up := func(d, step time.Duration) int { return int((d + step - 1) / step) }
	switch {
	case d <= fiveMinutes:
		return 0
	case d <= 12*time.Hour:
		return up(d, fiveMinutes) - 1
	case d <= day:
		return up(d-12*time.Hour, halfHour) + lastMinutes
	case d <= 30*day:
		return up(d, day) + 166
	}
	return min(up(min(d, 64*week), week)+192, lastWeeks)
}
