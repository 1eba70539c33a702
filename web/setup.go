package web

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
	"kurir/signin"
)

// SetupLink gives the path at which the first user is made; empty where there are users. It is good once, for a week, at every server
// that shares the database and after a restart, too; each start makes one of its own.
func (s *Server) SetupLink() (string, error) {
	if len(s.Accounts().Users()) > 0 {
		return "", nil
	}
	s.setup.Lock()
	defer s.setup.Unlock()
	if s.setupToken == "" {
		token, _, err := s.People.MakeLink(signin.Setup, nil)
		if err != nil {
			return "", err
		}
		s.setupToken = token
	}
	return "/setup?token=" + s.setupToken, nil
}

// setupForm is what the page of the first user shows.
type setupForm struct {
	Token, Name, Account string
	Accounts             []string
	Error                string // a key
	Detail               string // what the setting's check says
	Least                int    // characters of a password
}

func (v *visit) setupForm(token string) *setupForm {
	f := &setupForm{Token: token, Name: "admin", Least: account.MinPassword}
	for _, a := range v.Accounts().All() {
		f.Accounts = append(f.Accounts, a.Name)
	}
	return f
}

// setupLink gives the link of a token; nil if it is not good any more, which it has said then.
func (v *visit) setupLink(token string) *signin.Link {
	l, err := v.People.Link(v.r.Context(), token)
	switch {
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return nil
	case l == nil || l.Kind != signin.Setup || len(v.Accounts().Users()) > 0:
		v.fail(http.StatusNotFound, "setup.gone")
		return nil
	}
	return l
}

func (v *visit) setupPage() {
	token := v.r.URL.Query().Get("token")
	if v.setupLink(token) != nil {
		v.render(http.StatusOK, "setup", "setup.title", v.setupForm(token))
	}
}

// setUp makes the first user, an administrator of the system, and signs it in.
func (v *visit) setUp() {
	form := v.r.PostForm
	token := form.Get("token")
	l := v.setupLink(token)
	if l == nil {
		return
	}
	again := v.setupForm(token)
	again.Name, again.Account = form.Get("name"), form.Get("account")
	if again.Error = passwordError(form.Get("password"), form.Get("again")); again.Error != "" {
		v.render(http.StatusUnprocessableEntity, "setup", "setup.title", again)
		return
	}
	switch err := v.People.Take(l); { // and the links of all other starts
	case errors.Is(err, signin.ErrNoLink):
		v.fail(http.StatusNotFound, "setup.gone")
		return
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	again.Detail = v.makeUser(again.Name, again.Account, form.Get("password"))
	u := v.Accounts().UserByName(again.Name)
	if again.Detail != "" || u == nil {
		if err := v.People.PutBack(l); err != nil {
			v.Log.Warn("a one-time link could not be put back", "user", again.Name, "error", err)
		}
		v.render(http.StatusUnprocessableEntity, "setup", "setup.title", again)
		return
	}
	v.Log.Info("the first user is made by the link of the start", "user", u.Name, "account", u.Account, "peer", v.addr())
	v.enter(u, "")
}

// passwordError is the key of what is wrong with a password that is typed twice; empty for nothing.
func passwordError(password, again string) string {
	switch {
	case password != again:
		return "password.differ"
	case account.PasswordProblem(password) != "":
		return "password.bad"
	}
	return ""
}

// makeUser makes the first user; it gives what is wrong.
func (v *visit) makeUser(name, of, password string) (problem string) {
	_, err := v.Change(v.r.Context(), resource.Change{
		Action: resource.Create, Kind: "users", By: "web",
		Value: map[string]any{"name": name, "account": of, "role": account.SystemRole, "password": password},
	})
	return v.said(err)
}

// said gives what a change was refused for, in the user's language where that is known; empty for a change that was made.
func (v *visit) said(err error) string {
	var refused *resource.Refusal
	var failure *message.Failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return v.inWords(refused.Error())
	case errors.As(err, &failure):
		return v.inWords(failure.Error())
	}
	return v.words(v.lang(), "error.database")
}
