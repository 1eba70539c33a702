package e2e

import (
	"net"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// perHost counts the bound sessions at each host of an operator.
func perHost(sim *simulator.Simulator) []int {
	n := make([]int, sim.Hosts())
	for _, v := range sim.Sessions() {
		if v.SystemID != "" {
			n[v.Host]++
		}
	}
	return n
}

// TestHosts: a link with several hosts, in their order or in turn, finds those that are there; what it carries goes on.
func TestHosts(t *testing.T) {
	t.Parallel()
	sims := map[string]*simulator.Simulator{}
	var connectors, routes []string
	for name, more := range map[string]string{"order": ", sessions: 2", "turn": ", sessions: 6, hosts_order: turn"} {
		sim := startSimulator(t, simulator.Options{Hosts: []string{freeAddr(t), freeAddr(t)}})
		connectors = append(connectors, linkToHosts(name, []string{sim.HostAddr(0), sim.HostAddr(1), sim.HostAddr(2)}, more))
		sims[name] = sim
	}
	routes = append(routes, `{to: "+4670*", via: [order]}`, `{to: "*", via: [turn]}`)
	order, turn := sims["order"], sims["turn"]
	order.StopListening(0)
	s := startServer(t, nil, serverOptions{connectors: connectors, routes: routes})
	is := func(sim *simulator.Simulator, what string, want ...int) {
		t.Helper()
		eventually(t, what, func() bool {
			got := perHost(sim)
			return got[0] == want[0] && got[1] == want[1] && got[2] == want[2]
		})
	}

	// In their order: the first is down, so the second has all, and the third none.
	is(order, "the second host has both sessions", 0, 2, 0)
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")
	if err := order.StartListening(0); err != nil {
		t.Fatal(err)
	}
	order.StopListening(1)
	order.DropLinks()
	eventually(t, "both sessions are at hosts that are there", func() bool {
		n := perHost(order)
		return n[0]+n[2] == 2 && n[1] == 0
	})
	s.becomes(s.send("+46701000002", "ref-2 "+textMark), "delivered")

	// In turn: as many at each. One host less, and its sessions are at the others; it comes back, and gets its share when
	// sessions are opened again.
	is(turn, "the sessions are spread evenly", 2, 2, 2)
	turn.StopListening(2)
	turn.DropLinks()
	eventually(t, "the sessions are at the hosts that are left", func() bool {
		n := perHost(turn)
		return n[0]+n[1] == 6 && n[0] > 0 && n[1] > 0
	})
	s.becomes(s.send("+4712345678", "ref-3 "+textMark), "delivered")
	if err := turn.StartListening(2); err != nil {
		t.Fatal(err)
	}
	turn.DropLinks()
	eventually(t, "all hosts have sessions", func() bool {
		n := perHost(turn)
		return n[0]+n[1]+n[2] == 6 && n[0] > 0 && n[1] > 0 && n[2] > 0
	})
	s.becomes(s.send("+4712345679", "ref-4 "+textMark), "delivered")
}

// TestLocalAddress: a machine with several addresses connects from the one that the operator knows.
func TestLocalAddress(t *testing.T) {
	t.Parallel()
	o := startBareSMSC(t, smpp.Version34)
	startServer(t, nil, serverOptions{connectors: []string{linkTo("op1", o.addr, ", local_address: 127.0.0.2")}})
	b := receive(t, "a bind", o.conns)
	if from := b.conn.RemoteAddr().(*net.TCPAddr).IP.String(); from != "127.0.0.2" {
		t.Errorf("the link connects from %s", from)
	}
}
