package web

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/signin"
)

// linkForm is what the page shows to which links of invitations and resets lead.
type linkForm struct {
	Token, Name   string
	Invited       bool
	Error, Detail string // a key, or what a check says
	Least         int    // characters of a password
}

// linkOf gives the link of a token with the user whom it is for; nil if it is not good any more. Then, or when the database does not
// answer, it has said so.
func (v *visit) linkOf(token string) (*signin.Link, *account.User) {
	l, err := v.People.Link(v.r.Context(), token)
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return nil, nil
	}
	if l != nil && l.Kind != signin.Setup {
		if u := v.Accounts().UserByName(l.Person); l.Of(u) && u.Invitable(v.Now()) && v.mayCome(u) {
			return l, u
		}
	}
	v.fail(http.StatusNotFound, "link.gone")
	return nil, nil
}

// linkPage asks for a password whoever comes with a good link.
func (v *visit) linkPage() {
	token := v.r.URL.Query().Get("token")
	if l, _ := v.linkOf(token); l != nil {
		v.showLink(http.StatusOK, l, &linkForm{Token: token})
	}
}

func (v *visit) showLink(status int, l *signin.Link, form *linkForm) {
	form.Name, form.Invited, form.Least = l.Person, l.Kind == signin.Invite, account.MinPassword
	v.render(status, "link", "link.title", form)
}

// takeLink gives the user of a link the password that was typed, and signs in. The link is used up; the user's sessions end.
func (v *visit) takeLink() {
	posted := v.r.PostForm
	token := posted.Get("token")
	l, u := v.linkOf(token)
	if l == nil {
		return
	}
	form := &linkForm{Token: token}
	if form.Error = passwordError(posted.Get("password"), posted.Get("again")); form.Error != "" {
		v.showLink(http.StatusUnprocessableEntity, l, form)
		return
	}
	switch err := v.People.Take(l); {
	case errors.Is(err, signin.ErrNoLink):
		v.fail(http.StatusNotFound, "link.gone")
		return
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	if form.Detail = v.changeUser(u, map[string]any{"password": posted.Get("password")}); form.Detail != "" {
		if err := v.People.PutBack(l); err != nil {
			v.Log.Warn("a one-time link could not be put back", "user", u.Name, "error", err)
		}
		v.showLink(http.StatusUnprocessableEntity, l, form)
		return
	}
	v.endOthers(u.Name, nil)
	if u = v.Accounts().UserByName(u.Name); u == nil {
		v.redirect("/signin")
		return
	}
	v.enter(u, "")
}

// endOthers ends a user's sessions but for one, nil for all of them.
func (v *visit) endOthers(name string, but *signin.Session) {
	if err := v.People.EndAll(name, but); err != nil {
		v.Log.Warn("a session of the web pages could not be ended", "user", name, "error", err)
	}
}
