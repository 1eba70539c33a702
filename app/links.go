package app

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"kurir/config"
	"kurir/connector"
	"kurir/gateway"
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
// are not touched. What it was told outlasts reloads, not the process. It
// returns when the link's sessions have ended, if they are to. by is who wants it. The error is a
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
	a.gateway.SetLinkWish(name, wish)
	if stop {
		a.want(a.file)
	}
	if l := a.links[name]; l != nil && stop {
		a.endLinks([]*runningLink{l})
	}
	if wish != gateway.LinkStops && a.links[name] == nil {
		a.startLink(a.file.Connectors[i])
		a.want(a.file)
	}
	return nil
}

func (a *App) startLink(c config.Connector) {
	if a.gateway.LinkWish(c.Name) == gateway.LinkStops {
		return
	}
	// A link ends when stopLinks says so, after the servers have.
	ctx, stop := context.WithCancel(context.WithoutCancel(a.run))
	conn := connector.NewSMPP(*c.SMPP, a.shared, a.log)
	conn.Acquire = a.node.leases(c.Name)
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
	cfg := *a.file.Connectors[i].SMPP
	link := connector.NewSMPP(cfg, connector.NewShared(), a.log) // it takes no numbers of sessions
	a.mu.Unlock()
	if len(cfg.Hosts) == 0 {
		return nil, &gateway.LinkError{Text: "the link " + name + " has no hosts: it only waits for the operator's outbind, and there is nothing to try"}
	}
	return link.Test(ctx), nil
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
		if _, ok := wanted[c.Name]; !ok { // if it comes back it is a new link
			a.gateway.SetLinkWish(c.Name, gateway.LinkRuns)
		}
	}
	for _, c := range f.Connectors {
		if a.links[c.Name] == nil {
			a.startLink(c)
		}
	}
}
