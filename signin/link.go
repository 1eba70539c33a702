package signin

import (
	"context"
	"crypto/hmac"
	"time"

	"kurir/account"
	"kurir/store"
)

// Kind says what a link is for.
type Kind string

// The kinds of links.
const (
	Setup  Kind = "setup"  // to make the first user
	Invite Kind = "invite" // for who has no password yet
	Reset  Kind = "reset"  // for who has forgotten it
)

// ResetLife is how long a link to another password is good.
const ResetLife = time.Hour

const (
	setupLife  = 7 * 24 * time.Hour
	inviteLife = 7 * 24 * time.Hour

	mostSetups = 20 // links of starts that are good at a time
)

// ErrNoLink means that a link has been used, is too old, or never was.
var ErrNoLink = store.ErrNoLink

// Link is a link that is good once.
type Link struct {
	Kind   Kind
	Person string // name of the user; empty for Setup
	Until  time.Time

	token string
	row   store.SigninLink
}

// MakeLink makes a link for a user, nil for Setup, in place of the user's others, and gives the token that names it.
func (b *Book) MakeLink(kind Kind, u *account.User) (token string, until time.Time, err error) {
	token, hash := newToken()
	now := b.opt.Now()
	life := map[Kind]time.Duration{Setup: setupLife, Invite: inviteLife, Reset: ResetLife}[kind]
	until = now.Add(life)
	row := store.SigninLink{Hash: hash, Kind: string(kind), Mark: []byte{}, Until: until.UnixMilli()}
	if u != nil {
		row.Person, row.Mark = u.Name, markOf(u, token)
	}
	return token, until, b.opt.Store.PutLink(&row, now.UnixMilli(), mostSetups-1)
}

// Link gives the link of a token, nil if it is not good any more.
func (b *Book) Link(ctx context.Context, token string) (*Link, error) {
	row, err := b.opt.Store.Link(ctx, hashOf(token))
	if err != nil || row == nil || row.Until < b.opt.Now().UnixMilli() {
		return nil, err
	}
	return &Link{Kind: Kind(row.Kind), Person: row.Person, Until: time.UnixMilli(row.Until), token: token, row: *row}, nil
}

// Of tells whether the link is for that user, whose password is still the one of when it was made.
func (l *Link) Of(u *account.User) bool {
	return u != nil && u.Name == l.Person && hmac.Equal(l.row.Mark, markOf(u, l.token))
}

// Take uses a link up, and all others of the same kind for the same person; ErrNoLink if somebody else was faster.
func (b *Book) Take(l *Link) error { return b.opt.Store.TakeLink(&l.row) }

// PutBack makes a link good again that was taken in vain.
func (b *Book) PutBack(l *Link) error {
	return b.opt.Store.PutLink(&l.row, b.opt.Now().UnixMilli(), mostSetups-1)
}

// Made says what link somebody has.
type Made struct {
	Kind  Kind
	Until time.Time
}

// Links gives the links that are good, by the name of the user.
func (b *Book) Links(ctx context.Context) (map[string]Made, error) {
	list, err := b.opt.Store.Links(ctx)
	if err != nil {
		return nil, err
	}
	all, now := map[string]Made{}, b.opt.Now()
	for i := range list {
		if until := time.UnixMilli(list[i].Until); list[i].Person != "" && now.Before(until) {
			all[list[i].Person] = Made{Kind(list[i].Kind), until}
		}
	}
	return all, nil
}
