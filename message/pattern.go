package message

import (
	"fmt"
	"strings"
	"unicode"

	"kurir/gsm"
)

// maxShortCode is how many digits a number may have that is no international
// one although nothing says so.
const maxShortCode = 8

// Matches compares an address with a pattern as the file has it: exact (ACME,
// 72456, +46701234567), by its beginning (AC*, +46*), or * for any. Letters are
// compared as they are. A pattern with a plus is for international numbers
// only, also those that an operator or customer did not mark as such; one
// without is for whatever is written so.
func (a Address) Matches(pattern string) bool {
	text, plus := strings.CutPrefix(pattern, "+")
	if plus && !a.international() {
		return false
	}
	if prefix, open := strings.CutSuffix(text, "*"); open {
		return strings.HasPrefix(a.Number, prefix)
	}
	return a.Number == text
}

// international tells whether the address is an international number, or must
// be one because of its length.
func (a Address) international() bool {
	return a.TON == TONInternational ||
		a.TON == TONUnknown && len(a.Number) > maxShortCode && a.Number[0] != '0' && AllDigits(a.Number)
}

// AllDigits tells whether a text is digits, at least one.
func AllDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// CallingCodeProblem says what is wrong with a country's calling code; empty:
// nothing (ITU-T E.164 6.2.1).
func CallingCodeProblem(code string) string {
	if len(code) <= 3 && AllDigits(code) && code[0] != '0' {
		return ""
	}
	return fmt.Sprintf("%.40q is not a calling code of one to three digits such as \"46\"", code)
}

// AlphabetProblem says what is wrong with the word for a default alphabet of
// SMPP; empty: nothing.
func AlphabetProblem(word string) string {
	if _, err := gsm.ParseDefaultAlphabet(word); err != nil {
		return err.Error()
	}
	return ""
}

// maxName bounds names, which stand in lists, logs and metrics.
const maxName = 64

// NameProblem says what is wrong with the name of a connector, an account or a
// rule; empty: nothing.
func NameProblem(name string) string {
	switch {
	case len(name) > maxName:
		return fmt.Sprintf("is longer than %d octets", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
		return fmt.Sprintf("%.80q has a control character", name)
	}
	return ""
}
