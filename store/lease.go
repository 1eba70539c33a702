package store

import "context"

// TakeLease takes a lease whose term is last (0: it is new) for a node in its
// term, if nobody holds it, the holder's term is over, or the node holds it
// itself. It returns the lease's new term; 0 if it is not to be had.
//
// A term of a node that is over never comes back, so it does no harm that the
// node's row may change while this looks at it.
func (t *NodeTable) TakeLease(ctx context.Context, name string, last uint64, number int, nodeTerm uint64) (term uint64, err error) {
	err = t.do(ctx, func(c *conn) error {
		if last == 0 {
			err := t.query(c, "INSERT INTO lease(name, term, node, node_term) VALUES (?1, 0, -1, 0) ON CONFLICT DO NOTHING",
				func(stmt *statement) { stmt.BindText(1, name) }, nil)
			if err != nil {
				return err
			}
		}
		return t.query(c, `UPDATE lease SET term = term + 1, node = ?3, node_term = ?4 WHERE name = ?1 AND term = ?2
  AND (node = ?3 OR NOT EXISTS (SELECT 1 FROM node AS n WHERE n.number = lease.node AND n.term = lease.node_term AND n.live = 1))
  AND EXISTS (SELECT 1 FROM node AS n WHERE n.number = ?3 AND n.term = ?4 AND n.live = 1) RETURNING term`,
			func(stmt *statement) {
				stmt.BindText(1, name)
				stmt.BindInt64(2, int64(last))
				stmt.BindInt64(3, int64(number))
				stmt.BindInt64(4, int64(nodeTerm))
			},
			func(stmt *statement) (bool, error) {
				term = uint64(stmt.ColumnInt64(0))
				return true, nil
			})
	})
	return term, err
}

// ReleaseLease gives back what was taken as this term, and tells the others.
func (t *NodeTable) ReleaseLease(ctx context.Context, name string, term uint64, number int) error {
	changed, err := t.change(ctx, "UPDATE lease SET node = -1 WHERE name = ?1 AND term = ?2 AND node = ?3", func(stmt *statement) {
		stmt.BindText(1, name)
		stmt.BindInt64(2, int64(term))
		stmt.BindInt64(3, int64(number))
	})
	if changed {
		t.freed(ctx, number)
	}
	return err
}
