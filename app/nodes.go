package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"kurir/api"
	"kurir/cluster"
	"kurir/config"
	"kurir/connector"
	"kurir/gateway"
	"kurir/store"
)

// node is this server's place among those that share its database. With SQLite
// it is alone, and neither registers nor needs leases.
type node struct {
	name    string
	version string
	table   *store.NodeTable // nil with SQLite, and so is what follows
	keeper  *cluster.Keeper
	stop    context.CancelFunc
	done    chan struct{}
	err     error                           // of the keeper, once done
	gateway atomic.Pointer[gateway.Gateway] // once it is made
}

// nodeNamed is the name of a server whose file gives none.
const nodeNamed = "a"

// joinNodes registers the server with those that share its database, and holds
// its place until leave.
func joinNodes(ctx context.Context, f *config.File, version string, log *slog.Logger) (_ *node, err error) {
	n := &node{name: cmp.Or(f.Node, nodeNamed), version: version, done: make(chan struct{})}
	if f.Database == "sqlite" || f.Database == "" {
		close(n.done)
		return n, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find the name of this machine: %w", err)
	}
	n.name = cmp.Or(f.Node, host)
	if n.table, err = store.OpenNodeTable(ctx, f.Database); err != nil {
		return nil, err
	}
	n.keeper = cluster.New(cluster.Options{
		Table: n.table, Name: n.name, Down: store.DatabaseDown, Shares: true, Looked: n.looked, Log: log,
		About: cluster.About{Host: host, Process: os.Getpid(), Version: version, Keys: f.SecretKeys().Fingerprints()},
	})
	if err := n.keeper.Join(ctx); err != nil {
		_ = n.table.Close()
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	n.stop = stop
	go func() {
		defer close(n.done)
		n.err = n.keeper.Run(run)
	}()
	if _, err := n.keeper.OwnShare(ctx); err != nil { // it is held until the node leaves
		n.leave(log)
		return nil, fmt.Errorf("wait until this node's messages are its own: %w", err)
	}
	return n, nil
}

// shared tells whether other servers use the database, or may come to.
func (n *node) shared() bool { return n.keeper != nil }

// inheritPause is between two attempts to take over what a node had.
const inheritPause = time.Second

// inherit takes over what nodes had that are gone, until ctx ends. Those that end in good order say so, and what they held is taken at once.
func (a *App) inherit(ctx context.Context) {
	if a.node.keeper == nil {
		return
	}
	defer a.store.Listen(func(sig store.Signal) {
		if sig.Nodes {
			a.node.keeper.Wake()
		}
	})()
	for {
		number, l, err := a.node.keeper.Inherit(ctx)
		if err != nil {
			return
		}
		if a.inheritFrom(ctx, number, l) {
			l.Release()
		}
	}
}

// inheritFrom takes over what one node had. It tells whether the lease is to be
// given back: nothing is left, or the node is back and goes on by itself. When
// this server ends, or has lost the lease, another goes on.
func (a *App) inheritFrom(ctx context.Context, number int, l *cluster.Lease) bool {
	for {
		err := a.adopt(ctx, number)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		a.log.Error("what another node had cannot be taken over yet", "number", number, "error", err)
		select {
		case <-l.Over():
			return l.Valid()
		case <-ctx.Done():
			return false
		case <-time.After(inheritPause):
		}
	}
}

// adopt takes over what a node had, once nothing is committed for it any more.
func (a *App) adopt(ctx context.Context, number int) error {
	if _, err := a.store.Fence(number); err != nil {
		return err
	}
	return a.gateway.Adopt(ctx, number)
}

// watchNode ends the server when others have taken over its work.
func (a *App) watchNode(ctx context.Context, stop context.CancelCauseFunc) {
	if a.node.keeper == nil {
		return
	}
	select {
	case <-a.node.done:
		stop(a.node.err)
	case <-ctx.Done():
	}
}

// number is the node's, 0 of one that is alone.
func (n *node) number() int {
	if n.keeper == nil {
		return 0
	}
	return n.keeper.Number()
}

// leave gives the place up. It may be called again.
func (n *node) leave(log *slog.Logger) {
	if n == nil || n.keeper == nil {
		return
	}
	n.stop()
	<-n.done
	if n.err != nil && !errors.Is(n.err, cluster.ErrBuried) { // that was said
		log.Warn("this node could not say that it ends", "error", n.err)
	}
	if n.table != nil {
		_ = n.table.Close()
		n.table = nil
	}
}

// nodeSilent is after how long without a renewal, of which there is one a
// second, a node is shown as silent.
const nodeSilent = 2 * time.Second

// shownNodes is the servers as they are shown.
func (a *App) shownNodes() api.Nodes {
	n := a.node
	if n.keeper == nil {
		host, _ := os.Hostname()
		self := api.Node{Name: n.name, Self: true, State: "live", Host: host, Process: os.Getpid(), Version: n.version}
		links := a.gateway.LinkStats()
		for i := range links {
			self.Links = append(self.Links, links[i].Name)
		}
		self.Open = a.gateway.OpenSessions()
		return api.Nodes{Nodes: []api.Node{self}, Valid: true}
	}
	status := n.keeper.Status()
	file := newestFile(status.Nodes)
	shown := api.Nodes{Valid: status.Valid, Held: status.Held}
	shown.Ahead, _ = n.keeper.ClockOffset()
	for i := range status.Nodes {
		s := &status.Nodes[i]
		row := api.Node{
			Name: s.Name, Number: s.Number, Self: s.Self, State: "live", Term: s.Term, Renewed: s.Renewed,
			Host: s.About.Host, Process: s.About.Process, Version: s.About.Version, Links: s.About.Links,
			Open: openAt(s), Ahead: time.Duration(s.About.Ahead) * time.Millisecond, File: s.About.File, FileDiffers: s.Live && s.About.File != file,
		}
		switch {
		case !s.Live:
			row.State = "gone"
		case s.Silent > nodeSilent:
			row.State = "silent"
		}
		if !s.Live {
			row.Open = nil
		}
		for j := range s.Leases {
			row.Leases = append(row.Leases, s.Leases[j].Name)
		}
		shown.Nodes = append(shown.Nodes, row)
	}
	return shown
}

// newestFile is the hash of the file that a live node has loaded last.
func newestFile(nodes []cluster.NodeStatus) (file string) {
	loaded := int64(0)
	for i := range nodes {
		if n := &nodes[i]; n.Live && n.About.Loaded > loaded {
			file, loaded = n.About.File, n.About.Loaded
		}
	}
	return file
}

// want says which sessions of links there are to be held, in the whole cluster.
// The caller holds mu.
func (a *App) want(f *config.File) {
	if a.node.keeper == nil {
		return
	}
	var slots []cluster.Slot
	for i := range f.Connectors {
		c := &f.Connectors[i]
		if a.run == nil || a.gateway.LinkWish(c.Name) == gateway.LinkStops {
			continue
		}
		nodes := c.Settings.Every().Nodes
		for session := range c.Settings.Leases() {
			slots = append(slots, cluster.Slot{Name: leaseName(c.Name, session), Link: c.Name, Nodes: nodes})
		}
	}
	a.node.keeper.Loaded(f.CommonHash(), time.Now())
	a.node.keeper.Want(slots)
}

// leases gives what hands out the leases of a link's sessions; nil where none
// are needed.
func (n *node) leases(link string) func(ctx context.Context, session int) (*connector.Lease, error) {
	if n.keeper == nil {
		return nil
	}
	return func(ctx context.Context, session int) (*connector.Lease, error) {
		l, err := n.keeper.Acquire(ctx, leaseName(link, session))
		if err != nil {
			return nil, err
		}
		return &connector.Lease{Name: l.Name, Term: l.Term, Valid: l.Valid, Over: l.Over(), Release: l.Release}, nil
	}
}

// leaseName is the name of the lease of a link's session, counted from 0.
func leaseName(link string, session int) string { return fmt.Sprintf("%s/%d", link, session+1) }
