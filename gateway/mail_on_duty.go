package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/message"
	"kurir/rota"
)

// mailboxProblem says why mail cannot go to what stands in place of an address: neither an address nor rota:NAME.
func mailboxProblem(address string) string {
	if name, ok := strings.CutPrefix(address, rota.Prefix); ok && name != "" {
		return ""
	}
	return message.MailboxProblem(address)
}

// MailsOnDuty gives the mail addresses of those who are on duty in a rota now: of contacts, of contacts in groups, and of contacts
// whose mobile it is where a number stands; at most 20, each once, and none in a domain of ours. why says in plain words why there is
// none, as in a gap.
func (g *Gateway) MailsOnDuty(ctx context.Context, name string) (list []string, why string, err error) {
	p := g.Rotas().Named(name)
	if p == nil {
		return nil, fmt.Sprintf("there is no rota named %.80q", name), nil
	}
	now := g.now()
	duty := p.OnDuty(now)
	if len(duty.Who) == 0 {
		return nil, fmt.Sprintf("nobody is on duty in rota %.80q%s", name, again(p, now)), nil
	}
	m := mailsOf{g: g, account: p.Rota.Account, set: g.snap.Load().Mail, groups: map[message.ID]bool{}}
	for _, who := range duty.Who {
		if err := m.recipient(ctx, who); err != nil {
			return nil, "", fmt.Errorf("find who is on duty: %w", err)
		}
	}
	if len(m.list) == 0 {
		return nil, fmt.Sprintf("none of those on duty in rota %.80q, %s, has a mail address", name, strings.Join(duty.Who, ", ")), nil
	}
	return m.list, "", nil
}

// mailsOf collects mail addresses of an account's contacts.
type mailsOf struct {
	g       *Gateway
	account string
	set     *Mail
	groups  map[message.ID]bool
	list    []string
}

// add notes the address of a contact.
func (m *mailsOf) add(c *directory.Contact) {
	address := c.Mail
	if len(m.list) < mostMailboxes && message.IsMailbox(address) && (m.set == nil || !m.set.Own(address)) && !slices.Contains(m.list, address) {
		m.list = append(m.list, address)
	}
}

// recipient notes the addresses of one who is on duty. One who is gone has none.
func (m *mailsOf) recipient(ctx context.Context, who string) error {
	kind, name := directory.ParseRecipient(who)
	var err error
	switch kind {
	case directory.ContactRecipient:
		var c *Contact
		if c, err = m.g.FindContact(ctx, m.account, name); err == nil {
			m.add(&c.Contact)
		}
	case directory.GroupRecipient:
		var group *Group
		if group, err = m.g.FindGroup(ctx, m.account, name); err == nil {
			err = m.group(ctx, group.ID)
		}
	default:
		err = m.number(ctx, name)
	}
	if refused := (*PeopleRefusal)(nil); errors.Is(err, ErrNotFound) || errors.As(err, &refused) {
		return nil
	}
	return err
}

// number notes the address of the contact whose mobile it is, if there is one.
func (m *mailsOf) number(ctx context.Context, written string) error {
	n, err := m.g.normalOf(m.account)(written)
	if err != nil {
		return nil // it is nobody's
	}
	list, err := m.g.Contacts(ctx, PeopleFilter{Account: m.account, Mobile: n.String(), Limit: 1})
	if err == nil && len(list) > 0 {
		m.add(&list[0].Contact)
	}
	return err
}

// group notes those of a group and of the groups in it, as far as there is room.
func (m *mailsOf) group(ctx context.Context, id message.ID) error {
	if m.groups[id] {
		return nil
	}
	m.groups[id] = true
	for after := int64(0); len(m.list) < mostMailboxes; {
		page, last, err := m.g.MembersAfter(ctx, id, after, m.g.opt.helping(membersAtOnce))
		if err != nil {
			return err
		}
		for i := range page {
			switch member := &page[i]; {
			case member.Kind == directory.GroupRecipient:
				err = m.group(ctx, member.ID)
			case member.Contact != nil:
				m.add(&member.Contact.Contact)
			default:
				err = m.number(ctx, member.To)
			}
			if err != nil {
				return err
			}
		}
		if after = last; len(page) < m.g.opt.helping(membersAtOnce) {
			return nil
		}
	}
	return nil
}

// MailRota gives the name of the rota to whose people a mail target goes; false if it goes to an address.
func MailRota(t message.Target) (string, bool) {
	name, ok := strings.CutPrefix(t.Address, rota.Prefix)
	return name, ok && t.Kind == message.MailTarget
}
