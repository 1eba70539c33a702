package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"kurir/account"
	"kurir/signin"
)

// CheckFunc finds out who signs in by name and password: nil and account.ErrCredentials if nobody does. It is the seam for other
// places where people stand: one that asks an LDAP server looks up the user of the same name among accounts when that has said
// yes. What leads elsewhere and comes back, as OIDC does, needs no password and begins with the user that it has found at
// visit.enter; what follows - second factor, session, rights - is the same.
type CheckFunc func(ctx context.Context, accounts *account.Directory, name, password string) (*account.User, error)

// signInForm is what the page of signing in shows.
type signInForm struct {
	Name, To, Error string
	Setup           bool // there is no user yet
	Forgot          bool // a link to another password can be sent by mail
}

// home leads to the first page that the user may see.
func (v *visit) home() { v.redirect(v.first()) }

func (v *visit) first() string {
	if v.user == nil {
		return "/signin"
	}
	shown := &view{visit: v}
	if items := shown.Menu(); len(items) > 0 {
		return items[0].Path
	}
	return cmp.Or(shown.Console(), "/me")
}

func (v *visit) signInPage() {
	if v.user != nil {
		v.redirect(v.first())
		return
	}
	v.showSignIn(http.StatusOK, &signInForm{To: v.r.URL.Query().Get("to")})
}

func (v *visit) showSignIn(status int, form *signInForm) {
	form.Setup, form.Forgot = len(v.Accounts().Users()) == 0, v.mails()
	v.render(status, "signin", "signin.title", form)
}

// signIn begins a session for whoever knows name and password. What is wrong of them is never said.
func (v *visit) signIn() {
	form := &signInForm{Name: v.r.PostForm.Get("name"), To: v.r.PostForm.Get("to")}
	u, status, problem := v.authenticate(form.Name, v.r.PostForm.Get("password"))
	if u == nil {
		form.Error = problem
		v.showSignIn(status, form)
		return
	}
	v.enter(u, form.To)
}

// authenticate finds the user with that name and password, slowed down as other interfaces are; else it gives the status and what
// to say.
func (v *visit) authenticate(name, password string) (_ *account.User, status int, problem string) {
	addr, claim := v.addr(), "user "+name
	if !v.MayTry(addr, claim) {
		return nil, http.StatusTooManyRequests, "signin.slow"
	}
	u, err := v.Check(v.r.Context(), v.Accounts(), name, password)
	switch {
	case errors.Is(err, account.ErrCredentials):
		v.Log.Warn("sign-in to the web pages refused", "user", name[:min(len(name), 64)], "peer", addr, "why", "wrong name or password")
		v.Failed(v.r.Context(), addr, claim)
		return nil, http.StatusUnauthorized, "signin.wrong"
	case err != nil:
		return nil, http.StatusServiceUnavailable, "signin.busy"
	}
	if !v.mayCome(u) {
		v.Log.Warn("sign-in to the web pages refused", "user", u.Name, "peer", addr, "why", "address")
		return nil, http.StatusForbidden, "signin.address"
	}
	if !v.atHost(u) {
		v.Log.Warn("sign-in to the web pages refused", "user", u.Name, "peer", addr, "why", "host")
		return nil, http.StatusForbidden, "signin.host"
	}
	return u, 0, ""
}

// mayCome tells whether the user's account permits the address that the request comes from.
func (v *visit) mayCome(u *account.User) bool {
	a := v.Accounts().ByName(u.Account)
	return a != nil && a.MayComeFrom(v.addr())
}

// enter signs somebody in whose password, or what is in its place, was right: at once, or by way of the second factor. to is the
// page that was asked for. Whatever session the browser has brought ends.
func (v *visit) enter(u *account.User, to string) {
	factor, err := v.People.Factor(v.r.Context(), u.Name)
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	switch {
	case factor != nil:
		if v.begin(u, true) {
			v.redirect("/signin/code" + toQuery(to))
		}
	case v.wantsFactor(u):
		if v.begin(u, true) {
			v.redirect("/second" + toQuery(to))
		}
	default:
		v.admit(u, to)
	}
}

// admit begins the session of somebody who has proven everything.
func (v *visit) admit(u *account.User, to string) {
	if v.begin(u, false) {
		v.Log.Info("user signed in", "user", u.Name, "account", u.Account, "peer", v.addr())
		v.leadTo(u, to)
	}
}

// leadTo leads a user to the page that was asked for, or else to the first.
func (v *visit) leadTo(u *account.User, to string) {
	if v.user = u; to != "" && inside(to) {
		v.redirect(to)
		return
	}
	v.redirect(v.first())
}

// toQuery is the parameter that keeps the page that was asked for.
func toQuery(to string) string {
	if to == "" || !inside(to) {
		return ""
	}
	return "?to=" + url.QueryEscape(to)
}

// begin makes a session of a new token, and ends the one that the browser has brought. waits: it is good for the second factor
// only. If that cannot be, it says so to the user.
func (v *visit) begin(u *account.User, waits bool) bool {
	for _, old := range []*signin.Session{v.session, v.waiting} {
		if old != nil {
			v.leave(old)
		}
	}
	token, err := v.People.Begin(v.bound(u), v.addr().String(), v.r.UserAgent(), waits)
	if err != nil {
		v.Log.Warn("a session of the web pages could not be written", "user", u.Name, "error", err)
		v.fail(http.StatusServiceUnavailable, "error.database")
		return false
	}
	v.setCookie(token)
	return true
}

// leave ends a session. One that cannot be ended now is over when its time is.
func (v *visit) leave(s *signin.Session) {
	if err := v.People.Leave(s); err != nil {
		v.Log.Warn("a session of the web pages could not be ended", "user", s.Person, "error", err)
	}
}

func (v *visit) signOut() {
	if err := v.People.Leave(v.session); err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.setCookie("")
	v.redirect("/signin")
}

// byPassword is how people sign in where nothing else is said: by the passwords of users.
func (s *Server) byPassword(ctx context.Context, accounts *account.Directory, name, password string) (*account.User, error) {
	return s.Verifier.AuthenticateUser(ctx, accounts, name, password, s.Now())
}
