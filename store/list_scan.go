package store

import (
	"fmt"

	"kurir/message"
)

// scanned is a table whose rows are looked at one by one.
type scanned struct {
	table, id, state string
	where            *condition
	wants            func(message.ID, message.State) bool // judges the column state as well; nil: any will do
}

// scanned are messages; of the two tables the one is read alone that the filter asks for.
func (f *Filter) scanned(where *condition, wants func(message.ID, message.State) bool) *scanned {
	switch {
	case len(f.States) == 0:
		return &scanned{table: "message m", id: "m.id", state: "0", where: where}
	case len(where.terms) == 0:
		return &scanned{table: "progress p", id: "p.id", state: "p.state", where: where, wants: wants}
	}
	return &scanned{table: messageTables, id: "m.id", state: "p.state", where: where, wants: wants}
}

// scan returns the ids of the rows that match within a stretch, at most limit, looking at no more than so many. next is the last one
// that it looked at, 0 when there are no others.
func (t *scanned) scan(c *conn, at stretch, oldest bool, limit, examine int) (ids []message.ID, next message.ID, examined int, err error) {
	order := "DESC"
	if oldest {
		order = "ASC"
	}
	text := fmt.Sprintf("SELECT %[1]s, %[2]s, %[5]s FROM %[3]s WHERE %[1]s BETWEEN ? AND ? ORDER BY %[1]s %[4]s LIMIT ?", t.id, t.where.text(), t.table, order, t.state)
	more := false
	err = query(c, text,
		func(stmt *statement) {
			t.where.bind(stmt, 1)
			n := len(t.where.args)
			stmt.BindInt64(n+1, int64(at.low))
			stmt.BindInt64(n+2, int64(at.high))
			stmt.BindInt64(n+3, int64(examine)+1)
		},
		func(stmt *statement) (bool, error) {
			if examined == examine || len(ids) == limit {
				more = true
				return false, nil
			}
			examined++
			next = message.ID(stmt.ColumnInt64(0))
			if stmt.ColumnBool(1) && (t.wants == nil || t.wants(next, message.State(stmt.ColumnInt64(2)))) {
				ids = append(ids, next)
			}
			return true, nil
		})
	if err != nil {
		return nil, 0, 0, err
	}
	if !more {
		next = 0
	}
	return ids, next, examined, nil
}
