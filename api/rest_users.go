package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"kurir/account"
	"kurir/resource"
	"kurir/signin"
)

// UsersOptions is what /v1/users is made of, beside the settings.
type UsersOptions struct {
	People *signin.Book
	// Invite makes a link by which a user chooses a password, and sends it by mail where that can be.
	Invite func(ctx context.Context, u *account.User, by string) (Invitation, error)
	// Note puts on record who did something with a user that is no change of a field.
	Note func(ctx context.Context, who, user, action string)
}

// Invitation is what came of inviting a user.
type Invitation struct {
	Link   string    // the whole address, or a path
	Until  time.Time // it is good
	Mailed bool
	Why    string // it was not sent by mail; empty if it was
}

const userNoun = "users"

// userView is a user in answers.
type userView struct {
	Name      string `json:"name"`
	Account   string `json:"account"`
	Role      string `json:"role"`
	Mail      string `json:"mail,omitempty"`
	Language  string `json:"language,omitempty"`
	Until     string `json:"until,omitempty"`
	Texts     bool   `json:"texts,omitempty"`
	Disabled  bool   `json:"disabled,omitempty"`
	State     string `json:"state" doc:"active, invited, waiting (neither a password nor an invitation), disabled or ended"`
	Invited   string `json:"invited_until,omitempty" doc:"until when the invitation is good"`
	Factor    string `json:"second_factor,omitempty" doc:"since when the user signs in with one"`
	Sessions  int    `json:"sessions" doc:"browsers in which the user is signed in"`
	Seen      string `json:"last_seen,omitempty" doc:"in a session that has not ended"`
	Source    string `json:"source"`
	Revision  int64  `json:"revision,omitempty" doc:"that If-Match names; none of users of the file"`
	ChangedAt string `json:"changed_at,omitempty"`
	ChangedBy string `json:"changed_by,omitempty"`
}

// userFacts is what is known of users beside their fields.
type userFacts struct {
	links    map[string]signin.Made
	factors  map[string]*signin.Factor
	sessions map[string][]*signin.Session // the last used first
}

func (s *httpServer) userFacts(ctx context.Context) (*userFacts, error) {
	links, err := s.Users.People.Links(ctx)
	if err != nil {
		return nil, err
	}
	factors, err := s.Users.People.Factors(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Users.People.Sessions(ctx, "")
	if err != nil {
		return nil, err
	}
	f := &userFacts{links, factors, map[string][]*signin.Session{}}
	for _, one := range all {
		f.sessions[one.Person] = append(f.sessions[one.Person], one)
	}
	return f, nil
}

// userOf gives the user of a row, as it is in force; a row that is not yet is one without a password.
func (s *httpServer) userOf(row *resource.Row) *account.User {
	if u := s.Accounts().UserByName(row.Name); u != nil {
		return u
	}
	text := func(field string) string { v, _ := row.Value[field].(string); return v }
	return &account.User{Name: row.Name, Account: text("account"), Role: text("role"), Mail: text("mail"), Language: text("language"), Until: text("until")}
}

// viewUser shows a user.
func (s *httpServer) viewUser(row *resource.Row, f *userFacts) userView {
	u := s.userOf(row)
	v := userView{
		Name: u.Name, Account: u.Account, Role: u.Role, Mail: u.Mail, Language: u.Language, Until: u.Until, Texts: u.Texts, Disabled: u.Disabled,
		Sessions: len(f.sessions[u.Name]), Source: row.Source, Revision: row.Revision, ChangedAt: seenTime(row.ChangedAt), ChangedBy: row.ChangedBy,
	}
	if v.Sessions > 0 {
		v.Seen = seenTime(f.sessions[u.Name][0].Seen)
	}
	if factor := f.factors[u.Name]; factor != nil {
		v.Factor = seenTime(factor.Since)
	}
	made := f.links[u.Name]
	if made.Kind == signin.Invite {
		v.Invited = seenTime(made.Until)
	}
	switch now := s.Now(); {
	case u.Disabled:
		v.State = resource.UserDisabled
	case !u.Invitable(now):
		v.State = resource.UserEnded
	case u.Password != "":
		v.State = resource.UserActive
	case v.Invited != "":
		v.State = resource.UserInvited
	default:
		v.State = resource.UserWaiting
	}
	return v
}

// userRows gives the users that who acts may see.
func (s *httpServer) userRows(ctx context.Context, a *account.Account) ([]resource.Row, *problem) {
	rows, err := s.Config.Rows(ctx, userNoun)
	if p := changeProblem(err); p != nil {
		return nil, p
	}
	accounts := s.Accounts()
	return slices.DeleteFunc(rows, func(row resource.Row) bool { return !a.ActsFor(keyOwner(&row), accounts) }), nil
}

// listUsers is GET /v1/users.
func (s *httpServer) listUsers(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	facts, err := s.userFacts(ctx)
	if err != nil {
		return readProblem(err, "user")
	}
	find := func() ([]userView, *problem) {
		rows, p := s.userRows(ctx, a)
		views := make([]userView, 0, len(rows))
		for i := range rows {
			views = append(views, s.viewUser(&rows[i], facts))
		}
		return views, p
	}
	cell := func(u *userView, field string) any {
		switch field {
		case "account":
			return u.Account
		case "role":
			return u.Role
		case "state":
			return u.State
		case "mail":
			return u.Mail
		case "last_seen":
			return u.Seen
		}
		return u.Name
	}
	return listRows(s, w, r, a, userNoun, resource.Users(), find, cell, func(u *userView) userView { return *u })
}

// userNamed finds the user that a path names.
func (s *httpServer) userNamed(ctx context.Context, r *http.Request, a *account.Account) (*resource.Row, *problem) {
	rows, p := s.userRows(ctx, a)
	if p != nil {
		return nil, p
	}
	name := r.PathValue("name")
	at := slices.IndexFunc(rows, func(row resource.Row) bool { return row.Name == name })
	if at < 0 {
		return nil, &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "there is no user " + clip(name)}
	}
	return &rows[at], nil
}

// getUser is GET /v1/users/{name}.
func (s *httpServer) getUser(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	row, p := s.userNamed(ctx, r, a)
	if p != nil {
		return p
	}
	return s.answerUser(ctx, w, http.StatusOK, row)
}

// answerUser answers with a user.
func (s *httpServer) answerUser(ctx context.Context, w http.ResponseWriter, status int, row *resource.Row) *problem {
	facts, err := s.userFacts(ctx)
	if err != nil {
		return readProblem(err, "user")
	}
	view := s.viewUser(row, facts)
	body, err := marshal(&view)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	if row.Revision > 0 {
		w.Header().Set("ETag", etagOf(row.Revision))
	}
	writeJSON(w, status, body)
	return nil
}
