package api

import (
	"net/http"
	"time"

	"kurir/account"
)

// operation is one method of a path of the REST interface: who may use it, and
// what serves it.
type operation struct {
	scope  account.Scope // that an API key needs
	admins bool          // only accounts that may administrate
	own    bool          // of what is a user's own the right to read is enough
	stays  bool          // it streams for as long as the client likes
	serve  restHandler
}

// staying makes of an operation one that streams: it is not counted among the requests at work.
func (o operation) staying() operation {
	o.stays = true
	return o
}

// anyone makes an operation for all accounts: of what is others' its handler
// shows nothing to those that may not administrate.
func anyone(scope account.Scope, h restHandler) operation { return operation{scope: scope, serve: h} }

// anyoneOrOwn makes an operation for all accounts that changes people. Users change those of their own books with the right to
// read people.
func anyoneOrOwn(scope account.Scope, h restHandler) operation {
	return operation{scope: scope, own: true, serve: h}
}

// forBook gives the operation as it is for a request.
func (o operation) forBook(r *http.Request, a *account.Account) operation {
	if o.own && a.User() != "" && ownBook(r) {
		o.scope = account.PeopleRead
	}
	return o
}

// ownBook tells whether a request is about the book of the user who makes it.
func ownBook(r *http.Request) bool { return r.URL.Query().Get("book") == bookOwn }

// admins makes an operation for accounts that may administrate (admin: true).
func admins(scope account.Scope, h restHandler) operation {
	return operation{scope: scope, admins: true, serve: h}
}

// permit gives the account as it may use the operation, or why it may not. It
// comes before the handler looks at the request, so that the answer tells
// nothing about what there is.
func (o *operation) permit(w http.ResponseWriter, a *account.Account) (*account.Account, *problem) {
	if o.admins {
		if p := needAdmin(a); p != nil {
			return nil, p
		}
	}
	key := a.Key()
	switch {
	case key == nil:
		return a, nil
	case !key.May(o.scope):
		return nil, needScope(w, o.scope)
	case o.admins:
		return a, nil
	}
	return key.As(a, o.scope), nil
}

// needScope is the problem of a key without a scope that is needed.
func needScope(w http.ResponseWriter, scope account.Scope) *problem {
	w.Header().Set("WWW-Authenticate", `Bearer realm="kurir", error="insufficient_scope", scope="`+string(scope)+`"`) // RFC 6750 3.1
	return &problem{
		Status: http.StatusForbidden, Code: codeScope,
		Detail: "the API key lacks the scope " + string(scope) + "; use another key, or have somebody who may give this one the scope",
	}
}

// needAdmin is the problem of an account that asks for what takes the right to
// administrate; nil if it has it.
func needAdmin(a *account.Account) *problem {
	if a.Admin {
		return nil
	}
	p := &problem{
		Status: http.StatusForbidden, Code: codeNotAdmin,
		Detail: "this takes an account that may administrate; whoever keeps the configuration gives an account that right with admin: true",
	}
	if a.Key() != nil {
		p.Detail += ", and an API key the scope admin:read or admin:write"
	}
	return p
}

// byKey finds the account of an API key that is taken from where r comes from.
func (s *httpServer) byKey(r *http.Request, secret string) (*account.Account, error) {
	a := s.Accounts().ByAPIKey(secret)
	if a == nil {
		return nil, account.ErrCredentials
	}
	key := a.Key()
	if key == nil {
		return a, nil
	}
	now := time.Now()
	switch {
	case key.Expired(now):
		return nil, errExpired
	case !key.MayComeFrom(remoteAddr(r)):
		return nil, errAddress
	}
	key.Use(now)
	return a, nil
}
