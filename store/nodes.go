package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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

// ErrNodesFull is returned by RegisterNode when the database knows MaxNodes
// names, and the one that is new has no number.
var ErrNodesFull = errors.New("this database knows 64 names of nodes, and there are no numbers for more: use a name (node:) that it knows and that no server runs under")

// Nodes returns what the database knows of nodes and leases. Leases are read
// after nodes.
func (t *NodeTable) Nodes(ctx context.Context) (list Nodes, err error) {
	err = t.do(ctx, func(c *conn) error {
		err := t.query(c, "SELECT number, name, term, beat, renewed, live, about, {now} FROM node ORDER BY number", nil,
			func(stmt *statement) (bool, error) {
				list.Nodes = append(list.Nodes, Node{
					Number: stmt.ColumnInt(0), Name: stmt.ColumnText(1), Term: uint64(stmt.ColumnInt64(2)), Beat: uint64(stmt.ColumnInt64(3)),
					Renewed: atMillis(stmt.ColumnInt64(4)), Live: stmt.ColumnBool(5), About: stmt.ColumnText(6),
				})
				list.Now = atMillis(stmt.ColumnInt64(7))
				return true, nil
			})
		if err != nil {
			return err
		}
		return t.query(c, "SELECT name, term, node, node_term FROM lease ORDER BY name", nil, func(stmt *statement) (bool, error) {
			list.Leases = append(list.Leases, Lease{
				Name: stmt.ColumnText(0), Term: uint64(stmt.ColumnInt64(1)), Node: stmt.ColumnInt(2), NodeTerm: uint64(stmt.ColumnInt64(3)),
			})
			return true, nil
		})
	})
	if err != nil {
		return Nodes{}, fmt.Errorf("read nodes and leases: %w", err)
	}
	return list, nil
}

// RegisterNode begins a term of a name that is new or not live; false if it is
// live. A new name gets the lowest number that is free.
func (t *NodeTable) RegisterNode(ctx context.Context, name, about string) (node Node, ok bool, err error) {
	node = Node{Name: name, Live: true, About: about}
	full := false
	err = t.do(ctx, func(c *conn) error {
		bind := func(stmt *statement) {
			stmt.BindText(1, name)
			stmt.BindText(2, about)
		}
		row := func(stmt *statement) (bool, error) {
			node.Number, node.Term, node.Renewed, ok = stmt.ColumnInt(0), uint64(stmt.ColumnInt64(1)), atMillis(stmt.ColumnInt64(2)), true
			return true, nil
		}
		err := t.query(c, `UPDATE node SET term = term + 1, beat = 0, renewed = {now}, live = 1, about = ?2 WHERE name = ?1 AND live = 0
  RETURNING number, term, renewed`, bind, row)
		if err != nil || ok {
			return err
		}
		err = t.query(c, `INSERT INTO node(number, name, term, beat, renewed, live, about)
  SELECT min(free.n), ?1, 1, 0, {now}, 1, ?2 FROM (SELECT 0 AS n UNION SELECT number + 1 FROM node) AS free
  WHERE free.n < 64 AND NOT EXISTS (SELECT 1 FROM node WHERE number = free.n) HAVING min(free.n) IS NOT NULL
  ON CONFLICT DO NOTHING RETURNING number, term, renewed`, bind, row)
		if err != nil || ok {
			return err
		}
		return t.query(c, "SELECT count(*) FROM node WHERE NOT EXISTS (SELECT 1 FROM node WHERE name = ?1)",
			func(stmt *statement) { stmt.BindText(1, name) },
			func(stmt *statement) (bool, error) {
				full = stmt.ColumnInt(0) >= MaxNodes
				return true, nil
			})
	})
	if err == nil && full {
		err = ErrNodesFull
	}
	if err != nil || !ok {
		return Node{}, false, err
	}
	return node, true, nil
}

// RenewNode says that a node lives in its term; false if that is over.
func (t *NodeTable) RenewNode(ctx context.Context, number int, term uint64, about string) (bool, error) {
	return t.change(ctx, "UPDATE node SET beat = beat + 1, renewed = {now}, about = ?3 WHERE number = ?1 AND term = ?2 AND live = 1",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(number))
			stmt.BindInt64(2, int64(term))
			stmt.BindText(3, about)
		})
}

// BuryNode ends the term of a node that has not renewed since, if by the
// database's clock its renewal holds no more, or was made by a clock that was
// ahead. A renewal under way is waited for, and counts.
func (t *NodeTable) BuryNode(ctx context.Context, b Burial) (bool, error) {
	return t.change(ctx, `UPDATE node SET term = term + 1, live = 0 WHERE number = ?1 AND term = ?2 AND beat = ?3 AND live = 1
  AND ({now} - renewed > ?4 OR renewed - {now} > ?5)`,
		func(stmt *statement) {
			stmt.BindInt64(1, int64(b.Number))
			stmt.BindInt64(2, int64(b.Term))
			stmt.BindInt64(3, int64(b.Beat))
			stmt.BindInt64(4, (b.Length + b.Late).Milliseconds())
			stmt.BindInt64(5, b.Length.Milliseconds())
		})
}

// ResignNode ends a node's term, and with it all its leases, and tells the others.
func (t *NodeTable) ResignNode(ctx context.Context, number int, term uint64) error {
	changed, err := t.change(ctx, "UPDATE node SET term = term + 1, live = 0 WHERE number = ?1 AND term = ?2 AND live = 1",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(number))
			stmt.BindInt64(2, int64(term))
		})
	if changed {
		t.freed(ctx, number)
	}
	return err
}
