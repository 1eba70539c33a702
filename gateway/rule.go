package gateway

import (
	"fmt"
	"strings"
	"unicode"

	"kurir/account"
	"kurir/message"
)

// InboundRule says where messages from phones go. The first rule of which
// every condition given holds is taken.
type InboundRule struct {
	// To is the number written to, exact or by its beginning (4672*). Empty or *: any.
	To string `yaml:"to" example:"\"*\""`
	// From is the phone's number, likewise.
	From string `yaml:"from"`
	// Keyword is the first word of the text; upper and lower case are the same. Empty: any.
	Keyword string `yaml:"keyword" example:"info"`
	// Account whose the message is. Empty: the account that owns the number written to, else nobody's.
	Account string `yaml:"account" example:"acme"`
	// Do says where the message goes, in order.
	Do []InboundAction `yaml:"do"`
}

// InboundAction is one place that an inbound message goes to. Exactly one
// field is set.
type InboundAction struct {
	// Webhook is a URL that the message is posted to.
	Webhook string `yaml:"webhook,omitempty" example:"http://127.0.0.1:9000/in"`
	// SMPP is an account to whose bound sessions the message is given.
	SMPP string `yaml:"smpp,omitempty" example:"acme"`
}

// Validate reports what is wrong with the rule.
func (r *InboundRule) Validate(report func(field, problem string)) {
	if len(r.Do) == 0 && r.Account == "" {
		report("do", "the rule does nothing; give it do: [{webhook: URL}] or [{smpp: ACCOUNT}], or an account")
	}
	for i, a := range r.Do {
		field := fmt.Sprintf("do[%d]", i)
		switch {
		case a.Webhook != "" && a.SMPP != "":
			report(field, "an action does one thing: either webhook or smpp")
		case a.Webhook == "" && a.SMPP == "":
			report(field, "an action needs webhook or smpp")
		case a.Webhook != "" && !strings.HasPrefix(a.Webhook, "http://") && !strings.HasPrefix(a.Webhook, "https://"):
			report(field+".webhook", "a webhook is an address that begins with http:// or https://")
		}
	}
}

func (r *InboundRule) matches(in *message.Inbound) bool {
	return matchNumber(r.To, in.To.Number) && matchNumber(r.From, in.From.Number) &&
		(r.Keyword == "" || strings.EqualFold(r.Keyword, firstWord(in.Content.Text)))
}

// matchNumber compares a number with a pattern: exact, PREFIX*, or * for any.
func matchNumber(pattern, number string) bool {
	if pattern == "" || pattern == "*" {
		return true
	}
	pattern = strings.TrimPrefix(pattern, "+")
	number = strings.TrimPrefix(number, "+")
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(number, prefix)
	}
	return number == pattern
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
	if r.Keyword != "" {
		return r.Keyword
	}
	if r.To != "" {
		return r.To
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
