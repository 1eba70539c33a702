package resource

import "kurir/account"

// States of users.
const (
	UserActive   = "active"   // may sign in
	UserInvited  = "invited"  // has a link by which to choose a password
	UserWaiting  = "waiting"  // has neither a password nor a link
	UserDisabled = "disabled" // may not
	UserEnded    = "ended"    // until is over
)

// Users is the list of people who sign in to the web pages.
func Users() *Noun {
	return &Noun{
		Name: "user",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "role", Type: Word, Ops: Any, Words: account.Roles(), Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: []string{UserActive, UserInvited, UserWaiting, UserDisabled, UserEnded}, Sort: true},
			{Name: "mail", Type: Text, Ops: Any, Sort: true},
			{Name: "last_seen", Sort: true},
		},
		Order: Order{Field: "name"},
	}
}

// UserSessions is the list of where a user is signed in.
func UserSessions() *Noun {
	return &Noun{
		Name:   "session of a user",
		Fields: []Field{{Name: "id", Type: Text, Ops: Equal}, {Name: "last_seen", Sort: true}},
		Order:  Order{Field: "last_seen", Descending: true},
	}
}
