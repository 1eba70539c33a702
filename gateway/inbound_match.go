package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// InboundTable is compiled rules for messages from phones. It does not change
// and is safe for concurrent use; nil has no rules.
type InboundTable struct {
	rules []inboundRule
	words bool // a rule asks for the first word
}

type inboundRule struct {
	written InboundRule
	name    string
	words   []string // folded; KEY* for a beginning
	text    *regexp.Regexp
	week    *route.Week
}

// NewInboundTable compiles rules that Validate found nothing wrong with.
func NewInboundTable(rules []InboundRule) *InboundTable {
	t := &InboundTable{rules: make([]inboundRule, len(rules))}
	for i := range rules {
		r := &t.rules[i]
		r.written, r.name = rules[i], rules[i].name(i)
		for _, word := range r.written.Keyword {
			r.words = append(r.words, foldKeyword(word))
		}
		t.words = t.words || len(r.words) > 0
		if r.written.Text != "" {
			r.text, _ = regexp.Compile(r.written.Text)
		}
		r.week = route.NewWeek(r.written.When, r.written.Zone)
	}
	return t
}

// foldKeyword gives a keyword as first words are compared with it; KEY* stays one.
func foldKeyword(word string) string {
	begin, open := strings.CutSuffix(word, "*")
	if begin = directory.Fold(begin); open {
		begin += "*"
	}
	return begin
}

// inboundFailing says which condition of a rule an inbound message does not
// meet, in the order in which they are looked at.
type inboundFailing uint8

const (
	inboundMeets inboundFailing = iota
	inboundFailsTo
	inboundFailsFrom
	inboundFailsLink
	inboundFailsKeyword
	inboundFailsWhen
	inboundFailsText
)

// failing gives the first condition that is not met; the dear ones come last.
// word is the text's first one, folded.
func (r *inboundRule) failing(in *message.Inbound, word string, at time.Time) inboundFailing {
	w := &r.written
	switch {
	case !w.To.Match(in.To):
		return inboundFailsTo
	case !w.From.Match(in.From):
		return inboundFailsFrom
	case !w.Link.MatchName(in.Link):
		return inboundFailsLink
	case len(r.words) > 0 && !r.hasWord(word):
		return inboundFailsKeyword
	case !r.week.Holds(at):
		return inboundFailsWhen
	case r.text != nil && !r.text.MatchString(in.Content.Text):
		return inboundFailsText
	}
	return inboundMeets
}

func (r *inboundRule) hasWord(word string) bool {
	return slices.ContainsFunc(r.words, func(k string) bool {
		prefix, open := strings.CutSuffix(k, "*")
		return word == k || open && strings.HasPrefix(word, prefix)
	})
}

// why says in plain words which condition an inbound message did not meet.
func (r *inboundRule) why(f inboundFailing, in *message.Inbound, at time.Time) string {
	w := &r.written
	switch f {
	case inboundFailsTo:
		return fmt.Sprintf("number %s does not match to: %s", in.To, w.To)
	case inboundFailsFrom:
		return fmt.Sprintf("sender %s does not match from: %s", in.From, w.From)
	case inboundFailsLink:
		return fmt.Sprintf("link %s does not match link: %s", strconv.Quote(in.Link), w.Link)
	case inboundFailsKeyword:
		return fmt.Sprintf("the first word %.40q does not match keyword: %s", firstWord(in.Content.Text), w.Keyword)
	case inboundFailsWhen:
		return r.week.Why(at)
	case inboundFailsText:
		return "the text holds nothing that matches text: " + strconv.Quote(w.Text)
	}
	return w.leads()
}

// word gives what rules compare with their keywords, if any has one.
func (t *InboundTable) word(in *message.Inbound) string {
	if !t.words {
		return ""
	}
	return directory.Fold(firstWord(in.Content.Text))
}

// match returns the first rule of which every condition holds; nil if there is
// none.
func (t *InboundTable) match(in *message.Inbound, at time.Time) *inboundRule {
	if t == nil {
		return nil
	}
	word := t.word(in)
	for i := range t.rules {
		if r := &t.rules[i]; r.failing(in, word, at) == inboundMeets {
			return r
		}
	}
	return nil
}

// explain tells for each rule up to the one that matches why it does or not.
func (t *InboundTable) explain(in *message.Inbound, at time.Time) []route.Considered {
	var list []route.Considered
	if t == nil {
		return list
	}
	word := t.word(in)
	for i := range t.rules {
		r := &t.rules[i]
		f := r.failing(in, word, at)
		list = append(list, route.Considered{Rule: i, Name: r.name, Matched: f == inboundMeets, Why: r.why(f, in, at)})
		if f == inboundMeets {
			break
		}
	}
	return list
}

// firstWord ends at a space, the end of the line or punctuation.
func firstWord(text string) string {
	word, _ := cutWord(text)
	return word
}

// cutWord returns the first word and what comes behind it, without what parts
// the two and what stands before it.
func cutWord(text string) (word, rest string) {
	ends := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }
	text = strings.TrimLeftFunc(text, ends)
	i := strings.IndexFunc(text, ends)
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimLeftFunc(text[i:], ends)
}

// do takes the rule's actions.
func (r *InboundRule) do(in *message.Inbound) {
	for i := range r.Do {
		r.Do[i].does(in)
	}
}

// leads says in plain words what the rule does.
func (r *InboundRule) leads() string {
	if len(r.Do) == 0 {
		return "goes to the account " + r.Account
	}
	var list []string
	for i := range r.Do {
		list = append(list, r.Do[i].String())
	}
	return strings.Join(list, ", then ")
}

// showTarget says in plain words what a target is, answers with their text.
func (s *Snapshot) showTarget(in *message.Inbound, t message.Target) string {
	switch t.Kind {
	case message.SMPPTarget:
		return "SMPP sessions of " + t.Account
	case message.MailboxTarget:
		return "mailbox of " + t.Account
	case message.MailTarget:
		return "mail to " + t.Address
	case message.ReplyTarget:
		text, _ := fillTemplate(t.Address, in)
		if a := s.Accounts.ByName(in.Account); a == nil {
			return "no reply: it is no account's"
		} else if _, why := s.answerable(a, in); why != "" {
			return "no reply: " + why
		}
		return fmt.Sprintf("reply %q, at most %d to the phone within an hour", text, t.Mask)
	case message.ForwardTarget:
		to, template, _ := strings.Cut(t.Address, "\n")
		text, _ := fillTemplate(template, in)
		return fmt.Sprintf("forward to %s: %q", strings.ReplaceAll(to, ",", ", "), text)
	case message.CommandTarget:
		if cfg := s.Commands[t.Address]; cfg == nil || !s.mayStart(cfg, in) {
			return "no command " + t.Address + ": the phone may not start it"
		} else {
			text := "command " + t.Address
			if cfg.Secret != "" {
				text += ", if the text ends with a one-time code"
			}
			if t.Mask != 0 {
				text += ", which answers the phone"
			}
			return text
		}
	case message.WebhookTarget:
		if t.Mask != 0 {
			return "webhook " + t.Address + ", which answers the phone"
		}
	case message.ServiceTarget:
		service, _ := ParseService(t.Address)
		if t.Mask != 0 {
			return service.String() + ", which answers the phone"
		}
		return service.String()
	}
	return t.Kind.String() + " " + t.Address
}

// defaultTargets is where the messages of an account go without a rule: its
// webhook, its mailbox and its mail addresses if it has them, else its sessions.
func defaultTargets(a *account.Account) (list []message.Target) {
	if a == nil {
		return nil
	}
	if a.Webhook != "" {
		list = append(list, message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook})
	}
	if a.Mailbox {
		list = append(list, message.Target{Kind: message.MailboxTarget, Account: a.Name})
	}
	list = append(list, mailTargets(a.Name, a.MailTo)...)
	if list == nil {
		list = append(list, message.Target{Kind: message.SMPPTarget, Account: a.Name})
	}
	return list
}
