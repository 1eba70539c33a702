package api

import (
	"net/http"

	"kurir/account"
	"kurir/resource"
	"kurir/signin"
)

// userSessionView is where a user is signed in.
type userSessionView struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Agent   string `json:"agent,omitempty" doc:"what the browser says of itself"`
	Began   string `json:"began"`
	Seen    string `json:"last_seen"`
}

// invitationView is what came of inviting a user.
type invitationView struct {
	Link   string `json:"link" doc:"by which the user chooses a password, once; a path where http.base_url is not set"`
	Until  string `json:"until"`
	Mailed bool   `json:"mailed" doc:"it was sent to the user's address"`
	Why    string `json:"why,omitempty" doc:"it was not"`
}

// inviteUser is POST /v1/users/{name}/invite.
func (s *httpServer) inviteUser(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if keptWith(w) != nil {
		return faulty(http.StatusBadRequest, codeBadValue, keyHeader, "an invitation takes no key: each makes a new link, which takes the place of the one before")
	}
	var none struct{}
	if p := s.readJSON(w, r, a, &none); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	u, p := s.changing(ctx, r, a)
	if p != nil {
		return p
	}
	row, p := s.userNamed(ctx, r, a)
	switch {
	case p != nil:
		return p
	case row.Source == resource.InFile:
		return changeProblem(resource.Refuse(resource.OfFile, "", "%s stands in the file, and so does the password", u.Name))
	case !u.Invitable(s.Now()):
		return faulty(http.StatusConflict, codeTaken, "", "%s is disabled, or the time is over; change that first", u.Name)
	}
	v, err := s.Users.Invite(ctx, u, a.Actor())
	if err != nil {
		return readProblem(err, "user")
	}
	return answerJSON(w, &invitationView{v.Link, seenTime(v.Until), v.Mailed, v.Why})
}

// listUserSessions is GET /v1/users/{name}/sessions.
func (s *httpServer) listUserSessions(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	row, p := s.userNamed(ctx, r, a)
	if p != nil {
		return p
	}
	find := func() ([]*signin.Session, *problem) {
		list, err := s.Users.People.Sessions(ctx, row.Name)
		if err != nil {
			return nil, readProblem(err, "session")
		}
		return list, nil
	}
	cell := func(one **signin.Session, field string) any {
		if field == "last_seen" {
			return (*one).Seen
		}
		return (*one).ID
	}
	return listRows(s, w, r, a, "sessions", resource.UserSessions(), find, cell, func(one **signin.Session) userSessionView {
		v := *one
		return userSessionView{v.ID, v.Addr, v.Agent, seenTime(v.Began), seenTime(v.Seen)}
	})
}

// endUserSessions is DELETE /v1/users/{name}/sessions.
func (s *httpServer) endUserSessions(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.actOnUser(w, r, a, "end sessions", func(u *account.User) (bool, error) { return true, s.Users.People.EndAll(u.Name, nil) })
}

// endUserSession is DELETE /v1/users/{name}/sessions/{id}.
func (s *httpServer) endUserSession(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.actOnUser(w, r, a, "end session", func(u *account.User) (bool, error) {
		return s.Users.People.End(r.Context(), u.Name, r.PathValue("id"))
	})
}

// resetSecondFactor is DELETE /v1/users/{name}/second-factor: the user's sessions and links go, too.
func (s *httpServer) resetSecondFactor(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.actOnUser(w, r, a, "reset second factor", func(u *account.User) (bool, error) { return true, s.Users.People.Drop(u.Name, true) })
}

// actOnUser does something with a user; do tells whether what the path names is there.
func (s *httpServer) actOnUser(w http.ResponseWriter, r *http.Request, a *account.Account, action string, do func(*account.User) (bool, error)) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	u, p := s.changing(ctx, r, a)
	if p != nil {
		return p
	}
	found, err := do(u)
	switch {
	case err != nil:
		return readProblem(err, "user")
	case !found:
		return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "there is no such session any more"}
	}
	s.Users.Note(ctx, a.Actor(), u.Name, action)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
