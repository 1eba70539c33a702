// Package app puts the parts of a Kurir server together and runs them. It is
// the only place that knows all of them.
//
// The procedure:
//
//  1. New opens the database, makes the gateway (which reads what is open),
//     and opens the listeners, so that whatever is wrong is said before
//     anything moves.
//  2. Run starts the gateway's writer, then the links, then the servers.
//  3. Reload compares a new configuration with the one in force: accounts,
//     routes and inbound rules change at once, links that changed are closed
//     and opened again, the rest is not touched.
//  4. When Run's context ends: the servers take nothing new, the links unbind,
//     calls to customers' servers under way are heard out, what has gathered is
//     committed, the database is closed. What hangs longer than it should is
//     named in the log.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/api"
	"kurir/cluster"
	"kurir/config"
	"kurir/connector"
	"kurir/gateway"
	"kurir/signin"
	"kurir/store"
	"kurir/web"
)

// Options is what an App is made of. File and Log are required.
type Options struct {
	File     *config.File
	Log      *slog.Logger
	Handlers map[string]http.Handler // further pages by ServeMux pattern
	Version  string                  // of the program
}

// App is one server.
type App struct {
	opt        Options
	log        *slog.Logger
	node       *node
	keys       config.SecretKeys // for secrets of what is made over REST
	store      *store.Store
	gateway    *gateway.Gateway
	verifier   *account.Verifier
	guard      *api.Guard
	webhook    *api.Webhook
	attempts   *api.Attempts
	twilio     *api.TwilioCallback
	kannel     *api.KannelCallback
	service    *api.KannelService
	kannelLoad *api.KannelLoad // nil without Kannel's administration
	jasmin     *api.JasminCallback
	mail       *api.MailOut
	mailKey    atomic.Pointer[[]byte] // of answers by mail; nil while there can be none
	sessions   *api.Sessions          // of customers, over the three that follow
	smpp       *api.SMPPServer
	ucp        *api.UCPServer
	cimd2      *api.CIMD2Server
	smtp       *api.SMTPServer
	http       *http.Server
	web        *web.Server
	streams    context.Context // of the pages and the interface; done when the servers of HTTP shut down
	endStreams context.CancelFunc
	people     *signin.Book
	logins     *api.LoginBrake
	status     *api.Status
	balances   *api.BalanceWatch
	alarms     *alarm.Book
	watch      *alarmWatch
	notifier   *api.AlarmNotifier
	revisions  store.Revisions   // of what other nodes change, as it was at the start
	shared     *connector.Shared // of all links, those of later configurations too

	httpListener net.Listener
	httpCerts    *certificates // nil without TLS
	ports        []*sessionPort
	most         int // connections of each
	dialects     []*dialectPort

	alarmsNow atomic.Pointer[alarm.Settings]   // those in force
	httpNow   atomic.Pointer[api.HTTPSettings] // likewise

	changing chan struct{} // has what is held by whoever changes settings, before mu

	mu    sync.Mutex
	file  *config.File // with what was made over REST
	book  book
	links map[string]*runningLink
	run   context.Context // nil before Run
}

const (
	openTimeout  = 10 * time.Minute // reading what is open
	closeTimeout = 10 * time.Second // of each part
)

// New makes a server and opens its database and listeners.
func New(ctx context.Context, opt Options) (_ *App, err error) {
	a := &App{
		opt: opt, log: opt.Log, file: opt.File, verifier: account.NewVerifier(),
		guard: api.NewGuard(), links: map[string]*runningLink{}, shared: connector.NewShared(),
		alarms: alarm.NewBook(), sessions: &api.Sessions{}, changing: make(chan struct{}, 1),
	}
	a.ports = a.sessionPorts()
	defer func() {
		if err != nil {
			a.closeAll()
		}
	}()
	a.most = connections(a.log, a.file)
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	elsewhere := opt.File.Database != "sqlite" && opt.File.Database != ""
	if elsewhere {
		// The ports are free. Until this server has its place and has read what is open, which after a crash takes
		// seconds, who connects had better be refused than left waiting: there are others.
		a.closePorts()
		a.dialects = nil
	}
	if a.node, err = joinNodes(ctx, opt.File, opt.Version, opt.Log); err != nil {
		return nil, err
	}
	a.store, err = store.Open(ctx, store.Options{
		Path: opt.File.Data, Database: opt.File.Database, Listen: opt.File.DatabaseListen, Node: a.node.number(), Shared: a.node.shared(), Now: a.node.now(), Log: opt.Log,
		Retention: store.Retention{
			Texts: opt.File.Retention.Texts, Messages: opt.File.Retention.Messages, Counters: opt.File.Retention.Counters, Events: opt.File.Events.Keep,
		},
	})
	if err != nil {
		return nil, err
	}
	if err := a.joinKey(ctx); err != nil {
		return nil, err
	}
	if a.revisions, err = a.store.Revisions(ctx); err != nil { // before all that is read of what they are about
		return nil, err
	}
	if err := a.readBook(ctx); err != nil {
		return nil, err
	}
	if a.file, err = withMade(opt.File, a.book.made); err != nil {
		return nil, misfit(err)
	}
	a.book.used = a.book.last
	a.alarmsNow.Store(&a.file.Alarms)
	a.httpNow.Store(httpSettings(a.file))
	a.logEffects(opt.File, a.file)
	if err := a.readMailKey(ctx, a.file); err != nil {
		return nil, err
	}
	snap, err := a.snapshot(ctx, a.file, nil)
	if err != nil {
		return nil, err
	}
	events, err := a.store.Alarms(ctx)
	if err != nil {
		return nil, err
	}
	a.alarms.Load(events, a.node.number())
	if a.node.shared() {
		a.shared.Share(connector.Shares{Window: cluster.RateWindow}) // nothing until rates are divided
	}
	a.shared.SmoothAccounts(snap.Accounts.Rates())
	open, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	a.gateway, err = gateway.New(open, gateway.Options{
		Store: a.store, Node: a.node.number(), Shared: a.node.shared(), Divided: a.node.shared(), Sessions: a.node.opened, Now: a.node.now(), Snapshot: snap, Log: opt.Log, Alarms: a.alarms, MaxAge: opt.File.Webhooks.MaxAge, EventsKept: opt.File.Events.Keep,
	})
	if err != nil {
		return nil, err
	}
	a.node.gateway.Store(a.gateway)
	if err := a.readWishes(ctx); err != nil {
		return nil, err
	}
	allow, err := allowed(a.file)
	if err != nil {
		return nil, err
	}
	a.guard.Replace(allow, trustedURLs(a.file))
	a.shared.Networks, a.shared.Now, a.shared.Folder = a.gateway.Network, a.gateway.Now, a.opt.File.Data
	if elsewhere {
		if err := a.listen(ctx); err != nil {
			return nil, err
		}
	}
	a.receivers()
	a.mailOut()
	if err := a.pages(); err != nil {
		return nil, err
	}
	a.servers()
	return a, nil
}

// Gateway returns the gateway, for tests and for commands that run inside.
func (a *App) Gateway() *gateway.Gateway { return a.gateway }

// HTTPAddr returns where the server listens; nil when it does not.
func (a *App) HTTPAddr() net.Addr { return addrOf(a.httpListener) }

func addrOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// Run runs the server until ctx ends or the database fails for good.
func (a *App) Run(ctx context.Context) error {
	a.log.Info("kurir starts", a.listens()...)
	a.tellSetup()

	// The gateway outlives what feeds it.
	core, stopCore := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCore()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var coreErr error
	coreDone := make(chan struct{})
	go func() {
		defer close(coreDone)
		if coreErr = a.gateway.Run(core); coreErr != nil {
			stop(coreErr)
		}
	}()
	waits := a.firstEncrypt(ctx)
	var dividing sync.WaitGroup
	dividing.Go(func() { a.divideRates(core) })
	a.startLinks(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { a.serveHTTP(stop) })
	for _, d := range a.dialects {
		serving.Go(func() { d.serve(stop) })
	}
	serving.Go(func() { a.status.Run(ctx) })
	if a.kannelLoad != nil {
		serving.Go(func() { a.kannelLoad.Run(ctx) })
	}
	serving.Go(func() { a.balances.Run(ctx) })
	serving.Go(func() { a.watch.Run(ctx) })
	serving.Go(func() { a.notifier.Run(ctx) })
	serving.Go(func() { a.watchAliases(ctx) })
	serving.Go(func() { a.dropLeft(ctx) })
	for _, p := range a.ports {
		serving.Go(func() { a.servePort(ctx, p, stop) })
	}
	serving.Go(func() { a.watchNode(ctx, stop) })
	serving.Go(func() { a.inherit(ctx) })
	serving.Go(func() { a.followNodes(ctx) })
	serving.Go(func() { a.keepSecrets(ctx, waits) })
	a.gateway.Serves(a.served())
	<-ctx.Done()

	a.log.Info("kurir stops")
	a.gateway.Serves(nil)
	a.within("the HTTP server", closeTimeout, a.stopHTTP)
	a.within("the sessions of customers", closeTimeout, serving.Wait)
	a.within("the links", closeTimeout, a.stopLinks)
	a.within("webhooks", a.opt.File.Webhooks.Timeout+time.Second, a.closeCallers) // what they were answered is to be on disk
	a.within("alarms", closeTimeout, func() { _ = a.keepAlarms(core) })           // the database has its own line in the log
	stopCore()
	dividing.Wait()
	defer time.AfterFunc(closeTimeout/2, a.store.GiveUp).Stop()
	a.within("the database", closeTimeout, func() { <-coreDone })
	a.closeAll()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return coreErr
}

// within waits for a part to end and says so when it takes too long.
func (a *App) within(what string, most time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(most):
		a.log.Warn("a part of the server does not end", "part", what, "waited", most)
	}
}

// closeCallers hears out the calls to customers' servers. It may be called
// again.
func (a *App) closeCallers() {
	var closing sync.WaitGroup
	if a.webhook != nil {
		closing.Go(a.webhook.Close)
	}
	if a.twilio != nil {
		closing.Go(a.twilio.Close)
	}
	if a.kannel != nil {
		closing.Go(a.kannel.Close)
	}
	if a.service != nil {
		closing.Go(a.service.Close)
	}
	if a.jasmin != nil {
		closing.Go(a.jasmin.Close)
	}
	if a.mail != nil {
		closing.Go(a.mail.Close)
	}
	if a.gateway != nil {
		closing.Go(func() { a.gateway.EndCommands(a.opt.File.Webhooks.Timeout) })
	}
	if a.balances != nil {
		closing.Go(a.balances.Close)
	}
	if a.web != nil {
		closing.Go(a.web.Wait)
		closing.Go(a.people.Wait)
	}
	closing.Wait()
}

func (a *App) closeAll() {
	a.closeCallers()
	a.closePorts()
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Error("close the database", "error", err)
		}
	}
	a.node.leave(a.log)
}

// Reload puts a new file into force, together with what was made over REST.
// Settings that need a start (data, listeners) are named in the log when they differ.
func (a *App) Reload(ctx context.Context, f *config.File) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	settle, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := a.settleBook(settle); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	whole, err := withMade(f, a.book.made)
	if err != nil {
		return fmt.Errorf("reload: %w", misfit(err))
	}
	a.logEffects(f, whole)
	if err := a.replace(ctx, whole, func() error { return nil }); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	a.book.used = a.book.last
	return nil
}

// ReloadLists reads number lists, prices and networks of files again; the rest of the configuration stays.
func (a *App) ReloadLists(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.replace(ctx, a.file, func() error { return nil })
}

// replace puts a configuration into force once write has put on disk what it
// needs there; or changes nothing. The caller holds mu.
func (a *App) replace(ctx context.Context, f *config.File, write func() error) error {
	// What can fail comes first.
	allow, err := allowed(f)
	if err != nil {
		return err
	}
	if err := a.readMailKey(ctx, f); err != nil {
		return err
	}
	snap, err := a.snapshot(ctx, f, a.gateway.Snapshot())
	if err != nil {
		return err
	}
	certs, err := a.readCertificates(f)
	if err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	a.guard.Replace(allow, trustedURLs(f))
	certs.use()
	a.warnOfRestart(f)
	a.shared.SmoothAccounts(snap.Accounts.Rates())
	a.gateway.Replace(snap)
	a.alarmsNow.Store(&f.Alarms)
	a.httpNow.Store(httpSettings(f))
	a.replaceLinks(f)
	a.file = f
	a.want(f)
	a.log.Info("configuration reloaded", "number", snap.Number, "connectors", len(f.Connectors),
		"accounts", len(f.Accounts), "routes", len(f.Routes))
	return nil
}

// warnOfRestart names the settings that differ from those that the server was
// started with, at every reload while they do.
func (a *App) warnOfRestart(f *config.File) {
	began := a.opt.File
	for _, s := range []struct {
		name     string
		old, now any
	}{
		{"data", began.Data, f.Data},
		{"database", began.Database, f.Database},
		{"database_listen", began.DatabaseListen, f.DatabaseListen},
		{"node", began.Node, f.Node},
		{"secrets", began.Secrets, f.Secrets},
		{"http", fixed(began.HTTP.Listener()), fixed(f.HTTP.Listener())},
		{"smpp", fixed(began.SMPP), fixed(f.SMPP)},
		{"ucp", fixed(began.UCP), fixed(f.UCP)},
		{"cimd2", fixed(began.CIMD2), fixed(f.CIMD2)},
		{"smtp", fixedSMTP(began.SMTP), fixedSMTP(f.SMTP)},
		{"dialects", fixedDialects(began), fixedDialects(f)},
		{"retention", began.Retention, f.Retention},
		{"limits.body", began.Limits.Body, f.Limits.Body},
		{"limits.connections", began.Limits.Connections, f.Limits.Connections},
		{"limits.connections_per_address", began.Limits.ConnectionsPerAddress, f.Limits.ConnectionsPerAddress},
		{"events", began.Events, f.Events},
		{"webhooks.timeout", began.Webhooks.Timeout, f.Webhooks.Timeout},
		{"webhooks.max_age", began.Webhooks.MaxAge, f.Webhooks.MaxAge},
		{"log", began.Log, f.Log},
	} {
		if !reflect.DeepEqual(s.old, s.now) {
			a.log.Warn("this setting changes at the next start only", "setting", s.name)
		}
	}
}
