package ucp

import (
	"errors"
	"fmt"
	"time"
)

// ErrTime is the error of a time that has neither of the two forms.
var ErrTime = errors.New("not a time of the form DDMMYYHHmm or DDMMYYhhmmss")

// ParseTime reads DDT, VP, SCTS or DSCTS: ten digits, or twelve with seconds, which are local time of the SMSC. Empty
// gives the zero time. The two digits of the year stand for 2000 to 2099. Nothing tells summer time from winter time:
// of the two meanings in the hour that there is twice, it is the one that loc chooses, see [time.Date].
func ParseTime(s string, loc *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if len(s) != 10 && len(s) != 12 || !digits.has(s) {
		return time.Time{}, fmt.Errorf("%q: %w", s, ErrTime)
	}
	var n [6]int // day, month, year, hour, minute, second
	for i := 0; i < len(s); i += 2 {
		n[i/2] = int(s[i]-'0')*10 + int(s[i+1]-'0')
	}
	if n[0] < 1 || n[1] < 1 || n[1] > 12 || n[3] > 23 || n[4] > 59 || n[5] > 59 ||
		n[0] > time.Date(2000+n[2], time.Month(n[1])+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, fmt.Errorf("%q: there is no such time: %w", s, ErrTime)
	}
	return time.Date(2000+n[2], time.Month(n[1]), n[0], n[3], n[4], n[5], 0, loc), nil
}

// AppendSeconds appends a time as SCTS and DSCTS have it, DDMMYYhhmmss in local time of the SMSC.
func AppendSeconds(dst []byte, t time.Time, loc *time.Location) []byte {
	t = t.In(loc)
	dst = appendDate(dst, t)
	return appendTwo(dst, t.Second())
}

// AppendMinutes appends a time as DDT and VP have it, DDMMYYHHmm in local time of the SMSC. Seconds are left out.
func AppendMinutes(dst []byte, t time.Time, loc *time.Location) []byte {
	return appendDate(dst, t.In(loc))
}

func appendDate(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	for _, n := range [...]int{day, int(month), year, hour, minute} {
		dst = appendTwo(dst, n)
	}
	return dst
}

// appendTwo appends the last two digits of a number.
func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10%10), '0'+byte(n%10)) }
