package web

import (
	"net/url"

	"kurir/account"
	"kurir/resource"
)

// ownPath is before the pages of a user's own book.
const ownPath = "/own"

// pagesOfBooks are the address books: the account's, and that of the user.
func pagesOfBooks() []page {
	pages := []page{
		{pattern: "GET /conversations", right: account.SeeMessages, menu: "nav.talks", serve: (*visit).conversationsPage},
		{pattern: "GET /conversations/{number}", right: account.SeeMessages, serve: (*visit).conversationPage},
		{pattern: "POST /conversations/{number}", right: account.SendMessages, serve: (*visit).answerConversation},
		{pattern: "POST /conversations/{number}/seen", right: account.SendMessages, serve: (*visit).seeConversation},
		{pattern: "GET /contacts", right: account.SeeMessages, menu: "nav.contacts", list: contactsList("", account.ChangePeople)},
		{pattern: "GET /groups", right: account.SeeMessages, menu: "nav.groups", list: groupsList("", account.ChangePeople)},
		{pattern: "GET /own/contacts", right: account.SendMessages, list: contactsList(ownPath, account.SendMessages)},
		{pattern: "GET /own/groups", right: account.SendMessages, list: groupsList(ownPath, account.SendMessages)},
	}
	for _, book := range []struct {
		path      string
		see, make account.Right
	}{{"", account.SeeMessages, account.ChangePeople}, {ownPath, account.SendMessages, account.SendMessages}} {
		contacts, groups := book.path+"/contacts", book.path+"/groups"
		pages = append(
			pages,
			page{pattern: "GET " + contacts + "/new", right: book.make, serve: (*visit).newContactPage},
			page{pattern: "POST " + contacts + "/new", right: book.make, serve: (*visit).newContact},
			page{pattern: "GET " + contacts + "/import", right: book.make, serve: (*visit).importPage},
			page{pattern: "POST " + contacts + "/import", right: book.make, uploads: true, serve: (*visit).tryImport},
			page{pattern: "POST " + contacts + "/import/do", right: book.make, serve: (*visit).doImport},
			page{pattern: "GET " + contacts + "/file/{form}", right: book.see, serve: (*visit).contactsFile},
			page{pattern: "GET " + contacts + "/duplicates", right: book.make, serve: (*visit).duplicatesPage},
			page{pattern: "POST " + contacts + "/duplicates", right: book.make, serve: (*visit).mergeContacts},
			page{pattern: "GET " + contacts + "/{id}", right: book.see, serve: (*visit).contactPage},
			page{pattern: "POST " + contacts + "/{id}", right: book.make, serve: (*visit).changeContact},
			page{pattern: "POST " + contacts + "/{id}/delete", right: book.make, serve: (*visit).deleteContact},
			page{pattern: "GET " + groups + "/new", right: book.make, serve: (*visit).newGroupPage},
			page{pattern: "POST " + groups + "/new", right: book.make, serve: (*visit).newGroup},
			page{pattern: "GET " + groups + "/{id}", right: book.see, serve: (*visit).groupPage},
			page{pattern: "POST " + groups + "/{id}", right: book.make, serve: (*visit).changeGroup},
			page{pattern: "POST " + groups + "/{id}/members", right: book.make, serve: (*visit).changeMembers},
			page{pattern: "POST " + groups + "/{id}/delete", right: book.make, serve: (*visit).deleteGroup},
		)
	}
	return pages
}

// contactsList is the list of a book's contacts.
func contactsList(book string, makes account.Right) *listPage {
	l := &listPage{
		title: "books.contacts", lead: "books.contacts.lead", rest: "/v1/contacts", rows: "contacts", noun: resource.Contacts,
		query: url.Values{"sort": {"name"}}, filters: []string{"search", "mobile", "mail"}, link: book + "/contacts/{id}",
		columns: []column{{field: "name"}, {field: "mobile"}, {field: "pager"}, {field: "mail"}, {field: "language"}, {field: "note", kind: longText}},
		acts: []listAct{
			{book + "/contacts/new", "books.newcontact", makes},
			{book + "/contacts/import", "books.import", makes},
			{book + "/contacts/duplicates", "books.duplicates", makes},
			{book + "/contacts/file/vcf", "books.cards", 0},
		},
	}
	return l.ofBook(book, "/contacts", "books.owncontacts")
}

// groupsList is the list of a book's groups.
func groupsList(book string, makes account.Right) *listPage {
	l := &listPage{
		title: "books.groups", lead: "books.groups.lead", rest: "/v1/groups", rows: "groups", noun: resource.Groups,
		query: url.Values{}, filters: []string{"search"}, link: book + "/groups/{id}",
		columns: []column{{field: "name"}, {field: "members", kind: aNumber}, {field: "note", kind: longText}},
		acts:    []listAct{{book + "/groups/new", "books.newgroup", makes}},
	}
	return l.ofBook(book, "/groups", "books.owngroups")
}

// ofBook makes a list that of a book, and leads to the other.
func (l *listPage) ofBook(book, path, title string) *listPage {
	if book == "" {
		l.acts = append(l.acts, listAct{ownPath + path, title, account.SendMessages})
		return l
	}
	l.acts = append(l.acts, listAct{path, l.title, account.SeeMessages})
	l.title, l.lead = title, "books.own.lead"
	l.query.Set("book", "own")
	return l
}
