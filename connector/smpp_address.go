package connector

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// AddressRule says how some senders or recipients are shown to an operator.
type AddressRule struct {
	// Match is the address: exact, by its beginning (+46*, AC*), or * for any. A pattern with + is for international
	// numbers only. Empty: any.
	Match string `yaml:"match" example:"\"+46*\""`
	// Kind is that of the address: international, name, or other (short codes and the like). Empty: any.
	Kind string `yaml:"kind"`
	// Strip is taken off the beginning of the number, which is in digits without +, if it is there.
	Strip string `yaml:"strip" example:"\"46\""`
	// Add is put in front of the number, after that was taken off.
	Add string `yaml:"add" example:"\"0\""`
	// Replace is shown instead of the address.
	Replace string `yaml:"replace"`
	// TON is the type of number, 0 to 6. Left out: what follows from the address, 5 for a name, 1 for an international number.
	TON *uint8 `yaml:"ton" example:"2"`
	// NPI is the numbering plan. Left out: 0 for a name, 1 for a number.
	NPI *uint8 `yaml:"npi"`
}

// smppMostAddress is the length of an address in octets (SMPP 3.4 5.2.8, 5.2.9).
const smppMostAddress = 20

var addressKinds = []string{"international", "name", "other"}

// validateAddresses reports what is wrong with rules for addresses.
func validateAddresses(field string, rules []AddressRule, report func(field, problem string)) {
	for i := range rules {
		r, path := &rules[i], fmt.Sprintf("%s[%d]", field, i)
		if at := strings.IndexByte(r.Match, '*'); at >= 0 && at != len(r.Match)-1 {
			report(path+".match", fmt.Sprintf("%q: * may stand at the end only", r.Match))
		}
		if r.Kind != "" && !slices.Contains(addressKinds, r.Kind) {
			report(path+".kind", fmt.Sprintf("%q is not known; %s are", r.Kind, strings.Join(addressKinds, ", ")))
		}
		if r.Replace != "" && (r.Strip != "" || r.Add != "") {
			report(path+".replace", "leaves nothing for strip and add to change; give one or the other")
		}
		validateNumbering(report, path+".ton", r.TON, path+".npi", r.NPI)
		for name, text := range map[string]string{"add": r.Add, "replace": r.Replace} {
			if _, ok := gsm.AppendLatin1(nil, text); !ok || len(text) > smppMostAddress || strings.IndexByte(text, 0) >= 0 {
				report(path+"."+name, fmt.Sprintf("is not at most %d characters of ISO-8859-1", smppMostAddress))
			}
		}
	}
}

// validateNumbering reports a type of number and a numbering plan that neither
// SMPP 3.4 (5.2.5, 5.2.6) nor 3GPP TS 23.040 (9.1.2.5) knows.
func validateNumbering(report func(field, problem string), tonField string, ton *uint8, npiField string, npi *uint8) {
	if ton != nil && *ton > 6 {
		report(tonField, fmt.Sprintf("%d is no type of number; there are 0 (unknown), 1 (international), 2 (national), 3 (network), 4 (subscriber), 5 (name), 6 (abbreviated)", *ton))
	}
	if npi != nil && !slices.Contains([]uint8{0, 1, 3, 4, 5, 6, 8, 9, 10, 14, 18}, *npi) {
		report(npiField, fmt.Sprintf("%d is no numbering plan; there are 0 (unknown), 1 (telephone), 3 (data), 4 (telex), 5 and 6 (land mobile, or the operator's own), "+
			"8 (national), 9 (private), 10 (ERMES), 14 (internet), 18 (WAP)", *npi))
	}
}

// matches tells whether the rule is for an address.
func (r *AddressRule) matches(a message.Address) bool {
	if r.Match != "" && !a.Matches(r.Match) {
		return false
	}
	switch r.Kind {
	case "international":
		return a.TON == message.TONInternational
	case "name":
		return a.TON == message.TONAlphanumeric
	case "other":
		return a.TON != message.TONInternational && a.TON != message.TONAlphanumeric
	}
	return true
}

// rewrite returns the address as the rule shows it.
func (r *AddressRule) rewrite(a message.Address) message.Address {
	switch {
	case r.Replace != "":
		a = addressOf(r.Replace)
	case r.Strip != "" || r.Add != "":
		a.Number = r.Add + strings.TrimPrefix(a.Number, r.Strip)
	}
	if r.TON != nil {
		a.TON = message.TON(*r.TON)
	}
	if r.NPI != nil {
		a.NPI = message.NPI(*r.NPI)
	}
	return a
}

// addressOf returns the address that a text of the file means: a number after
// a plus, other digits, or a name.
func addressOf(text string) message.Address {
	digits, plus := strings.CutPrefix(text, "+")
	switch {
	case !message.AllDigits(digits):
		return message.Address{TON: message.TONAlphanumeric, Number: text}
	case plus:
		return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}
	}
	return message.Address{NPI: message.NPIISDN, Number: text}
}

// smppAddress returns an address as the link shall show it: as the first rule
// that matches says, and type and plan that this leaves open as ton and npi do.
// It is false for a name beyond ISO-8859-1, in which SMPP writes names.
func smppAddress(a message.Address, rules []AddressRule, ton, npi *uint8) (s smpp.Address, ok bool) {
	for i := range rules {
		if r := &rules[i]; r.matches(a) {
			a = r.rewrite(a)
			if r.TON != nil {
				ton = nil
			}
			if r.NPI != nil {
				npi = nil
			}
			break
		}
	}
	s = smpp.Address{TON: uint8(a.TON), NPI: uint8(a.NPI), Addr: a.Number}
	for i := range len(a.Number) {
		if a.Number[i] < utf8.RuneSelf {
			continue
		}
		octets, ok := gsm.AppendLatin1(nil, a.Number)
		if !ok {
			return s, false
		}
		s.Addr = string(octets)
		break
	}
	if ton != nil {
		s.TON = *ton
	}
	if npi != nil {
		s.NPI = *npi
	}
	return s, true
}
