package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"kurir/account"
	"kurir/resource"
)

// userBody is the body of POST and PATCH /v1/users.
type userBody struct {
	Name     string `json:"name,omitempty"`
	Account  string `json:"account,omitempty" doc:"left out: that of who asks"`
	Role     string `json:"role,omitempty"`
	Mail     string `json:"mail,omitempty"`
	Language string `json:"language,omitempty" enum:"en,sv"`
	Until    string `json:"until,omitempty" doc:"a time, or a day at whose end in UTC it is"`
	Texts    bool   `json:"texts,omitempty" doc:"of the role support: texts of messages, too"`
	Password string `json:"password,omitempty" doc:"left out: the user has none, and is invited to choose one"`
	Disabled bool   `json:"disabled,omitempty"`
}

// mostUsers is how many users an account that is no administrator's has, counted over all that it may see.
const mostUsers = 1000

// postUser is POST /v1/users.
func (s *httpServer) postUser(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	value := map[string]any{}
	var body userBody
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	if p := s.readJSON(w, r, a, &value); p != nil {
		return p
	}
	body, err := patched(body, value)
	if err != nil {
		return peopleProblem(err, "user", "")
	}
	if body.Account == "" {
		body.Account = a.Name
		value["account"] = a.Name
	}
	if p := s.mayHave(a, &body); p != nil {
		return p
	}
	rows, p := s.userRows(ctx, a)
	if p != nil {
		return p
	}
	if !a.Admin && len(rows) >= mostUsers {
		return faulty(http.StatusUnprocessableEntity, codeTooMany, "", "there are %d users, and no more can be made here; delete some that are not used", len(rows))
	}
	if p := s.changeUser(ctx, w, a, resource.Change{Action: resource.Create, Kind: userNoun, Name: body.Name, Value: value, By: a.Actor()}); p != nil {
		return p
	}
	w.Header().Set("Location", s.link(r, "/v1/users/"+url.PathEscape(body.Name)))
	return s.showUser(ctx, w, http.StatusCreated, body.Name)
}

// mayHave is the problem of somebody who gives a user an account or rights that are not for him to give, or a hash as password: that
// says what memory and time each sign-in takes, of which there are two at a time for everybody.
func (s *httpServer) mayHave(a *account.Account, body *userBody) *problem {
	switch {
	case body.Password != "" && account.PasswordProblem(body.Password) != "":
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "password", "the password %s", account.PasswordProblem(body.Password))
	case !a.ActsFor(body.Account, s.Accounts()) && a.Actor() == a.Name:
		return needAdmin(a)
	case !a.ActsFor(body.Account, s.Accounts()):
		return faulty(http.StatusForbidden, codeScope, "account", "you have to do with your own account and those below it, not with %q", clip(body.Account))
	case body.Role == "" || !slices.Contains(account.Roles(), body.Role):
		return nil // the check of the setting says so
	}
	return mayGrant(a, &account.User{Role: body.Role, Texts: body.Texts})
}

// mayGrant is the problem of somebody who is to change a user that may more than he.
func mayGrant(a *account.Account, u *account.User) *problem {
	if a.MayGrant(u.Rights()) {
		return nil
	}
	return faulty(http.StatusForbidden, codeScope, "role", "the role %s may more than you; nobody gives or changes what he does not have", u.Role)
}

// changeUser makes a change of a user's fields.
func (s *httpServer) changeUser(ctx context.Context, w http.ResponseWriter, a *account.Account, c resource.Change) *problem {
	if p := s.keyChanges.pause(a); p != nil {
		return p
	}
	_, err := s.Config.Change(ctx, c)
	return changeProblem(err)
}

// showUser answers with a user that was just changed.
func (s *httpServer) showUser(ctx context.Context, w http.ResponseWriter, status int, name string) *problem {
	rows, err := s.Config.Rows(ctx, userNoun)
	if p := changeProblem(err); p != nil {
		return p
	}
	for i := range rows {
		if rows[i].Name == name {
			return s.answerUser(ctx, w, status, &rows[i])
		}
	}
	return changeProblem(resource.Refuse(resource.Outdated, "", "%s has just been deleted", clip(name)))
}

// changing finds the user that a request is to change, if who asks may.
func (s *httpServer) changing(ctx context.Context, r *http.Request, a *account.Account) (*account.User, *problem) {
	row, p := s.userNamed(ctx, r, a)
	if p != nil {
		return nil, p
	}
	u := s.userOf(row)
	return u, mayGrant(a, u)
}

// patchUser is PATCH /v1/users/{name}: what changes, by RFC 7396.
func (s *httpServer) patchUser(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	revision, p := revisionOf(r)
	if p != nil {
		return p
	}
	patch, p := s.readPatch(w, r, a)
	if p != nil {
		return p
	}
	u, p := s.changing(ctx, r, a)
	if p != nil {
		return p
	}
	body := userBody{Name: u.Name, Account: u.Account, Role: u.Role, Mail: u.Mail, Language: u.Language, Until: u.Until, Texts: u.Texts, Disabled: u.Disabled}
	body, err := patched(body, patch)
	if err != nil {
		return peopleProblem(err, "user", u.Name)
	}
	if p := s.mayHave(a, &body); p != nil {
		return p
	}
	if p := s.changeUser(ctx, w, a, resource.Change{Action: resource.Patch, Kind: userNoun, Name: u.Name, Value: patch, Revision: revision, By: a.Actor()}); p != nil {
		return p
	}
	if body.Disabled { // else they would go on for who is enabled again before the browser asks for anything
		if err := s.Users.People.EndAll(u.Name, nil); err != nil {
			return readProblem(err, "user")
		}
	}
	return s.showUser(ctx, w, http.StatusOK, u.Name)
}

// deleteUser is DELETE /v1/users/{name}: the user's sessions end, and what the user kept alone is deleted.
func (s *httpServer) deleteUser(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	revision, p := revisionOf(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	u, p := s.changing(ctx, r, a)
	if p != nil {
		return p
	}
	gone, err := s.Config.Change(ctx, resource.Change{Action: resource.Delete, Kind: userNoun, Name: u.Name, Revision: revision, By: a.Actor()})
	if p := changeProblem(err); p != nil {
		return p
	}
	return answerJSON(w, &deletedView{gone.Name, gone.Revision})
}
