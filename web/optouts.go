package web

import (
	"net/http"
	"net/url"
	"strings"

	"kurir/account"
)

// optOutView is what the page of one phone shows.
type optOutView struct {
	Phone, Account string
	Accounts       []string
	Found          row
	Record         []row
	Changes        bool
	Texts          bool
	Problem        *problem
}

// optOutPage tells whether a phone has opted out of an account's messages.
func (v *visit) optOutPage() {
	asked := v.r.URL.Query()
	v.showOptOut(strings.TrimSpace(asked.Get("phone")), asked.Get("account"), nil)
}

// changesSettings tells whether the user may change settings of the server.
func (v *visit) changesSettings() bool { return v.sees(account.ChangeSettings) }

func (v *visit) showOptOut(phone, owner string, p *problem) {
	shown := &optOutView{Phone: phone, Account: owner, Problem: p, Changes: v.sees(account.ManageAccount) || v.changesSettings(), Texts: v.sees(account.SeeTexts)}
	for _, a := range v.accounts() {
		shown.Accounts = append(shown.Accounts, a.Name)
	}
	if shown.Account == "" {
		shown.Account = v.account.Name
	}
	if phone != "" && p == nil && v.actForOptOut(shown.Account) {
		got := v.rest(http.MethodGet, "/v1/optouts/"+url.PathEscape(phone), url.Values{"account": {shown.Account}}, nil, nil)
		if shown.Problem = got.problem(); shown.Problem == nil && got.read(&shown.Found) == nil {
			shown.Record = rowsOf(shown.Found, "record")
		}
	}
	status := http.StatusOK
	if shown.Problem != nil {
		status = shown.Problem.Status
	}
	v.actsAgain()
	v.render(status, "optout", "optouts.one", shown)
}

// actForOptOut has the rest of the visit act for an account, if the user may.
func (v *visit) actForOptOut(name string) bool {
	a := v.mayActFor(name)
	if a != nil {
		v.account = v.user.Acting(a)
	}
	return a != nil
}

// changeOptOut opts a phone out or in.
func (v *visit) changeOptOut() {
	typed := v.r.PostForm
	phone, owner := strings.TrimSpace(typed.Get("phone")), typed.Get("account")
	if !v.actForOptOut(owner) {
		v.fail(http.StatusNotFound, "error.account")
		return
	}
	method := http.MethodPut
	if typed.Get("do") == "in" {
		method = http.MethodDelete
	}
	body := map[string]any{"note": strings.TrimSpace(typed.Get("note"))}
	got := v.rest(method, "/v1/optouts/"+url.PathEscape(phone), url.Values{"account": {owner}}, body, nil)
	if p := got.problem(); p != nil {
		v.showOptOut(phone, owner, p)
		return
	}
	v.redirect(optOutsPath + "/phone?" + url.Values{"phone": {phone}, "account": {owner}}.Encode())
}
