package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kurir/account"
	"kurir/resource"
)

// usersPath is where the pages of users are.
const usersPath = consolePath + "/users"

// usersList is who signs in to the pages: of the account for which the user acts and those below it.
func usersList() *listPage {
	return &listPage{
		title: "nav.users", lead: "users.lead", rest: "/v1/users", rows: "users", noun: resource.Users, link: usersPath + "/{name}",
		filters: []string{"name", "account", "role", "state", "mail"},
		columns: []column{
			{field: "name"},
			{field: "account"},
			{field: "role", kind: aWord},
			{field: "state", kind: aState},
			{field: "second_factor", show: func(v *visit, r row) string { return v.yesOrNo(r.text("second_factor") != "") }},
			{field: "sessions", kind: aNumber},
			{field: "last_seen", kind: aTime},
			{field: "mail"},
		},
		acts: []listAct{{path: consolePath + "/new-user", words: "users.new", right: account.ManageUsers}},
	}
}

func (v *visit) yesOrNo(yes bool) string { return v.words(v.lang(), "value."+strconv.FormatBool(yes)) }

// userPage is what the page of a user shows, or that of a new one.
type userPage struct {
	New      bool
	User     row // as REST has it; of a refused change as it was typed
	Name     string
	Accounts []string // that may be given
	Roles    []string // likewise
	Sessions []row
	May      bool // the user may be changed
	Invites  bool // a link may be made: fields of the file, the password among them, stay as they are
	Problem  *problem
	Notice   string // key
	Revision int64
	Conflict []settingConflict // what somebody else has changed since the form was opened

	Link, Why string // of an invitation that was just made
	Mailed    bool
}

// newUserPage asks for a new user.
func (v *visit) newUserPage() {
	v.showNewUser(http.StatusOK, &userPage{User: row{"account": v.account.Name, "role": "sender"}})
}

func (v *visit) showNewUser(status int, p *userPage) {
	p.New, p.May = true, true
	v.choices(p)
	v.render(status, "user", "users.new", p)
}

// choices are the accounts and roles that the user may give.
func (v *visit) choices(p *userPage) {
	for _, a := range v.accounts() {
		p.Accounts = append(p.Accounts, a.Name)
	}
	for _, role := range account.Roles() {
		if v.account.MayGrant(account.RoleRights(role)) {
			p.Roles = append(p.Roles, role)
		}
	}
}

// userFields are those that a form has, by their names over REST.
func userFields() []string { return []string{"account", "role", "mail", "language", "until"} }

// typedUser gives a user as a form has it: what is empty is null, so that it is taken out.
func (v *visit) typedUser() row {
	typed := row{"texts": v.r.PostForm.Get("texts") != "", "disabled": v.r.PostForm.Get("disabled") != ""}
	for _, field := range userFields() {
		typed[field] = nil
		if text := v.r.PostForm.Get(field); text != "" {
			typed[field] = text
		}
	}
	if until, given := typed["until"].(string); given {
		typed["until"] = typedInstant(until, v.r.PostForm.Get(":zone"))
	}
	return typed
}

// makeUserByForm makes a user without a password, and invites.
func (v *visit) makeUserByForm() {
	typed := v.typedUser()
	typed["name"] = v.r.PostForm.Get("name")
	body := map[string]any{}
	for field, value := range typed {
		if value != nil && value != false {
			body[field] = value
		}
	}
	if p := v.rest(http.MethodPost, "/v1/users", nil, body, nil).problem(); p != nil {
		v.showNewUser(p.Status, &userPage{User: typed, Problem: p})
		return
	}
	v.invite(typed.text("name"))
}

// userPath is where a user is over REST.
func userPath(name string) string { return "/v1/users/" + url.PathEscape(name) }

// showUser shows a user.
func (v *visit) showUser(status int, p *userPage) {
	name := v.r.PathValue("name")
	if p.Name != "" {
		name = p.Name
	}
	var u row
	var sessions map[string]any
	if !v.get(userPath(name), nil, &u) || !v.get(userPath(name)+"/sessions", nil, &sessions) {
		return
	}
	p.Name, p.Sessions, p.Revision = name, rowsOf(sessions, "sessions"), u.revision()
	if p.Problem != nil && p.Problem.Status == http.StatusPreconditionFailed {
		p.conflict(u)
	}
	given := account.User{Role: u.text("role"), Texts: u.text("texts") == "true"}
	may := v.sees(account.ManageUsers) && v.account.MayGrant(given.Rights())
	p.May, p.Invites = may, may && u.text("source") != resource.InFile
	if p.User == nil {
		p.User = u
	}
	for field, value := range u { // what a form does not have
		if !slices.Contains(userFields(), field) && field != "texts" && field != "disabled" {
			p.User[field] = value
		}
	}
	v.choices(p)
	v.render(status, "user", "users.one", p)
}

func (v *visit) userPage() { v.showUser(http.StatusOK, &userPage{}) }

// revision is the number of a row's last change; 0 for none.
func (r row) revision() int64 {
	n, _ := strconv.ParseInt(r.text("revision"), 10, 64)
	return n
}

// conflict compares what was typed with what somebody else has saved meanwhile; to save once more puts the former in place of the latter.
func (p *userPage) conflict(now row) {
	if p.User == nil {
		return
	}
	p.Problem = nil
	for _, field := range append(userFields(), "texts", "disabled") {
		theirs, yours := now.text(field), p.User.text(field)
		if theirs != yours && theirs+yours != "false" {
			p.Conflict = append(p.Conflict, settingConflict{field, theirs, yours})
		}
	}
}
