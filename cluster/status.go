package cluster

import (
	"cmp"
	"slices"
	"time"

	"kurir/store"
)

// Status is the cluster as this node sees it.
type Status struct {
	Nodes []NodeStatus // by name
	Valid bool         // this node may act
	Held  int          // sessions that it holds
}

// NodeStatus is a node as the table had it when this node last looked.
type NodeStatus struct {
	store.Node
	About  About
	Self   bool
	Silent time.Duration // since it last renewed, by the database's clock
	Leases []store.Lease // of sessions that it holds, by name
	Shares []int         // nodes whose shares it holds
}

// Status shows the cluster as it was within the last second or two. Before the
// first look it is empty.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	s := Status{Valid: k.Valid()}
	view, viewed := k.view, k.viewed
	for name := range k.held {
		if _, share := shareNumber(name); !share {
			s.Held++
		}
	}
	k.mu.Unlock()
	passed := max(0, k.clock().Mono-viewed.Mono)
	for i := range view.Nodes {
		n := &view.Nodes[i]
		status := NodeStatus{Node: *n, About: aboutOf(n), Self: n.Number == k.tenure.number, Silent: max(0, view.Now.Sub(n.Renewed)) + passed}
		for j := range view.Leases {
			l := &view.Leases[j]
			if view.Holder(l) != n {
				continue
			}
			if number, ok := shareNumber(l.Name); ok {
				status.Shares = append(status.Shares, number)
			} else {
				status.Leases = append(status.Leases, *l)
			}
		}
		s.Nodes = append(s.Nodes, status)
	}
	slices.SortFunc(s.Nodes, func(a, b NodeStatus) int { return cmp.Compare(a.Name, b.Name) })
	return s
}
