package web

import (
	"net/http"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// Proxied is what a reverse proxy that is trusted says of a request.
type Proxied struct {
	Prefix string // path in front of ours that it takes off, such as /kurir; empty: none
	User   string // who has signed in there; empty: nobody
}

// NewUser is how a user is made whom a reverse proxy names and who is not there yet; without an account none is.
type NewUser struct{ Account, Role string }

// signedInThere has whoever has signed in at a reverse proxy be signed in here. Its sessions have a cookie of their own, which counts
// only together with what the proxy says: without it nobody is signed in by that.
func (v *visit) signedInThere() {
	name := v.Proxied(v.r).User
	if name == "" || v.page.beside() {
		return
	}
	u := v.userThere(name)
	if u == nil {
		v.user, v.account, v.session = nil, nil, nil
		return
	}
	if v.user != nil && v.user.Name == u.Name {
		return
	}
	v.user, v.account, v.session = nil, nil, nil
	a := v.Accounts().ByName(u.Account)
	if a == nil || !u.Admitted(v.Now()) || !a.MayComeFrom(v.addr()) || !v.atHost(u) {
		return
	}
	token, err := v.People.Begin(v.bound(u), v.addr().String(), v.r.UserAgent(), false)
	if err == nil {
		v.session, err = v.People.Find(v.r.Context(), token)
	}
	if err != nil || v.session == nil {
		v.unknown = err
		v.Log.Warn("a session of the web pages could not be written", "user", u.Name, "error", err)
		return
	}
	v.setCookie(token)
	v.user = u
	v.account = u.Acting(v.chosen())
	v.Log.Info("user signed in", "user", u.Name, "account", u.Account, "peer", v.addr(), "by", "proxy")
}

// bound is the user to whose password sessions are bound: those that a reverse proxy has begun are good only where it names somebody, so
// that nobody takes the cookie along past the proxy.
func (v *visit) bound(u *account.User) *account.User {
	if v.Proxied(v.r).User == "" {
		return u
	}
	there := *u
	there.Password = "by proxy " + u.Password
	return &there
}

// userThere finds the user whom a reverse proxy means: by name, or else by mail address if one user alone has it; or makes it.
func (v *visit) userThere(name string) (found *account.User) {
	users := v.Accounts()
	if u := users.UserByName(name); u != nil {
		return u
	}
	for _, u := range users.Users() {
		if u.Mail == "" || !strings.EqualFold(u.Mail, name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = u
	}
	if found != nil {
		return found
	}
	return v.makeUserThere(name)
}

// makeUserThere makes a user, without a password, if users are made whom the proxy names.
func (v *visit) makeUserThere(name string) *account.User {
	as := v.NewUser()
	if as.Account == "" {
		return nil
	}
	if as.Role == "" {
		as.Role = "sender"
	}
	_, err := v.Change(v.r.Context(), resource.Change{
		Action: resource.Create, Kind: "users", By: "proxy", Value: map[string]any{"name": name, "account": as.Account, "role": as.Role},
	})
	u := v.Accounts().UserByName(name)
	if err != nil && u == nil {
		v.Log.Warn("a user whom a reverse proxy names could not be made", "user", name[:min(len(name), 64)], "error", err)
		return nil
	}
	v.Log.Info("a user whom a reverse proxy names was made", "user", name, "account", as.Account)
	return u
}

// stranger tells whether a reverse proxy has named somebody who is no user here, or who may not sign in: signing in with a password
// would not help. The first user is made nevertheless, and what stands beside pages is everybody's.
func (v *visit) stranger() bool {
	return v.user == nil && v.unknown == nil && v.Proxied(v.r).User != "" && !v.page.beside() && v.page.path() != "/setup"
}

// beside tells whether it is a file that pages load, which is the same for everybody.
func (p *page) beside() bool {
	return strings.HasPrefix(p.path(), "/web/") || strings.HasPrefix(p.path(), looksPath)
}

// refuseStranger says so.
func (v *visit) refuseStranger() {
	v.render(http.StatusForbidden, "error", "error.title", v.words(v.lang(), "proxy.stranger", v.Proxied(v.r).User))
}

// ByProxy tells whether a reverse proxy has signed the user in, which alone can sign out.
func (v *view) ByProxy() bool { return v.Proxied(v.r).User != "" }
