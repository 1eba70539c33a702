package smpp

import (
	"errors"
	"fmt"
	"time"
)

// ErrTime is the error of a time in none of the forms of SMPP 3.4 7.1.1.
var ErrTime = errors.New("not a time of the form YYMMDDhhmmsstnnp")

// ParseTime reads schedule_delivery_time, validity_period or final_date: empty gives the zero time, the absolute form
// YYMMDDhhmmsstnnp (t tenths of a second, nn quarters of an hour that local time is ahead (p is '+') or behind ('-')
// of UTC) that moment in UTC, and the relative form YYMMDDhhmmss000R so many years, months and so on after
// now.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	var n [7]int // year, month, day, hour, minute, second; tenths and quarters together
	if len(s) != 16 {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
	}
	for i := range n {
		digits := s[2*i : min(2*i+2, 15)]
		if i == 6 {
			digits = s[12:15]
		}
		for _, c := range []byte(digits) {
			if c < '0' || c > '9' {
				return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	clock := time.Duration(n[3])*time.Hour + time.Duration(n[4])*time.Minute + time.Duration(n[5])*time.Second
	tenths, quarters := n[6]/100, n[6]%100
	switch s[15] {
	case 'R':
		return now.AddDate(n[0], n[1], n[2]).Add(clock), nil
	case '-':
		quarters = -quarters
	case '+':
	default:
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
	}
	t := time.Date(2000+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], tenths*1e8, time.UTC)
	if t.Month() != time.Month(n[1]) || t.Day() != n[2] || n[3] > 23 || n[4] > 59 || n[5] > 59 || n[6]%100 > 48 {
		return time.Time{}, fmt.Errorf("%q: there is no such time: %w", s, ErrTime)
	}
	return t.Add(-time.Duration(quarters) * 15 * time.Minute), nil
}

// AppendTime appends the absolute form of t, which is given in UTC. Only the years 2000 to 2099 have one.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	dst = t.AppendFormat(dst, "060102150405")
	return append(dst, '0'+byte(t.Nanosecond()/1e8), '0', '0', '+')
}

// AppendRelative appends the relative form of d, in days and smaller units, rounded to seconds. It is held between
// zero and 99 days: as months differ in length, longer ones are only exact in the absolute form.
func AppendRelative(dst []byte, d time.Duration) []byte {
	secs := int(min(max(d, 0), 99*24*time.Hour).Round(time.Second) / time.Second)
	dst = append(dst, "0000"...)
	for _, n := range [...]int{secs / 86400, secs / 3600 % 24, secs / 60 % 60, secs % 60} {
		dst = append(dst, '0'+byte(n/10), '0'+byte(n%10))
	}
	return append(dst, "000R"...)
}
