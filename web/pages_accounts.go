package web

import (
	"kurir/account"
	"kurir/resource"
)

// Paths of the pages about accounts and numbers.
const (
	accountsPath = consolePath + "/accounts"
	keysPath     = consolePath + "/keys"
	listsPath    = consolePath + "/lists"
	optOutsPath  = consolePath + "/optouts"
)

// pagesOfAccounts are those of accounts with their money and keys, and of numbers that are blocked or opted out.
func pagesOfAccounts() []page {
	return []page{
		{pattern: "GET " + accountsPath, right: account.SeeReports, menu: "kind.accounts", serve: (*visit).accountsPage},
		{pattern: "GET " + accountsPath + "/{name}", right: account.SeeReports, serve: (*visit).accountPage},
		{pattern: "POST " + accountsPath + "/{name}/topup", right: account.ChangeSettings, serve: (*visit).topUp},
		{pattern: "POST " + accountsPath + "/{name}/keys", right: account.ManageAccount, or: account.ChangeSettings, serve: (*visit).makeKey},
		{pattern: "GET " + keysPath, right: account.ManageAccount, or: account.SeeSettings, menu: "kind.keys", list: keysList()},
		{pattern: "POST " + keysPath + "/{name}/revoke", right: account.ManageAccount, or: account.ChangeSettings, serve: (*visit).revokeKey},
		{pattern: "GET " + listsPath, right: account.SeeSettings, menu: "kind.lists", list: listsList()},
		{pattern: "GET " + listsPath + "/{name}", right: account.SeeSettings, serve: (*visit).entriesPage},
		{pattern: "POST " + listsPath + "/{name}", right: account.ChangeSettings, serve: (*visit).changeEntries},
		{pattern: "GET " + optOutsPath, right: account.ManageAccount, or: account.SeeOperation, menu: "nav.optouts", list: optOutsList()},
		{pattern: "GET " + optOutsPath + "/phone", right: account.ManageAccount, or: account.SeeOperation, serve: (*visit).optOutPage},
		{pattern: "POST " + optOutsPath + "/phone", right: account.ManageAccount, or: account.ChangeSettings, serve: (*visit).changeOptOut},
		{pattern: "GET " + consolePath + "/prices", right: account.SeeMoney, menu: "nav.prices", list: pricesList()},
	}
}

func keysList() *listPage {
	return &listPage{
		title: "kind.keys", lead: "keys.lead", rest: "/v1/keys", rows: "keys", noun: resource.Keys, filters: []string{"account", "name"},
		columns: []column{
			{field: "name"}, {field: "account"}, {field: "scopes", kind: aList}, {field: "expires"}, {field: "last_used", kind: aTime}, {field: "note"},
		},
		rowActs: []rowAct{{
			path: keysPath + "/{name}/revoke", words: "keys.revoke", sure: "keys.sure", right: account.ManageAccount,
			when: func(r row) bool { return r.text("source") == resource.OverAPI },
		}},
	}
}

func listsList() *listPage {
	return &listPage{
		title: "kind.lists", rest: "/v1/lists", rows: "lists", noun: resource.Lists, filters: []string{"name", "kind", "of"}, link: listsPath + "/{name}",
		columns: []column{
			{field: "name"},
			{field: "kind", kind: aWord},
			{field: "of", kind: aWord},
			{field: "accounts", kind: aList},
			{field: "routes", kind: aList},
			{field: "entries", kind: aNumber},
			{field: "entries_in_file", kind: aNumber},
		},
		acts: []listAct{{path: settingsPath + "/lists?new", words: "settings.new", right: account.ChangeSettings}},
	}
}

func optOutsList() *listPage {
	return &listPage{
		title: "nav.optouts", lead: "optouts.lead", rest: "/v1/optouts", rows: "optouts", noun: resource.OptOuts, names: "phone", filters: []string{"phone", "account"},
		link: optOutsPath + "/phone?phone={phone}&account={account}",
		columns: []column{
			{field: "phone"}, {field: "account"}, {field: "said", kind: aWord}, {field: "at", kind: aTime}, {field: "wrote_to"}, {field: "text", kind: longText, right: account.SeeTexts}, {field: "by"},
		},
		acts: []listAct{{path: optOutsPath + "/phone", words: "optouts.one"}},
	}
}

func pricesList() *listPage {
	return &listPage{
		title: "nav.prices", rest: "/v1/prices", rows: "prices", noun: resource.Prices, filters: []string{"list", "destination", "link"},
		columns: []column{
			{field: "destination"}, {field: "network"}, {field: "link"}, {field: "price", kind: aNumber}, {field: "currency"}, {field: "list"}, {field: "from"}, {field: "until"},
		},
		acts: []listAct{
			{path: consolePath + "/dry-run", words: "prices.lookup"},
			{path: settingsPath + "/prices", words: "kind.prices", right: account.SeeSettings},
		},
	}
}
