package message

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Amount is money in micro-units of a currency: 1,000,000 are one euro or one
// krona. It is never a floating-point number.
type Amount int64

// micro is how many micro-units a unit has.
const micro = 1_000_000

// MaxAmount is the largest amount that can be written: 1,000,000,000,000 units.
// Several of them can be added without overflow.
const MaxAmount Amount = 1_000_000_000_000 * micro

// ErrAmount is what is wrong with a text that is no amount.
var ErrAmount = errors.New(`an amount is expected, such as 12.50 or 0.0385: digits, and at most six behind the point`)

// ParseAmount reads an amount as people write it, with a point and at most six
// decimals: "12.50", "-3", "0.0385". It is exact; the error is ErrAmount, or
// says that the amount is too large.
func ParseAmount(text string) (Amount, error) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, decimals, pointed := strings.Cut(rest, ".")
	if !AllDigits(whole) || pointed && (!AllDigits(decimals) || len(decimals) > 6) {
		return 0, ErrAmount
	}
	var n Amount
	for _, digit := range whole + (decimals + "000000")[:6] {
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64
			break
		}
		n = n*10 + Amount(digit-'0')
	}
	if n > MaxAmount {
		return 0, fmt.Errorf("the amount is larger than %s", MaxAmount)
	}
	if negative {
		n = -n
	}
	return n, nil
}

// String writes the amount exactly, with at least two decimals: "12.50",
// "0.0385".
func (a Amount) String() string {
	sign, n := "", uint64(a)
	if a < 0 {
		sign, n = "-", -n
	}
	decimals := strings.TrimRight(fmt.Sprintf("%06d", n%micro), "0")
	for len(decimals) < 2 {
		decimals += "0"
	}
	return fmt.Sprintf("%s%d.%s", sign, n/micro, decimals)
}

// UnmarshalYAML reads an amount from the configuration file.
func (a *Amount) UnmarshalYAML(read func(any) error) error {
	var text string
	if err := read(&text); err != nil {
		return ErrAmount
	}
	n, err := ParseAmount(text)
	if err == nil {
		*a = n
	}
	return err
}

// MarshalJSON writes the amount as a text, for JSON's numbers are floating-point
// ones to many readers.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(`"` + a.String() + `"`), nil }

// CurrencyProblem says what is wrong with the code of a currency; empty: nothing
// (ISO 4217 has three letters).
func CurrencyProblem(code string) string {
	if len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return ""
	}
	return fmt.Sprintf("%.40q is not a currency of three capital letters, such as EUR", code)
}
