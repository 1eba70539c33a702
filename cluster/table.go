package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"kurir/store"
)

// Table is where nodes and leases are kept: a *store.Store, or memory where
// tests have requests and answers come late or not at all. No method remembers
// anything between calls, each is one transaction, and the terms in its
// arguments say what it may touch: a request that comes late does no harm.
type Table interface {
	// Nodes reads all. Leases are read no earlier than nodes.
	Nodes(ctx context.Context) (store.Nodes, error)
	// RegisterNode begins a term of a name that is new or not live; false if somebody else has just done so.
	RegisterNode(ctx context.Context, name, about string) (store.Node, bool, error)
	// RenewNode says that a node lives; false if its term is over.
	RenewNode(ctx context.Context, number int, term uint64, about string) (bool, error)
	// BuryNode ends the term of a node that has not renewed since, if the database's clock agrees that it is dead.
	BuryNode(ctx context.Context, b store.Burial) (bool, error)
	// ResignNode ends a node's own term.
	ResignNode(ctx context.Context, number int, term uint64) error
	// TakeLease takes a lease whose term is last (0: it is new) if nobody holds it, or this node itself, and returns its
	// new term; 0 if it is not to be had.
	TakeLease(ctx context.Context, name string, last uint64, number int, nodeTerm uint64) (uint64, error)
	// ReleaseLease gives back what was taken as this term.
	ReleaseLease(ctx context.Context, name string, term uint64, number int) error
}

// About is what a node says of itself to the others.
type About struct {
	Host    string `json:"host"`
	Process int    `json:"process"`
	Version string `json:"version"`
	// Links are those that it may hold sessions of.
	Links []string `json:"links"`
	// Open is how many sessions of a link are open at it, by link; of every link that it has. nil: it does not say, as
	// older versions.
	Open map[string]int `json:"open"`
	// File is a hash of what in its file nodes have in common, Loaded when it was read, in Unix seconds.
	File   string `json:"file,omitempty"`
	Loaded int64  `json:"loaded,omitempty"`
	// Ahead is by how many milliseconds its wall clock is ahead of the database's; 0 if that is less than a second.
	Ahead int64 `json:"ahead,omitempty"`
	// Keys are fingerprints of the keys for secrets that it has.
	Keys []string `json:"keys,omitempty"`
}

// text writes what a node says as the table keeps it.
func (a *About) text() string {
	octets, _ := json.Marshal(a) // strings and a number: never fails
	return string(octets)
}

// AboutOf reads what a node says of itself, from a table that was just read.
func AboutOf(n *store.Node) About { return aboutOf(n) }

// aboutOf reads it. What cannot be read, as a newer version might write it, says
// nothing.
func aboutOf(n *store.Node) (a About) {
	_ = json.Unmarshal([]byte(n.About), &a)
	return a
}

// NameTakenError says that another process runs under the name.
type NameTakenError struct {
	Name string
	By   About
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("the name %q is in use: another Kurir (process %d on %s) runs under it in this database; give this server a name of its own (node: in its file), or stop the other",
		e.Name, e.By.Process, e.By.Host)
}
