package web

import (
	"slices"
	"strings"

	"kurir/account"
)

// consolePath is where the pages of who operates the server are.
const consolePath = "/console"

// menuItem is a page as the menu names it.
type menuItem struct {
	Path, Words string
	Here        bool
	Badge       string // how much is new there; empty for nothing
}

// menuGroup is a heading of the console's menu, and what stands under it.
type menuGroup struct {
	Words string
	Items []menuItem
}

// consoleGroup is a heading of the console's menu, as a key of words, and the paths of the pages under it.
type consoleGroup struct {
	words string
	paths []string
}

// consoleGroups are the headings in the order of the menu. Whoever has to do with some accounts alone finds the changes of those among what
// there is of accounts.
func consoleGroups(everywhere bool) []consoleGroup {
	groups := []consoleGroup{
		{"menu.traffic", []string{"", "/links", "/messages", "/dead", "/inbound", "/queues", "/reports"}},
		{"menu.customers", []string{"/accounts", "/users", "/keys", "/sessions", "/owed", "/webhooks", "/optouts", "/looks"}},
		{"menu.rules", []string{"/routes", "/inbound-rules", "/lists", "/prices", "/notices", "/settings"}},
		{"menu.server", []string{"/alarms", "/events", "/nodes", "/audit"}},
	}
	if !everywhere {
		groups[1].paths = append(groups[1].paths, "/audit")
		groups[3].paths = groups[3].paths[:3]
	}
	return groups
}

// Menu names the pages that the user may see.
func (v *view) Menu() []menuItem { return v.menu(false) }

// ConsoleMenu names those of the console under their headings; nothing for who sees none.
func (v *view) ConsoleMenu() (groups []menuGroup) {
	items := v.menu(true)
	for _, g := range consoleGroups(v.user != nil && v.user.May(account.Everywhere)) {
		group := menuGroup{Words: v.T(g.words)}
		for _, path := range g.paths {
			if i := slices.IndexFunc(items, func(item menuItem) bool { return item.Path == consolePath+path }); i >= 0 {
				group.Items = append(group.Items, items[i])
			}
		}
		if len(group.Items) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// InConsole tells whether the page is one of the console's.
func (v *view) InConsole() bool { return v.At(consolePath) }

// Console is the first page of the console that the user may see; empty for none.
func (v *view) Console() string {
	if groups := v.ConsoleMenu(); len(groups) > 0 {
		return groups[0].Items[0].Path
	}
	return ""
}

func (v *view) menu(console bool) (items []menuItem) {
	if v.user == nil {
		return nil
	}
	here := -1
	for i := range v.named {
		p := &v.named[i]
		path := p.path()
		of := path == consolePath || strings.HasPrefix(path, consolePath+"/")
		if of != console || !p.permits(v.user) || !v.shows(p) {
			continue
		}
		items = append(items, menuItem{Path: path, Words: v.T(p.menu), Badge: v.badgeOf(p)})
		if v.At(path) && (here < 0 || len(path) > len(items[here].Path)) {
			here = len(items) - 1
		}
	}
	if here >= 0 {
		items[here].Here = true
	}
	return items
}

// badgeOf is how many conversations have unread messages; nothing for other pages, and where that cannot be read.
func (v *view) badgeOf(p *page) string {
	if p.path() != talksPath || v.account == nil {
		return ""
	}
	n, err := v.Core.UnreadConversations(v.r.Context(), v.account.Name, unreadMost)
	if err != nil {
		return ""
	}
	return badge(n)
}
