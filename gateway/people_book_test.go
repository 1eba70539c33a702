package gateway

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kurir/directory"
	"kurir/message"
)

func contactOf(name, mobile, mail string) func(*directory.Contact) error {
	return func(c *directory.Contact) error { c.Name, c.Mobile, c.Mail = name, mobile, mail; return nil }
}

// A user's own contacts are found by that user, before those of the account, and by nobody else; both may have the same number.
func TestBooks(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna", "ann", "bert")}, nil)
		ctx, company, own := t.Context(), PeopleOf{Account: "acme", By: "acme"}, PeopleOf{Account: Book("acme", "anna"), By: "acme/anna"}
		bo, err := w.PutContact(ctx, company, 0, 0, contactOf("Bo", "+46100000001", ""), nil)
		if err != nil {
			t.Fatal(err)
		}
		mine, err := w.PutContact(ctx, own, 0, 0, contactOf("Bo", "+46100000001", ""), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.PutContact(ctx, company, 0, 0, contactOf("Cleo", "+46100000002", ""), nil); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			book, named string
			want        message.ID
		}{
			{"acme", "Bo", bo.ID},
			{"acme", mine.ID.String(), 0},
			{own.Account, "Bo", mine.ID},
			{own.Account, bo.ID.String(), bo.ID},
			{Book("acme", "bert"), "Bo", bo.ID},
			{Book("acme", "bert"), mine.ID.String(), 0},
		} {
			c, err := w.NearestContact(ctx, test.book, test.named)
			if test.want == 0 {
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("%q %s: %v %v", test.book, test.named, c, err)
				}
			} else if err != nil || c.ID != test.want {
				t.Errorf("%q %s: %v %v", test.book, test.named, c, err)
			}
		}
		group, err := w.PutGroup(ctx, own, 0, 0, func(g *directory.Group) error { g.Name = "Team"; return nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.ChangeMembers(ctx, own, MembersChange{Group: group.ID, Add: []string{"contact:Bo", "contact:Cleo"}}); err != nil {
			t.Fatal(err)
		}
		for user, want := range map[string]int{"anna": 2, "": 0} {
			m := &Mailing{Account: "acme", User: user, To: []MailTo{{To: "group:Team"}}, Common: Submission{Content: message.Content{Text: "hi"}}}
			found, _, err := w.AddressSome(ctx, m, 10)
			if err != nil || want == 0 && (len(found) != 1 || found[0].Failure == nil) || want > 0 && len(found) != want {
				t.Errorf("%q: %v %v", user, found, err)
			}
		}
		audits, _, err := w.Audits(ctx, AuditFilter{Kind: "contacts", Limit: 9})
		if err != nil || !slices.ContainsFunc(audits, func(a Audit) bool { return a.Name == "acme/anna/"+mine.ID.String() && a.Who == "acme/anna" }) {
			t.Errorf("%v %v", audits, err)
		}
	})
}

// A dry run tells what an import does, over several helpings, and does none of it.
func TestImportDryRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna", "ann", "bert")}, nil)
		ctx, of := t.Context(), PeopleOf{Account: "acme", By: "acme"}
		old, err := w.PutContact(ctx, of, 0, 0, contactOf("Bo", "+46100000001", ""), nil)
		if err != nil {
			t.Fatal(err)
		}
		line := func(name, mobile string) func(*directory.Contact) {
			return func(c *directory.Contact) { c.Name, c.Mobile = name, mobile }
		}
		helpings := [][]func(*directory.Contact){
			{line("Anna", "+46100000002"), line("Bo", "+46100000001"), line("Bosse", "+46100000001")},
			{line("Anna", "+46100000002"), line("Annie", "+46100000002"), line("Cleo", "1")},
		}
		for _, dry := range []bool{true, false} {
			imp := &ContactImport{PeopleOf: of, Repeats: RepeatsChange, DryRun: dry}
			var results []string
			for _, lines := range helpings {
				done, err := w.ImportContacts(ctx, imp, lines, nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range done {
					if results = append(results, d.Result); dry && d.ID != 0 && d.ID != old.ID {
						t.Errorf("the dry run names %d", d.ID)
					}
				}
			}
			if want := "made same changed same changed refused"; strings.Join(results, " ") != want {
				t.Errorf("dry %v: %v, want %s", dry, results, want)
			}
			list, err := w.Contacts(ctx, PeopleFilter{Account: "acme", Limit: 9})
			if err != nil || dry && (len(list) != 1 || list[0].Name != "Bo") || !dry && len(list) != 2 {
				t.Errorf("dry %v: %d contacts, %v", dry, len(list), err)
			}
		}
	})
}

// Contacts that are there twice are found, and merged into one that has all that they said and is in all of their groups.
func TestMergeContacts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: withUsers("anna", "ann", "bert")}, nil)
		ctx, of := t.Context(), PeopleOf{Account: "acme", By: "acme"}
		put := func(edit func(*directory.Contact) error) *Contact {
			c, err := w.PutContact(ctx, of, 0, 0, edit, nil)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		kept, other := put(contactOf("Örjan", "+46100000001", "")), put(contactOf("orjan", "+46100000002", "o@x.se"))
		put(contactOf("Olle", "", "O@x.se"))
		put(contactOf("Pelle", "", "o@x.se"))
		group, err := w.PutGroup(ctx, of, 0, 0, func(g *directory.Group) error { g.Name = "Team"; return nil }, nil)
		if err == nil {
			_, err = w.ChangeMembers(ctx, of, MembersChange{Group: group.ID, Add: []string{"contact:" + other.ID.String()}})
		}
		if err != nil {
			t.Fatal(err)
		}
		names, err := w.Duplicates(ctx, "acme", DuplicateNames, "", 10)
		if err != nil || len(names) != 1 || names[0].Value != "orjan" || len(names[0].Contacts) != 2 {
			t.Errorf("%v %v", names, err)
		}
		if mails, err := w.Duplicates(ctx, "acme", DuplicateMails, "", 10); err != nil || len(mails) != 1 || mails[0].Value != "o@x.se" {
			t.Errorf("%v %v", mails, err)
		}
		if _, err := w.MergeContacts(ctx, of, kept.ID, []message.ID{kept.ID}); err == nil {
			t.Error("one is merged with itself")
		}
		merged, err := w.MergeContacts(ctx, of, kept.ID, []message.ID{other.ID})
		if err != nil || merged.Name != "Örjan" || merged.Mobile != "+46100000001" || merged.Mail != "o@x.se" || merged.Note != "" ||
			len(merged.Addresses) != 1 || merged.Addresses[0].String() != "mobile: +46100000002" {
			t.Errorf("%+v %v", merged, err)
		}
		if _, err := w.FindContact(ctx, "acme", other.ID.String()); !errors.Is(err, ErrNotFound) {
			t.Errorf("the other is there: %v", err)
		}
		if has, err := w.HasMember(ctx, "acme", group.ID, "contact:"+kept.ID.String()); err != nil || !has {
			t.Errorf("not in the group: %v", err)
		}
	})
}
