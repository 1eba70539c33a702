package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"kurir/config"
	"kurir/connector"
	"kurir/gateway"
	"kurir/modem"
)

// runningLink is a connector and how to end it.
type runningLink struct {
	config config.Connector
	conn   connector.Connector
	stop   context.CancelFunc
	done   chan struct{}
}

// startLinks opens the links of the file.
func (a *App) startLinks(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run = ctx
	for _, c := range a.file.Connectors {
		a.startLink(c)
	}
	a.want(a.file)
}

// ControlLink starts, stops, restarts, drains or resumes one link; the others
// are not touched. What it was told outlasts reloads, not the process; where several
// servers share the database it is told all of them, but for restart, and outlasts the processes, too. It
// returns when the link's sessions here have ended, if they are to. by is who wants it. The error is a
// *gateway.LinkError, or gateway.ErrStopped.
func (a *App) ControlLink(by, name, action string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.file.Connectors, func(c config.Connector) bool { return c.Name == name })
	if i < 0 {
		return &gateway.LinkError{Missing: true, Text: fmt.Sprintf("there is no link %q", name)}
	}
	if a.run == nil {
		return gateway.ErrStopped
	}
	was := a.gateway.LinkWish(name)
	wish, stop := was, false
	switch action {
	case "start":
		if was == gateway.LinkStops {
			wish = gateway.LinkRuns
		}
	case "stop":
		wish, stop = gateway.LinkStops, true
	case "restart":
		if stop = true; was == gateway.LinkStops {
			wish = gateway.LinkRuns
		}
	case "drain", "resume":
		if was == gateway.LinkStops {
			return &gateway.LinkError{Text: "the link " + name + " is stopped; start it first"}
		}
		wish = gateway.LinkRuns
		if action == "drain" {
			wish = gateway.LinkDrains
		}
	default:
		return &gateway.LinkError{Missing: true, Text: "a link cannot be told to " + action}
	}
	a.log.Info("a link is told what to do", "link", name, "action", action, "by", by)
	err := a.keepWish(name, wish)
	a.directLink(a.file.Connectors[i], wish, stop)
	return err
}

// directLink does with a link what is wanted of it; end has its sessions end first. The caller holds mu.
func (a *App) directLink(c config.Connector, wish gateway.LinkWish, end bool) {
	a.gateway.SetLinkWish(c.Name, wish)
	if end {
		a.want(a.file)
	}
	if l := a.links[c.Name]; l != nil && end {
		a.endLinks([]*runningLink{l})
	}
	if wish != gateway.LinkStops && a.links[c.Name] == nil {
		a.startLink(c)
		a.want(a.file)
	}
}

// keepWish has the servers that share the database follow what is wanted of a link. The caller holds mu.
func (a *App) keepWish(name string, wish gateway.LinkWish) error {
	if !a.store.Shared() {
		return nil
	}
	done, err := a.gateway.KeepLinkWish(name, wish)
	if err == nil {
		select {
		case err = <-done:
		case <-time.After(writeTimeout):
			err = context.DeadlineExceeded
		}
	}
	if err != nil {
		return &gateway.LinkError{Text: fmt.Sprintf("this server does it, but the others could not be told: %v; ask again", err)}
	}
	return nil
}

// followWishes does with links what is wanted of them at any of the servers that
// share the database.
func (a *App) followWishes(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	wishes, err := a.gateway.LinkWishes(ctx)
	if err != nil || a.run == nil {
		return err
	}
	for _, c := range a.file.Connectors {
		if wish := wishes[c.Name]; wish != a.gateway.LinkWish(c.Name) {
			a.log.Info("a link is told what to do", "link", c.Name, "action", wish.String(), "by", "another server")
			a.directLink(c, wish, wish == gateway.LinkStops)
		}
	}
	return nil
}

// readWishes has a server that starts know what is wanted of links.
func (a *App) readWishes(ctx context.Context) error {
	if !a.store.Shared() {
		return nil
	}
	wishes, err := a.gateway.LinkWishes(ctx)
	for _, c := range a.file.Connectors {
		if wish := wishes[c.Name]; wish != gateway.LinkRuns {
			a.gateway.SetLinkWish(c.Name, wish)
		}
	}
	return err
}

func (a *App) startLink(c config.Connector) {
	if a.gateway.LinkWish(c.Name) == gateway.LinkStops {
		return
	}
	// A link ends when stopLinks says so, after the servers have.
	ctx, stop := context.WithCancel(context.WithoutCancel(a.run))
	conn := c.Settings.Make(a.shared, a.log)
	conn.LeaseBy(a.node.leases(c.Name))
	l := &runningLink{config: c, conn: conn, stop: stop, done: make(chan struct{})}
	a.links[c.Name] = l
	a.gateway.Attach(c.Name, l.conn)
	go func() {
		defer close(l.done)
		l.conn.Run(ctx, a.gateway.Link(c.Name))
	}()
}

// TestLink tries a link step by step, on connections of its own: the link may run
// or be stopped. The error is a *gateway.LinkError.
func (a *App) TestLink(ctx context.Context, name string) ([]gateway.LinkStep, error) {
	a.mu.Lock()
	i := slices.IndexFunc(a.file.Connectors, func(c config.Connector) bool { return c.Name == name })
	if i < 0 {
		a.mu.Unlock()
		return nil, &gateway.LinkError{Missing: true, Text: fmt.Sprintf("there is no link %q", name)}
	}
	settings := a.file.Connectors[i].Settings
	var link connector.Tester
	if running := a.links[name]; running != nil && a.file.Connectors[i].Kind == "modem" { // what has the devices
		link = running.conn.(connector.Tester)
	} else {
		alone := connector.NewShared() // it takes no numbers of sessions
		alone.Folder = a.shared.Folder // but a PIN that it tries is known to have been tried
		link = settings.Make(alone, a.log)
	}
	a.mu.Unlock()
	if settings.Leases() == 0 {
		return nil, &gateway.LinkError{Text: "the link " + name + " has no hosts: it only waits for the operator's outbind, and there is nothing to try"}
	}
	return link.Test(ctx), nil
}

// LinkUSSD has a modem of a link send a USSD request; number is that of its SIM, empty for any. The error may be a
// *gateway.LinkError.
func (a *App) LinkUSSD(ctx context.Context, name, number, code string) (modem.USSD, error) {
	a.mu.Lock()
	l := a.links[name]
	known := slices.ContainsFunc(a.file.Connectors, func(c config.Connector) bool { return c.Name == name })
	a.mu.Unlock()
	if !known {
		return modem.USSD{}, &gateway.LinkError{Missing: true, Text: fmt.Sprintf("there is no link %q", name)}
	}
	if l == nil {
		return modem.USSD{}, &gateway.LinkError{Text: "the link " + name + " is stopped; start it first"}
	}
	pool, ok := l.conn.(*connector.ModemPool)
	if !ok {
		return modem.USSD{}, &gateway.LinkError{Text: "the link " + name + " has no modems: USSD is theirs alone"}
	}
	answer, err := pool.USSD(ctx, number, code)
	if errors.Is(err, modem.ErrDown) {
		err = &gateway.LinkError{Text: "no modem of the link " + name + " is ready, or none has this number"}
	}
	return answer, err
}

// endLinks closes links, all at once, and waits for them: each may take the
// seconds that an operator lets it wait for the answer to its unbind.
func (a *App) endLinks(links []*runningLink) {
	for _, l := range links {
		l.stop()
	}
	for _, l := range links {
		<-l.done
		a.gateway.Attach(l.config.Name, nil)
		delete(a.links, l.config.Name)
	}
}

// stopLinks closes all links. A reload that comes later opens none.
func (a *App) stopLinks() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run = nil
	a.want(a.file) // nothing: others open the sessions as they end here
	a.endLinks(slices.Collect(maps.Values(a.links)))
}

// replaceLinks closes the links that the new file describes otherwise or not
// at all, and opens those that are new.
func (a *App) replaceLinks(f *config.File) {
	if a.run == nil {
		return
	}
	wanted := map[string]config.Connector{}
	for _, c := range f.Connectors {
		wanted[c.Name] = c
	}
	var changed []*runningLink
	for name, l := range a.links {
		if c, ok := wanted[name]; !ok || !reflect.DeepEqual(c, l.config) {
			changed = append(changed, l)
		}
	}
	a.endLinks(changed)
	for _, c := range a.file.Connectors {
		if _, ok := wanted[c.Name]; !ok && !a.store.Shared() { // if it comes back it is a new link
			a.gateway.SetLinkWish(c.Name, gateway.LinkRuns)
		}
	}
	for _, c := range f.Connectors {
		if a.links[c.Name] == nil {
			a.startLink(c)
		}
	}
}
