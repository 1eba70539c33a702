package web

import (
	"errors"
	"net/http"

	"kurir/account"
)

// signInForm is what the page of signing in shows.
type signInForm struct {
	Name, To, Error string
	Setup           bool // there is no user yet
}

// home leads to the first page that the user may see.
func (v *visit) home() { v.redirect(v.first()) }

func (v *visit) first() string {
	switch {
	case v.user == nil:
		return "/signin"
	case v.user.May(account.SendMessages):
		return "/compose"
	}
	return "/sent"
}

func (v *visit) signInPage() {
	if v.user != nil {
		v.redirect(v.first())
		return
	}
	v.render(http.StatusOK, "signin", "signin.title", &signInForm{To: v.r.URL.Query().Get("to"), Setup: len(v.Accounts().Users()) == 0})
}

// signIn begins a session for whoever knows name and password. What is wrong of them is never said.
func (v *visit) signIn() {
	form := &signInForm{Name: v.r.PostForm.Get("name"), To: v.r.PostForm.Get("to")}
	u, status, problem := v.authenticate(form.Name, v.r.PostForm.Get("password"))
	if u == nil {
		form.Error = problem
		v.render(status, "signin", "signin.title", form)
		return
	}
	if v.session != nil { // who signs in anew leaves the one before
		v.sessions.end(v.session.user, v.session.id)
	}
	v.begin(u)
	v.Log.Info("user signed in", "user", u.Name, "account", u.Account, "peer", v.addr())
	if v.user = u; form.To != "" && inside(form.To) {
		v.redirect(form.To)
		return
	}
	v.redirect(v.first())
}

// authenticate finds the user with that name and password, slowed down as other interfaces are; else it gives the status and what
// to say.
func (v *visit) authenticate(name, password string) (_ *account.User, status int, problem string) {
	addr, claim := v.addr(), "user "+name
	if !v.MayTry(addr, claim) {
		return nil, http.StatusTooManyRequests, "signin.slow"
	}
	accounts := v.Accounts()
	u, err := v.Verifier.AuthenticateUser(v.r.Context(), accounts, name, password, v.Now())
	switch {
	case errors.Is(err, account.ErrCredentials):
		v.Log.Warn("sign-in to the web pages refused", "user", name[:min(len(name), 64)], "peer", addr, "why", "wrong name or password")
		v.Failed(v.r.Context(), addr, claim)
		return nil, http.StatusUnauthorized, "signin.wrong"
	case err != nil:
		return nil, http.StatusServiceUnavailable, "signin.busy"
	}
	if a := accounts.ByName(u.Account); a == nil || !a.MayComeFrom(addr) {
		v.Log.Warn("sign-in to the web pages refused", "user", u.Name, "peer", addr, "why", "address")
		return nil, http.StatusForbidden, "signin.address"
	}
	return u, 0, ""
}

// begin makes a session of a new token, whatever the browser has brought.
func (v *visit) begin(u *account.User) {
	v.setCookie(v.sessions.begin(u, v.addr().String(), v.r.UserAgent(), v.Now()))
}

func (v *visit) signOut() {
	v.sessions.end(v.session.user, v.session.id)
	v.setCookie("")
	v.redirect("/signin")
}
