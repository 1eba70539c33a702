package web

import (
	"context"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// whoOf is how the audit names a user.
func whoOf(u *account.User) string { return u.Account + "/" + u.Name }

// Note puts on record what somebody did with a user that is no change of the user's fields. If that cannot be, the log says it.
func (s *Server) Note(ctx context.Context, who, user, action string) {
	a := gateway.Audit{Who: who, Kind: "users", Name: user, Action: action}
	if u := s.Accounts().UserByName(user); u != nil {
		a.Accounts = []string{u.Account}
	}
	if err := s.Core.WriteAudit(ctx, a); err != nil {
		s.Log.Warn("the audit could not be written", "who", who, "user", user, "action", action, "error", err)
	}
}

// note is that of the user who asks for the page, or is about to sign in.
func (v *visit) note(user, action string) {
	v.Note(v.r.Context(), whoOf(v.person()), user, action)
}

// changeUser changes a user's fields, as the user; it gives what is wrong.
func (v *visit) changeUser(u *account.User, value map[string]any) (problem string) {
	_, err := v.Change(v.r.Context(), resource.Change{Action: resource.Patch, Kind: "users", Name: u.Name, By: whoOf(u), Value: value})
	return v.said(err)
}
