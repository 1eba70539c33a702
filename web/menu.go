package web

import "strings"

// consolePath is where the pages of who operates the server are.
const consolePath = "/console"

// menuItem is a page as the menu names it.
type menuItem struct {
	Path, Words string
	Here        bool
	Badge       string // how much is new there; empty for nothing
}

// Menu names the pages that the user may see.
func (v *view) Menu() []menuItem { return v.menu(false) }

// ConsoleMenu names those of the console; nothing for who sees none.
func (v *view) ConsoleMenu() []menuItem { return v.menu(true) }

// InConsole tells whether the page is one of the console's.
func (v *view) InConsole() bool { return v.At(consolePath) }

// Console is the first page of the console that the user may see; empty for none.
func (v *view) Console() string {
	if items := v.menu(true); len(items) > 0 {
		return items[0].Path
	}
	return ""
}

func (v *view) menu(console bool) (items []menuItem) {
	if v.user == nil {
		return nil
	}
	here := -1
	for _, p := range pages() {
		path := p.path()
		of := path == consolePath || strings.HasPrefix(path, consolePath+"/")
		if p.menu == "" || of != console || !p.permits(v.user) || !v.shows(&p) {
			continue
		}
		items = append(items, menuItem{Path: path, Words: v.T(p.menu), Badge: v.badgeOf(&p)})
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
