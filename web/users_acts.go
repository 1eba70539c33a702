package web

import (
	"net/http"
	"net/url"
)

// changeUserByForm changes a user's fields.
func (v *visit) changeUserByForm() {
	typed := v.typedUser()
	body := map[string]any(typed)
	if body["texts"] == false {
		body["texts"] = nil
	}
	seen := row{"revision": v.r.PostForm.Get("revision")}.revision()
	if p := v.rest(http.MethodPatch, userPath(v.r.PathValue("name")), nil, body, ifMatch(seen)).problem(); p != nil {
		v.showUser(p.Status, &userPage{User: typed, Problem: p})
		return
	}
	v.showUser(http.StatusOK, &userPage{Notice: "users.saved"})
}

// inviteUser makes a link for a user who has no password, or has forgotten it.
func (v *visit) inviteUser() { v.invite(v.r.PathValue("name")) }

func (v *visit) invite(name string) {
	answer := v.rest(http.MethodPost, userPath(name)+"/invite", nil, struct{}{}, nil)
	p := &userPage{Name: name, Problem: answer.problem()}
	if p.Problem != nil {
		v.showUser(p.Problem.Status, p)
		return
	}
	var made struct {
		Link, Why string
		Mailed    bool
	}
	if err := answer.read(&made); err != nil {
		v.fail(http.StatusInternalServerError, "error.database")
		return
	}
	p.Link, p.Why, p.Mailed = made.Link, v.inWords(made.Why), made.Mailed
	if p.Link[0] == '/' { // the server does not know its address, the browser does
		scheme := "http://"
		if v.secure() {
			scheme = "https://"
		}
		p.Link = scheme + v.r.Host + p.Link
	}
	v.showUser(http.StatusOK, p)
}

// actOnUser does something with a user that REST knows by DELETE, and shows the user again.
func (v *visit) actOnUser(path, notice string) {
	p := &userPage{Notice: notice}
	status := http.StatusOK
	if p.Problem = v.rest(http.MethodDelete, userPath(v.r.PathValue("name"))+path, nil, nil, nil).problem(); p.Problem != nil {
		p.Notice, status = "", p.Problem.Status
	}
	v.showUser(status, p)
}

// endUserSessions ends one session of a user, or all.
func (v *visit) endUserSessions() {
	if id := v.r.PostForm.Get("id"); id != "" {
		v.actOnUser("/sessions/"+url.PathEscape(id), "users.ended")
		return
	}
	v.actOnUser("/sessions", "users.ended")
}

// resetUser takes a user's second factor away.
func (v *visit) resetUser() { v.actOnUser("/second-factor", "users.reset.done") }

// deleteUser deletes a user.
func (v *visit) deleteUser() {
	seen := row{"revision": v.r.PostForm.Get("revision")}.revision()
	if p := v.rest(http.MethodDelete, userPath(v.r.PathValue("name")), nil, nil, ifMatch(seen)).problem(); p != nil {
		v.showUser(p.Status, &userPage{Problem: p})
		return
	}
	v.redirect(usersPath)
}
