package route

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// Rule says by which links the messages that it matches may go.
type Rule struct {
	// Name of the rule in lists and traces. Empty: its place in the list.
	Name string `yaml:"name"`
	// To is the recipients' numbers that it is for: exact (+46701234567, 72456), by their beginning (+46*), with ? for any
	// digit (+4670?????67), or all (*); one or a list. Empty: all.
	To Patterns `yaml:"to" example:"\"*\""`
	// From is the senders that it is for: exact (ACME, +46701234567), by their beginning (AC*, +4670*), or any (*). A
	// beginning with + is of international numbers only. Empty: all.
	From Patterns `yaml:"from"`
	// Account is the accounts that it is for, by name or beginning of the name (acme-*); one or a list. Empty: all.
	Account Patterns `yaml:"account"`
	// Group is the groups of accounts (groups of an account) that it is for; one or a list. Empty: all.
	Group Patterns `yaml:"group" json:",omitempty"`
	// Country is the countries of recipients that it is for, two letters each (ISO 3166-1); one or a list. Empty: all.
	Country Patterns `yaml:"country" json:",omitempty"`
	// Network is the networks of recipients that it is for, by MCC and MNC (24001), their beginning (240*), or name as in the
	// table under networks; one or a list. Empty: all.
	Network Patterns `yaml:"network" json:",omitempty"`
	// List is the number lists (lists, of recipients) that it is for: the recipient has to be on one of them. Empty: whether
	// on a list or not.
	List Patterns `yaml:"list" json:",omitempty"`
	// Interface is the interfaces by which messages come that it is for: rest, kannel, smpp, jasmin, twilio, ozeki, plain,
	// ucp, cimd2, smtp, web; one or a list. Empty: all.
	Interface Patterns `yaml:"interface" json:",omitempty"`
	// Tag is the tags of messages (tag in a request) that it is for, in full or by their beginning; one or a list. Empty:
	// all, also those without one.
	Tag Patterns `yaml:"tag" json:",omitempty"`
	// Encoding is the encodings of messages that it is for: gsm7, ucs2, binary, latin1; one or a list. Empty: all.
	Encoding Patterns `yaml:"encoding" json:",omitempty"`
	// Parts is how many parts a message has that it is for: "1", "2-5" or "3-". Empty: any.
	Parts string `yaml:"parts" json:",omitempty"`
	// Text is a regular expression (RE2) that the text must hold somewhere; (?i) in front takes upper for lower case.
	// Binary messages have no text. Empty: any.
	Text string `yaml:"text" json:",omitempty"`
	// When is the times of the week at which messages are accepted that it is for: mon-fri 08:00-17:00, sat, 22:00-06:00
	// (past midnight, by the day on which it begins); one or a list. Empty: always.
	When Patterns `yaml:"when" json:",omitempty"`
	// Zone is the time zone of when, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone" json:",omitempty"`
	// Percent is how many of a hundred messages it is for, 1 to 99; the others go on to the next rule. The same message
	// always falls alike. 0: all.
	Percent int `yaml:"percent" json:",omitempty"`
	// Sticky is "recipient" where percent and weights are to fall alike for all messages to one recipient. Empty: they
	// do for the parts of one long message only.
	Sticky string `yaml:"sticky" json:",omitempty"`
	// Via is the names of the connectors that carry the messages; the next is tried when one cannot. With weights,
	// [{link: op1, weight: 70}, {link: op2, weight: 30}], each is the first for its share of the messages, and the others
	// follow in the order of the list.
	Via Via `yaml:"via" example:"[op1]"`
	// Choose says in what order the links are tried: order (of the list), weight, price (the cheapest first, of which the
	// price list of the account or prices tells), or load (the one with the least to do for its rate or window first).
	// Parts of one long message stay together. Empty: weight where via has weights, else order.
	Choose string `yaml:"choose" json:",omitempty" example:"price"`
	// Prices is the price list by which choose: price compares, such as one of what the operators take. Empty: the account's;
	// without one the order of the list counts.
	Prices string `yaml:"prices" json:",omitempty"`
	// OtherSender says what becomes of a link that does not carry the sender of a message (senders of the connector): skip
	// leaves it out, own has it give the message its own sender. Empty: skip.
	OtherSender string `yaml:"other_sender" json:",omitempty" example:"own"`
	// Source says how links are shown the senders of the messages; the first that matches counts. The links' own rules come
	// after it.
	Source []message.AddressRule `yaml:"source" json:",omitempty"`
	// Destination says how links are shown the recipients of the messages, likewise. The customer's states have his own.
	Destination []message.AddressRule `yaml:"destination" json:",omitempty"`
	// Filter is the one of filters that is asked before a message of the rule is accepted, after the account's. Empty: none.
	Filter string `yaml:"filter" json:",omitempty"`
	// Hours says when the messages of the rule may be sent, in place of their account's hours. Left out: as their accounts say.
	Hours *message.Hours `yaml:"hours" json:",omitempty"`
	// Long says what becomes of a text that is longer than one message: join, separate, cut or refuse, in place of what the
	// account says, not of what the message says itself. Empty: as the account says.
	Long string `yaml:"long" json:",omitempty"`
	// MaxParts is the number of parts that one message may have, if that is less than the account's. 0: the account's.
	MaxParts int `yaml:"max_parts" json:",omitempty" example:"10"`
	// Fallback says when the next link is tried. Left out: at each failure that passes, and when a link has been down for its
	// fallback_wait.
	Fallback *Fallback `yaml:"fallback" json:",omitempty"`
}

// Patterns is one pattern or a list. A pattern is an exact value, a beginning followed by *, or * alone. No pattern
// matches everything.
type Patterns []string

// UnmarshalYAML reads one pattern or a list.
func (p *Patterns) UnmarshalYAML(read func(any) error) error {
	list, err := message.OneOrMany(read)
	*p = list
	return err
}

// matches tells whether one of the patterns matches, or there is none.
func (p Patterns) matches(value string) bool {
	if len(p) == 0 {
		return true
	}
	for _, pattern := range p {
		if message.MatchesWord(pattern, value) {
			return true
		}
	}
	return false
}

// MatchName tells whether a name, of a link say, is one of them.
func (p Patterns) MatchName(name string) bool { return p.matches(name) }

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

// Validate reports what is wrong with a rule, each with the field as it is written in the file. That the links exist
// is for the caller to see, who knows them.
func (r *Rule) Validate(report func(field, problem string)) {
	if problem := message.NameProblem(r.Name); problem != "" {
		report("name", problem)
	}
	r.validateTo(report)
	r.From.ValidateSenders(report, "from")
	validatePatterns(report, "account", r.Account)
	validatePatterns(report, "group", r.Group)
	validatePatterns(report, "tag", r.Tag)
	r.validateConditions(report)
	r.Via.validate(report)
	r.validateHandling(report)
	r.Fallback.validate(len(r.Via), report)
}

// TakesAll tells whether the rule matches every message: it has no condition, or to
// alone with a *.
func (r *Rule) TakesAll() bool {
	conditions := len(r.From) + len(r.Account) + len(r.Group) + len(r.Country) + len(r.Network) + len(r.List) + len(r.Interface) +
		len(r.Tag) + len(r.Encoding) + len(r.When) + len(r.Parts) + len(r.Text) + r.Percent
	return conditions == 0 && (len(r.To) == 0 || slices.Contains(r.To, "*") || slices.Contains(r.To, "+*"))
}

// validateTo reports patterns that no recipient can match; ? stands for any digit.
func (r *Rule) validateTo(report func(field, problem string)) {
	for i, pattern := range r.To {
		if pattern != "*" && pattern != "+*" {
			validateNumber(report, Item("to", i, len(r.To)), pattern, strings.ReplaceAll(pattern, "?", "1"))
		}
	}
}

// ValidateNumbers reports patterns that no number can match, which is compared with its country code.
func (p Patterns) ValidateNumbers(report func(field, problem string), field string) {
	for i, pattern := range p {
		if pattern != "*" && pattern != "+*" {
			validateNumber(report, Item(field, i, len(p)), pattern, pattern)
		}
	}
}

// validateNumber reports a pattern, as it is written and as digits stand in it, that no number can match.
func validateNumber(report func(field, problem string), field, pattern, digits string) {
	text := strings.TrimSuffix(strings.TrimPrefix(digits, "+"), "*")
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
			validateNumber(report, Item(field, i, len(p)), pattern, pattern)
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
func Item(field string, i, n int) string { return message.Item(field, i, n) }
