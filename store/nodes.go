package store

import "time"

// MaxNodes is how many names of nodes a database knows: a message's id has six
// bits for the node that accepted it.
const MaxNodes = 64

// Node is a server that shares the database, as it was last written there.
type Node struct {
	Number int    // 0 to MaxNodes-1; belongs to the name for good
	Name   string // of the configuration
	// Term grows with every process that runs under the name, and when the node is declared dead. What a node
	// does under an earlier term touches nothing.
	Term uint64
	// Beat grows with every renewal, Renewed is when it last did, by the database's clock.
	Beat    uint64
	Renewed time.Time
	// Live is false of a node that has given up its term or was declared dead, and has not come back.
	Live bool
	// About is what the node says of itself; the store does not read it.
	About string
}

// Lease says who may do what its name says. The holder is a node in a term of
// its own: when that term is over, the lease is anybody's.
type Lease struct {
	Name     string
	Term     uint64 // grows whenever the lease is taken
	Node     int    // number of the holder, -1 for nobody
	NodeTerm uint64 // the holder's term in which it was taken
}

// Nodes is what the database knows of nodes and leases, by number and by name.
type Nodes struct {
	Now    time.Time // of the database
	Nodes  []Node
	Leases []Lease
}

// Holder returns the live node that holds a lease; nil if there is none.
func (n *Nodes) Holder(l *Lease) *Node {
	for i := range n.Nodes {
		if node := &n.Nodes[i]; node.Number == l.Node && node.Term == l.NodeTerm && node.Live {
			return node
		}
	}
	return nil
}

// Burial names a node that somebody believes to be dead: it has not renewed
// since its beat was Beat.
type Burial struct {
	Number     int
	Term, Beat uint64
	// Length is how long a renewal holds, Late how much longer by the database's clock it is waited.
	Length, Late time.Duration
}
