package route

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kurir/message"
)

// Lengths of numbers in digits.
const (
	minDigits = 3
	maxShort  = 8  // longest short code
	maxDigits = 15 // ITU-T E.164 6.1
)

// Normalise makes an address of a recipient's number as people write it. Spaces, hyphens, dots, slashes and brackets
// are dropped, "(0)" after a country code with them. Then, in this order:
//
//	+46701234567, 0046701234567   international: TON 1, NPI 1, digits without plus
//	0701234567                    national: the 0 gives way to country, the calling code ("46"); refused without one
//	2025550123, 89123456789       national too, when country is one that has no leading zero, or another one, and
//	                              digits are as many as there (see plans; here "1" and "7")
//	701234567 ... 15 digits       international, written without plus
//	72456 (3 to 8 digits)         a short code: kept as it is, TON 0, NPI 1
//
// Where country has no leading zero, digits that may be a number of that country are taken for one, although they could
// be an international number of another without its plus, or (Norway, Denmark and others with eight digits) a short
// code. A number that is already clean is not copied.
func Normalise(number, country string) (message.Address, error) {
	// The common case first: digits alone, or behind a plus.
	digits, plus := strings.CutPrefix(number, "+")
	var trunk bool
	if !message.AllDigits(digits) {
		var err error
		if digits, plus, trunk, err = clean(number); err != nil {
			return message.Address{}, err
		}
	}
	return classify(number, digits, country, plus, trunk)
}

// classify applies the rules of Normalise to digits; written is for the error. trunk says that it began with "(0)".
func classify(written, digits, country string, plus, trunk bool) (message.Address, error) {
	if !plus && strings.HasPrefix(digits, "00") {
		digits, plus = digits[2:], true
	}
	if p, ok := plans[country]; ok && !plus && digits != "" {
		if digits, plus = p.abroad(digits); !plus {
			if number, ok := p.national(digits); ok {
				digits, plus = country+number, true
			}
		}
	}
	switch {
	case digits == "":
		return message.Address{}, fmt.Errorf("the number %q has no digits", shown(written))
	case plus && digits[0] == '0':
		return message.Address{}, fmt.Errorf("the number %q has a 0 where the country code begins", shown(written))
	case plus:
	case digits[0] == '0' || trunk:
		if country == "" {
			return message.Address{}, fmt.Errorf("the number %q is written without a country code: write it as +46701234567, or set country", shown(written))
		}
		digits = country + strings.TrimPrefix(digits, "0")
	case len(digits) < minDigits:
		return message.Address{}, fmt.Errorf("the number %q is too short: at least %d digits are needed", shown(written), minDigits)
	case len(digits) <= maxShort:
		return message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: digits}, nil
	}
	if len(digits) < minDigits {
		return message.Address{}, fmt.Errorf("the number %q is too short: at least %d digits are needed", shown(written), minDigits)
	}
	if len(digits) > maxDigits {
		return message.Address{}, fmt.Errorf("the number %q is too long: at most %d digits with the country code", shown(written), maxDigits)
	}
	return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}, nil
}

// maxWritten bounds what is read as a number at all.
const maxWritten = 64

// clean drops what people put between digits. It tells whether a plus came first and whether it began with "(0)".
func clean(number string) (digits string, plus, trunk bool, err error) {
	if len(number) > maxWritten {
		return "", false, false, fmt.Errorf("the number is too long: at most %d digits with the country code", maxDigits)
	}
	buffer := make([]byte, 0, maxWritten)
	for i := 0; i < len(number); {
		r, size := utf8.DecodeRuneInString(number[i:])
		switch {
		case '0' <= r && r <= '9':
			buffer = append(buffer, byte(r))
		case r == '+' && len(buffer) == 0 && !plus:
			plus = true
		case r == '(' && strings.HasPrefix(number[i:], "(0)"):
			trunk = trunk || len(buffer) == 0 && !plus
			i += len("(0)")
			continue
		case isSeparator(r):
		default:
			return "", false, false, fmt.Errorf("the number %q has a character that no number has: %q", shown(number), r)
		}
		i += size
	}
	return string(buffer), plus, trunk, nil
}

// shown shortens what was written for an error, which is repeated for every
// recipient of a request.
func shown(written string) string {
	if len(written) <= maxWritten {
		return written
	}
	end := maxWritten
	for end > 0 && !utf8.RuneStart(written[end]) {
		end--
	}
	return written[:end] + "..."
}

// isSeparator tells whether a character may stand between digits.
func isSeparator(r rune) bool {
	switch r {
	case ' ', '-', '.', '/', '(', ')', '\t',
		'\u00a0', '\u2009', '\u202f', // no-break and thin spaces
		'\u2010', '\u2011', '\u2012', '\u2013', '\u2212', // hyphens, dashes, minus
		'\u200e', '\u200f', '\u202a', '\u202c': // direction marks, copied from address books
		return true
	}
	return false
}
