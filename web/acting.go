package web

import (
	"net/http"

	"kurir/account"
)

// accountCookie names the account for which the user acts. It says nothing that the user may not say: each request looks whether
// the user may.
const accountCookie = "kurir_account"

// accounts gives the accounts for which the user may act, the own one first: those below it, or all.
func (v *visit) accounts() []*account.Account {
	all := v.Accounts()
	if !v.user.May(account.Everywhere) {
		return all.Below(v.user.Account)
	}
	list := []*account.Account{all.ByName(v.user.Account)}
	for _, a := range all.All() {
		if a.Name != v.user.Account {
			list = append(list, a)
		}
	}
	return list
}

// chosen is the account for which the user has chosen to act, the own one where none is.
func (v *visit) chosen() *account.Account {
	own := v.Accounts().ByName(v.user.Account)
	cookie, err := v.r.Cookie(accountCookie)
	if err != nil || cookie.Value == own.Name {
		return own
	}
	if a := v.mayActFor(cookie.Value); a != nil {
		return a
	}
	return own
}

// mayActFor gives the account of that name if the user may act for it, else nil.
func (v *visit) mayActFor(name string) *account.Account {
	all := v.Accounts()
	if v.user.May(account.Everywhere) {
		return all.ByName(name)
	}
	for _, a := range all.Below(v.user.Account) {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// chooseAccount has the user act for another account from now on.
func (v *visit) chooseAccount() {
	a := v.mayActFor(v.r.PostForm.Get("account"))
	if a == nil {
		v.me(http.StatusUnprocessableEntity, "error.account", "", "")
		return
	}
	c := &http.Cookie{
		Name: accountCookie, Value: a.Name, Path: v.Proxied(v.r).Prefix + "/", HttpOnly: true, Secure: v.secure(), SameSite: http.SameSiteLaxMode,
	}
	v.framed(c)
	http.SetCookie(v.w, c)
	v.redirect(v.first())
}

// ActsFor is the account for which the user acts, empty where it is the own one.
func (v *view) ActsFor() string {
	if v.user == nil || v.account.Name == v.user.Account {
		return ""
	}
	return v.account.Name
}
