package web

import "kurir/account"

// pagesOfReports are the reports: of the account and those below it, and in the console of everything.
func pagesOfReports() []page {
	return []page{
		{pattern: "GET /reports", right: account.SeeReports, menu: "nav.reports", serve: (*visit).reportPage},
		{pattern: "GET /reports/{report}", right: account.SeeReports, serve: (*visit).reportPage},
		{pattern: "GET /console/reports", right: account.SeeReports | account.Everywhere, menu: "nav.reports", serve: (*visit).reportPage},
		{pattern: "GET /console/reports/{report}", right: account.SeeReports | account.Everywhere, serve: (*visit).reportPage},
	}
}
