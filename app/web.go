package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"kurir/account"
	"kurir/api"
	"kurir/config"
	"kurir/signin"
	"kurir/web"
)

// loginPause is the first pause after a failed sign-in over HTTP and on the web pages, which share it.
const loginPause = 100 * time.Millisecond

// pages makes what people see of the server.
func (a *App) pages() (err error) {
	a.logins = api.NewLoginBrake(loginPause)
	a.people = signin.New(signin.Options{Store: a.store, Now: a.gateway.Now, Seal: a.sealFactor, Open: a.openFactor})
	a.streams, a.endStreams = context.WithCancel(context.Background())
	a.web, err = web.New(web.Options{
		Closing: a.streams,
		Log:     a.log, Core: a.gateway, Verifier: a.verifier, Change: a.ChangeSetting, Schema: config.Schema, Now: a.gateway.Now,
		Accounts: func() *account.Directory { return a.gateway.Snapshot().Accounts },
		Country:  func() string { return a.gateway.Snapshot().Country },
		REST: func(by *account.Account, w http.ResponseWriter, r *http.Request) {
			a.http.Handler.ServeHTTP(w, r.WithContext(api.As(r.Context(), by)))
		},
		MayTry: a.logins.MayTry, Failed: a.logins.Failed, People: a.people,
		SecondFactor: func() []string { return a.httpNow.Load().SecondFactor },
		CanMail:      func() bool { set := a.mailNow(); return set != nil && set.Server != "" }, Mail: a.mailUser,
		Base:    func() string { return a.httpNow.Load().Base },
		Proxied: func(r *http.Request) web.Proxied { return web.Proxied(api.ProxiedOf(r)) },
		NewUser: func() web.NewUser { return web.NewUser(a.httpNow.Load().NewUser) },
		Key:     a.store.MailKey,
		Frames:  func() []string { return a.httpNow.Load().Frames },
	})
	if err != nil {
		return fmt.Errorf("make the web pages: %w", err)
	}
	return nil
}

// handlers are the web pages, and what else the program serves, which comes before them at a path of its own.
func (a *App) handlers() map[string]http.Handler {
	all := map[string]http.Handler{}
	for _, path := range a.web.Paths() {
		all[path] = a.web.Handler()
	}
	maps.Copy(all, a.opt.Handlers)
	return all
}

// SetupLink is the address at which the first user of the web pages is made; empty where there are users or no HTTP.
func (a *App) SetupLink() string {
	if a.httpListener == nil {
		return ""
	}
	path, err := a.web.SetupLink()
	switch {
	case err != nil:
		a.log.Warn("a link by which the first user is made could not be written; kurir user add makes one too", "error", err)
		return ""
	case path == "":
		return ""
	case a.httpNow.Load().Base != "":
		return strings.TrimSuffix(a.httpNow.Load().Base, "/") + path
	case a.httpCerts != nil && a.file.HTTP.TLSListen == "":
		return "https://" + a.HTTPAddr().String() + path
	}
	return "http://" + a.HTTPAddr().String() + path
}

// tellSetup says in the log how the first user is made.
func (a *App) tellSetup() {
	if link := a.SetupLink(); link != "" {
		a.log.Info("the web pages have no user yet; the first one is made at link, once", "link", link)
	}
}
