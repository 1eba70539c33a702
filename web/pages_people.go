package web

import "kurir/account"

// pagesOfPeople are those by which people get in, beside name and password, and those of who manages users.
func pagesOfPeople() []page {
	return []page{
		{pattern: "GET /signin/code", open: true, serve: (*visit).codePage},
		{pattern: "POST /signin/code", open: true, serve: (*visit).signInByCode},
		{pattern: "GET /forgot", open: true, serve: (*visit).forgotPage},
		{pattern: "POST /forgot", open: true, serve: (*visit).forgot},
		{pattern: "GET /password", open: true, serve: (*visit).linkPage},
		{pattern: "POST /password", open: true, serve: (*visit).takeLink},
		{pattern: "GET /second", open: true, serve: (*visit).secondPage},
		{pattern: "POST /second", open: true, serve: (*visit).setUpSecond},
		{pattern: "POST /second/change", serve: (*visit).changeSecond},

		{pattern: "GET " + usersPath, right: account.SeeAudit, menu: "nav.users", list: usersList()},
		{pattern: "GET " + consolePath + "/new-user", right: account.ManageUsers, serve: (*visit).newUserPage},
		{pattern: "POST " + consolePath + "/new-user", right: account.ManageUsers, serve: (*visit).makeUserByForm},
		{pattern: "GET " + usersPath + "/{name}", right: account.SeeAudit, serve: (*visit).userPage},
		{pattern: "POST " + usersPath + "/{name}", right: account.ManageUsers, serve: (*visit).changeUserByForm},
		{pattern: "POST " + usersPath + "/{name}/invite", right: account.ManageUsers, serve: (*visit).inviteUser},
		{pattern: "POST " + usersPath + "/{name}/end", right: account.ManageUsers, serve: (*visit).endUserSessions},
		{pattern: "POST " + usersPath + "/{name}/reset", right: account.ManageUsers, serve: (*visit).resetUser},
		{pattern: "POST " + usersPath + "/{name}/delete", right: account.ManageUsers, serve: (*visit).deleteUser},
	}
}
