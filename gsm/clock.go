package gsm

import (
	"fmt"
	"time"
)

// Time stamps and validity periods of TPDUs. 3GPP TS 23.040 9.2.3.11 and 9.2.3.12.

// appendTimestamp appends seven octets: year, month, day, hour, minute, second
// and the zone in quarters of an hour, digits swapped. The zero time is seven
// zero octets, which no clock shows.
func appendTimestamp(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0, 0, 0, 0, 0, 0, 0)
	}
	_, east := t.Zone()
	if east%900 != 0 { // a zone that the octet cannot say
		t, east = t.UTC(), 0
	}
	for _, v := range []int{t.Year() % 100, int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()} {
		dst = append(dst, byte(v%10<<4|v/10))
	}
	zone, sign := east/900, byte(0)
	if zone < 0 {
		zone, sign = -zone, 0x08
	}
	return append(dst, byte(zone%10<<4|zone/10)|sign)
}

// timestamp reads seven octets. What is no time, as some networks write, is the
// zero time: take the time of receiving instead. Zones beyond a day count as UTC.
func timestamp(b []byte) time.Time {
	var v [6]int
	for i := range v {
		low, high := int(b[i]&0x0F), int(b[i]>>4)
		if low > 9 || high > 9 {
			return time.Time{}
		}
		v[i] = low*10 + high
	}
	if v[1] < 1 || v[1] > 12 || v[2] < 1 || v[3] > 23 || v[4] > 59 || v[5] > 59 {
		return time.Time{}
	}
	year := 2000 + v[0]
	if v[0] >= 90 { // the first short message was sent in 1992
		year = 1900 + v[0]
	}
	zone := time.FixedZone("", zoneSeconds(b[6]))
	t := time.Date(year, time.Month(v[1]), v[2], v[3], v[4], v[5], 0, zone)
	if t.Day() != v[2] { // 31 February
		return time.Time{}
	}
	return t
}

// zoneSeconds reads the zone, whose sign is bit 3.
func zoneSeconds(o byte) int {
	quarters, low := int(o&0x07)*10, int(o>>4)
	if low > 9 || quarters+low > 79 {
		return 0
	}
	if quarters += low; o&0x08 != 0 {
		quarters = -quarters
	}
	return quarters * 900
}

// ValidityFormat says how a TPDU has its validity period.
type ValidityFormat uint8

// The formats, as the first octet has them. 3GPP TS 23.040 9.2.3.3.
const (
	ValidityNone     ValidityFormat = 0 // the service centre decides
	ValidityEnhanced ValidityFormat = 1
	ValidityRelative ValidityFormat = 2
	ValidityAbsolute ValidityFormat = 3
)

// Validity is until when the service centre tries to deliver a message.
// 3GPP TS 23.040 9.2.3.12.
type Validity struct {
	Format   ValidityFormat
	Octet    uint8     // of ValidityRelative; see ValidFor
	Until    time.Time // of ValidityAbsolute
	Enhanced [7]byte   // of ValidityEnhanced, as on the air
}

// The longest and the shortest relative validity.
const (
	day             = 24 * time.Hour
	shortestForm    = 5 * time.Minute
	longestValidity = 63 * 7 * day
)

// ValidFor is the relative validity of at least d, as exact as its octet
// allows, from 5 minutes to 63 weeks. 3GPP TS 23.040 9.2.3.12.1.
func ValidFor(d time.Duration) Validity {
	up := func(unit time.Duration) uint8 { return uint8((d + unit - 1) / unit) }
	v := Validity{Format: ValidityRelative}
	switch d = min(max(d, shortestForm), longestValidity); {
	case d <= 12*time.Hour:
		v.Octet = up(5*time.Minute) - 1
	case d <= day:
		d -= 12 * time.Hour
		v.Octet = up(30*time.Minute) + 143
	case d <= 30*day:
		v.Octet = max(up(day), 2) + 166
	default:
		v.Octet = max(up(7*day), 5) + 192
	}
	return v
}

// relative is the time that the octet of a relative validity stands for.
func relative(o uint8) time.Duration {
	n := time.Duration(o)
	switch {
	case o <= 143:
		return (n + 1) * 5 * time.Minute
	case o <= 167:
		return 12*time.Hour + (n-143)*30*time.Minute
	case o <= 196:
		return (n - 166) * day
	}
	return (n - 192) * 7 * day
}

// End is when the validity of a message that is sent now ends; false when the
// TPDU does not say.
func (v Validity) End(now time.Time) (time.Time, bool) {
	switch v.Format {
	case ValidityRelative:
		return now.Add(relative(v.Octet)), true
	case ValidityAbsolute:
		return v.Until, !v.Until.IsZero()
	case ValidityEnhanced:
		if d, ok := v.enhanced(); ok {
			return now.Add(d), true
		}
	}
	return time.Time{}, false
}

// enhanced reads the time of an enhanced validity. 3GPP TS 23.040 9.2.3.12.3.
func (v Validity) enhanced() (time.Duration, bool) {
	b := v.Enhanced[:]
	for b[0]&0x80 != 0 && len(b) > 1 { // extension octets of the indicator
		b = b[1:]
	}
	form := v.Enhanced[0] & 7
	if b = b[1:]; len(b) < 3 {
		return 0, false
	}
	switch form {
	case 1:
		return relative(b[0]), true
	case 2:
		return time.Duration(b[0]) * time.Second, b[0] > 0
	case 3:
		var n [3]time.Duration
		for i := range n {
			n[i] = time.Duration(b[i]&0x0F)*10 + time.Duration(b[i]>>4)
		}
		return n[0]*time.Hour + n[1]*time.Minute + n[2]*time.Second, true
	}
	return 0, false
}

// String writes the validity for a log.
func (v Validity) String() string {
	switch v.Format {
	case ValidityRelative:
		return relative(v.Octet).String()
	case ValidityAbsolute:
		return "until " + v.Until.Format(time.RFC3339)
	case ValidityEnhanced:
		return fmt.Sprintf("enhanced %x", v.Enhanced)
	}
	return "none"
}
