package app

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"kurir/config"
	"kurir/connector"
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
}

func (a *App) startLink(c config.Connector) {
	// A link ends when stopLinks says so, after the servers have.
	ctx, stop := context.WithCancel(context.WithoutCancel(a.run))
	l := &runningLink{config: c, conn: connector.NewSMPP(*c.SMPP, a.shared, a.log), stop: stop, done: make(chan struct{})}
	a.links[c.Name] = l
	a.gateway.Attach(c.Name, l.conn)
	go func() {
		defer close(l.done)
		l.conn.Run(ctx, a.gateway.Link(c.Name))
	}()
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
	for _, c := range f.Connectors {
		if a.links[c.Name] == nil {
			a.startLink(c)
		}
	}
}
