package app

import (
	"net/http"

	"kurir/account"
	"kurir/api"
)

// ServeAs serves a request to the REST interface as a user of the web pages makes it.
func (a *App) ServeAs(u *account.User, w http.ResponseWriter, r *http.Request) {
	by := u.Acting(a.gateway.Snapshot().Accounts.ByName(u.Account))
	a.http.Handler.ServeHTTP(w, r.WithContext(api.As(r.Context(), by)))
}
