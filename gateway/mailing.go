package gateway

import (
	"context"
	"errors"
	"fmt"

	"kurir/directory"
	"kurir/message"
)

// Mailing is one request for messages to many: to contacts, groups and whoever is on duty, each with a text of its own.
type Mailing struct {
	Account   string
	User      string              // whose own contacts and groups are named, before those of the account; empty: only these
	Common    Submission          // what all have in common; its Account and To are filled in for each
	To        []MailTo            // in their order
	Template  *directory.Template // of all texts; nil where Common or MailTo has them
	Filled    bool                // {placeholders} are filled in; else texts stay as they are
	Variables map[string]string   // for all
	Language  string              // in which the template is used; empty: each contact's
}

// MailTo is a recipient of a mailing: a number, contact:NAME, group:NAME or rota:NAME.
type MailTo struct {
	To        string
	Text      string            // in place of that of all; empty: that
	Variables map[string]string // before those of all
}

// Addressed is one phone that a mailing means, or a recipient that cannot be written to.
type Addressed struct {
	Index   int    // of MailTo
	Named   string // as it was written
	To      string // number
	Text    string
	Failure *message.Failure

	Name      string  // of its contact; empty if it is none
	Escalates *Asking // the escalation that it begins; nil for most
}

// membersAtOnce is how many members of a group are read at a time.
const membersAtOnce = 500

// addressing goes through the phones of a mailing.
type addressing struct {
	g      *Gateway
	m      *Mailing
	normal func(string) (message.Address, error)
	people bool               // somebody is named by contact, group or rota: each phone once
	seen   *directory.Numbers // phones so far
	groups map[message.ID]bool
	texts  map[string]*directory.Text // that were read
	use    func(Addressed) error
	at     int     // of m.To
	plain  bool    // rotas begin no escalation
	duty   bool    // a rota is gone through: its people are reached by phone
	asking *Asking // of the rota that is gone through
	found  int     // phones of m.To[at], also those that came before, and who cannot be written to
}

// Address calls use for each phone that a mailing means, in order, and for each recipient that cannot be written to, such as a
// rota in which nobody is on duty. Where contacts, groups or rotas are named, no phone comes twice. It holds one page of a group in memory, and eight octets a phone. An
// error is that of use, or of reading.
func (g *Gateway) Address(ctx context.Context, m *Mailing, use func(Addressed) error) error {
	return g.address(ctx, m, false, use)
}

// address is Address; with plain no rota begins an escalation.
func (g *Gateway) address(ctx context.Context, m *Mailing, plain bool, use func(Addressed) error) error {
	a := &addressing{g: g, m: m, plain: plain, normal: g.normalOf(m.Account), seen: directory.NewNumbers(), texts: map[string]*directory.Text{}, use: use}
	rotas := false
	for i := range m.To {
		kind, _ := directory.ParseRecipient(m.To[i].To)
		a.people, rotas = a.people || kind != directory.NumberRecipient, rotas || kind == directory.RotaRecipient
	}
	if rotas { // before whoever is named besides: a phone that both mean is asked by the rota
		if err := a.recipients(ctx, func(kind directory.RecipientKind) bool { return kind == directory.RotaRecipient }); err != nil {
			return err
		}
	}
	return a.recipients(ctx, func(kind directory.RecipientKind) bool { return kind != directory.RotaRecipient })
}

// recipients goes through the recipients of some kinds, in their order.
func (a *addressing) recipients(ctx context.Context, of func(directory.RecipientKind) bool) error {
	for i := range a.m.To {
		to := a.m.To[i].To
		if kind, _ := directory.ParseRecipient(to); !of(kind) {
			continue
		}
		a.at, a.found, a.groups = i, 0, nil
		if err := a.recipient(ctx, to, to); err != nil {
			return err
		}
	}
	return nil
}

// recipient goes through what is meant by a recipient; named is what stands in the request, of which it may be a part.
func (a *addressing) recipient(ctx context.Context, named, recipient string) error {
	kind, name := directory.ParseRecipient(recipient)
	var err error
	switch kind {
	case directory.ContactRecipient:
		var c *Contact
		if c, err = a.g.NearestContact(ctx, Book(a.m.Account, a.m.User), name); err == nil {
			return a.contact(named, &c.Contact)
		}
	case directory.GroupRecipient:
		var group *Group
		if group, err = a.g.NearestGroup(ctx, Book(a.m.Account, a.m.User), name); err == nil {
			return a.group(ctx, named, group.ID)
		}
	case directory.RotaRecipient:
		return a.rota(ctx, named, name)
	default:
		if recipient == "" {
			return a.bad(named, message.BadRecipient, "to", "a recipient is empty")
		}
		return a.phone(named, recipient, nil)
	}
	var refused *PeopleRefusal
	switch {
	case errors.Is(err, ErrNotFound):
		return a.bad(named, message.BadRecipient, "to", "there is no %s named %.80q", kind, name)
	case errors.As(err, &refused):
		return a.bad(named, message.BadRecipient, "to", "%s", refused.Error())
	}
	return err
}

func (a *addressing) bad(named string, kind message.FailureKind, field, format string, args ...any) error {
	a.found++
	return a.use(Addressed{Index: a.at, Named: named, Failure: message.Fail(kind, field, format, args...)})
}

// group goes through a group and those in it, each once.
func (a *addressing) group(ctx context.Context, named string, id message.ID) error {
	if a.groups[id] {
		return nil
	}
	if a.groups == nil {
		a.groups = map[message.ID]bool{}
	}
	a.groups[id] = true
	for after := int64(0); ; {
		page, last, err := a.g.MembersAfter(ctx, id, after, a.g.opt.helping(membersAtOnce))
		if err != nil {
			return err
		}
		for i := range page {
			m := &page[i]
			switch {
			case m.Kind == directory.GroupRecipient:
				err = a.group(ctx, named, m.ID)
			case m.Contact != nil:
				err = a.contact(named, &m.Contact.Contact)
			default:
				err = a.phone(named, m.To, nil)
			}
			if err != nil {
				return err
			}
		}
		if after = last; len(page) < a.g.opt.helping(membersAtOnce) {
			return nil
		}
	}
}

func (a *addressing) contact(named string, c *directory.Contact) error {
	kind, address := c.Reach()
	number := c.Number()
	switch {
	case kind == directory.MailAddress && !a.duty:
		return a.bad(named, message.BadRecipient, "to", "the contact %.80q is reached by mail (%.80s), and messages go to phones only; choose one of its numbers, or write to that", c.Name, address)
	case number == "":
		return a.bad(named, message.BadRecipient, "to", "the contact %.80q has neither mobile nor pager", c.Name)
	}
	return a.phone(named, number, c)
}

// phone has one phone used, unless it was before; c is its contact, nil for none.
func (a *addressing) phone(named, number string, c *directory.Contact) error {
	a.found++
	if a.people && !a.first(number) {
		return nil
	}
	if a.asking != nil && nameOf(c) != "" {
		if n, err := a.normal(number); err == nil {
			a.asking.begins.names[n.Number] = c.Name
		}
	}
	text, f := a.text(c)
	if f != nil && named != number { // a group: whose it is stands nowhere else
		f.Text = whose(number, c) + ": " + f.Text
	}
	return a.use(Addressed{Index: a.at, Named: named, To: number, Text: text, Failure: f, Name: nameOf(c), Escalates: a.asking})
}

// whose names one of the phones of a contact or group.
func whose(number string, c *directory.Contact) string {
	if c == nil || c.Name == "" {
		return number
	}
	return fmt.Sprintf("%.80s (%s)", c.Name, number)
}

// first tells whether a phone comes for the first time. What is no number is told so when it is sent to.
func (a *addressing) first(number string) bool {
	n, err := a.normal(number)
	if err != nil {
		return true
	}
	e, ok := directory.Number(n.Number)
	return !ok || a.seen.Add(e)
}

// text is what a recipient gets.
func (a *addressing) text(c *directory.Contact) (string, *message.Failure) {
	to := &a.m.To[a.at]
	text := a.m.Common.Content.Text
	switch {
	case to.Text != "":
		text = to.Text
	case a.m.Template != nil:
		language := a.m.Language
		if language == "" && c != nil {
			language = c.Language
		}
		text = a.m.Template.In(language)
	}
	if !a.m.Filled {
		return text, nil
	}
	parsed, f := a.parsed(text)
	if f != nil {
		return "", f
	}
	filled, missing := parsed.Fill(func(name string) (string, bool) {
		if v, ok := to.Variables[name]; ok {
			return v, true
		}
		if v, ok := a.m.Variables[name]; ok {
			return v, true
		}
		if c == nil {
			return "", false
		}
		return c.Variable(name)
	})
	if missing != "" {
		return "", message.Fail(message.BadContent, "variables", "there is no value for {%s}; give it in variables, or write {%s|something} for where there is none", missing, missing)
	}
	if filled == "" && len(a.m.Common.Content.Header) == 0 {
		return "", message.Fail(message.BadContent, "text", "with its variables the text is empty")
	}
	return filled, nil
}

// mostParsed is how many texts are kept as they were read; there are few but for those of single recipients.
const mostParsed = 100

func (a *addressing) parsed(text string) (*directory.Text, *message.Failure) {
	if t := a.texts[text]; t != nil {
		return t, nil
	}
	t, err := directory.ParseText(text)
	if err != nil {
		return nil, message.Fail(message.BadContent, "text", "the text %v", err)
	}
	if len(a.texts) < mostParsed {
		a.texts[text] = t
	}
	return t, nil
}

// errEnough ends Address when there are more than somebody wants.
var errEnough = errors.New("more phones than are wanted")

// AddressSome is Address for at most so many; more tells that there are more phones.
func (g *Gateway) AddressSome(ctx context.Context, m *Mailing, most int) (list []Addressed, more bool, err error) {
	err = g.Address(ctx, m, func(a Addressed) error {
		if len(list) == most {
			return errEnough
		}
		list = append(list, a)
		return nil
	})
	if errors.Is(err, errEnough) {
		return list, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find the recipients of a request: %w", err)
	}
	return list, false, nil
}

// phonesOf gives the phones that recipients stand for: numbers as they are written, contacts, groups and rotas as they are now. bad
// is how many cannot be written to. The error is errEnough when they are more than most.
func (g *Gateway) phonesOf(ctx context.Context, account string, to []string, most int) (phones []Addressed, bad int, err error) {
	m := &Mailing{Account: account}
	people := false
	for _, named := range to {
		kind, _ := directory.ParseRecipient(named)
		people = people || kind != directory.NumberRecipient
		m.To = append(m.To, MailTo{To: named})
	}
	if !people {
		for _, named := range to {
			phones = append(phones, Addressed{To: named})
		}
		return phones, 0, nil
	}
	list, more, err := g.AddressSome(ctx, m, most)
	if err == nil && more {
		err = errEnough
	}
	for i := range list {
		if list[i].Failure != nil {
			bad++
			continue
		}
		phones = append(phones, list[i])
	}
	return phones, bad, err
}

// submission makes the submission for one phone of a mailing, with the account as it is now.
func (m *Mailing) submission(a *Addressed) *Submission {
	s := m.Common
	s.To, s.Content.Text, s.Escalates = a.To, a.Text, a.Escalates
	return &s
}
