package gateway

import (
	"context"
	"errors"
	"slices"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

func (g *Gateway) contactKind(account string) *peopleKind[Contact, directory.Contact] {
	return &peopleKind[Contact, directory.Contact]{
		noun: "contacts", byID: g.store.ContactByID,
		of:     func(c *Contact) (*directory.Contact, *Owned) { return &c.Contact, &c.Owned },
		tidy:   func(c *directory.Contact, report func(field, problem string)) { c.Tidy(g.normalOf(account), report) },
		differ: (*directory.Contact).Differences,
		clash:  g.sameNumber,
		name:   func(*directory.Contact) string { return "" },
		put:    func(c *Contact) *store.PeopleChange { return &store.PeopleChange{Contacts: []*Contact{c}} },
		remove: func(_ context.Context, _ PeopleOf, c *Contact, audit store.Audit) (*store.PeopleChange, error) {
			return &store.PeopleChange{Audits: []store.Audit{audit}, ContactsGone: []message.ID{c.ID}}, nil
		},
	}
}

// sameNumber refuses a contact with a mobile that another has.
func (g *Gateway) sameNumber(ctx context.Context, account string, id message.ID, old, changed *directory.Contact) error {
	had := old.All()
	for _, a := range changed.All() {
		if a.Kind != directory.MobileAddress || slices.ContainsFunc(had, func(b directory.ContactAddress) bool { return b.Kind == a.Kind && b.Address == a.Address }) {
			continue
		}
		same, err := g.store.Contacts(ctx, PeopleFilter{Account: account, Mobile: a.Address, Limit: 2})
		if err != nil {
			return err
		}
		for _, other := range same {
			if other.ID != id {
				field := "mobile"
				if a.Address != changed.Mobile {
					field = "addresses"
				}
				return refusePeople(PeopleTaken, field, "the contact %s has the number %s already", other.ID, a.Address)
			}
		}
	}
	return nil
}

func (g *Gateway) groupKind() *peopleKind[Group, directory.Group] {
	return &peopleKind[Group, directory.Group]{
		noun: "groups", byID: g.groupByID,
		of:     func(c *Group) (*directory.Group, *Owned) { return &c.Group, &c.Owned },
		tidy:   (*directory.Group).Tidy,
		differ: (*directory.Group).Differences,
		clash: func(ctx context.Context, account string, _ message.ID, old, changed *directory.Group) error {
			return sameName(ctx, account, "group", old.Name, changed.Name, g.store.Groups)
		},
		name:   func(c *directory.Group) string { return c.Name },
		put:    func(c *Group) *store.PeopleChange { return &store.PeopleChange{Groups: []*Group{c}} },
		remove: g.removeGroup,
	}
}

func (g *Gateway) templateKind() *peopleKind[Template, directory.Template] {
	return &peopleKind[Template, directory.Template]{
		noun: "templates", byID: g.store.TemplateByID,
		of:     func(c *Template) (*directory.Template, *Owned) { return &c.Template, &c.Owned },
		tidy:   (*directory.Template).Tidy,
		differ: (*directory.Template).Differences,
		clash: func(ctx context.Context, account string, _ message.ID, old, changed *directory.Template) error {
			return sameName(ctx, account, "template", old.Name, changed.Name, g.store.Templates)
		},
		name: func(c *directory.Template) string { return c.Name },
		put:  func(c *Template) *store.PeopleChange { return &store.PeopleChange{Templates: []*Template{c}} },
		remove: func(_ context.Context, _ PeopleOf, c *Template, audit store.Audit) (*store.PeopleChange, error) {
			return &store.PeopleChange{Audits: []store.Audit{audit}, TemplatesGone: []message.ID{c.ID}}, nil
		},
	}
}

// sameName refuses a name that another has, without regard to case and marks.
func sameName[T any](ctx context.Context, account, noun, old, changed string, list func(context.Context, PeopleFilter) ([]*T, error)) error {
	if directory.Fold(changed) == directory.Fold(old) {
		return nil
	}
	same, err := list(ctx, PeopleFilter{Account: account, Named: changed, Limit: 1})
	if err == nil && len(same) > 0 {
		err = refusePeople(PeopleTaken, "name", "there is a %s of the name %.80s already", noun, changed)
	}
	return err
}

// PutContact makes a contact, if id is 0, or changes one; edit gets it as it is. Its number can be no other contact's.
// The errors are ErrNotFound, a *PeopleRefusal, that of edit, or a *message.Failure. key is that of the request, nil for none.
func (g *Gateway) PutContact(ctx context.Context, of PeopleOf, id message.ID, revision int64, edit func(*directory.Contact) error, key *Answering[*Contact]) (*Contact, error) {
	return putPerson(ctx, g, g.contactKind(of.Account), of, id, revision, edit, key)
}

// PutGroup makes or changes a group, PutTemplate a template, as PutContact does. Their names can be no other's.
func (g *Gateway) PutGroup(ctx context.Context, of PeopleOf, id message.ID, revision int64, edit func(*directory.Group) error, key *Answering[*Group]) (*Group, error) {
	return putPerson(ctx, g, g.groupKind(), of, id, revision, edit, key)
}

// PutTemplate is as PutGroup.
func (g *Gateway) PutTemplate(ctx context.Context, of PeopleOf, id message.ID, revision int64, edit func(*directory.Template) error, key *Answering[*Template]) (*Template, error) {
	return putPerson(ctx, g, g.templateKind(), of, id, revision, edit, key)
}

// DeleteContact deletes a contact, also out of its groups.
func (g *Gateway) DeleteContact(ctx context.Context, of PeopleOf, id message.ID, revision int64) error {
	return deletePerson(ctx, g, g.contactKind(of.Account), of, id, revision)
}

// DeleteGroup deletes a group that is in no other. Its members are removed after it, in slices, also over a restart.
func (g *Gateway) DeleteGroup(ctx context.Context, of PeopleOf, id message.ID, revision int64) error {
	return deletePerson(ctx, g, g.groupKind(), of, id, revision)
}

// DeleteTemplate deletes a template.
func (g *Gateway) DeleteTemplate(ctx context.Context, of PeopleOf, id message.ID, revision int64) error {
	return deletePerson(ctx, g, g.templateKind(), of, id, revision)
}

// Contacts, Groups and Templates return pages of what an account has. The error is ErrNotFound when a list by names cannot
// go on, because the last of the page before has been deleted.
func (g *Gateway) Contacts(ctx context.Context, f PeopleFilter) ([]*Contact, error) {
	return g.store.Contacts(ctx, f)
}

// Groups is as Contacts.
func (g *Gateway) Groups(ctx context.Context, f PeopleFilter) ([]*Group, error) {
	return g.store.Groups(ctx, f)
}

// Templates is as Contacts.
func (g *Gateway) Templates(ctx context.Context, f PeopleFilter) ([]*Template, error) {
	return g.store.Templates(ctx, f)
}

// FindContact finds a contact by its id or name. The error is ErrNotFound, or a *PeopleRefusal when several have the name.
func (g *Gateway) FindContact(ctx context.Context, account, named string) (*Contact, error) {
	return findPerson(ctx, account, named, g.store.ContactByID, g.store.Contacts, func(c *Contact) string { return c.Name })
}

// FindGroup finds a group by its id or name, as FindContact does.
func (g *Gateway) FindGroup(ctx context.Context, account, named string) (*Group, error) {
	return findPerson(ctx, account, named, g.groupByID, g.store.Groups, func(c *Group) string { return c.Name })
}

// FindTemplate finds a template by its id or name, as FindContact does.
func (g *Gateway) FindTemplate(ctx context.Context, account, named string) (*Template, error) {
	return findPerson(ctx, account, named, g.store.TemplateByID, g.store.Templates, func(c *Template) string { return c.Name })
}

func findPerson[T any](
	ctx context.Context, account, named string, byID func(context.Context, string, message.ID) (*T, error),
	list func(context.Context, PeopleFilter) ([]*T, error), name func(*T) string,
) (*T, error) {
	if id, err := message.ParseID(named); err == nil {
		if v, err := byID(ctx, account, id); !errors.Is(err, ErrNotFound) {
			return v, err
		}
	}
	if directory.Fold(named) == "" {
		return nil, ErrNotFound
	}
	found, err := list(ctx, PeopleFilter{Account: account, Named: named, Limit: 100})
	if err != nil {
		return nil, err
	}
	var exact []*T
	for _, v := range found {
		if name(v) == named {
			exact = append(exact, v)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(found) == 0:
		return nil, ErrNotFound
	case len(found) > 1:
		return nil, refusePeople(PeopleAmbiguous, "", "%d are named %.80q; say which by its id", len(found), named)
	}
	return found[0], nil
}
