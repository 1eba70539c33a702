package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// node is one gateway of a rig.
type node struct {
	name    string
	data    string // its folder; with SQLite the database
	http    string
	smpp    string
	pprof   string // of its profiler
	gateway *process
}

func nodeName(i int) string { return fmt.Sprintf("bench-%d", i) }

// nodes are all gateways of a rig.
func (r *rig) nodes() []*node { return append([]*node{&r.node}, r.others...) }

// serveNode starts one gateway.
func (r *rig) serveNode(n *node, o options, program string, s scenario, operator, phones string) (err error) {
	file := filepath.Join(r.dir, n.name+".yaml")
	if err = os.WriteFile(file, []byte(r.configuration(n, s, operator, phones)), 0o600); err != nil {
		return err
	}
	flags := []string{"serve", "-c", file}
	if o.profile {
		flags = append(flags, "--pprof", n.pprof)
	}
	n.gateway, err = start(r.dir, n.name, program, flags...)
	return err
}

// linked waits until the sessions of links are where they stay: with several gateways spread evenly over them, or
// all at the last one.
func (r *rig) linked(ctx context.Context, s scenario) error {
	nodes := r.nodes()
	return until(ctx, "the links to the simulator", func() bool {
		for i, n := range nodes {
			page, err := get(ctx, "http://"+n.http+"/metrics")
			switch {
			case err != nil:
				return false
			case len(nodes) == 1:
				return linksUp(page)
			case s.cross && i == len(nodes)-1:
				if linkSessions(page) != linkMost {
					return false
				}
			case s.cross:
				if linkSessions(page) != 0 {
					return false
				}
			case linkSessions(page) == 0 || linkSessions(page) > (linkMost+len(nodes)-1)/len(nodes):
				return false
			}
		}
		return true
	})
}

// linkMost is how many sessions the link has, in all gateways together.
const linkMost = 4

// pinned is what the file says of where the sessions of the link are.
func (s scenario) pinned() string {
	if !s.cross {
		return ""
	}
	return ", nodes: [" + nodeName(s.nodes-1) + "]"
}

// smppAddresses are where customers go: to all gateways, or to those that have no session of the link.
func (r *rig) smppAddresses(s scenario) string {
	var list []string
	for i, n := range r.nodes() {
		if !s.cross || i < s.nodes-1 {
			list = append(list, n.smpp)
		}
	}
	return strings.Join(list, ",")
}
