package message

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kurir/gsm"
)

// AddressRule says how some senders or recipients are written otherwise.
type AddressRule struct {
	// Match is the address: exact, by its beginning (+46*, AC*), or * for any. A pattern with + is for international
	// numbers only. Empty: any.
	Match string `yaml:"match" json:",omitempty" example:"\"+46*\""`
	// Kind is that of the address: international, name, or other (short codes and the like). Empty: any.
	Kind string `yaml:"kind" json:",omitempty"`
	// To is the recipients of the messages, in patterns as in match; for rules about senders: a name becomes a number in
	// the countries that know no names; one or a list. Empty: any.
	To Words `yaml:"to" json:",omitempty" example:"[\"+1*\"]"`
	// Country is the countries of recipients, two letters each (ISO 3166-1); one or a list. Empty: any.
	Country Words `yaml:"country" json:",omitempty" example:"[US, CA]"`
	// Network is the networks of recipients, by MCC and MNC (24001), their beginning (240*), or name as in the table under
	// networks; one or a list. Empty: any.
	Network Words `yaml:"network" json:",omitempty" example:"\"240*\""`
	// Pattern is a regular expression (RE2) of the number in digits without +, or of the name; where it matches, replace
	// takes the place of what it matched, with $1 and so on for what its groups did. Empty: none.
	Pattern string `yaml:"pattern" json:",omitempty"`
	// Strip is taken off the beginning of the number, which is in digits without +, if it is there.
	Strip string `yaml:"strip" json:",omitempty" example:"\"46\""`
	// Add is put in front of the number, after that was taken off.
	Add string `yaml:"add" json:",omitempty" example:"\"0\""`
	// Replace is shown instead of the address.
	Replace string `yaml:"replace" json:",omitempty"`
	// TON is the type of number, 0 to 6. Left out: what follows from the address, 5 for a name, 1 for an international number.
	TON *uint8 `yaml:"ton" json:",omitempty" example:"2"`
	// NPI is the numbering plan. Left out: 0 for a name, 1 for a number.
	NPI *uint8 `yaml:"npi" json:",omitempty"`
}

// maxAddress is the length of an address in octets (SMPP 3.4 5.2.8, 5.2.9).
const maxAddress = 20

var addressKinds = []string{"international", "name", "other"}

// ValidateAddressRules reports what is wrong with rules for addresses, but for
// countries that there are not, which package route knows.
func ValidateAddressRules(field string, rules []AddressRule, report func(field, problem string)) {
	for i := range rules {
		rules[i].validate(func(name, problem string) { report(fmt.Sprintf("%s[%d].%s", field, i, name), problem) })
	}
}

func (r *AddressRule) validate(report func(field, problem string)) {
	if at := strings.IndexByte(r.Match, '*'); at >= 0 && at != len(r.Match)-1 {
		report("match", fmt.Sprintf("%q: * may stand at the end only", r.Match))
	}
	for i, pattern := range r.To {
		if at := strings.IndexByte(pattern, '*'); pattern == "" || at >= 0 && at != len(pattern)-1 {
			report(Item("to", i, len(r.To)), fmt.Sprintf("%q is neither a number nor the beginning of one (+46*)", pattern))
		}
	}
	for i, pattern := range r.Network {
		if at := strings.IndexByte(pattern, '*'); pattern == "" || at >= 0 && at != len(pattern)-1 {
			report(Item("network", i, len(r.Network)), fmt.Sprintf("%q is neither MCC and MNC (24001), nor their beginning (240*), nor a name", pattern))
		}
	}
	if r.Kind != "" && !slices.Contains(addressKinds, r.Kind) {
		report("kind", fmt.Sprintf("%q is not known; %s are", r.Kind, strings.Join(addressKinds, ", ")))
	}
	if r.Replace != "" && (r.Strip != "" || r.Add != "") {
		report("replace", "leaves nothing for strip and add to change; give one or the other")
	}
	if problem := RegularProblem(r.Pattern); problem != "" {
		report("pattern", problem)
	} else if r.Pattern != "" && r.Replace == "" {
		report("pattern", "has no effect without replace, which says what takes its place")
	}
	ValidateNumbering(report, "ton", r.TON, "npi", r.NPI)
	for name, text := range map[string]string{"add": r.Add, "replace": r.Replace} {
		if _, ok := gsm.AppendLatin1(nil, text); !ok || len(text) > maxAddress || strings.IndexByte(text, 0) >= 0 {
			report(name, fmt.Sprintf("is not at most %d characters of ISO-8859-1", maxAddress))
		}
	}
}

// ValidateNumbering reports a type of number and a numbering plan that neither
// SMPP 3.4 (5.2.5, 5.2.6) nor 3GPP TS 23.040 (9.1.2.5) knows.
func ValidateNumbering(report func(field, problem string), tonField string, ton *uint8, npiField string, npi *uint8) {
	if ton != nil && *ton > 6 {
		report(tonField, fmt.Sprintf("%d is no type of number; there are 0 (unknown), 1 (international), 2 (national), 3 (network), 4 (subscriber), 5 (name), 6 (abbreviated)", *ton))
	}
	if npi != nil && !slices.Contains([]uint8{0, 1, 3, 4, 5, 6, 8, 9, 10, 14, 18}, *npi) {
		report(npiField, fmt.Sprintf("%d is no numbering plan; there are 0 (unknown), 1 (telephone), 3 (data), 4 (telex), 5 and 6 (land mobile, or the operator's own), "+
			"8 (national), 9 (private), 10 (ERMES), 14 (internet), 18 (WAP)", *npi))
	}
}

// AddressRules are rules for addresses, compiled. Nil leaves every address as
// it is.
type AddressRules struct {
	rules    []AddressRule
	patterns []*regexp.Regexp // nil for rules without
}

// NewAddressRules compiles rules that Validate found nothing wrong with; nil if
// there are none.
func NewAddressRules(rules []AddressRule) *AddressRules {
	if len(rules) == 0 {
		return nil
	}
	s := &AddressRules{rules: rules, patterns: make([]*regexp.Regexp, len(rules))}
	for i := range rules {
		if rules[i].Pattern != "" {
			s.patterns[i], _ = regexp.Compile(rules[i].Pattern)
		}
	}
	return s
}

// Rewrite returns an address of a message to a recipient as the first rule that
// matches writes it; rule is that rule, nil if none does. networks may be nil.
func (s *AddressRules) Rewrite(a, to Address, networks NetworkOf) (_ Address, rule *AddressRule) {
	if s == nil {
		return a, nil
	}
	for i := range s.rules {
		r, p := &s.rules[i], s.patterns[i]
		if r.failing(a, to, networks, p) == "" {
			return r.rewrite(a, p), r
		}
	}
	return a, nil
}

// failing returns the first condition that an address of a message to a recipient
// does not meet, by its name in the file; empty: the rule is for it.
func (r *AddressRule) failing(a, to Address, networks NetworkOf, pattern *regexp.Regexp) string {
	switch {
	case r.Match != "" && !a.Matches(r.Match):
		return "match"
	case r.Kind != "" && r.Kind != kindOf(a):
		return "kind"
	case len(r.To) > 0 && !slices.ContainsFunc(r.To, to.Matches):
		return "to"
	case len(r.Country) > 0 && !slices.Contains(r.Country, networks.of(to).Country):
		return "country"
	case len(r.Network) > 0 && !networks.of(to).Among(r.Network):
		return "network"
	case pattern != nil && !pattern.MatchString(a.Number):
		return "pattern"
	}
	return ""
}

// kindOf is the kind of an address as rules name it.
func kindOf(a Address) string {
	switch a.TON {
	case TONInternational:
		return "international"
	case TONAlphanumeric:
		return "name"
	}
	return "other"
}

// rewrite returns the address as the rule writes it.
func (r *AddressRule) rewrite(a Address, pattern *regexp.Regexp) Address {
	switch {
	case pattern != nil:
		kind := a
		a = AddressOf(pattern.ReplaceAllString(a.Number, r.Replace))
		if kind.TON == TONInternational && a.TON == TONUnknown { // digits of an international number still
			a.TON, a.NPI = kind.TON, kind.NPI
		}
	case r.Replace != "":
		a = AddressOf(r.Replace)
	case r.Strip != "" || r.Add != "":
		a.Number = r.Add + strings.TrimPrefix(a.Number, r.Strip)
	}
	if r.TON != nil {
		a.TON = TON(*r.TON)
	}
	if r.NPI != nil {
		a.NPI = NPI(*r.NPI)
	}
	return a
}

// AddressOf returns the address that a text of the file means: a number after
// a plus, other digits, or a name.
func AddressOf(text string) Address {
	digits, plus := strings.CutPrefix(text, "+")
	switch {
	case !AllDigits(digits):
		return Address{TON: TONAlphanumeric, Number: text}
	case plus:
		return Address{TON: TONInternational, NPI: NPIISDN, Number: digits}
	}
	return Address{NPI: NPIISDN, Number: text}
}
