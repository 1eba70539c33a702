package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kurir/e2e/netns"
	"kurir/pgtest"
)

// cutting is an experiment on a network of its own, with a host for each server, the database, the operator and the customers.
func cutting(t *testing.T, name string) (x *clusterExperiment, database *netns.Host) {
	network := netns.New(t)
	database = network.Host(t, "database")
	return &clusterExperiment{
		name: name, gap: time.Second, limit: 3 * time.Second, twice: clusterSessions * 2 * clusterWindow, network: network,
		database: pgtest.StartAt(t, pgtest.Place{Namespace: database.Namespace(), Address: database.Address()}),
	}, database
}

// cut is what two hosts do not hear of each other.
type cut struct{ there, back bool }

// between cuts two hosts off for a time.
func (c cut) between(t *testing.T, network *netns.Network, a, b *netns.Host, d time.Duration) {
	t.Helper()
	if c.there {
		network.Cut(t, a, b)
	}
	if c.back {
		network.Cut(t, b, a)
	}
	keep(d)
	if c.there {
		network.Heal(t, a, b)
	}
	if c.back {
		network.Heal(t, b, a)
	}
}

var cuts = []cut{{there: true}, {back: true}, {there: true, back: true}}

// TestClusterCutFromDatabase: the network loses what one server says to the database, what it is told, and both, for longer than its
// leases last: its sessions are opened elsewhere, and it ends or goes on when the network is whole.
func TestClusterCutFromDatabase(t *testing.T) {
	t.Parallel()
	x, database := cutting(t, "3 a server is cut off from the database")
	x.faults, x.share, x.every = len(cuts), .3, 20*time.Second
	x.fault = func(i int, random *rand.Rand) {
		s := x.nodes[random.IntN(len(x.nodes))]
		n := s.proc.out.size()
		cuts[i%len(cuts)].between(t, x.network, s.on, database, 8*time.Second)
		within(t, 3*patience, "the server goes on, or ends", func() bool {
			return !s.proc.running() || strings.Contains(s.proc.out.String()[n:], "leases hold again")
		})
		if x.againIfEnded(t, s) {
			return
		}
		keep(time.Second) // for what it has learned last
		x.againIfEnded(t, s)
	}
	x.run(t)
}

// TestClusterCutFromOperator: the network loses what one server says to the operator, what it is told, and both, for longer than it
// believes in its session. What it had sent may come twice; what others send goes on.
func TestClusterCutFromOperator(t *testing.T) {
	t.Parallel()
	x, _ := cutting(t, "3 a server is cut off from the operator")
	x.faults, x.share, x.every = 1, .3, 15*time.Second
	x.link = ", enquire_link: 1s, response_timeout: 2s"
	x.fault = func(i int, random *rand.Rand) {
		s := x.nodes[random.IntN(len(x.nodes))]
		which := cuts[2]
		if *lasting > 0 {
			which = cuts[i%len(cuts)]
		}
		which.between(t, x.network, s.on, x.operator, 6*time.Second)
	}
	x.run(t)
}
