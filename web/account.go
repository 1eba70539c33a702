package web

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/message"
)

// accountView is what the page of one account shows.
type accountView struct {
	Name, Parent string
	Path         string
	Settings     string // its form; empty for who sees no settings
	Contacts     []message.ContactPerson
	Below        []string
	Money        row // of GET /v1/balances/ACCOUNT; nil for who sees none
	Limits       []row
	Ledger       []ledgerRow
	TopsUp       bool
	TopUpKey     string // by which a form that is sent twice is one top-up
	Keys         []row
	MakesKeys    bool
	SeesKeys     bool
	MadeKey      string // shown this once
	Users        []*account.User
	SeesUsers    bool
	Problem      *problem
	Asked        url.Values // of a form that was refused
}

// ledgerRow is one line of what came to a balance and what went.
type ledgerRow struct {
	At              time.Time
	What            string // key of words
	Amount, Balance string
	By, Note        string
}

// accountPage shows one account.
func (v *visit) accountPage() { v.showAccount(http.StatusOK, &accountView{}) }

// actsFor has the rest of the visit act for the account that the path names; false where the user may not see it.
func (v *visit) actsFor() bool {
	a := v.mayActFor(v.r.PathValue("name"))
	if a == nil {
		v.fail(http.StatusNotFound, "error.account")
		return false
	}
	v.account = v.user.Acting(a)
	return true
}

// actsAgain has the user act for the account that was chosen, as the frame of the page says.
func (v *visit) actsAgain() { v.account = v.user.Acting(v.chosen()) }

// showAccount fills in what the account is, and answers.
func (v *visit) showAccount(status int, shown *accountView) {
	if !v.actsFor() {
		return
	}
	a := v.account
	shown.Name, shown.Parent, shown.Contacts = a.Name, a.Parent, a.Contacts
	shown.Path = accountsPath + "/" + url.PathEscape(a.Name)
	if v.mayActFor(a.Parent) == nil {
		shown.Parent = ""
	}
	if v.sees(account.SeeSettings) {
		shown.Settings = settingsPath + "/accounts/" + url.PathEscape(a.Name)
	}
	for _, other := range v.accounts() {
		if other.Parent == a.Name {
			shown.Below = append(shown.Below, other.Name)
		}
	}
	if v.sees(account.SeeMoney) {
		v.showMoney(shown)
	}
	shown.MakesKeys = v.sees(account.ManageAccount) || v.sees(account.ChangeSettings)
	if shown.SeesKeys = shown.MakesKeys || v.sees(account.SeeSettings); shown.SeesKeys {
		shown.Keys = v.rowsAt("/v1/keys", url.Values{"account": {a.Name}, "limit": {"200"}}, "keys")
	}
	if shown.SeesUsers = v.sees(account.ManageUsers) || v.sees(account.SeeSettings); shown.SeesUsers {
		for _, u := range v.Accounts().Users() {
			if u.Account == a.Name {
				shown.Users = append(shown.Users, u)
			}
		}
	}
	v.actsAgain()
	v.render(status, "account", "account.title", shown)
}

// rowsAt reads rows of a list; none where REST refuses.
func (v *visit) rowsAt(path string, query url.Values, member string) []row {
	var page map[string]any
	if got := v.rest(http.MethodGet, path, query, nil, nil); !got.ok() || got.read(&page) != nil {
		return nil
	}
	return rowsOf(page, member)
}

// ledgerDays is how many days of charges the ledger shows.
const ledgerDays = 31

// showMoney reads balance, limits and ledger.
func (v *visit) showMoney(shown *accountView) {
	path := "/v1/balances/" + url.PathEscape(shown.Name)
	if got := v.rest(http.MethodGet, path, nil, nil, nil); !got.ok() || got.read(&shown.Money) != nil {
		return
	}
	list, _ := shown.Money.at("limits").([]any)
	for _, one := range list {
		if object, ok := one.(map[string]any); ok {
			shown.Limits = append(shown.Limits, object)
		}
	}
	if shown.TopsUp = v.sees(account.ChangeSettings) && shown.Money.at("balance") != nil; shown.TopsUp {
		shown.TopUpKey = cmp.Or(shown.Asked.Get("key"), rand.Text())
	}
	for _, r := range v.rowsAt(path+"/topups", nil, "topups") {
		at, _ := time.Parse(time.RFC3339, r.text("at"))
		shown.Ledger = append(shown.Ledger, ledgerRow{at, "account.toppedup", r.text("amount"), r.text("balance_after"), r.text("by"), r.text("note")})
	}
	since := v.Now().UTC().AddDate(0, 0, 1-ledgerDays).Format(time.DateOnly)
	for _, r := range v.rowsAt("/v1/reports/costs", url.Values{"by": {"day"}, "since": {since}, "account": {shown.Name}, "limit": {"100"}}, "costs") {
		day, _ := time.Parse(time.DateOnly, r.text("day"))
		if cost := r.text("cost"); strings.Trim(cost, "0.") != "" {
			shown.Ledger = append(shown.Ledger, ledgerRow{
				At: day.AddDate(0, 0, 1).Add(-time.Second), What: "account.charged", Amount: "-" + cost, Note: v.words(v.lang(), "account.messages", r.text("messages")),
			})
		}
	}
	slices.SortStableFunc(shown.Ledger, func(a, b ledgerRow) int { return b.At.Compare(a.At) })
}

// topUp has money come to the balance of an account, or with a minus go from it.
func (v *visit) topUp() {
	if !v.actsFor() {
		return
	}
	typed := v.r.PostForm
	body := map[string]any{"amount": strings.ReplaceAll(strings.TrimSpace(typed.Get("amount")), ",", "."), "key": typed.Get("key"), "note": strings.TrimSpace(typed.Get("note"))}
	got := v.rest(http.MethodPost, "/v1/balances/"+url.PathEscape(v.account.Name)+"/topups", nil, body, nil)
	if p := got.problem(); p != nil {
		v.showAccount(p.Status, &accountView{Problem: p, Asked: typed})
		return
	}
	v.redirect(accountsPath + "/" + url.PathEscape(v.account.Name) + "#money")
}

// makeKey makes an API key of an account, which is shown this once.
func (v *visit) makeKey() {
	if !v.actsFor() {
		return
	}
	typed := v.r.PostForm
	body := map[string]any{"account": v.account.Name}
	for _, field := range []string{"name", "expires", "note"} {
		if text := strings.TrimSpace(typed.Get(field)); text != "" {
			body[field] = text
		}
	}
	for _, field := range []string{"scopes", "addresses"} {
		if list := strings.FieldsFunc(typed.Get(field), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) }); len(list) > 0 {
			body[field] = list
		}
	}
	got := v.rest(http.MethodPost, "/v1/keys", nil, body, nil)
	if p := got.problem(); p != nil {
		v.showAccount(p.Status, &accountView{Problem: p, Asked: typed})
		return
	}
	var made row
	if err := got.read(&made); err != nil {
		v.fail(http.StatusInternalServerError, "error.database")
		return
	}
	v.showAccount(http.StatusOK, &accountView{MadeKey: made.text("key")})
}

// revokeKey takes an API key out: it is not taken any more.
func (v *visit) revokeKey() {
	got := v.rest(http.MethodDelete, "/v1/keys/"+url.PathEscape(v.r.PathValue("name")), nil, nil, nil)
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	to := keysPath
	if owner := v.r.PostForm.Get("account"); owner != "" {
		to = accountsPath + "/" + url.PathEscape(owner) + "#keys"
	}
	v.redirect(to)
}
