package web

import (
	"net/http"
	"net/url"
	"strings"

	"kurir/account"
)

// accountsView is what the page of accounts shows: a tree.
type accountsView struct {
	Asked string // part of a name
	Money bool   // balances are shown
	Rows  []accountRow
	More  bool // there are more than fit
	New   bool // another may be made
}

type accountRow struct {
	Path, Name, Prices, Available, Currency string
	Depth                                   int // below the first, at most maxDepth
	Contacts                                []string
}

// Bounds of the page of accounts.
const (
	mostAccounts = 1000
	maxDepth     = 6 // beyond which accounts are not moved further to the side
)

// accountsPage shows the accounts that the user may see, each below its parent.
func (v *visit) accountsPage() {
	shown := &accountsView{
		Asked: strings.TrimSpace(v.r.URL.Query().Get("name")), Money: v.sees(account.SeeMoney), New: v.sees(account.ChangeSettings),
	}
	balances := map[string]row{}
	if shown.Money {
		var page map[string]any
		if got := v.rest(http.MethodGet, "/v1/balances", url.Values{"limit": {"1000"}}, nil, nil); got.ok() && got.read(&page) == nil {
			for _, r := range rowsOf(page, "balances") {
				balances[r.text("account")] = r
			}
		}
	}
	for _, one := range treeOf(v.accounts()) {
		if shown.Asked != "" && !strings.Contains(strings.ToLower(one.account.Name), strings.ToLower(shown.Asked)) {
			continue
		}
		if shown.More = len(shown.Rows) == mostAccounts; shown.More {
			break
		}
		a, money := one.account, balances[one.account.Name]
		r := accountRow{
			Path: accountsPath + "/" + url.PathEscape(a.Name), Name: a.Name, Prices: a.Prices, Depth: min(one.depth, maxDepth),
			Available: money.text("balance.available"), Currency: money.text("currency"),
		}
		if shown.Asked != "" {
			r.Depth = 0
		}
		for _, c := range a.Contacts {
			r.Contacts = append(r.Contacts, c.Name)
		}
		shown.Rows = append(shown.Rows, r)
	}
	v.render(http.StatusOK, "accounts", "kind.accounts", shown)
}

// inTree is an account and how far it is below the first.
type inTree struct {
	account *account.Account
	depth   int
}

// treeOf puts accounts in an order in which each follows its parent, where that is among them.
func treeOf(accounts []*account.Account) []inTree {
	has, below := map[string]bool{}, map[string][]*account.Account{}
	for _, a := range accounts {
		has[a.Name] = true
	}
	var tree []inTree
	var add func(a *account.Account, depth int)
	add = func(a *account.Account, depth int) {
		tree = append(tree, inTree{a, depth})
		for _, child := range below[a.Name] {
			add(child, depth+1)
		}
	}
	for _, a := range accounts {
		if has[a.Parent] {
			below[a.Parent] = append(below[a.Parent], a)
		}
	}
	for _, a := range accounts {
		if !has[a.Parent] {
			add(a, 0)
		}
	}
	return tree
}
