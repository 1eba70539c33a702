package store

import (
	"fmt"
	"strconv"
	"strings"

	"kurir/message"
)

// messagesByIDPostgres appends messages to list in the order of ids.
func messagesByIDPostgres(c *conn, ids []message.ID, list []*message.Message) ([]*message.Message, error) {
	if len(ids) == 0 {
		return list, nil
	}
	found := make(map[message.ID]*message.Message, len(ids))
	var d rowDecoder
	err := query(c, "SELECT "+messageColumns+" FROM message m JOIN progress p ON p.id = m.id WHERE m.id = ANY(?1) AND p.id = ANY(?1)",
		func(stmt *statement) { stmt.pg.bindIDs(1, ids) },
		func(stmt *statement) (bool, error) {
			m, err := d.message(stmt)
			if err == nil {
				found[m.ID] = m
			}
			return true, err
		})
	for _, id := range ids {
		if m := found[id]; m != nil {
			list = append(list, m)
		}
	}
	return list, err
}

// bindIDs binds an array of numbers.
func (p *postgresStatement) bindIDs(param int, ids []message.ID) {
	a := array{octets: make([]byte, arrayHeader, arrayHeader+12*len(ids))}
	var v [8]byte
	for _, id := range ids {
		putInt64(v[:], int64(id))
		a.add(v[:])
	}
	octets, oid := a.value('i', len(ids))
	copy(p.place(param, oid, len(octets)), octets)
}

// scanPostgres returns the ids of messages that match a filter within a stretch, as scanned.scan does. PostgreSQL finds
// those of a number or a reference by indexes, without a bound; of others it looks at so many rows.
func (s *Store) scanPostgres(c *conn, where *condition, at stretch, f *Filter, limit, examine int) (ids []message.ID, next message.ID, examined int, err error) {
	order, last := "DESC", "min"
	if f.Oldest {
		order, last = "ASC", "max"
	}
	wanted := where.text()
	if len(f.States) > 0 {
		wanted += fmt.Sprintf(" AND p.state IN (%s)", joinStates(f.States))
	}
	_, indexed := f.key()
	within := "FROM " + messageTables + " WHERE m.id BETWEEN ? AND ? AND p.id BETWEEN ? AND ?"
	direct := indexed || len(where.args) == 0 && len(f.States) == 0
	text := fmt.Sprintf("SELECT m.id, -1 %s AND %s ORDER BY m.id %s LIMIT %d", within, wanted, order, limit+1)
	if !direct {
		text = fmt.Sprintf(`WITH look AS MATERIALIZED (SELECT m.id, %s AS wanted %s ORDER BY m.id %s LIMIT %d)
  (SELECT id, -1 FROM look WHERE wanted ORDER BY id %[3]s LIMIT %[5]d) UNION ALL (SELECT %[6]s(id), count(*) FROM look HAVING count(*) > 0)`,
			wanted, within, order, examine+1, limit+1, last)
	}
	more := false
	err = query(c, text,
		func(stmt *statement) {
			n := 0
			if direct { // the arguments stand in the order of the text
				n = 4
			}
			where.bind(stmt, n+1)
			if n == 0 {
				n = len(where.args)
			} else {
				n = 0
			}
			for i, v := range [...]message.ID{at.low, at.high, at.low, at.high} {
				stmt.BindInt64(n+1+i, int64(v))
			}
		},
		func(stmt *statement) (bool, error) {
			id, looked := message.ID(stmt.ColumnInt64(0)), int(stmt.ColumnInt64(1))
			switch {
			case looked >= 0: // the last that was looked at, behind those that match
				if examined = min(looked, examine); looked > examine && !more {
					next, more = id, true
				}
			case len(ids) == limit:
				next, more = ids[limit-1], true
			default:
				ids = append(ids, id)
			}
			return true, nil
		})
	return ids, next, examined, err
}

func joinStates(states []message.State) string {
	texts := make([]string, len(states))
	for i, s := range states {
		texts[i] = strconv.Itoa(int(s))
	}
	return strings.Join(texts, ",")
}
