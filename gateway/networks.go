package gateway

import (
	"context"

	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// loadNetworks reads the networks that came over REST; nil where there are none.
func (g *Gateway) loadNetworks(ctx context.Context) (*route.Networks, error) {
	rows, err := g.store.Networks(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	list := make([]route.NetworkPrefix, 0, len(rows))
	for _, r := range rows {
		list = append(list, route.NetworkPrefix{Prefix: r.Prefix, Network: route.Network{Country: r.Country, Code: r.Code, Name: r.Name}})
	}
	return route.NewNetworks(list), nil
}

// ImportNetworks adds networks by the beginning of numbers, in place of those with
// the same beginning that came before, and returns when that is on disk and in
// force. all takes out before whatever came so far. A *message.Failure says that
// it cannot be written now.
func (g *Gateway) ImportNetworks(ctx context.Context, list []route.NetworkPrefix, all bool) (entries int, err error) {
	select { // one at a time, so that what is in force is what was written last
	case g.importing <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n := 0
	err = g.outlives(ctx, func() error {
		defer func() { <-g.importing }()
		var err error
		n, err = g.importNetworks(list, all)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// outlives does something to the end, also when ctx ends before: who waits for it
// goes then.
func (g *Gateway) outlives(ctx context.Context, run func() error) error {
	done := make(chan error, 1)
	if !g.job(func() { done <- run() }) {
		return &message.Failure{Kind: message.Stopping}
	}
	return settledBy(ctx, done)
}

func (g *Gateway) importNetworks(list []route.NetworkPrefix, all bool) (entries int, err error) {
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return 0, f
	}
	if all {
		g.cur.Networks = append(g.cur.Networks, store.Network{})
	}
	for _, n := range list {
		g.cur.Networks = append(g.cur.Networks, store.Network{Prefix: n.Prefix, Code: n.Code, Name: n.Name, Country: n.Country})
	}
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	if err := settledBy(g.ctx, done); err != nil {
		return 0, err
	}
	return g.useNetworks(g.ctx)
}

// useNetworks puts the networks that are on disk into force.
func (g *Gateway) useNetworks(ctx context.Context) (entries int, err error) {
	networks, err := g.loadNetworks(ctx)
	if err != nil {
		return 0, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.numbers.networks = networks
	if s := g.snap.Load(); s.Networks != nil {
		s.Networks.Overlay(networks)
	}
	return networks.Len(), nil
}

// Network gives the network of an address by the configuration in force.
func (g *Gateway) Network(a message.Address) message.Network { return g.snap.Load().Networks.Of(a) }

// NetworkOf gives a number, as people write it, in its international form and whose
// it is.
func (g *Gateway) NetworkOf(text, country string) (message.Address, route.Network, error) {
	a, err := route.Normalise(text, country)
	if err != nil {
		return a, route.Network{}, err
	}
	return a, g.snap.Load().Networks.Of(a), nil
}

// NetworkCount is how many beginnings of numbers are known: of the file, and over
// REST.
func (g *Gateway) NetworkCount() (inFile, overREST int) {
	s := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	return s.Networks.Len(), g.numbers.networks.Len()
}
