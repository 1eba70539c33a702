package gateway

import (
	"fmt"
	"strings"
	"unicode"

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
	// Keyword is the first word of the text, in upper or lower case; one or a list. Empty: any text.
	Keyword route.Patterns `yaml:"keyword" example:"info"`
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
	if len(r.Do) > maxTargets {
		report("do", fmt.Sprintf("has more than %d actions", maxTargets))
	}
	for i, a := range r.Do {
		field := fmt.Sprintf("do[%d]", i)
		switch {
		case a.Webhook != "" && a.SMPP != "":
			report(field, "an action does one thing: either webhook or smpp")
		case a.Webhook == "" && a.SMPP == "":
			report(field, "an action needs webhook or smpp")
		default:
			account.ValidateURL(report, field+".webhook", a.Webhook)
		}
	}
}

func (r *InboundRule) matches(in *message.Inbound) bool {
	return r.To.Match(in.To) && r.From.Match(in.From) &&
		(len(r.Keyword) == 0 || r.hasKeyword(firstWord(in.Content.Text)))
}

// hasKeyword compares a word with the keywords: exact or KEY*, in upper or
// lower case.
func (r *InboundRule) hasKeyword(word string) bool {
	for _, k := range r.Keyword {
		prefix, open := strings.CutSuffix(k, "*")
		if strings.EqualFold(word, k) || open && len(word) >= len(prefix) && strings.EqualFold(word[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// firstWord ends at a space, the end of the line or punctuation.
func firstWord(text string) string {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }); i >= 0 {
		return text[:i]
	}
	return text
}

// address finds whose an inbound message is and where it goes: by the rules,
// else to the account that owns the number written to.
func (s *Snapshot) address(in *message.Inbound) {
	owner := s.Accounts.ByNumber(in.To.Number)
	if owner != nil {
		in.Account = owner.Name
	}
	for i := range s.Inbound {
		r := &s.Inbound[i]
		if !r.matches(in) {
			continue
		}
		if r.Account != "" {
			in.Account = r.Account
			owner = s.Accounts.ByName(r.Account)
		}
		in.Rule = r.name(i)
		for _, a := range r.Do {
			in.Targets = append(in.Targets, a.target(in.Account))
		}
		if len(in.Targets) > 0 {
			return
		}
		break
	}
	in.Targets = defaultTargets(owner)
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

// defaultTargets is where the messages of an account go without a rule: its
// webhook if it has one, else its sessions.
func defaultTargets(a *account.Account) []message.Target {
	if a == nil {
		return nil
	}
	if a.Webhook != "" {
		return []message.Target{{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook}}
	}
	return []message.Target{{Kind: message.SMPPTarget, Account: a.Name}}
}
