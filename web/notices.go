package web

import "kurir/account"

// Notices are what the user is told at the top of every page now; whoever has not signed in sees what all are told.
func (v *view) Notices() []*account.Notice {
	of := v.account
	if v.user == nil {
		of = nil
	}
	return v.Server.Accounts().Notices(of, v.Now())
}
