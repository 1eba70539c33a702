package api

import (
	"net/http"

	"kurir/account"
)

// adminOnly lets only accounts that may administrate (admin: true) use h;
// others get 403. It comes before h looks at the request, so that the answer
// tells nothing about what there is.
func adminOnly(h restHandler) restHandler {
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		if p := needAdmin(a); p != nil {
			return p
		}
		return h(w, r, a)
	}
}

// needAdmin is the problem of an account that asks for what takes the right to
// administrate; nil if it has it.
func needAdmin(a *account.Account) *problem {
	if a.Admin {
		return nil
	}
	return &problem{
		Status: http.StatusForbidden, Code: codeNotAdmin,
		Detail: "this takes an account that may administrate; whoever keeps the configuration gives an account that right with admin: true",
	}
}
