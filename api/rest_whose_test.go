package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// Who may administrate asks for the messages of other accounts and of all, and sees what they say only as a user who may.
func TestWhoseMessages(t *testing.T) {
	t.Parallel()
	accounts := account.NewDirectory([]account.Account{{Name: "acme"}, {Name: "root", Admin: true}}, nil)
	s := everything()
	s.Country, s.TLVs = func() string { return "46" }, func() *message.TLVDictionary { return nil }
	s.Accounts = func() *account.Directory { return accounts }
	var asked gateway.Filter
	s.Messages = func(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
		asked = f
		return []*message.Message{{ID: 1 << 40, Account: "acme", Content: message.Content{Text: "their words"}}}, 0, nil
	}
	s.InboundList = func(_ context.Context, f gateway.Filter) ([]*message.Inbound, message.ID, error) {
		asked = f
		return []*message.Inbound{{ID: 1 << 41, Account: "acme", Content: message.Content{Text: "their words"}}}, 0, nil
	}
	user := func(role string) *account.Account {
		return (&account.User{Name: "anna", Account: "root", Role: role}).Acting(accounts.ByName("root"))
	}
	acme, root := accounts.ByName("acme"), accounts.ByName("root")
	for _, c := range []struct {
		who    *account.Account
		of     string
		status int
		whose  string // of the filter
		texts  bool
	}{
		{acme, "", 200, "acme", true},
		{acme, "acme", 200, "acme", true},
		{acme, "root", 403, "", false},
		{acme, "*", 403, "", false},
		{root, "", 200, "root", false},
		{root, "*", 200, "", false},
		{root, "acme", 200, "acme", false},
		{root, "nobody", 404, "", false},
		{user("system"), "*", 200, "", true},
		{user("operator"), "*", 200, "", false},
		{user("sender"), "*", 403, "", false},
	} {
		for _, path := range []string{"/v1/messages", "/v1/queues/dead", "/v1/inbound"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			if c.of != "" {
				r.URL.RawQuery = "account=" + c.of
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r.WithContext(As(r.Context(), c.who)))
			if w.Code != c.status {
				t.Errorf("%s of %q as %s: %d %s", path, c.of, c.who.Actor(), w.Code, w.Body)
				continue
			}
			if c.status != 200 {
				continue
			}
			if asked.Account != c.whose || strings.Contains(w.Body.String(), "their words") != c.texts || strings.Contains(w.Body.String(), `"account":"acme"`) == (c.who == acme && c.of == "") {
				t.Errorf("%s of %q as %s: of %q, %s", path, c.of, c.who.Actor(), asked.Account, w.Body)
			}
		}
	}
}
