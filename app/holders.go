package app

import (
	"slices"
	"strings"
	"time"

	"kurir/cluster"
	"kurir/gateway"
	"kurir/store"
)

// openAt is how many sessions of links are open at a node, by link. Of one that
// does not say it is how many it holds.
func openAt(n *cluster.NodeStatus) map[string]int {
	if n.About.Open != nil {
		return n.About.Open
	}
	open := map[string]int{}
	for _, link := range n.About.Links {
		open[link] = 0
	}
	for i := range n.Leases {
		if link, ok := leasedLink(&n.Leases[i]); ok {
			open[link]++
		}
	}
	return open
}

// leasedLink is the link whose session a lease is.
func leasedLink(l *store.Lease) (string, bool) {
	at := strings.LastIndexByte(l.Name, '/')
	if at < 0 {
		return "", false
	}
	return l.Name[:at], true
}

// now is the clock of servers that share a database; nil where there is one.
func (n *node) now() func() time.Time {
	if n.keeper == nil {
		return nil
	}
	return n.keeper.Now
}

// looked tells the gateway of which links other nodes have sessions that are open.
func (n *node) looked(s cluster.Status) {
	g := n.gateway.Load()
	if g == nil {
		return
	}
	n.keeper.Open(g.OpenSessions()) // also of links that are new
	var links []string
	for i := range s.Nodes {
		if s.Nodes[i].Self || !s.Nodes[i].Live {
			continue
		}
		for link, open := range openAt(&s.Nodes[i]) {
			if open > 0 && !slices.Contains(links, link) {
				links = append(links, link)
			}
		}
	}
	g.HeldElsewhere(links)
}

// opened tells the others of sessions that were opened here, or have ended.
func (n *node) opened() {
	if g := n.gateway.Load(); g != nil && n.keeper != nil {
		n.keeper.Open(g.OpenSessions())
	}
}

// linkStats are the links with who holds their sessions.
func (a *App) linkStats() []gateway.LinkStats {
	list := a.gateway.LinkStats()
	if a.node.keeper == nil {
		return list
	}
	status := a.node.keeper.Status()
	for i := range list {
		list[i].Nodes = holders(&status, list[i].Name)
	}
	return list
}

// holders are the live nodes that hold sessions of a link, or have some open.
func holders(s *cluster.Status, link string) (list []gateway.LinkNode) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if !n.Live {
			continue
		}
		row := gateway.LinkNode{Name: n.Name, Open: openAt(n)[link]}
		for j := range n.Leases {
			if of, ok := leasedLink(&n.Leases[j]); ok && of == link {
				row.Leases = append(row.Leases, n.Leases[j].Name)
			}
		}
		if row.Open > 0 || len(row.Leases) > 0 {
			list = append(list, row)
		}
	}
	return list
}

// tells says whether this node is the one that tells people of a link. Unknown is what a node that does not reach the database cannot know.
func (n *node) tells(link string) (mine, known bool) {
	if n.keeper == nil {
		return true, true
	}
	s := n.keeper.Status()
	if !s.Valid || len(s.Nodes) == 0 {
		return false, false
	}
	return teller(&s, link) == n.keeper.Number(), true
}

// teller is the node that tells people of a link: of the live ones that have it, the one with the lowest number.
func teller(s *cluster.Status, link string) int {
	first, has := -1, false
	for i := range s.Nodes {
		o := &s.Nodes[i]
		_, have := openAt(o)[link]
		if o.Live && (first < 0 || have && !has || have == has && o.Number < first) {
			first, has = o.Number, have
		}
	}
	return first
}
