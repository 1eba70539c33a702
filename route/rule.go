package route

import (
	"errors"
	"fmt"
	"strings"

	"kurir/message"
)

// Rule says by which links the messages that it matches may go.
type Rule struct {
	// Name of the rule in lists and traces. Empty: its place in the list.
	Name string `yaml:"name"`
	// To is the recipients' numbers that it is for: exact (+46701234567, 72456), by their beginning (+46*), or all
	// (*); one or a list. Empty: all.
	To Patterns `yaml:"to" example:"\"*\""`
	// From is the senders that it is for: exact (ACME, +46701234567), by their beginning (AC*, +4670*), or any (*). A
	// beginning with + is of international numbers only. Empty: all.
	From Patterns `yaml:"from"`
	// Account is the accounts that it is for, by name or beginning of the name (acme-*); one or a list. Empty: all.
	Account Patterns `yaml:"account"`
	// Via is the names of the connectors that carry the messages; the next is tried when one cannot.
	Via Via `yaml:"via" example:"[op1]"`
}

// Patterns is one pattern or a list. A pattern is an exact value, a beginning followed by *, or * alone. No pattern
// matches everything.
type Patterns []string

// UnmarshalYAML reads one pattern or a list.
func (p *Patterns) UnmarshalYAML(read func(any) error) error {
	list, err := oneOrMany(read)
	*p = list
	return err
}

// matches tells whether one of the patterns matches, or there is none.
func (p Patterns) matches(value string) bool {
	if len(p) == 0 {
		return true
	}
	for _, pattern := range p {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			if strings.HasPrefix(value, prefix) {
				return true
			}
		} else if value == pattern {
			return true
		}
	}
	return false
}

// Match tells whether one of the patterns matches an address (message.Address.Matches), or there is none.
func (p Patterns) Match(a message.Address) bool {
	for _, pattern := range p {
		if a.Matches(pattern) {
			return true
		}
	}
	return len(p) == 0
}

// String shows the patterns as they stand in the file.
func (p Patterns) String() string {
	if len(p) == 0 {
		return "*"
	}
	return strings.Join(p, ", ")
}

// withoutPlus gives patterns of recipients in the form in which addresses hold numbers: there are no names among them.
func (p Patterns) withoutPlus() Patterns {
	out := make(Patterns, len(p))
	for i, pattern := range p {
		out[i] = strings.TrimPrefix(pattern, "+")
	}
	return out
}

// Via is the links of a rule in the order in which they are tried.
type Via []Hop

// Hop is one link of a rule.
type Hop struct {
	Link string // name of the connector
}

// UnmarshalYAML reads the name of one connector or a list of names.
func (v *Via) UnmarshalYAML(read func(any) error) error {
	list, err := oneOrMany(read)
	if err != nil {
		return err
	}
	*v = make(Via, 0, len(list))
	for _, name := range list {
		*v = append(*v, Hop{Link: name})
	}
	return nil
}

// Links gives the names of the links in order.
func (v Via) Links() []string {
	names := make([]string, len(v))
	for i, hop := range v {
		names[i] = hop.Link
	}
	return names
}

// oneOrMany reads a scalar or a list of scalars.
func oneOrMany(read func(any) error) ([]string, error) {
	var one string
	if read(&one) == nil {
		return []string{one}, nil
	}
	var many []string
	if read(&many) != nil {
		return nil, errors.New("one value or a list of values is expected")
	}
	return many, nil
}

// Validate reports what is wrong with a rule, each with the field as it is written in the file. That the links exist
// is for the caller to see, who knows them.
func (r *Rule) Validate(report func(field, problem string)) {
	if problem := message.NameProblem(r.Name); problem != "" {
		report("name", problem)
	}
	r.To.ValidateNumbers(report, "to")
	r.From.ValidateSenders(report, "from")
	validatePatterns(report, "account", r.Account)
	if len(r.Via) == 0 {
		report("via", "is missing: name the connectors that carry the messages")
	}
	for i, hop := range r.Via {
		if hop.Link == "" {
			report(Item("via", i, len(r.Via)), "is empty")
		}
	}
}

// ValidateNumbers reports patterns that no number can match, which is compared with its country code.
func (p Patterns) ValidateNumbers(report func(field, problem string), field string) {
	for i, pattern := range p {
		if pattern != "*" && pattern != "+*" {
			validateNumber(report, Item(field, i, len(p)), pattern)
		}
	}
}

func validateNumber(report func(field, problem string), field, pattern string) {
	text := strings.TrimSuffix(strings.TrimPrefix(pattern, "+"), "*")
	switch {
	case strings.HasPrefix(text, "00"):
		report(field, fmt.Sprintf("%q: write + or nothing for 00", pattern))
	case !message.AllDigits(text):
		report(field, fmt.Sprintf("%q is neither a number (+46701234567), nor a beginning (+46*), nor *", pattern))
	case text[0] == '0':
		report(field, fmt.Sprintf("%q: numbers are compared with their country code, none begins with 0", pattern))
	}
}

// ValidateSenders reports patterns that no sender can match, be it a name or a number.
func (p Patterns) ValidateSenders(report func(field, problem string), field string) {
	validatePatterns(report, field, p)
	for i, pattern := range p {
		if pattern[:min(1, len(pattern))] == "+" && pattern != "+*" || strings.HasPrefix(pattern, "00") && looksNumeric(strings.TrimSuffix(pattern, "*")) {
			validateNumber(report, Item(field, i, len(p)), pattern)
		}
	}
}

func validatePatterns(report func(field, problem string), field string, patterns Patterns) {
	for i, pattern := range patterns {
		if pattern == "" {
			report(Item(field, i, len(patterns)), "is empty; write \"*\" for all")
		} else if at := strings.IndexByte(pattern, '*'); at >= 0 && at != len(pattern)-1 {
			report(Item(field, i, len(patterns)), fmt.Sprintf("%q: * may stand at the end only", pattern))
		}
	}
}

// Item names the i-th of n values of a field; a single one may have been written without a list.
func Item(field string, i, n int) string {
	if n == 1 {
		return field
	}
	return fmt.Sprintf("%s[%d]", field, i)
}
