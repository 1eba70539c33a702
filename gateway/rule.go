package gateway

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
	"kurir/route"
)

// InboundRule says where messages from phones go. The first rule of which
// every condition given holds is taken.
type InboundRule struct {
	// To is the numbers of ours that it is for: exact, by their beginning (+4673*) or all (*); one or a list. With + it
	// is for international numbers only. Empty: all.
	To route.Patterns `yaml:"to" example:"\"*\""`
	// From is the phones that it is for, written likewise. Empty: all.
	From route.Patterns `yaml:"from"`
	// Keyword is the first word of the text, between spaces, ends of lines or punctuation; one or a list,
	// KEY* for its beginning. Upper and lower case and diacritics are one. Empty: any text.
	Keyword route.Patterns `yaml:"keyword" example:"info"`
	// Text is a pattern, a regular expression (RE2), that the text holds; (?i) at its beginning for upper and lower case.
	// Empty: any text.
	Text string `yaml:"text"`
	// Link is the connectors by which it comes; one or a list. Empty: all.
	Link route.Patterns `yaml:"link"`
	// When is times of the week, such as mon-fri 08:00-17:00, sat or 22:00-06:00; one or a list. Empty: always.
	When route.Patterns `yaml:"when"`
	// Zone is the time zone of when, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone"`
	// Account whose the message then is. Empty: the one that has the number.
	Account string `yaml:"account" example:"acme"`
	// Do is where the message goes, all of it, at most 31 places. Empty: to the account's webhook, mailbox and mail_to, without any of them to its bound sessions.
	Do []InboundAction `yaml:"do"`
}

// maxTargets is how many actions a rule may have: message.Inbound has a bit for
// each, and one for the answer to who opts out.
const maxTargets = 31

// Validate reports what is wrong with the rule.
func (r *InboundRule) Validate(report func(field, problem string)) {
	if len(r.Do) == 0 && r.Account == "" {
		report("do", "the rule does nothing; give it do, such as [{webhook: URL}] or [{reply: TEXT}], or an account")
	}
	r.To.ValidateNumbers(report, "to")
	r.From.ValidateSenders(report, "from")
	for i, keyword := range r.Keyword {
		begin, open := strings.CutSuffix(keyword, "*")
		if word := firstWord(begin); word != begin || word == "" && !open {
			report(route.Item("keyword", i, len(r.Keyword)), fmt.Sprintf("%.40q is no word without spaces and punctuation, such as info, or info* for its beginning", keyword))
		}
	}
	if problem := message.RegularProblem(r.Text); problem != "" {
		report("text", problem)
	}
	route.ValidateWeek(report, r.When, r.Zone)
	if n := r.targets(); n > maxTargets {
		report("do", fmt.Sprintf("has more than %d actions", maxTargets))
	}
	for i := range r.Do {
		field := fmt.Sprintf("do[%d]", i)
		r.Do[i].validate(field, report)
		if r.Do[i].Register != "" && slices.IndexFunc(r.Do, func(o InboundAction) bool { return o.Register != "" }) < i {
			report(field, "a message has one case number: register stands twice")
		}
	}
}

// targets is how many targets the rule may give a message.
func (r *InboundRule) targets() (n int) {
	for i := range r.Do {
		n += max(1, len(r.Do[i].Mail))
	}
	return n
}

func (r *InboundRule) name(i int) string {
	if len(r.Keyword) > 0 {
		return r.Keyword.String()
	}
	if len(r.To) > 0 {
		return r.To.String()
	}
	return fmt.Sprintf("inbound[%d]", i)
}
