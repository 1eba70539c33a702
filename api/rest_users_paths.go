package api

import (
	"net/http"

	"kurir/account"
	"kurir/resource"
)

// userPaths registers what is done with the people who sign in to the web pages. Ordinary accounts see and change their own, users of
// the pages those of the accounts below as well, as far as the users have no right that who asks has not.
func (s *httpServer) userPaths() {
	read, write := account.UsersRead, account.UsersWrite
	s.rest("/v1/users", methods{http.MethodGet: anyone(read, s.listUsers), http.MethodPost: anyone(write, s.postUser)})
	s.rest("/v1/users/{name}", methods{
		http.MethodGet: anyone(read, s.getUser), http.MethodPatch: anyone(write, s.patchUser), http.MethodDelete: anyone(write, s.deleteUser),
	})
	s.rest("/v1/users/{name}/invite", methods{http.MethodPost: anyone(write, s.inviteUser)})
	s.rest("/v1/users/{name}/sessions", methods{http.MethodGet: anyone(read, s.listUserSessions), http.MethodDelete: anyone(write, s.endUserSessions)})
	s.rest("/v1/users/{name}/sessions/{id}", methods{http.MethodDelete: anyone(write, s.endUserSession)})
	s.rest("/v1/users/{name}/second-factor", methods{http.MethodDelete: anyone(write, s.resetSecondFactor)})
	s.describeUsers()
}

func (s *httpServer) describeUsers() {
	const bo = "/v1/users/bo"
	one := map[int]any{http.StatusOK: userView{}}
	wrong := []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusGatewayTimeout}
	changed := append([]int{http.StatusPreconditionFailed}, wrong...)
	s.describe("GET /v1/users", description{
		name: "listUsers", summary: "People who sign in to the web pages", list: &listing{userNoun, resource.Users(), userView{}}, examples: []example{{call: "/v1/users?limit=1"}},
	})
	s.describe("POST /v1/users", description{
		name: "makeUser", summary: "Make a user", text: "Nobody gives a role that may more than he. Without a password the user is invited by `/invite`.",
		body: userBody{}, answers: map[int]any{http.StatusCreated: userView{}}, also: wrong, examples: []example{
			{name: "made", call: "/v1/users", body: `{"name":"eva","role":"sender","mail":"eva@example.se"}`},
			{name: "refused", call: "/v1/users", body: `{"name":"olle","role":"system"}`, status: http.StatusForbidden},
		},
	})
	s.describe("GET /v1/users/{name}", description{name: "getUser", summary: "A user", answers: one, examples: []example{{call: bo}}})
	s.describe("PATCH /v1/users/{name}", description{
		name: "changeUser", summary: "Change some fields of a user (RFC 7396)", body: userBody{}, answers: one, also: changed, needs: []string{"If-Match"},
		examples: []example{{call: bo, body: `{"language":"sv"}`}},
	})
	s.describe("DELETE /v1/users/{name}", description{
		name: "deleteUser", summary: "Delete a user, with the sessions and what the user kept alone", answers: map[int]any{http.StatusOK: deletedView{}}, also: changed, needs: []string{"If-Match"}, examples: []example{{call: "/v1/users/former"}},
	})
	s.describe("POST /v1/users/{name}/invite", description{
		name: "inviteUser", summary: "Make a link by which the user chooses a password, once",
		text: "It is good for a week, takes the place of the user's other links, and goes by mail where the user has an address and the server can send mail.",
		body: struct{}{}, answers: map[int]any{http.StatusOK: invitationView{}}, also: []int{http.StatusConflict}, examples: []example{{call: bo + "/invite", body: `{}`}},
	})
	s.describe("GET /v1/users/{name}/sessions", description{
		name: "listUserSessions", summary: "Where a user is signed in", list: &listing{"sessions", resource.UserSessions(), userSessionView{}}, examples: []example{{call: bo + "/sessions"}},
	})
	s.describe("DELETE /v1/users/{name}/sessions", description{
		name: "endUserSessions", summary: "Sign a user out everywhere", answers: map[int]any{http.StatusNoContent: nil}, examples: []example{{call: bo + "/sessions"}},
	})
	s.describe("DELETE /v1/users/{name}/sessions/{id}", description{
		name: "endUserSession", summary: "End one session of a user", answers: map[int]any{http.StatusNoContent: nil},
		examples: []example{{name: "refused", call: bo + "/sessions/0123456789abcdef", status: http.StatusNotFound}},
	})
	s.describe("DELETE /v1/users/{name}/second-factor", description{
		name: "resetSecondFactor", summary: "Take a user's second factor away: the user's sessions and links end", answers: map[int]any{http.StatusNoContent: nil},
		examples: []example{{call: bo + "/second-factor"}},
	})
}
