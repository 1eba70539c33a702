package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// Repeats says what an import does with a contact whose number, or without one whose mail address, is there already.
type Repeats string

// What it may do.
const (
	RepeatsChange Repeats = "change" // what the line says takes the place of what there is
	RepeatsSkip   Repeats = "skip"   // it stays as it is
	RepeatsRefuse Repeats = "refuse" // the line is wrong
)

// ContactImport is an import of contacts.
type ContactImport struct {
	PeopleOf
	Repeats Repeats
	Group   message.ID // to which all of them come, those that are there already too; 0 for none

	DryRun bool // nothing is written: the results say what would become of each line

	number int64      // of what stands on record
	trial  *tryImport // of a dry run
}

// tryImport is what a dry run would have written so far.
type tryImport struct {
	mobiles, mails map[string]*Contact
	written        map[message.ID]bool
	last           message.ID // ids that no contact has
}

// MostImportLines is how many lines ImportContacts takes in one call: those of one commit.
const MostImportLines = 500

// What became of a line.
const (
	ImportMade    = "made"
	ImportChanged = "changed"
	ImportSame    = "same"
	ImportSkipped = "skipped"
	ImportRefused = "refused"
)

// Imported is what became of one line.
type Imported struct {
	Result  string
	ID      message.ID     // of the contact; 0 for a line that is refused
	Problem *PeopleProblem // of one that is refused
}

// ImportContacts makes or changes contacts as some lines of an import say, and returns when that is on disk. edits fill in
// what each line says. Lines that are refused keep no others back. It may be repeated: what is there is found again, but for
// contacts with neither number nor mail address, which are made once with a key only.
func (g *Gateway) ImportContacts(ctx context.Context, imp *ContactImport, edits []func(*directory.Contact), key *Answering[[]Imported]) ([]Imported, error) {
	var results []Imported
	err := g.changePeople(ctx, imp.Account, key.with(&results), func(ctx context.Context) (*store.PeopleChange, error) {
		chunk := newImportChunk(g, imp)
		if imp.Group != 0 {
			group, err := g.groupByID(ctx, imp.Account, imp.Group)
			if err != nil {
				return nil, err
			}
			if group.Members+int64(len(edits)) > directory.MaxGroupMembers {
				return nil, refusePeople(PeopleTooMany, "group", "a group has at most %d members; put groups into it", directory.MaxGroupMembers)
			}
		}
		if imp.number == 0 && !imp.DryRun {
			imp.number = g.NextAudit()
			chunk.change.Audits = []store.Audit{{
				Number: imp.number, At: g.now().UnixMilli(), Who: imp.By, Kind: "contacts", Name: strings.ReplaceAll(imp.Account, bookMark, "/"), Action: "import",
				Accounts: auditedFor(imp.Account),
			}}
		}
		results = make([]Imported, 0, len(edits))
		for _, edit := range edits {
			done, err := chunk.line(ctx, edit)
			if err != nil {
				return nil, err
			}
			done.ID = max(done.ID, 0) // of a dry run
			results = append(results, done)
		}
		return chunk.whole(), nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// importChunk is the lines of one commit.
type importChunk struct {
	g              *Gateway
	imp            *ContactImport
	mobiles, mails map[string]*Contact // of lines before
	written        map[message.ID]bool
	members        []directory.Member
	change         store.PeopleChange
}

func newImportChunk(g *Gateway, imp *ContactImport) *importChunk {
	k := &importChunk{g: g, imp: imp, mobiles: map[string]*Contact{}, mails: map[string]*Contact{}, written: map[message.ID]bool{}}
	if !imp.DryRun {
		return k
	}
	if imp.trial == nil {
		imp.trial = &tryImport{mobiles: k.mobiles, mails: k.mails, written: k.written}
	}
	k.mobiles, k.mails, k.written = imp.trial.mobiles, imp.trial.mails, imp.trial.written
	return k
}

// line makes or changes the contact of one line.
func (k *importChunk) line(ctx context.Context, edit func(*directory.Contact)) (Imported, error) {
	var fresh Contact
	if problem := k.edited(&fresh, edit); problem != nil {
		return Imported{Result: ImportRefused, Problem: problem}, nil
	}
	old, err := k.same(ctx, &fresh)
	if err != nil {
		return Imported{}, err
	}
	result := ImportMade
	c := &fresh
	if old != nil {
		switch k.imp.Repeats {
		case RepeatsSkip:
			k.join(old)
			return Imported{Result: ImportSkipped, ID: old.ID}, nil
		case RepeatsRefuse:
			problem := &PeopleProblem{"mobile", "the contact " + old.ID.String() + " has this number already"}
			if fresh.Mobile == "" {
				problem = &PeopleProblem{"mail", "the contact " + old.ID.String() + " has this mail address already"}
			}
			return Imported{Result: ImportRefused, Problem: problem}, nil
		}
		changed := *old
		changed.Fields = maps.Clone(old.Fields)
		if problem := k.edited(&changed, edit); problem != nil {
			return Imported{Result: ImportRefused, Problem: problem}, nil
		}
		keepFirst(&old.Contact, &changed.Contact)
		if old.Contact.Same(&changed.Contact) {
			k.join(old)
			return Imported{Result: ImportSame, ID: old.ID}, nil
		}
		result, c = ImportChanged, &changed
	}
	if problem, err := k.taken(ctx, old, c); problem != nil || err != nil {
		return Imported{Result: ImportRefused, Problem: problem}, err
	}
	k.put(c)
	return Imported{Result: result, ID: c.ID}, nil
}

// keepFirst keeps the first mobile and mail address of a contact that was found by a further one, which the line makes the first.
func keepFirst(old, changed *directory.Contact) {
	for _, kind := range [...]directory.AddressKind{directory.MobileAddress, directory.MailAddress} {
		first := directory.ContactAddress{Kind: kind, Address: old.First(kind)}
		further := slices.ContainsFunc(old.Addresses, func(a directory.ContactAddress) bool {
			return a.Kind == kind && a.Address == changed.First(kind)
		})
		if further && first.Address != "" && first.Address != changed.First(kind) && len(changed.Addresses) < directory.MaxContactAddresses {
			changed.Addresses = append(slices.Clone(changed.Addresses), first)
		}
	}
}

// taken refuses a contact of which a further mobile is another's; nil for none. old is the contact as it was, nil for a new one.
func (k *importChunk) taken(ctx context.Context, old, c *Contact) (*PeopleProblem, error) {
	if old == nil {
		old = new(Contact)
	}
	if slices.Equal(old.Addresses, c.Addresses) {
		return nil, nil
	}
	for i, a := range c.Addresses {
		if a.Kind != directory.MobileAddress {
			continue
		}
		if have := k.mobiles[a.Address]; have != nil && have.ID != c.ID {
			return &PeopleProblem{fmt.Sprintf("addresses[%d]", i), "the contact " + have.ID.String() + " has this number already"}, nil
		}
	}
	var refused *PeopleRefusal
	err := k.g.sameNumber(ctx, k.imp.Account, c.ID, &old.Contact, &c.Contact)
	if errors.As(err, &refused) {
		return &refused.Problems[0], nil
	}
	return nil, err
}

// edited makes a contact what the line says; the first problem, or nil.
func (k *importChunk) edited(c *Contact, edit func(*directory.Contact)) *PeopleProblem {
	edit(&c.Contact)
	var refused *PeopleRefusal
	if errors.As(tidied(func(report func(field, problem string)) { c.Tidy(k.g.normalOf(k.imp.Account), report) }), &refused) {
		return &refused.Problems[0]
	}
	return nil
}

// same finds the contact with the number, or without one with the mail address; nil for none.
func (k *importChunk) same(ctx context.Context, c *Contact) (*Contact, error) {
	f := PeopleFilter{Account: k.imp.Account, Limit: 1}
	switch {
	case c.Mobile != "":
		if have := k.mobiles[c.Mobile]; have != nil {
			return have, nil
		}
		f.Mobile = c.Mobile
	case c.Mail != "":
		if have := k.mails[c.Mail]; have != nil {
			return have, nil
		}
		f.Mail = c.Mail
	default:
		return nil, nil
	}
	list, err := k.g.store.Contacts(ctx, f)
	if err != nil || len(list) == 0 || k.written[list[0].ID] { // a line before has given it another number
		return nil, err
	}
	return list[0], nil
}

// put has a contact written, and remembers it for the lines that follow.
func (k *importChunk) put(c *Contact) {
	switch {
	case !k.imp.DryRun:
		k.g.own(&c.Owned, k.imp.PeopleOf, "contacts", "", nil)
		c.Revision = k.imp.number
	case c.ID == 0:
		k.imp.trial.last--
		c.ID = k.imp.trial.last
	}
	k.written[c.ID] = true
	for _, a := range c.All() {
		switch a.Kind {
		case directory.MobileAddress:
			k.mobiles[a.Address] = c
		case directory.MailAddress:
			k.mails[a.Address] = c
		}
	}
	if k.imp.DryRun {
		return
	}
	k.change.Contacts = append(k.change.Contacts, c)
	k.join(c)
}

// join brings a contact into the group of the import.
func (k *importChunk) join(c *Contact) {
	if k.imp.Group != 0 && !k.imp.DryRun {
		k.members = append(k.members, directory.Member{Kind: directory.ContactRecipient, ID: c.ID})
	}
}

// whole is all that the chunk changes; nil for nothing.
func (k *importChunk) whole() *store.PeopleChange {
	if len(k.members) > 0 {
		k.change.Members = []store.GroupMembers{{Group: k.imp.Group, Members: k.members}}
	}
	if len(k.change.Contacts)+len(k.change.Members) == 0 {
		return nil
	}
	return &k.change
}
