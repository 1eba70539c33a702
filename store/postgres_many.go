package store

import (
	"fmt"

	"kurir/message"
)

// With PostgreSQL each statement is a way to the server and back. So what is
// looked for in a table is looked for together, with an array for each column, and
// likewise claimed. LIMIT and + 0 keep the planner from reading a whole table, or all
// of a node's, for it.

// bindArray sets an argument to an array.
func (p *postgresStatement) bindArray(param int, a *columnArray) {
	octets, oid := a.array.value(a.kind, a.n)
	copy(p.place(param, oid, len(octets)), octets)
}

func (s *statement) bindArray(param int, a columnArray) { s.pg.bindArray(param, &a) }

// hasPostgres is has. bind sets the arguments of the i-th row, as many as there are columns.
func hasPostgres(c *conn, t *keyOf, found []bool, bind func(*statement, int)) error {
	if len(found) == 0 {
		return nil
	}
	kinds, each, equal := "", "", ""
	one := &statement{pg: &postgresStatement{conn: c}}
	arrays := make([]columnArray, len(t.columns))
	for i := range found {
		bind(one, i)
		for k := range arrays {
			arrays[k].n++
			arrays[k].array.add(one.pg.values[k])
		}
		one.pg.reset()
	}
	for k, name := range t.columns {
		arrays[k].kind = 'i'
		kind := "bigint"
		if one.pg.types[k] == oidText {
			arrays[k].kind, kind = 't', "text"
		}
		kinds += fmt.Sprintf("$%d::%s[], ", k+1, kind)
		each += fmt.Sprintf("c%d, ", k+1)
		equal += fmt.Sprintf("t.%s = r.c%d AND ", name, k+1)
	}
	text := fmt.Sprintf("SELECT r.i FROM unnest(%s) WITH ORDINALITY AS r(%si), LATERAL (SELECT 1 FROM %s AS t WHERE %s LIMIT 1) AS there",
		kinds[:len(kinds)-2], each, t.table, equal[:len(equal)-len(" AND ")])
	return query(c, text, func(stmt *statement) {
		for k := range arrays {
			stmt.bindArray(k+1, arrays[k])
		}
	}, func(stmt *statement) (bool, error) {
		found[stmt.ColumnInt64(0)-1] = true
		return true, nil
	})
}

// outstandingPostgres is OutstandingByKey.
func outstandingPostgres(c *conn, node int, keys []uint64, found map[uint64][]message.ID) error {
	if len(keys) == 0 {
		return nil
	}
	list := make([]int64, len(keys))
	for i, k := range keys {
		list[i] = int64(k)
	}
	return query(c, "SELECT key, id FROM outstanding WHERE key = ANY($1) AND node + 0 = $2 ORDER BY key, id",
		func(stmt *statement) {
			stmt.bindArray(1, numbersArray(list))
			stmt.BindInt64(2, int64(node))
		},
		func(stmt *statement) (bool, error) {
			key := uint64(stmt.ColumnInt64(0))
			found[key] = append(found[key], message.ID(stmt.ColumnInt64(1)))
			return true, nil
		})
}

// claimPostgres is claimRows. Rows that another node has in hand are passed over: two never wait for each other.
func claimPostgres(c *conn, node int, rows []Waiting) (claimed []Waiting, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	links, accounts := make([]string, len(rows)), make([]string, len(rows))
	priorities, ids := make([]int64, len(rows)), make([]int64, len(rows))
	for i := range rows {
		w := &rows[i]
		links[i], priorities[i], accounts[i], ids[i] = w.Link, int64(w.Priority), w.Account, int64(w.ID)
	}
	err = query(c, `UPDATE waiting SET node = $1 WHERE ctid = ANY(ARRAY(
  SELECT t.place FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[]) AS r(link, priority, account, id), LATERAL (SELECT ctid AS place FROM waiting
    WHERE node = -1 AND link = r.link AND priority = r.priority AND account = r.account AND id = r.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS t)) RETURNING node, link, priority, account, id, expires`,
		func(stmt *statement) {
			stmt.BindInt64(1, int64(node))
			stmt.bindArray(2, textsArray(links))
			stmt.bindArray(3, numbersArray(priorities))
			stmt.bindArray(4, textsArray(accounts))
			stmt.bindArray(5, numbersArray(ids))
		},
		func(stmt *statement) (bool, error) {
			claimed = append(claimed, waitingOf(stmt))
			return true, nil
		})
	return claimed, err
}

// claimOwedPostgres is the statement of ClaimOwed: rows are found again by their place, for PostgreSQL compares those named by
// their key with all that there are, each time anew.
const claimOwedPostgres = `UPDATE owed SET node = ?1 WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM owed WHERE node = -1 AND queue = ?2 AND due <= ?3 ORDER BY due, id, inbound, idx LIMIT ?4 FOR UPDATE SKIP LOCKED))`

// inheritPostgres is the statement by which Inherit takes rows of a table, for the same reason.
func inheritPostgres(table string) string {
	return fmt.Sprintf("UPDATE %[1]s SET node = ?1 WHERE ctid = ANY(ARRAY(SELECT ctid FROM %[1]s WHERE node = ?2 LIMIT ?3 FOR UPDATE))", table)
}
