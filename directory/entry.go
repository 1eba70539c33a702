package directory

import (
	"errors"
	"fmt"
	"strings"

	"kurir/message"
)

// maxDigits is how many digits a number may have (ITU-T E.164 6.1); names of senders have 11 characters at most.
const maxDigits = 15

// maxEntry bounds an entry, in octets.
const maxEntry = 64

type entryKind uint8

const (
	numberEntry entryKind = iota
	beginEntry
	nameEntry
	patternEntry
)

// Entry is one line of a list. Its String is what ParseEntry reads.
type Entry struct {
	kind entryKind
	key  uint64 // of numbers and beginnings
	text string
}

// String gives the entry in the form in which it is compared: 46701234567, 4670*, acme.
func (e Entry) String() string { return e.text }

// Number gives the entry of one number in digits; false if it is none.
func Number(digits string) (Entry, bool) {
	key, ok := keyOf(digits)
	return Entry{numberEntry, key, digits}, ok && digits != ""
}

// ParseEntry reads an entry: a number in full (+46701234567, 72456), the beginning of numbers with country code (+46*), digits
// with ? for any one and * for any number of them (+4670?????67), a name of senders (ACME, in upper or lower case), a
// pattern of names (AC*, *BANK*), or * for all. normal brings a number as people write it into digits with country code.
func ParseEntry(text string, normal func(string) (message.Address, error)) (Entry, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Entry{}, errors.New("is empty")
	case len(text) > maxEntry:
		return Entry{}, fmt.Errorf("%.20q... is longer than %d octets", text, maxEntry)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return Entry{}, fmt.Errorf("%q has a character that no number and no name has", text)
	}
	digits := strings.TrimPrefix(text, "+")
	if !strings.ContainsAny(digits, "*?") {
		return parseWhole(text, normal)
	}
	if strings.Trim(digits, "0123456789*?") != "" {
		if digits != text {
			return Entry{}, fmt.Errorf("%q begins with a plus and is no number", text)
		}
		return Entry{kind: patternEntry, text: strings.ToLower(text)}, nil
	}
	if digits[0] == '0' {
		return Entry{}, fmt.Errorf("%q: numbers are compared with their country code, none begins with 0", text)
	}
	if begin, open := strings.CutSuffix(digits, "*"); open && !strings.ContainsAny(begin, "*?") {
		if len(begin) > maxDigits {
			return Entry{}, fmt.Errorf("%q has more than %d digits", text, maxDigits)
		}
		key, _ := keyOf(begin)
		return Entry{beginEntry, key, digits}, nil
	}
	return Entry{kind: patternEntry, text: digits}, nil
}

// parseWhole reads a number or name in full.
func parseWhole(text string, normal func(string) (message.Address, error)) (Entry, error) {
	a, err := normal(text)
	if err != nil {
		return Entry{}, err
	}
	if a.TON == message.TONAlphanumeric {
		return Entry{kind: nameEntry, text: strings.ToLower(a.Number)}, nil
	}
	e, ok := Number(a.Number)
	if !ok {
		return Entry{}, fmt.Errorf("%q is no number of at most %d digits", text, maxDigits)
	}
	return e, nil
}

// matches compares a text with a pattern in which ? stands for one octet and * for any number of them.
func matches(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
