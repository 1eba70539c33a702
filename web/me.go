package web

import (
	"net/http"

	"kurir/account"
	"kurir/resource"
)

// mePage shows the user what is the user's own: sessions, language, password.
func (v *visit) mePage() { v.me(http.StatusOK, "", "", "") }

// meForm is what that page shows.
type meForm struct {
	Sessions      []mySession
	Accounts      []string // for which the user may act, the own one first
	Acting        string
	Role          string
	Language      string
	Error, Detail string // a key, or what a check says
	Notice        string // a key
	Least         int    // characters of a password
}

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
	for _, one := range v.sessions.of(v.user.Name, v.Now()) {
		f.Sessions = append(f.Sessions, mySession{one.id, one.addr, one.agent, showTime(one.began), showTime(one.seen), one.id == v.session.id})
	}
	v.render(status, "me", "me.title", f)
}

// endSession ends one of the user's sessions, or all but this one.
func (v *visit) endSession() {
	id := v.r.PostForm.Get("id")
	if id != "" {
		v.sessions.end(v.user.Name, id)
		v.redirect("/me")
		return
	}
	for _, one := range v.sessions.of(v.user.Name, v.Now()) {
		if one.id != v.session.id {
			v.sessions.end(v.user.Name, one.id)
		}
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
	if problem := v.change(map[string]any{"password": form.Get("password")}); problem != "" {
		v.me(http.StatusUnprocessableEntity, "", problem, "")
		return
	}
	v.sessions.end(v.user.Name, "")
	if u := v.Accounts().UserByName(v.user.Name); u != nil {
		v.begin(u)
	}
	v.redirect("/me")
}

// changeLanguage gives the user's pages another language.
func (v *visit) changeLanguage() {
	var language any // none: the browser's
	if word := v.r.PostForm.Get("language"); word != "" {
		language = word
	}
	if problem := v.change(map[string]any{"language": language}); problem != "" {
		v.me(http.StatusUnprocessableEntity, "", problem, "")
		return
	}
	v.redirect("/me")
}

// change changes the user's own fields; it gives what is wrong.
func (v *visit) change(value map[string]any) (problem string) {
	_, err := v.Change(v.r.Context(), resource.Change{Action: resource.Patch, Kind: "users", Name: v.user.Name, By: "user:" + v.user.Name, Value: value})
	return v.said(err)
}
