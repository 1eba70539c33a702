package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kurir/account"
	"kurir/resource"
)

// Node is a server that shares the database, as this one sees it.
type Node struct {
	Name    string
	Number  int
	Self    bool
	State   string // of resource.NodeStates
	Term    uint64
	Renewed time.Time
	Host    string
	Process int
	Version string
	Links   []string       // that it may hold sessions of
	Leases  []string       // sessions of links that it holds; empty with one server
	Open    map[string]int // sessions of links that are open at it, by link
	Ahead   time.Duration  // of its clock, before the database's; 0 if that is less than a second

	File        string // hash of what in its file servers have in common
	FileDiffers bool   // from that of the server that has loaded its file last
}

// Nodes is the servers as this one sees them.
type Nodes struct {
	Nodes []Node
	Valid bool          // this one may send
	Held  int           // leases that this one holds
	Ahead time.Duration // of this one\'s clock
}

// nodeView is a node in answers.
type nodeView struct {
	Name    string         `json:"name" doc:"its name, as node: in its file says"`
	Number  int            `json:"number" doc:"its number, 0 to 63, which the ids of messages have that it accepted"`
	Self    bool           `json:"self" doc:"it is the one that answers"`
	State   string         `json:"state" doc:"live, silent (it has not renewed for two seconds or more) or gone (it has ended, or was declared dead)"`
	Term    uint64         `json:"term" doc:"grows with every process that has the name, and when it ends"`
	Renewed string         `json:"renewed,omitempty" doc:"when it last said that it lives, by the database's clock"`
	Host    string         `json:"host" doc:"name of its machine"`
	Process int            `json:"process" doc:"number of its process"`
	Version string         `json:"version" doc:"of its program"`
	Links   []string       `json:"links" doc:"links of which it may hold sessions"`
	Leases  []string       `json:"leases" doc:"sessions of links that it holds, by link and number; with one server none are needed"`
	Open    map[string]int `json:"open" doc:"how many sessions are open at it, by link; those that it holds may be connecting, or down"`
	Ahead   float64        `json:"clock_ahead_seconds,omitempty" doc:"by how much its clock is ahead of the database's, below 0 if it is behind; left out if that is less than a second"`
	File    string         `json:"file,omitempty" doc:"stands for what of its file servers have in common, all but data, database, node, http, smpp, dialects, limits and log"`
	Differs bool           `json:"file_differs" doc:"its file is another than that of the server that has loaded its own last: make them alike"`
}

func viewNode(n *Node) nodeView {
	v := nodeView{
		Name: n.Name, Number: n.Number, Self: n.Self, State: n.State, Term: n.Term, Renewed: seenTime(n.Renewed),
		Host: n.Host, Process: n.Process, Version: n.Version, Links: n.Links, Leases: n.Leases,
		Open: map[string]int{}, Ahead: n.Ahead.Seconds(), File: n.File, Differs: n.FileDiffers,
	}
	for link, open := range n.Open {
		if open > 0 {
			v.Open[link] = open
		}
	}
	if v.Links == nil {
		v.Links = []string{}
	}
	if v.Leases == nil {
		v.Leases = []string{}
	}
	return v
}

// nodePaths registers the servers that share the database.
func (s *httpServer) nodePaths() {
	s.rest("/v1/nodes", methods{http.MethodGet: admins(account.LinksRead, s.listNodes)})
	s.describe("GET /v1/nodes", description{
		name: "listNodes", summary: "Servers that share the database, and which sessions of links each holds",
		list: &listing{"nodes", resource.Nodes(), nodeView{}}, examples: []example{{call: "/v1/nodes?state=live"}},
	})
}

// listNodes is GET /v1/nodes, for admins.
func (s *httpServer) listNodes(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]Node, *problem) { return s.Nodes().Nodes, nil }
	cell := func(n *Node, field string) any {
		switch field {
		case "name":
			return n.Name
		case "state":
			return n.State
		}
		return int64(n.Number)
	}
	return listRows(s, w, r, a, "nodes", resource.Nodes(), find, cell, viewNode)
}

// NodeMetrics are the figures of servers that share the database.
func NodeMetrics(nodes func() Nodes) []prometheus.Collector {
	figure := func(name, help string, labels prometheus.Labels, read func(Nodes) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return read(nodes()) })
	}
	list := []prometheus.Collector{
		figure("kurir_node_valid", "1 while this server may send: it has reached the database within the last seconds.", nil, func(n Nodes) float64 { return truth(n.Valid) }),
		figure("kurir_leases_held", "Sessions of links that this server holds among several.", nil, func(n Nodes) float64 { return float64(n.Held) }),
	}
	list = append(list, figure("kurir_clock_ahead_seconds", "By how much this server's clock is ahead of that of the database it shares.", nil, func(n Nodes) float64 { return n.Ahead.Seconds() }))
	list = append(list, figure("kurir_nodes_file_differs", "Servers whose file is another than that which was loaded last.", nil, func(n Nodes) float64 {
		count := 0
		for i := range n.Nodes {
			if n.Nodes[i].FileDiffers {
				count++
			}
		}
		return float64(count)
	}))
	for _, state := range resource.NodeStates() {
		list = append(list, figure("kurir_nodes", "Servers that share the database, by state.", prometheus.Labels{"state": state}, func(n Nodes) float64 {
			count := 0
			for i := range n.Nodes {
				if n.Nodes[i].State == state {
					count++
				}
			}
			return float64(count)
		}))
	}
	return list
}
