package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"kurir/account"
	"kurir/signin"
)

// visit is one request for a page.
type visit struct {
	*Server
	w http.ResponseWriter
	r *http.Request

	page    *page
	user    *account.User    // nil for who has not signed in
	account *account.Account // for which the user acts, with the user's rights (account.User.Acting)
	session *signin.Session

	pending *account.User   // who has given a password and is to prove more; nil for nobody
	waiting *signin.Session // of pending
	unknown error           // why it is not known who it is: the database does not answer
}

// recognise finds who has signed in. A session ends with the user, the user's password, the account, or from another address
// than the account permits.
func (v *visit) recognise() {
	cookie, err := v.r.Cookie(v.cookieName())
	if err != nil {
		return
	}
	found, err := v.People.Find(v.r.Context(), cookie.Value)
	if err != nil {
		v.unknown = err
		v.Log.Warn("a session of the web pages could not be read", "error", err)
	}
	if found == nil {
		return
	}
	accounts := v.Accounts()
	u := accounts.UserByName(found.Person)
	if u == nil || !v.active(u) || !found.Of(v.bound(u)) {
		v.leave(found)
		return
	}
	switch a := accounts.ByName(u.Account); {
	case a == nil || !a.MayComeFrom(v.addr()) || !v.atHost(u):
	case found.Waits:
		v.pending, v.waiting = u, found
	default:
		v.user, v.session = u, found
		v.account = u.Acting(v.chosen())
	}
}

// active tells whether the user may stay: with a password, or by a reverse proxy that has seen one.
func (v *visit) active(u *account.User) bool {
	return u.Active(v.Now()) || v.Proxied(v.r).User != "" && u.Admitted(v.Now())
}

// addr is the address that the request came from; invalid if the connection has none.
func (v *visit) addr() netip.Addr {
	ap, err := netip.ParseAddrPort(v.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// secure tells whether the browser reaches the server over TLS, itself or by a proxy that is trusted.
func (v *visit) secure() bool {
	return v.r.TLS != nil || v.r.URL.Scheme == "https" || strings.HasPrefix(v.Base(), "https://")
}

// backTo is the parameter that leads back to the page that was asked for.
func backTo(r *http.Request) string {
	if r.URL.Path == "/compose" && r.URL.RawQuery == "" {
		return ""
	}
	return "?to=" + url.QueryEscape(r.URL.RequestURI())
}

// inside tells whether an address is a page of this server: a path, which no browser takes for another server.
func inside(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") &&
		!strings.ContainsAny(to, "\\\r\n\t")
}

// lang is the language of the page: the user's, or else the browser's.
func (v *visit) lang() string {
	if v.user != nil && v.user.Language != "" {
		return v.user.Language
	}
	if lang := v.looks().Language; lang != "" {
		return lang
	}
	first, _, _ := strings.Cut(v.r.Header.Get("Accept-Language"), ",")
	if tag := strings.ToLower(strings.TrimSpace(first)); tag == "sv" || strings.HasPrefix(tag, "sv-") || strings.HasPrefix(tag, "sv;") {
		return "sv"
	}
	return "en"
}

// view is what a template sees of a page.
type view struct {
	*visit
	Title string // a key of the words
	Data  any
}

// Lang is the language of the page.
func (v *view) Lang() string { return v.lang() }

// T gives words of the page's language.
func (v *view) T(key string, args ...any) string { return v.words(v.lang(), key, args...) }

// SignedIn is the name of the user, empty for none.
func (v *view) SignedIn() string {
	if v.user == nil {
		return ""
	}
	return v.user.Name
}

// Sends tells whether the user may send.
func (v *view) Sends() bool { return v.user != nil && v.user.May(account.SendMessages) }

// At tells whether the page is that of a path, for the menu.
func (v *view) At(path string) bool {
	if plain, err := url.PathUnescape(path); err == nil { // such as that of a name with a space
		path = plain
	}
	return v.r.URL.Path == path || strings.HasPrefix(v.r.URL.Path, path+"/")
}

// Asset is the address of a file beside the pages.
func (v *view) Asset(name string) string { return "/web/" + name + "?v=" + v.assets[name].version }

// Time shows a time by the server's clock.
func (v *view) Time(t time.Time) string { return showTime(t) }

func showTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// When shows a time as REST writes it by the server's clock.
func (v *view) When(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return showTime(at)
}
