package web

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/signin"
)

// codeForm is what the page that asks for a code shows.
type codeForm struct{ To, Error string }

// expected tells whether somebody has given a password and is to give a code; else it leads back to the beginning.
func (v *visit) expected() bool {
	if v.pending == nil {
		v.redirect("/signin")
	}
	return v.pending != nil
}

// codePage asks who has given a password for the second factor.
func (v *visit) codePage() {
	if v.expected() {
		v.render(http.StatusOK, "code", "code.title", &codeForm{To: v.r.URL.Query().Get("to")})
	}
}

// signInByCode signs in who gives the right code.
func (v *visit) signInByCode() {
	if !v.expected() {
		return
	}
	form := &codeForm{To: v.r.PostForm.Get("to")}
	status, problem := v.checkCode(v.pending, v.r.PostForm.Get("code"))
	if problem != "" {
		form.Error = problem
		v.render(status, "code", "code.title", form)
		return
	}
	v.admit(v.pending, form.To)
}

// checkCode takes a code of a user's second factor; else it gives the status and what to say. Wrong codes are slowed down as wrong
// passwords are, and besides by the user, from wherever they come.
func (v *visit) checkCode(u *account.User, code string) (status int, problem string) {
	addr, claim := v.addr(), "code "+u.Name
	if !v.MayTry(addr, claim) {
		return http.StatusTooManyRequests, "signin.slow"
	}
	err := v.People.Check(v.r.Context(), u.Name, code)
	switch {
	case err == nil:
		return 0, ""
	case errors.Is(err, signin.ErrSlow):
		return http.StatusTooManyRequests, "code.slow"
	case errors.Is(err, signin.ErrCode):
		v.Log.Warn("sign-in to the web pages refused", "user", u.Name, "peer", addr, "why", "wrong code")
		v.Failed(v.r.Context(), addr, claim)
		return http.StatusUnauthorized, "code.wrong"
	}
	v.Log.Warn("a code could not be checked", "user", u.Name, "error", err)
	return http.StatusServiceUnavailable, "error.database"
}
