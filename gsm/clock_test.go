package gsm

import (
	"testing"
	"time"
)

func TestTimestamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hex  string
		want time.Time
	}{
		{"62211021124380", time.Date(2026, 12, 1, 10, 21, 34, 0, time.UTC)}, // +2 h
		{"6221102112438A", time.Date(2026, 12, 1, 19, 21, 34, 0, time.UTC)}, // -7 h
		{"62211021124300", time.Date(2026, 12, 1, 12, 21, 34, 0, time.UTC)},
		{"99213141959500", time.Date(1999, 12, 13, 14, 59, 59, 0, time.UTC)},
		{"62211021124FFF", time.Time{}},
		{"622110211243F7", time.Date(2026, 12, 1, 12, 21, 34, 0, time.UTC)}, // no zone
	} {
		b := unhex(t, c.hex)
		if got := timestamp(b); !got.Equal(c.want) {
			t.Errorf("%s is %v, want %v", c.hex, got, c.want)
		}
	}
	at := time.Date(2026, 12, 1, 12, 21, 34, 0, time.FixedZone("odd", 1234))
	if got := timestamp(appendTimestamp(nil, at)); !got.Equal(at) {
		t.Errorf("%v comes back as %v", at, got)
	}
}

func TestValidity(t *testing.T) {
	t.Parallel()
	for octet, want := range map[uint8]time.Duration{
		0x00: 5 * time.Minute, 143: 12 * time.Hour, 144: 12*time.Hour + 30*time.Minute, 0xA7: day, 168: 2 * day,
		0xAA: 4 * day, 0xAD: 7 * day, 196: 30 * day, 197: 35 * day, 0xFF: longestValidity,
	} {
		if got := relative(octet); got != want {
			t.Errorf("%02X is %v, want %v", octet, got, want)
		}
		if v := ValidFor(want); v.Octet != octet {
			t.Errorf("%v is %02X, want %02X", want, v.Octet, octet)
		}
	}
	for octet := range 256 { // no shorter than asked for
		d := relative(uint8(octet))
		if got := ValidFor(d - time.Second); octet > 0 && relative(got.Octet) < d-time.Second {
			t.Errorf("%v becomes %v", d, got)
		}
	}
	if v := ValidFor(0); v.Octet != 0 {
		t.Errorf("no time at all is %v", v)
	}
	if v := ValidFor(1 << 62); v.Octet != 0xFF {
		t.Errorf("the longest is %v", v)
	}
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		v    Validity
		want time.Time
	}{
		{Validity{}, time.Time{}},
		{ValidFor(time.Hour), now.Add(time.Hour)},
		{Validity{Format: ValidityAbsolute, Until: now}, now},
		{Validity{Format: ValidityAbsolute}, time.Time{}},
		{Validity{Format: ValidityEnhanced, Enhanced: [7]byte{1, 11}}, now.Add(time.Hour)},
		{Validity{Format: ValidityEnhanced, Enhanced: [7]byte{2, 30}}, now.Add(30 * time.Second)},
		{Validity{Format: ValidityEnhanced, Enhanced: [7]byte{3, 0x10, 0x20, 0x30}}, now.Add(time.Hour + 2*time.Minute + 3*time.Second)},
		{Validity{Format: ValidityEnhanced, Enhanced: [7]byte{0x81, 0, 11}}, now.Add(time.Hour)},
		{Validity{Format: ValidityEnhanced, Enhanced: [7]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}}, time.Time{}},
	} {
		got, ok := c.v.End(now)
		if !got.Equal(c.want) || ok == c.want.IsZero() {
			t.Errorf("%v ends %v (%t), want %v", c.v, got, ok, c.want)
		}
	}
}

func TestDeliveryStatus(t *testing.T) {
	t.Parallel()
	for status, kind := range map[DeliveryStatus]StatusKind{
		0x00: StatusDone, 0x1F: StatusDone, 0x20: StatusTrying, 0x3F: StatusTrying, 0x40: StatusPermanent, 0x5F: StatusPermanent,
		0x60: StatusGaveUp, 0x7F: StatusGaveUp, 0x80: StatusUnknown, 0xFF: StatusUnknown,
	} {
		if status.Kind() != kind || status.Final() == (kind == StatusTrying) {
			t.Errorf("%02X is of kind %d, final %t", uint8(status), status.Kind(), status.Final())
		}
	}
	if s := DeliveryStatus(0x46).String(); s != "the validity period is over" {
		t.Error(s)
	}
	if s := DeliveryStatus(0x90).String(); s != "status 90" {
		t.Error(s)
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Address{
		"+46701234567": tpduTo, "0701234567": {0, 1, "0701234567"}, "*100#": {0, 1, "*100#"}, "": {}, "+": {}, "Kurir": {},
	} {
		if got, err := ParseAddress(s); got != want || (err == nil) == want.IsZero() {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	if s := tpduTo.String(); s != "+46701234567" {
		t.Error(s)
	}
}
