package message

import (
	"errors"
	"math"
	"testing"
)

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Amount{
		"0": 0, "1": 1_000_000, "12.50": 12_500_000, "0.0385": 38_500, "-3": -3_000_000, "0.000001": 1, "-0.5": -500_000,
		"007": 7_000_000, "1000000000000": MaxAmount,
	} {
		if got, err := ParseAmount(text); err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", ".5", "5.", "1,5", "1e3", "+1", " 1", "1 ", "0.0000001", "--1", "-", "0x10", "1_000", "NaN", "1.2.3", "1.-2",
		"1000000000000.000001", "99999999999999999999999999", "9223372036854.775808",
	} {
		if got, err := ParseAmount(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
	if _, err := ParseAmount("12,50"); !errors.Is(err, ErrAmount) {
		t.Errorf("a comma: %v", err)
	}
	for want, a := range map[string]Amount{
		"0.00": 0, "12.50": 12_500_000, "0.0385": 38_500, "-3.00": -3_000_000, "0.000001": 1, "-0.50": -500_000,
		"-9223372036854.775808": math.MinInt64, "9223372036854.775807": math.MaxInt64,
	} {
		if got := a.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(a), got, want)
		}
	}
}

// FuzzAmount: what can be read is written so that it is read as the same.
func FuzzAmount(f *testing.F) {
	f.Add("12.50")
	f.Add("-0.000001")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAmount(text)
		if err != nil {
			return
		}
		if again, err := ParseAmount(a.String()); err != nil || again != a {
			t.Errorf("%q is %d, written %s, read %d %v", text, a, a, again, err)
		}
	})
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	for code, good := range map[string]bool{"EUR": true, "SEK": true, "eur": false, "EU": false, "EURO": false, "": false, "ÅÄÖ": false} {
		if (CurrencyProblem(code) == "") != good {
			t.Errorf("%q: %s", code, CurrencyProblem(code))
		}
	}
}
