package gateway

import (
	"errors"
	"fmt"
	"testing"

	"kurir/directory"
)

// The book of a user goes as a whole, however much is in it, and nothing else goes with it.
func TestDropBook(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{}, nil)
		ctx, company, own := t.Context(), PeopleOf{Account: "acme", By: "acme"}, PeopleOf{Account: Book("acme", "anna"), By: "acme/anna"}
		others := PeopleOf{Account: Book("acme", "ann"), By: "acme/ann"}
		for _, of := range []PeopleOf{company, own, others} {
			edits := make([]func(*directory.Contact), MostImportLines+1)
			for i := range edits {
				edits[i] = func(c *directory.Contact) { c.Name, c.Mobile = fmt.Sprint("Bo ", i), fmt.Sprintf("+461000%05d", i) }
			}
			if _, err := w.ImportContacts(ctx, &ContactImport{PeopleOf: of}, edits[:MostImportLines], nil); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ImportContacts(ctx, &ContactImport{PeopleOf: of}, edits[MostImportLines:], nil); err != nil {
				t.Fatal(err)
			}
			inner, err := w.PutGroup(ctx, of, 0, 0, func(g *directory.Group) error { g.Name = "Inner"; return nil }, nil)
			if err != nil {
				t.Fatal(err)
			}
			outer, err := w.PutGroup(ctx, of, 0, 0, func(g *directory.Group) error { g.Name = "Outer"; return nil }, nil)
			if err != nil {
				t.Fatal(err)
			}
			for group, member := range map[*Group]string{inner: "contact:Bo 7", outer: "group:Inner"} {
				if _, err := w.ChangeMembers(ctx, of, MembersChange{Group: group.ID, Add: []string{member}}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.PutTemplate(ctx, of, 0, 0, func(t *directory.Template) error { t.Name, t.Text = "Late", "I am late"; return nil }, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.DropBook(ctx, company); err == nil {
			t.Error("the account's own book goes")
		}
		if err := w.DropBook(ctx, PeopleOf{Account: own.Account, By: "acme/root"}); err != nil {
			t.Fatal(err)
		}
		for _, of := range []PeopleOf{company, own, others} {
			contacts, err := w.Contacts(ctx, PeopleFilter{Account: of.Account, Limit: 10})
			gone := len(contacts) == 0
			if _, err := w.FindGroup(ctx, of.Account, "Outer"); errors.Is(err, ErrNotFound) != gone {
				t.Errorf("%q: the group: %v", of.Account, err)
			}
			if _, err := w.FindTemplate(ctx, of.Account, "Late"); errors.Is(err, ErrNotFound) != gone {
				t.Errorf("%q: the template: %v", of.Account, err)
			}
			if err != nil || gone != (of == own) {
				t.Errorf("%q: there are %d contacts, %v", of.Account, len(contacts), err)
			}
		}
		if err := w.DropBook(ctx, own); err != nil {
			t.Errorf("a book with nothing in it: %v", err)
		}
	})
}
