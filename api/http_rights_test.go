package api

import (
	"net/http"
	"testing"

	"kurir/account"
)

// What takes the right to administrate is refused to others before it is looked at, and so is what takes a scope that a key has not.
func TestAdminOnly(t *testing.T) {
	t.Parallel()
	looked := false
	s := httpServer{HTTPOptions: (&fakeGateway{}).options(), mux: http.NewServeMux()}
	s.setDefaults()
	s.logins = NewLoginBrake(s.FailureWait)
	s.rest("/v1/things", methods{http.MethodPut: admins(account.ConfigWrite, func(http.ResponseWriter, *http.Request, *account.Account) *problem {
		looked = true
		return &problem{Status: http.StatusTeapot, Code: "tea", Detail: "looked"}
	})})
	w := ask(&s, http.MethodPut, "/v1/things", "", "Authorization", "Bearer acme-key")
	if d := readProblemDocument(t, w); w.Code != http.StatusForbidden || d.Code != "not_admin" || looked {
		t.Errorf("an ordinary account: %d %s, looked %v", w.Code, d.Code, looked)
	}
	if w := ask(&s, http.MethodPut, "/v1/things", "", "Authorization", "Bearer root-key"); w.Code != http.StatusTeapot {
		t.Errorf("an admin: %d %s", w.Code, w.Body)
	}
	if w := ask(&s, http.MethodPut, "/v1/things", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
}
