package web

import "kurir/account"

// pagesOfLooks are those by which an account says how its pages look.
func pagesOfLooks() []page {
	return []page{
		{pattern: "GET /console/looks", right: account.ManageAccount, menu: "nav.looks", serve: (*visit).looksPage},
		{pattern: "POST /console/looks", right: account.ManageAccount, serve: (*visit).changeLooks},
	}
}
