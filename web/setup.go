package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync/atomic"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

// setupLink is the way to the first user: a token that is good until there is one, or until the server ends.
type setupLink struct {
	token string
	used  atomic.Bool
}

func newSetupLink() *setupLink { return &setupLink{token: rand.Text()} }

// SetupLink gives the path at which the first user is made; empty where there are users.
func (s *Server) SetupLink() string {
	if len(s.Accounts().Users()) > 0 {
		return ""
	}
	return "/setup?token=" + s.setup.token
}

// good tells whether a token is the link's, and there is no user.
func (s *Server) good(token string) bool {
	w, g := sha256.Sum256([]byte(s.setup.token)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(w[:], g[:]) == 1 && !s.setup.used.Load() && len(s.Accounts().Users()) == 0
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

func (v *visit) setupPage() {
	token := v.r.URL.Query().Get("token")
	if !v.good(token) {
		v.fail(http.StatusNotFound, "setup.gone")
		return
	}
	v.render(http.StatusOK, "setup", "setup.title", v.setupForm(token))
}

// setUp makes the first user, an administrator of the system, and signs it in.
func (v *visit) setUp() {
	form := v.r.PostForm
	token := form.Get("token")
	if !v.good(token) || v.setup.used.Swap(true) {
		v.fail(http.StatusNotFound, "setup.gone")
		return
	}
	again := v.setupForm(token)
	again.Name, again.Account = form.Get("name"), form.Get("account")
	if again.Error = passwordError(form.Get("password"), form.Get("again")); again.Error == "" {
		again.Detail = v.makeUser(again.Name, again.Account, form.Get("password"))
	}
	u := v.Accounts().UserByName(again.Name)
	if again.Error != "" || again.Detail != "" || u == nil {
		v.setup.used.Store(false)
		v.render(http.StatusUnprocessableEntity, "setup", "setup.title", again)
		return
	}
	v.Log.Info("the first user is made by the link of the start", "user", u.Name, "account", u.Account, "peer", v.addr())
	v.begin(u)
	v.redirect("/compose")
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

// said gives what a change was refused for in its own words, which are English; empty for a change that was made.
func (v *visit) said(err error) string {
	var refused *resource.Refusal
	var failure *message.Failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &failure):
		return failure.Error()
	}
	return v.words(v.lang(), "error.database")
}
