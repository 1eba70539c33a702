package account

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kurir/message"
)

// SecretTexts says which texts are shown to nobody and erased when the message is final: not in lists, reports, traces
// and exports. A message may say so itself.
type SecretTexts struct {
	// All takes every text for secret.
	All bool `yaml:"all"`
	// Senders whose texts are secret: exact (BANK, +46701234567), by their beginning (BA*, +4670*), or any (*).
	Senders []string `yaml:"senders"`
	// Patterns are regular expressions (RE2), one of which a secret text holds somewhere; (?i) in front takes upper for
	// lower case.
	Patterns []string `yaml:"patterns" example:"['(?i)\\bcode:? \\d']"`
}

// Validate reports what is wrong with them, each with the field as it is written in the file.
func (s *SecretTexts) Validate(report func(field, problem string)) {
	for i, pattern := range s.Senders {
		if at := strings.IndexByte(pattern, '*'); pattern == "" || at >= 0 && at != len(pattern)-1 {
			report(fmt.Sprintf("senders[%d]", i), fmt.Sprintf("%q is neither a sender, nor a beginning (AC*), nor *", pattern))
		}
	}
	for i, pattern := range s.Patterns {
		if problem := message.RegularProblem(pattern); problem != "" {
			report(fmt.Sprintf("patterns[%d]", i), problem)
		} else if pattern == "" {
			report(fmt.Sprintf("patterns[%d]", i), "is empty; for all texts there is all: true")
		}
	}
}

// SecretRules are SecretTexts, compiled. Nil holds for nothing.
type SecretRules struct {
	all      bool
	senders  []string
	patterns []*regexp.Regexp
}

// Rules compiles what Validate found nothing wrong with; nil if nothing is said.
func (s *SecretTexts) Rules() *SecretRules {
	if !s.All && len(s.Senders)+len(s.Patterns) == 0 {
		return nil
	}
	r := &SecretRules{all: s.All, senders: s.Senders}
	for _, pattern := range s.Patterns {
		if p, err := regexp.Compile(pattern); err == nil {
			r.patterns = append(r.patterns, p)
		}
	}
	return r
}

// Hold tells whether a text is secret.
func (r *SecretRules) Hold(from message.Address, text string) bool {
	return r != nil && (r.all || slices.ContainsFunc(r.senders, from.Matches) ||
		slices.ContainsFunc(r.patterns, func(p *regexp.Regexp) bool { return p.MatchString(text) }))
}

// SecretRules returns which texts of the customer are secret; nil for none.
func (a *Account) SecretRules() *SecretRules { return a.secret }
