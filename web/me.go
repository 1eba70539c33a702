package web

import (
	"net/http"

	"kurir/account"
	"kurir/signin"
)

// mePage shows the user what is the user's own: sessions, language, password, second factor.
func (v *visit) mePage() { v.me(http.StatusOK, "", "", "") }

// meForm is what that page shows.
type meForm struct {
	Sessions      []mySession
	Accounts      []string // for which the user may act, the own one first
	Acting        string
	Role          string
	Language      string
	Factor        *signin.Factor // nil for none
	Error, Detail string         // a key, or what a check says
	Notice        string         // a key
	Least         int            // characters of a password
}

// mySession is a session as it is shown.
type mySession struct {
	ID, Addr, Agent, Began, Seen string
	Own                          bool
}

func (v *visit) me(status int, problem, detail, notice string) {
	f := &meForm{Role: v.user.Role, Language: v.user.Language, Error: problem, Detail: detail, Notice: notice, Least: account.MinPassword}
	f.Acting = v.account.Name
	for _, a := range v.accounts() {
		f.Accounts = append(f.Accounts, a.Name)
	}
	list, err := v.People.Sessions(v.r.Context(), v.user.Name)
	if err == nil {
		f.Factor, err = v.People.Factor(v.r.Context(), v.user.Name)
	}
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	for _, one := range list {
		f.Sessions = append(f.Sessions, mySession{one.ID, one.Addr, one.Agent, showTime(one.Began), showTime(one.Seen), one.Same(v.session)})
	}
	v.render(status, "me", "me.title", f)
}

// endSession ends one of the user's sessions, or all but this one.
func (v *visit) endSession() {
	var err error
	if id := v.r.PostForm.Get("id"); id != "" {
		_, err = v.People.End(v.r.Context(), v.user.Name, id)
	} else {
		err = v.People.EndAll(v.user.Name, v.session)
	}
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.redirect("/me")
}

// changePassword gives the user another password; the other sessions end.
func (v *visit) changePassword() {
	form := v.r.PostForm
	if u, status, problem := v.authenticate(v.user.Name, form.Get("old")); u == nil {
		if problem == "signin.wrong" {
			problem = "password.old"
		}
		v.me(status, problem, "", "")
		return
	}
	if problem := passwordError(form.Get("password"), form.Get("again")); problem != "" {
		v.me(http.StatusUnprocessableEntity, problem, "", "")
		return
	}
	if problem := v.changeUser(v.user, map[string]any{"password": form.Get("password")}); problem != "" {
		v.me(http.StatusUnprocessableEntity, "", problem, "")
		return
	}
	v.endOthers(v.user.Name, nil) // which are over by the password, too
	v.session = nil
	if u := v.Accounts().UserByName(v.user.Name); u != nil && !v.begin(u, false) {
		return
	}
	v.redirect("/me")
}

// changeLanguage gives the user's pages another language.
func (v *visit) changeLanguage() {
	var language any // none: the browser's
	if word := v.r.PostForm.Get("language"); word != "" {
		language = word
	}
	if problem := v.changeUser(v.user, map[string]any{"language": language}); problem != "" {
		v.me(http.StatusUnprocessableEntity, "", problem, "")
		return
	}
	v.redirect("/me")
}
