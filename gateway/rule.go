package gateway

import (
	"fmt"
	"regexp"
	"slices"

	"kurir/account"
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
	// Keyword is the first word of the text, which ends at a space, the end of the line or punctuation; one or a list,
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
	// Do is where the message goes, all of it. Empty: to the account's webhook, else to its bound sessions.
	Do []InboundAction `yaml:"do"`
}

// InboundAction is one place that an inbound message goes to. Exactly one
// field is given.
type InboundAction struct {
	// Webhook is the address that the message is pushed to.
	Webhook string `yaml:"webhook" example:"http://127.0.0.1:9000/in"`
	// SMPP is the account whose bound sessions get the message.
	SMPP string `yaml:"smpp"`
	// Register gives the message the next case number of the series of that name.
	Register string `yaml:"register"`
}

// maxTargets is how many places an inbound message may go to: message.Inbound
// has a bit for each.
const maxTargets = 32

// Validate reports what is wrong with the rule.
func (r *InboundRule) Validate(report func(field, problem string)) {
	if len(r.Do) == 0 && r.Account == "" {
		report("do", "the rule does nothing; give it do: [{webhook: URL}] or [{smpp: ACCOUNT}], or an account")
	}
	r.To.ValidateNumbers(report, "to")
	r.From.ValidateSenders(report, "from")
	if _, err := regexp.Compile(r.Text); err != nil {
		report("text", "is not a regular expression (RE2): "+err.Error())
	}
	route.ValidateWeek(report, r.When, r.Zone)
	if len(r.Do) > maxTargets {
		report("do", fmt.Sprintf("has more than %d actions", maxTargets))
	}
	for i, a := range r.Do {
		field := fmt.Sprintf("do[%d]", i)
		given := 0
		for _, value := range [...]string{a.Webhook, a.SMPP, a.Register} {
			if value != "" {
				given++
			}
		}
		switch given {
		case 0:
			report(field, "an action needs webhook, smpp or register")
		case 1:
			account.ValidateURL(report, field+".webhook", a.Webhook)
		default:
			report(field, "an action does one thing: one of webhook, smpp and register")
		}
		if a.Register != "" && slices.IndexFunc(r.Do, func(o InboundAction) bool { return o.Register != "" }) < i {
			report(field, "a message has one case number: register stands twice")
		}
	}
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

func (a InboundAction) target(owner string) message.Target {
	if a.SMPP != "" {
		return message.Target{Kind: message.SMPPTarget, Account: a.SMPP}
	}
	return message.Target{Kind: message.WebhookTarget, Account: owner, Address: a.Webhook}
}

// String says what the action does.
func (a InboundAction) String() string {
	switch {
	case a.Register != "":
		return "gets a case number of the series " + a.Register
	case a.SMPP != "":
		return "SMPP sessions of " + a.SMPP
	}
	return "webhook " + a.Webhook
}
