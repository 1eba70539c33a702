package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// testPeople: contacts, groups and templates are read page by page as they were written, each account's for itself, also
// after a start.
func testPeople(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir, store.Retention{})
	owned := func(id message.ID, account string) store.Owned {
		return store.Owned{ID: id, Account: account, Revision: 7, ChangedAt: 5, ChangedBy: "root"}
	}
	var contacts []*store.Contact
	for i, name := range []string{"Örjan", "anna", "Bo", "Anna", "bo"} {
		contacts = append(contacts, &store.Contact{Owned: owned(message.ID(i+1), "acme"), Contact: directory.Contact{
			Name: name, Mobile: fmt.Sprintf("+4670123456%d", i), Mail: fmt.Sprintf("%d@example.se", i), Language: "sv", Fields: map[string]string{"ward": "4"}, Note: "n",
		}})
	}
	contacts[1].Addresses = []directory.ContactAddress{{Kind: directory.MobileAddress, Address: "+46709000000", Label: "home"}, {Kind: directory.MailAddress, Address: "anna@x.se"}}
	contacts[1].Usual = "anna@x.se"
	contacts = append(contacts, &store.Contact{Owned: owned(9, "bell"), Contact: directory.Contact{Name: "Anna", Mobile: "+46701234560"}})
	outer := &store.Group{Owned: owned(20, "acme"), Group: directory.Group{Name: "all", Note: "n"}}
	inner := &store.Group{Owned: owned(21, "acme"), Group: directory.Group{Name: "some"}}
	template := &store.Template{Owned: owned(30, "acme"), Template: directory.Template{Name: "due", Text: "x", Texts: map[string]string{"sv": "y"}, Note: "n"}}
	number := directory.Member{To: "+46709999999"}
	members := []directory.Member{{Kind: directory.ContactRecipient, ID: 1}, number, {Kind: directory.GroupRecipient, ID: 21}, {Kind: directory.ContactRecipient, ID: 2}}
	commit(t, s, &store.Batch{People: []*store.PeopleChange{
		{Contacts: contacts, Groups: []*store.Group{outer, inner}, Templates: []*store.Template{template}},
		{Members: []store.GroupMembers{{Group: 20, Members: members}, {Group: 20, Members: members[:2]}}},
	}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, store.Retention{})
	names := func(f store.PeopleFilter) string {
		t.Helper()
		f.Account, f.Limit = "acme", 2
		all := ""
		for {
			page, err := s.Contacts(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				all += fmt.Sprintf("%d%s ", c.ID, c.Name)
				f.After = c.ID
			}
			if len(page) < f.Limit {
				return all
			}
		}
	}
	for want, f := range map[string]store.PeopleFilter{
		"1Örjan 2anna 3Bo 4Anna 5bo ": {},
		"2anna 4Anna 3Bo 5bo 1Örjan ": {ByName: true},
		"1Örjan 5bo 3Bo 4Anna 2anna ": {ByName: true, Descending: true},
		"2anna 4Anna ":                {Search: "AN"},
		"1Örjan ":                     {Named: "orjan"},
		"3Bo ":                        {Mobile: "46701234562", Mail: "2@example.se", Language: "sv"},
		"":                            {Search: "?"},
		"2anna ":                      {Mobile: "46709000000", Mail: "anna@x.se"},
	} {
		if got := names(f); got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
	if _, err := s.Contacts(ctx, store.PeopleFilter{Account: "acme", ByName: true, After: 99, Limit: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a page behind nobody: %v", err)
	}
	got, err := s.ContactByID(ctx, "acme", 1)
	diff(t, "contact", contacts[0], got)
	if two, err := s.ContactByID(ctx, "acme", 2); err == nil {
		diff(t, "contact with several addresses", contacts[1], two)
	}
	if list, err := s.Contacts(ctx, store.PeopleFilter{Account: "bell", Mail: "anna@x.se", Limit: 9}); err != nil || len(list) > 0 {
		t.Errorf("somebody else's address: %+v %v", list, err)
	}
	if _, err2 := s.ContactByID(ctx, "bell", 1); err != nil || !errors.Is(err2, store.ErrNotFound) {
		t.Error(err, err2)
	}
	group, err := s.GroupByID(ctx, "acme", 20)
	if err != nil || group.Members != 4 || group.Note != "n" {
		t.Errorf("%+v %v", group, err)
	}
	have, err := s.TemplateByID(ctx, "acme", 30)
	if diff(t, "template", template, have); err != nil {
		t.Error(err)
	}
	all := ""
	for after := int64(math.MinInt64); ; {
		page, last, err := s.MembersAfter(ctx, 20, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			all += fmt.Sprintf("%s%s%s ", m.Kind, m.To, m.Name)
			if m.Contact != nil {
				all += m.Contact.Name + " "
			}
		}
		if after = last; len(page) < 3 {
			break
		}
	}
	if all != "groupsome contact anna contact Örjan number+46709999999 " {
		t.Errorf("members: %s", all)
	}
	if ids, err := s.GroupsAround(ctx, 21); err != nil || fmt.Sprint(ids) != fmt.Sprint([]message.ID{20}) {
		t.Error(ids, err)
	}

	// What is deleted is in no group any more, and a group goes in slices.
	many := make([]directory.Member, store.MembersAtOnce)
	for i := range many {
		many[i].To = fmt.Sprintf("+4671%07d", i)
	}
	outer.Gone = true
	commit(t, s, &store.Batch{People: []*store.PeopleChange{
		{Audits: []store.Audit{{Number: 8, Kind: "contacts", Name: "acme/1", Action: "delete"}}, ContactsGone: []message.ID{1}, TemplatesGone: []message.ID{30}},
		{Members: []store.GroupMembers{{Group: 20, Members: many}, {Group: 20, Members: []directory.Member{number}, Gone: true}}},
		{Groups: []*store.Group{outer}},
	}})
	if group, err := s.GroupByID(ctx, "acme", 20); err != nil || group.Members != store.MembersAtOnce+2 || !group.Gone {
		t.Errorf("%+v %v", group, err)
	}
	if list, err := s.Groups(ctx, store.PeopleFilter{Account: "acme", Limit: 9}); err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	for left := 1; left >= 0; left-- {
		commit(t, s, &store.Batch{People: []*store.PeopleChange{{Empty: 20}}})
		if ids, err := s.GroupsGone(ctx); err != nil || len(ids) != left {
			t.Errorf("%d left: %v %v", left, ids, err)
		}
	}
	if last, err := s.LastAudit(ctx); err != nil || last != 8 {
		t.Error(last, err)
	}
}
