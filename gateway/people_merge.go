package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// MostMerged is how many contacts are merged into one in one call.
const MostMerged = 20

// DuplicatesBy is what contacts have in common that may be the same person.
type DuplicatesBy = store.DuplicatesBy

// Ways in which contacts may be the same.
const (
	DuplicateNames = store.DuplicateNames
	DuplicateMails = store.DuplicateMails
)

// Duplicates are contacts that may be one person.
type Duplicates struct {
	Value    string // what they have in common, as it is compared
	Contacts []*Contact
}

// Duplicates returns contacts of a book that have a name or a mail address in common, by what that is, behind a value; empty for the
// first. Of each kind at most n values, of each value at most MostMerged contacts.
func (g *Gateway) Duplicates(ctx context.Context, book string, by DuplicatesBy, after string, n int) ([]Duplicates, error) {
	values, err := g.store.DuplicateValues(ctx, book, by, after, n)
	if err != nil {
		return nil, err
	}
	list := make([]Duplicates, 0, len(values))
	for _, value := range values {
		f := PeopleFilter{Account: book, Limit: MostMerged}
		if by == DuplicateMails {
			f.Mail = value
		} else {
			f.Named = value
		}
		contacts, err := g.store.Contacts(ctx, f)
		if err != nil {
			return nil, err
		}
		if len(contacts) > 1 {
			list = append(list, Duplicates{value, contacts})
		}
	}
	return list, nil
}

// MergeContacts makes one contact of several: what the kept one does not say it takes from the others, in their order; what says
// something else is noted in its note, so that nothing is lost. It comes into all of their groups, and they are deleted. The errors
// are those of PutContact.
func (g *Gateway) MergeContacts(ctx context.Context, of PeopleOf, kept message.ID, others []message.ID) (*Contact, error) {
	if len(others) == 0 || len(others) > MostMerged || slices.Contains(others, kept) {
		return nil, refusePeople(PeopleInvalid, "with", "names between 1 and %d other contacts", MostMerged)
	}
	k := g.contactKind(of.Account)
	var merged *Contact
	err := g.changePeople(ctx, of.Account, nil, func(ctx context.Context) (*store.PeopleChange, error) {
		row, err := g.store.ContactByID(ctx, of.Account, kept)
		if err != nil {
			return nil, err
		}
		change, was := &store.PeopleChange{}, row.Contact
		for _, id := range others {
			other, err := g.store.ContactByID(ctx, of.Account, id)
			if err != nil {
				return nil, err
			}
			absorb(&row.Contact, &other.Contact)
			if change.Members, err = g.joinGroupsOf(ctx, change.Members, id, kept); err != nil {
				return nil, err
			}
			change.Audits = append(change.Audits, store.Audit{
				Number: g.NextAudit(), At: g.now().UnixMilli(), Who: of.By, Kind: "contacts", Name: auditName(of, "", id), Action: "delete",
				Accounts: auditedFor(of.Account),
			})
		}
		if err := tidied(func(report func(field, problem string)) { k.tidy(&row.Contact, report) }); err != nil {
			return nil, err
		}
		change.Audits = append(change.Audits, g.own(&row.Owned, of, "contacts", "", was.Differences(&row.Contact)))
		change.Contacts, change.ContactsGone, merged = []*Contact{row}, others, row
		return change, nil
	})
	if err != nil {
		return nil, err
	}
	return merged, nil
}

// joinGroupsOf brings one contact into the groups of another.
func (g *Gateway) joinGroupsOf(ctx context.Context, members []store.GroupMembers, other, kept message.ID) ([]store.GroupMembers, error) {
	groups, err := g.store.GroupsAround(ctx, other)
	for _, id := range groups {
		members = append(members, store.GroupMembers{Group: id, Members: []directory.Member{{Kind: directory.ContactRecipient, ID: kept}}})
	}
	return members, err
}

// absorb takes over what a contact does not say, and its further addresses, and notes what is said otherwise.
func absorb(c, other *directory.Contact) {
	also := absorbAddresses(c, other)
	for _, f := range [...]struct {
		name       string
		to         *string
		from, same string
	}{
		{"name", &c.Name, other.Name, directory.Fold(c.Name)},
		{"language", &c.Language, other.Language, c.Language},
	} {
		switch {
		case f.from == "" || f.from == *f.to || f.name == "name" && directory.Fold(f.from) == f.same:
		case *f.to == "":
			*f.to = f.from
		default:
			also = append(also, f.name+" "+f.from)
		}
	}
	fields := map[string]string{}
	for name, value := range other.Fields {
		fields[name] = value
	}
	for name, value := range c.Fields {
		if had, there := fields[name]; there && had != value {
			also = append(also, fmt.Sprintf("%s %s", name, had))
		}
		fields[name] = value
	}
	if len(fields) > 0 {
		c.Fields = fields
	}
	slices.Sort(also)
	var notes []string
	for _, note := range []string{c.Note, other.Note, strings.Join(also, ", ")} {
		if note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	c.Note = strings.Join(notes, "\n")
}

// absorbAddresses takes over addresses, as the first of their kind or further ones. It returns those for which there is no room.
func absorbAddresses(c, other *directory.Contact) (also []string) {
	firsts := map[directory.AddressKind]*string{directory.MobileAddress: &c.Mobile, directory.PagerAddress: &c.Pager, directory.MailAddress: &c.Mail}
	c.Addresses = slices.Clone(c.Addresses)
	for _, a := range other.All() {
		have := slices.ContainsFunc(c.All(), func(b directory.ContactAddress) bool { return b.Kind == a.Kind && b.Address == a.Address })
		first := firsts[a.Kind]
		if *first == "" {
			*first = a.Address
		}
		switch {
		case have || *first == a.Address && a.Label == "":
		case len(c.Addresses) == directory.MaxContactAddresses:
			also = append(also, string(a.Kind)+" "+a.Address)
		default:
			c.Addresses = append(c.Addresses, a)
		}
	}
	return also
}
