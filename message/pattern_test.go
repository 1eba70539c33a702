package message

import (
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		ton     TON
		number  string
		want    bool
	}{
		{"*", TONAlphanumeric, "ACME", true},
		{"*", TONInternational, "46701234567", true},
		{"AC*", TONAlphanumeric, "ACME", true},
		{"ac*", TONAlphanumeric, "ACME", false},
		{"+*", TONAlphanumeric, "ACME", false},
		{"+*", TONInternational, "46701234567", true},
		{"+*", TONUnknown, "72456", false},
		{"+46*", TONAlphanumeric, "46Bank", false},
		{"46*", TONAlphanumeric, "46Bank", true},
		{"+46*", TONUnknown, "46701", false}, // a short code
		{"+46*", TONUnknown, "46701234567", true},
		{"+46*", TONInternational, "4670", true},
		{"+46701234567", TONInternational, "46701234567", true},
		{"46701234567", TONInternational, "46701234567", true},
		{"+0701234567", TONUnknown, "0701234567", false},
		{"0701234567", TONUnknown, "0701234567", true},
		{"72456", TONUnknown, "72456", true},
		{"7245", TONUnknown, "72456", false},
	} {
		if got := (Address{TON: c.ton, Number: c.number}).Matches(c.pattern); got != c.want {
			t.Errorf("%q, type %d, matches %q: %v", c.number, c.ton, c.pattern, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "op1", "Ö-link 2", strings.Repeat("a", 64)} {
		if p := NameProblem(good); p != "" {
			t.Errorf("%q: %s", good, p)
		}
	}
	for _, bad := range []string{strings.Repeat("a", 65), "a\nb", "a\x7f", "a\u0085", "\xff"} {
		if NameProblem(bad) == "" {
			t.Errorf("%q passes", bad)
		}
	}
	for code, good := range map[string]bool{"1": true, "46": true, "358": true, "": false, "0": false, "046": false, "+46": false, "4600": false} {
		if (CallingCodeProblem(code) == "") != good {
			t.Errorf("calling code %q: %s", code, CallingCodeProblem(code))
		}
	}
}
