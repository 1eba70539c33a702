package gateway

import (
	"context"
	"errors"
	"strings"

	"kurir/message"
)

// bookMark stands between account and user in the name of a book. No account and no user has a control character in its name.
const bookMark = "\x1f"

// Book names an address book where the functions of people take an account: the account's own, which all of its users see, or with
// a user that user's, which nobody else sees. Contacts, groups and templates of both are kept in the same way.
func Book(account, user string) string {
	if user == "" {
		return account
	}
	return account + bookMark + user
}

// bookOf is the reverse of Book.
func bookOf(book string) (account, user string) {
	account, user, _ = strings.Cut(book, bookMark)
	return account, user
}

// findNearest finds one in a book by id or name: in a user's own, and else in the account's.
func findNearest[T any](ctx context.Context, book, named string, find func(ctx context.Context, book, named string) (*T, error)) (*T, error) {
	v, err := find(ctx, book, named)
	if account, user := bookOf(book); user != "" && errors.Is(err, ErrNotFound) {
		return find(ctx, account, named)
	}
	return v, err
}

// NearestContact finds a contact by its id or name as FindContact does; in a user's book, and if it is not there in that of the account.
func (g *Gateway) NearestContact(ctx context.Context, book, named string) (*Contact, error) {
	return findNearest(ctx, book, named, g.FindContact)
}

// NearestGroup finds a group as NearestContact does a contact.
func (g *Gateway) NearestGroup(ctx context.Context, book, named string) (*Group, error) {
	return findNearest(ctx, book, named, g.FindGroup)
}

// NearestTemplate finds a template likewise.
func (g *Gateway) NearestTemplate(ctx context.Context, book, named string) (*Template, error) {
	return findNearest(ctx, book, named, g.FindTemplate)
}

// mostGroupsOf is how many groups of a contact are named.
const mostGroupsOf = 200

// GroupsOf returns the groups of a book of which a contact or group is a member itself, at most 200.
func (g *Gateway) GroupsOf(ctx context.Context, book string, id message.ID) (groups []*Group, err error) {
	ids, err := g.store.GroupsAround(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, id := range ids[:min(len(ids), mostGroupsOf)] {
		group, err := g.groupByID(ctx, book, id)
		switch {
		case errors.Is(err, ErrNotFound): // of another book
		case err != nil:
			return nil, err
		default:
			groups = append(groups, group)
		}
	}
	return groups, nil
}
