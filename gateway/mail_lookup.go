package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// Whose a message from a phone is, and where it goes, is looked up in steps, the
// first of which finds something decides (Snapshot.addressAnswer). Their order is a
// setting; what it leaves out is not looked up.

// LookupStep is a step of that.
type LookupStep string

// The steps, in the order that holds where nothing is said.
const (
	StepDialog   LookupStep = "dialog"   // the digits of an open dialog
	StepNumber   LookupStep = "number"   // an alias of the number written to
	StepExtended LookupStep = "extended" // an alias of the digits behind a number of ours
	StepRule     LookupStep = "rule"     // the rules under inbound
	StepWord     LookupStep = "word"     // an alias of the first word
	StepAddress  LookupStep = "address"  // a mail address at the beginning of the text
	StepWriter   LookupStep = "writer"   // who last wrote to the phone
)

// LookupSteps are all of them, in that order. What no step finds goes to the
// default mailboxes and the account that has the number.
func LookupSteps() []LookupStep {
	return []LookupStep{StepDialog, StepNumber, StepExtended, StepRule, StepWord, StepAddress, StepWriter}
}

// The names by which mail shows in place of a rule's.
const (
	ruleNumber   = "number alias"
	ruleExtended = "extended number"
	ruleWord     = "word alias"
	ruleAddress  = "address in the text"
	ruleDefault  = "default mailbox"
)

// Mail is how what phones write reaches people by mail.
type Mail struct {
	message.MailServer
	// Domain is the one of ours to which people answer by mail: each mail has an address there of its own, under Reply-To.
	// Empty: answers go to from.
	Domain string `yaml:"domain" example:"sms.example.se"`
	// Aliases is a file of words and numbers that stand for mail addresses, written as /etc/aliases; it is read again when it
	// changes. Empty: none.
	Aliases string `yaml:"aliases"`
	// Extended are numbers of ours behind which phones may write digits that are an alias (123: anna@example.se), up to 6.
	// Empty: none.
	Extended []string `yaml:"extended"`
	// Addresses are those that phones may write to by a text that begins with one: all of a domain (*@example.se) or a single
	// one. Empty: none.
	Addresses []string `yaml:"addresses" example:"[\"*@example.se\"]"`
	// Order is the steps in which it is looked up where a message from a phone goes: dialog, number, extended, rule, word,
	// address, writer; what is left out is not looked up. Empty: all, in this order.
	Order []string `yaml:"order"`
	// Default is the mailboxes of what none of these steps finds.
	Default []DefaultMailbox `yaml:"default"`

	// Ours are the domains whose mail becomes messages to phones, beside Domain (domains of smtp).
	Ours []string `yaml:"-"`
}

// DefaultMailbox is where messages go by mail that nothing else takes; the first that fits counts.
type DefaultMailbox struct {
	// Number of ours that was written to. Empty: any.
	Number string `yaml:"number" example:"\"72456\""`
	// Link is the connector by which it came. Empty: any. Without number and link the mailbox gets only what is no account's.
	Link string `yaml:"link"`
	// To is the mail addresses, or rota:NAME for those of whoever is on duty; one or a list.
	To route.Patterns `yaml:"to" example:"desk@example.se"`
}

const (
	mostMailboxes = 20 // of one thing
	mostExtended  = 6  // digits
)

// Validate reports what is wrong with the settings, but for names of connectors.
func (m *Mail) Validate(report func(field, problem string)) {
	m.MailServer.Validate(report)
	if m.Domain != "" && (!message.IsMailbox("x@"+m.Domain) || !strings.Contains(m.Domain, ".")) {
		report("domain", fmt.Sprintf("%.80q is no domain such as sms.example.se", m.Domain))
	}
	for i, number := range m.Extended {
		if digits := strings.TrimPrefix(number, "+"); digits == "" || !message.AllDigits(digits) {
			report(fmt.Sprintf("extended[%d]", i), fmt.Sprintf("%.40q is neither a number (+46737494949) nor a short code", number))
		}
	}
	for i, pattern := range m.Addresses {
		if problem := message.MailboxProblem(pattern); problem != "" || strings.Contains(strings.TrimPrefix(pattern, "*@"), "*") {
			report(fmt.Sprintf("addresses[%d]", i), fmt.Sprintf("%.80q is no address such as anna@example.se or *@example.se", pattern))
		}
	}
	for i, word := range m.Order {
		field := fmt.Sprintf("order[%d]", i)
		switch {
		case !slices.Contains(LookupSteps(), LookupStep(word)):
			report(field, fmt.Sprintf("%.40q is no step; there are %v", word, LookupSteps()))
		case slices.Index(m.Order, word) < i:
			report(field, fmt.Sprintf("%q stands twice", word))
		}
	}
	for i := range m.Default {
		d, field := &m.Default[i], fmt.Sprintf("default[%d]", i)
		if d.Number != "" && !message.AllDigits(strings.TrimPrefix(d.Number, "+")) {
			report(field+".number", fmt.Sprintf("%.40q is neither a number (+46737494949) nor a short code", d.Number))
		}
		if len(d.To) == 0 {
			report(field+".to", "is missing: a mail address")
		}
		validateMailboxes(d.To, field+".to", report)
	}
}

// Own tells whether an address is in a domain of ours: mail from us to there would
// come back.
func (m *Mail) Own(address string) bool {
	domain := message.MailDomain(address)
	return m.Domain != "" && domain == strings.ToLower(m.Domain) || slices.ContainsFunc(m.Ours, func(own string) bool { return strings.EqualFold(own, domain) })
}

// validateMailboxes reports addresses that mail cannot go to.
func validateMailboxes(list []string, field string, report func(field, problem string)) {
	if len(list) > mostMailboxes {
		report(field, fmt.Sprintf("has more than %d addresses; have a list of your mail server's", mostMailboxes))
	}
	for i, address := range list {
		if problem := mailboxProblem(address); problem != "" {
			report(route.Item(field, i, len(list)), problem)
		}
	}
}

// mailTargets are one target for each address: each is tried again by itself.
func mailTargets(account string, list []string) (targets []message.Target) {
	for _, address := range list {
		targets = append(targets, message.Target{Kind: message.MailTarget, Account: account, Address: address})
	}
	return targets
}

// steps are those of the settings; nil has all.
func (m *Mail) steps() []LookupStep {
	if m == nil || len(m.Order) == 0 {
		return LookupSteps()
	}
	steps := make([]LookupStep, 0, len(m.Order))
	for _, word := range m.Order {
		steps = append(steps, LookupStep(word))
	}
	return steps
}

// numberAlias gives the addresses of a number written to.
func (s *Snapshot) numberAlias(to message.Address) []string {
	return s.Aliases.Number(to.Number)
}

// extendedAlias gives the addresses of the digits behind a number of ours, and the
// number without them.
func (s *Snapshot) extendedAlias(to message.Address) (list []string, number string) {
	if s.Mail == nil {
		return nil, ""
	}
	for _, number := range s.Mail.Extended {
		number = strings.TrimPrefix(number, "+")
		digits, ok := strings.CutPrefix(to.Number, number)
		if !ok || digits == "" || len(digits) > mostExtended || !message.AllDigits(digits) {
			continue
		}
		if list := s.Aliases.Number(digits); len(list) > 0 {
			return list, number
		}
	}
	return nil, ""
}

// MailNumber gives the number of ours that stands for a mail address among the aliases, as senders are written: whole, or digits
// behind the first of the extended numbers, of those that are the account's if there are. It is where answers come from which reach the
// address by the same line. Empty: there is none.
func (g *Gateway) MailNumber(a *account.Account, address string) string {
	s := g.snap.Load()
	digits := s.Aliases.NumberOf(address)
	switch {
	case digits == "":
		return ""
	case len(digits) > mostExtended:
		return "+" + digits
	case s.Mail == nil || len(s.Mail.Extended) == 0:
		return digits // a short code
	}
	base := s.Mail.Extended[0]
	if i := slices.IndexFunc(s.Mail.Extended, func(number string) bool { return s.Accounts.ByNumber(strings.TrimPrefix(number, "+")) == a }); i >= 0 {
		base = s.Mail.Extended[i]
	}
	return base + digits
}

// isAlias tells whether a number written to is an alias, or digits behind it are.
func (s *Snapshot) isAlias(to message.Address) bool {
	_, number := s.extendedAlias(to)
	return number != "" || len(s.numberAlias(to)) > 0
}

// addressIn gives the mail address that a text begins with, if phones may write
// there.
func (m *Mail) addressIn(text string) (address string, permitted bool) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	first, _, _ = strings.Cut(first, "\n")
	address = strings.TrimRight(strings.TrimSpace(first), ",:;.")
	if m == nil || !message.IsMailbox(address) || m.Own(address) {
		return "", false
	}
	return address, slices.ContainsFunc(m.Addresses, func(pattern string) bool {
		if domain, whole := strings.CutPrefix(pattern, "*@"); whole {
			return message.MailDomain(address) == strings.ToLower(domain)
		}
		return strings.EqualFold(pattern, address)
	})
}

// lookup is what is known of a message from a phone whose receiver is looked up.
type lookup struct {
	in     *message.Inbound
	answer replyTo
	writer *account.Account // of answer; nil for none
	dialog bool             // it was the digits of a dialog that led to answer
	owner  *account.Account // of the number written to; nil for nobody
	at     time.Time
}

// addressAnswer finds whose an inbound message is and where it goes, step by step;
// what no step finds goes to a default mailbox or the account that has the number.
func (s *Snapshot) addressAnswer(in *message.Inbound, a replyTo, dialog bool, at time.Time) {
	l := lookup{in: in, answer: a, writer: s.Accounts.ByName(a.account), dialog: dialog, owner: s.ownerOf(in.To), at: at}
	if l.owner != nil {
		in.Account = l.owner.Name
	}
	if !s.byStep(&l) {
		s.byDefault(&l)
	}
}

// byStep takes the steps until one finds something. It makes no list of them, for it is done for each message.
func (s *Snapshot) byStep(l *lookup) bool {
	if s.Mail != nil && len(s.Mail.Order) > 0 {
		return slices.ContainsFunc(s.Mail.Order, func(word string) bool { return s.take(LookupStep(word), l) })
	}
	for _, step := range LookupSteps() {
		if s.take(step, l) {
			return true
		}
	}
	return false
}

// ownerOf is the account that has a number, or the number that digits stand behind.
func (s *Snapshot) ownerOf(to message.Address) *account.Account {
	if owner := s.Accounts.ByNumber(to.Number); owner != nil {
		return owner
	}
	_, number := s.extendedAlias(to)
	return s.Accounts.ByNumber(number)
}

// take takes one step; false if it finds nothing.
func (s *Snapshot) take(step LookupStep, l *lookup) bool {
	in := l.in
	switch step {
	case StepDialog:
		return l.dialog && l.answers(ruleDialog)
	case StepWriter:
		return !l.dialog && l.answers(ruleLastWriter)
	case StepRule:
		return s.byRule(l)
	case StepNumber:
		return l.mail(ruleNumber, s.numberAlias(in.To))
	case StepExtended:
		list, _ := s.extendedAlias(in.To)
		return l.mail(ruleExtended, list)
	case StepWord:
		return l.mail(ruleWord, s.wordAlias(in.Content.Text))
	case StepAddress:
		if address, ok := s.Mail.addressIn(in.Content.Text); ok {
			return l.mail(ruleAddress, []string{address})
		}
	}
	return false
}

// wordAlias gives the addresses of the first word of a text.
func (s *Snapshot) wordAlias(text string) []string {
	if s.Aliases.Len() == 0 {
		return nil
	}
	return s.Aliases.Word(directory.Fold(firstWord(text)))
}

// answers gives the message to whom it answers, if that is known: who wrote by mail
// gets it by mail.
func (l *lookup) answers(rule string) bool {
	if l.writer == nil {
		return false
	}
	l.in.Account, l.in.Rule, l.in.Answers = l.writer.Name, rule, l.answer.to
	if l.answer.author != "" {
		l.in.Targets = mailTargets(l.in.Account, []string{l.answer.author})
	} else {
		l.in.Targets = defaultTargets(l.writer)
	}
	return true
}

// mail sends the message to addresses, if there are any.
func (l *lookup) mail(rule string, list []string) bool {
	if len(list) == 0 {
		return false
	}
	l.in.Rule, l.in.Targets = rule, mailTargets(l.in.Account, list)
	return true
}

// byRule does what the first rule says that matches. One that only tags or registers
// leaves the message where it goes by default.
func (s *Snapshot) byRule(l *lookup) bool {
	in := l.in
	r := s.Inbound.match(in, l.at)
	if r == nil {
		return false
	}
	if name := r.written.Account; name != "" {
		in.Account, l.owner = name, s.Accounts.ByName(name)
	}
	in.Rule = r.name
	if r.written.do(in); len(in.Targets) == 0 {
		s.byDefault(l)
	}
	return true
}

// byDefault sends what is left to the default mailbox of the number or the link, else
// to the account whose it is, else to that of the server.
func (s *Snapshot) byDefault(l *lookup) {
	rule := l.in.Rule
	switch list := s.Mail.mailboxOf(l.in); {
	case s.byRota(l):
	case len(list) > 0 && l.mail(ruleDefault, list):
	case l.owner != nil:
		l.in.Targets = defaultTargets(l.owner)
	case s.Mail != nil:
		i := slices.IndexFunc(s.Mail.Default, func(d DefaultMailbox) bool { return d.Number == "" && d.Link == "" })
		if i >= 0 && l.in.Account == "" {
			l.mail(ruleDefault, s.Mail.Default[i].To)
		}
	}
	if rule != "" {
		l.in.Rule = rule
	}
}

// mailboxOf gives the addresses of the first default mailbox that is for the number
// written to or the link.
func (m *Mail) mailboxOf(in *message.Inbound) []string {
	if m == nil {
		return nil
	}
	for i := range m.Default {
		d := &m.Default[i]
		if (d.Number != "" || d.Link != "") && (d.Number == "" || strings.TrimPrefix(d.Number, "+") == in.To.Number) && (d.Link == "" || d.Link == in.Link) {
			return d.To
		}
	}
	return nil
}
