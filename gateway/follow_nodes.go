package gateway

import (
	"context"

	"kurir/directory"
	"kurir/store"
)

// FollowNumbers reads again what other nodes have changed of numbers since some
// revisions: entries of lists, who opted out, networks.
func (g *Gateway) FollowNumbers(ctx context.Context, since, now store.Revisions) error {
	if since.Lists != now.Lists {
		lists, err := g.readLists(ctx)
		if err != nil {
			return err
		}
		g.mu.Lock()
		become(g.numbers.lists, lists)
		g.mu.Unlock()
	}
	if since.OptOuts != now.OptOuts {
		optOuts, err := g.readOptOuts(ctx)
		if err != nil {
			return err
		}
		g.mu.Lock()
		become(g.numbers.optOuts, optOuts)
		g.mu.Unlock()
	}
	if since.Networks == now.Networks {
		return nil
	}
	_, err := g.useNetworks(ctx)
	return err
}

// become has sets take what was read. Configurations in force know the sets: they
// stay the same. What this node has added itself since it was read moves the
// revision, too, so that it is read again.
func become(sets, read map[string]*directory.Numbers) {
	for name, set := range sets {
		if read[name] == nil {
			set.Become(directory.NewNumbers())
		}
	}
	for name, set := range read {
		setOf(sets, name).Become(set)
	}
}
