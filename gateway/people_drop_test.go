package gateway

import (
	"errors"
	"fmt"
	"testing"

	"kurir/account"
	"kurir/directory"
)

// The book of a user goes as a whole, however much is in it, and nothing else goes with it.
func TestDropBook(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna", "ann", "bert")}, nil)
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

// withUsers is a configuration with users of an account.
func withUsers(names ...string) *Snapshot {
	s := testSnapshot()
	var users []account.User
	for _, name := range names {
		users = append(users, account.User{Name: name, Account: "acme", Role: "sender"})
	}
	s.Accounts.AddUsers(users)
	return s
}

// When the user is gone nothing comes into the book any more, and of an import that is under way nothing is left.
func TestDropBookDuringImport(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna")}, nil)
		own := PeopleOf{Account: Book("acme", "anna"), By: "acme/anna"}
		imp := &ContactImport{PeopleOf: own}
		lines := func(from int) error {
			edits := make([]func(*directory.Contact), 50)
			for i := range edits {
				edits[i] = func(c *directory.Contact) { c.Name, c.Mobile = "Bo", fmt.Sprintf("+461000%05d", from+i) }
			}
			_, err := w.ImportContacts(t.Context(), imp, edits, nil)
			return err
		}
		ended := make(chan error)
		began := make(chan struct{})
		go func() {
			for from := 0; ; from += 50 {
				if err := lines(from); err != nil {
					ended <- err
					return
				}
				if from == 100 {
					close(began)
				}
			}
		}()
		<-began
		gone := withUsers()
		gone.Number = 2
		w.Replace(gone)
		if err := w.DropBook(t.Context(), PeopleOf{Account: own.Account, By: "acme/root"}); err != nil {
			t.Fatal(err)
		}
		var refused *PeopleRefusal
		if err := <-ended; !errors.As(err, &refused) || refused.Reason != PeopleGone {
			t.Errorf("the import ends with %v", err)
		}
		if left, err := w.Contacts(t.Context(), PeopleFilter{Account: own.Account, Limit: 1}); err != nil || len(left) > 0 {
			t.Errorf("%d contacts are left, %v", len(left), err)
		}
	})
}

// What is left of a book is dropped later, if the user was deleted: not that of one who is there, or is in the file no more.
func TestDropLeft(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna", "bert", "carl")}, nil)
		ctx := t.Context()
		for _, book := range []string{"acme", "beta", Book("acme", "anna"), Book("beta", "anna"), Book("acme", "bert"), Book("acme", "carl")} {
			if _, err := w.PutTemplate(ctx, PeopleOf{Account: book}, 0, 0, func(t *directory.Template) error { t.Name, t.Text = "Late", "I am late"; return nil }, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"anna", "carl"} {
			if err := w.WriteAudit(ctx, Audit{Kind: "users", Name: name, Action: "delete"}); err != nil {
				t.Fatal(err)
			}
		}
		gone := withUsers("carl") // made again in the file
		gone.Number = 2
		w.Replace(gone)
		for _, want := range []string{"[anna anna]", "[]"} {
			if dropped, err := w.DropLeft(ctx, "kurir"); err != nil || fmt.Sprint(dropped) != want {
				t.Errorf("dropped %v, %v, want %s", dropped, err, want)
			}
		}
		for book, want := range map[string]int{"acme": 1, "beta": 1, Book("acme", "anna"): 0, Book("beta", "anna"): 0, Book("acme", "bert"): 1, Book("acme", "carl"): 1} {
			if list, err := w.Templates(ctx, PeopleFilter{Account: book, Limit: 9}); err != nil || len(list) != want {
				t.Errorf("%q has %d templates, %v", book, len(list), err)
			}
		}
	})
}
