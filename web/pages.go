package web

import (
	"slices"
	"strings"

	"kurir/account"
)

// page is one line of the table of pages.
type page struct {
	pattern string        // of http.ServeMux
	right   account.Right // that it takes,
	or      account.Right // or this one in its place; 0 for none
	open    bool          // also for whoever has not signed in
	bare    bool          // it is for anybody, and nothing of it depends on who asks
	uploads bool          // it reads its form, which has a file, by itself
	stays   bool          // it is served for as long as the browser likes
	menu    string        // key of the words by which the menu names it; empty: it is not there
	serve   func(*visit)
	list    *listPage // in place of serve
}

// permits tells whether a user may see the page.
func (p *page) permits(u *account.User) bool { return u.May(p.right) || p.or != 0 && u.May(p.or) }

// path is where the page is, without the method.
func (p *page) path() string {
	_, path, _ := strings.Cut(p.pattern, " ")
	return path
}

// pages is the table of all pages and acts, in the order of the menu.
func pages() []page {
	return slices.Concat(
		pagesOfSignIn(),
		pagesOfCompose(),
		pagesOfTemplates(),
		pagesOfSent(),
		pagesOfBooks(),
		pagesOfDuty(),
		pagesOfMe(),
		pagesOfOps(),
		pagesOfConsole(),
		pagesOfSettings(),
		pagesOfReports(),
		pagesOfLooks(),
		pagesOfAccounts(),
		pagesOfPeople(),
	)
}

func pagesOfSignIn() []page {
	return []page{
		{pattern: "GET /{$}", open: true, serve: (*visit).home},
		{pattern: "GET /signin", open: true, serve: (*visit).signInPage},
		{pattern: "POST /signin", open: true, serve: (*visit).signIn},
		{pattern: "POST /signout", serve: (*visit).signOut},
		{pattern: "GET /setup", open: true, serve: (*visit).setupPage},
		{pattern: "POST /setup", open: true, serve: (*visit).setUp},
		{pattern: "GET /web/{file}", bare: true, serve: (*visit).asset},
		{pattern: "GET /looks/{file}", bare: true, serve: (*visit).lookFile},
	}
}

func pagesOfSent() []page {
	return []page{
		{pattern: "GET /sent", right: account.SeeMessages, menu: "nav.sent", serve: (*visit).sentPage},
		{pattern: "GET /sent/{id}", right: account.SeeMessages, serve: (*visit).messagePage},
		{pattern: "POST /sent/{id}/cancel", right: account.SendMessages, serve: (*visit).cancel},
	}
}

func pagesOfDuty() []page {
	return []page{
		{pattern: "GET /duty", right: account.SeeMessages, menu: "nav.duty", serve: (*visit).dutyPage},
		{pattern: "GET /duty/rota/{name}", right: account.SeeMessages, serve: (*visit).rotaPage},
		{pattern: "POST /duty/rota/{name}/swap", right: account.ChangePeople, serve: (*visit).addSwap},
		{pattern: "POST /duty/rota/{name}/remove", right: account.ChangePeople, serve: (*visit).removeSwap},
		{pattern: "GET /duty/calendar/{user}/{name}/{mark}", bare: true, serve: (*visit).calendar},
		{pattern: "POST /duty/{id}/take", right: account.SendMessages, serve: (*visit).take},
	}
}

func pagesOfMe() []page {
	return []page{
		{pattern: "GET /me", serve: (*visit).mePage},
		{pattern: "POST /me/account", serve: (*visit).chooseAccount},
		{pattern: "POST /me/end", serve: (*visit).endSession},
		{pattern: "POST /me/password", serve: (*visit).changePassword},
		{pattern: "POST /me/language", serve: (*visit).changeLanguage},
	}
}

// Paths are the patterns of http.ServeMux at which Handler is to be mounted: each first part of a path that a page has.
func (s *Server) Paths() []string {
	paths := []string{"/{$}"}
	for _, p := range pages() {
		first, _, deep := strings.Cut(strings.TrimPrefix(p.path(), "/"), "/")
		if first == "{$}" {
			continue
		}
		for _, path := range []string{"/" + first, "/" + first + "/"} {
			if (deep || !strings.HasSuffix(path, "/")) && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}
