package gateway

import (
	"context"
	"fmt"

	"kurir/store"
)

// dropAtOnce is how many contacts of a book one commit deletes, and how many groups and templates.
const dropAtOnce = 500

// DropBook deletes all that a user's own book has, in slices: what is left when it fails is there still. Each slice is a line of the
// record of changes. The account's own book is refused. What would come into the book is refused from when the configuration does not
// have the user any more; what has begun before goes with the rest.
func (g *Gateway) DropBook(ctx context.Context, of PeopleOf) error {
	if _, user := bookOf(of.Account); user == "" {
		return fmt.Errorf("the book of account %s is not a user's own", of.Account)
	}
	lock := g.people.lockOf(of.Account)
	select { // a change that has begun, such as lines of an import, is on disk then
	case lock <- struct{}{}:
		<-lock
	case <-ctx.Done():
		return fmt.Errorf("delete the book of a user: %w", ctx.Err())
	}
	for {
		left, err := g.dropped(ctx, of) // without the lock: most users keep nothing
		if err == nil && left == nil {
			break
		}
		if err == nil {
			err = g.changeBook(ctx, of.Account, nil, func(ctx context.Context) (*store.PeopleChange, error) { return g.dropped(ctx, of) })
		}
		if err != nil {
			return fmt.Errorf("delete the book of a user: %w", err)
		}
	}
	g.job(func() { g.emptyGroups(g.ctx) }) // when the gateway is stopping, the next start does it
	return nil
}

// DropLeft deletes what is left of own books whose users were deleted over REST: of what a crash, the database or a change on another
// server left when DropBook ended. Whoever is in no file any more has not been deleted, and keeps his book. dropped are the users.
func (g *Gateway) DropLeft(ctx context.Context, by string) (dropped []string, err error) {
	for book := ""; ; {
		if book, err = g.store.NextBook(ctx, book); err != nil || book == "" {
			return dropped, err
		}
		_, user := bookOf(book)
		if user == "" || g.snap.Load().Accounts.UserByName(user) != nil {
			continue
		}
		gone, err := g.store.LastDeleted(ctx, "users", user)
		if err == nil && gone {
			err = g.DropBook(ctx, PeopleOf{Account: book, By: by})
			dropped = append(dropped, user)
		}
		if err != nil {
			return dropped, err
		}
	}
}

// dropped drafts the next slice; nil for nothing.
func (g *Gateway) dropped(ctx context.Context, of PeopleOf) (*store.PeopleChange, error) {
	page := PeopleFilter{Account: of.Account, Limit: dropAtOnce}
	groups, err := g.store.Groups(ctx, page)
	if err != nil {
		return nil, err
	}
	contacts, err := g.store.Contacts(ctx, page)
	if err != nil {
		return nil, err
	}
	templates, err := g.store.Templates(ctx, page)
	if err != nil {
		return nil, err
	}
	if len(groups)+len(contacts)+len(templates) == 0 {
		return nil, nil
	}
	c := &store.PeopleChange{Groups: groups}
	for _, group := range groups {
		group.Gone = true
	}
	for _, contact := range contacts {
		c.ContactsGone = append(c.ContactsGone, contact.ID)
	}
	for _, template := range templates {
		c.TemplatesGone = append(c.TemplatesGone, template.ID)
	}
	c.Audits = []store.Audit{{
		Number: g.NextAudit(), At: g.now().UnixMilli(), Who: of.By, Kind: "contacts", Name: auditName(of, "*", 0), Action: "delete",
	}}
	return c, nil
}
