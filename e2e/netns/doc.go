// Package netns gives an experiment hosts with a network between them, on one machine, and cuts it.
//
//	network := netns.New(t)
//	node, database := network.Host(t, "node"), network.Host(t, "database")
//	network.Cut(t, database, node) // what the database says is lost; what it is told arrives
//
// A host is a network namespace with loopback and eth0; a switch, which is a namespace too, joins them. Addresses are
// 10.66.0.1, 10.66.0.2 and so on; as nothing leads out of the namespaces, every network may use the same. Programs
// run on a host by Command, or their servers listen and their clients dial by Do, Listen and Dial, which lend a thread
// of this process to the host while a socket is made.
//
// A cut is a rule of nftables at the receiving host, before anything of TCP: packets from the other host are dropped,
// nobody is told, and TCP on both sides does what it does when a cable is broken somewhere between two switches. ARP
// still passes, so that a sender never hears "no route to host".
//
// The kernel keeps a namespace as long as somebody has it open, and nobody does but this process and those that run in it:
// there is no name under /run/netns, so nothing remains of a network whose test was killed. It needs root, ip, nft and
// nsenter.
package netns
