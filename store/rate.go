package store

import (
	"context"
	"fmt"
)

// RateRow is what a live node says of the rates that nodes share.
type RateRow struct {
	Node    int
	Term    uint64
	Version uint64 // of the change that wrote it
	Body    string // the store does not read it; empty if it was written no later than the reader knows
}

// Rates is what live nodes say, by number.
type Rates struct {
	Version uint64 // of the last change
	Rows    []RateRow
}

// versionNode is whose row has the number of the last change.
const versionNode = -1

// Rates returns what live nodes say of rates; bodies only of what was written
// after a version.
func (t *NodeTable) Rates(ctx context.Context, after uint64) (r Rates, err error) {
	err = t.do(ctx, func(c *conn) error {
		return t.query(c, `SELECT r.node, r.node_term, r.version, CASE WHEN r.version > ?1 THEN r.body ELSE '' END FROM rate AS r
  LEFT JOIN node AS n ON n.number = r.node AND n.term = r.node_term AND n.live = 1
  WHERE r.node = -1 OR n.number IS NOT NULL ORDER BY r.node`,
			func(stmt *statement) { stmt.BindInt64(1, int64(after)) },
			func(stmt *statement) (bool, error) {
				row := RateRow{Node: stmt.ColumnInt(0), Term: uint64(stmt.ColumnInt64(1)), Version: uint64(stmt.ColumnInt64(2)), Body: stmt.ColumnText(3)}
				if row.Node == versionNode {
					r.Version = row.Version
				} else {
					r.Rows = append(r.Rows, row)
				}
				return true, nil
			})
	})
	if err != nil {
		return Rates{}, fmt.Errorf("read what servers take of rates: %w", err)
	}
	return r, nil
}

// WriteRates writes what a node in its term says of rates, if the last change is
// still that of a version, so that the node has seen what all others say. It
// returns the number of the change, 0 if there was another one or the term is over.
func (t *NodeTable) WriteRates(ctx context.Context, number int, term, last uint64, body string) (version uint64, err error) {
	const turn = `UPDATE rate SET version = version + 1 WHERE node = -1 AND version = ?1
  AND EXISTS (SELECT 1 FROM node AS n WHERE n.number = ?2 AND n.term = ?3 AND n.live = 1) RETURNING version`
	const put = ` ON CONFLICT (node) DO UPDATE SET node_term = excluded.node_term, version = excluded.version, body = excluded.body`
	bind := func(stmt *statement) {
		stmt.BindInt64(1, int64(last))
		stmt.BindInt64(2, int64(number))
		stmt.BindInt64(3, int64(term))
	}
	bindBody := func(stmt *statement) {
		bind(stmt)
		stmt.BindText(4, body)
	}
	result := func(stmt *statement) (bool, error) {
		version = uint64(stmt.ColumnInt64(0))
		return true, nil
	}
	err = t.do(ctx, func(c *conn) error {
		if last == 0 {
			err := t.query(c, "INSERT INTO rate(node, node_term, version, body) VALUES (-1, 0, 0, '') ON CONFLICT DO NOTHING", nil, nil)
			if err != nil {
				return err
			}
		}
		if t.pg != nil { // each statement is a transaction by itself
			return t.query(c, "WITH turn AS ("+turn+") INSERT INTO rate(node, node_term, version, body) SELECT ?2, ?3, version, ?4 FROM turn"+put+" RETURNING version",
				bindBody, result)
		}
		if err := t.query(c, turn, bind, result); err != nil || version == 0 {
			return err
		}
		return t.query(c, "INSERT INTO rate(node, node_term, version, body) VALUES (?2, ?3, ?1 + 1, ?4)"+put, bindBody, nil)
	})
	if err != nil {
		return 0, fmt.Errorf("write what this server takes of rates: %w", err)
	}
	return version, nil
}
