package store

import (
	"fmt"
)

// The spill tables: rows of messages that are not in memory only. Removals come
// before additions (see Batch), and the row of either may be there or not.

// execCount runs a prepared statement and adds how many rows it has touched to a
// count, taken times sign: at once, or, with PostgreSQL, when they are sent.
func (s *Store) execCount(stmt *statement, to *int64, sign int64) error {
	if err := execute(stmt); err != nil {
		return err
	}
	if s.pg != nil {
		group := s.conn.pg.tx.last[stmt.pg.plan.table]
		group.count, group.sign = to, sign
		return nil
	}
	*to += sign * int64(s.conn.Changes())
	return nil
}

// addOrMove inserts a row, or when its key is there, changes it, and counts those
// that were not there. PostgreSQL does both in one.
func (s *Store) addOrMove(add, move *statement, bind func(*statement), to *int64) error {
	bind(add)
	before := *to
	if err := s.execCount(add, to, 1); err != nil || s.pg != nil || *to > before {
		return err
	}
	bind(move)
	return execute(move)
}

func (s *Store) writeWaiting(remove, add []Waiting, n *tableDeltas) error {
	for i := range remove {
		w, stmt := &remove[i], s.hot.waitingRemove
		bindWaiting(stmt, w)
		if err := s.execCount(stmt, &n.waiting, -1); err != nil {
			return fmt.Errorf("remove waiting %s: %w", w.ID, err)
		}
	}
	for i := range add {
		w, stmt := &add[i], s.hot.waitingAdd
		bindWaiting(stmt, w)
		stmt.BindInt64(6, w.Expires)
		if err := s.execCount(stmt, &n.waiting, 1); err != nil {
			return fmt.Errorf("add waiting %s: %w", w.ID, err)
		}
	}
	return nil
}

func bindWaiting(stmt *statement, w *Waiting) {
	stmt.BindInt64(1, int64(w.Node))
	stmt.BindText(2, w.Link)
	stmt.BindInt64(3, int64(w.Priority))
	stmt.BindText(4, w.Account)
	stmt.BindInt64(5, int64(w.ID))
}

func (s *Store) writeDue(b *Batch, n *tableDeltas) error {
	for _, id := range b.DueRemove {
		s.hot.dueRemove.BindInt64(1, int64(id))
		if err := s.execCount(s.hot.dueRemove, &n.due, -1); err != nil {
			return fmt.Errorf("remove due %s: %w", id, err)
		}
	}
	for i := range b.DueAdd {
		d := &b.DueAdd[i]
		bind := func(stmt *statement) {
			stmt.BindInt64(1, int64(d.ID))
			stmt.BindInt64(2, d.At)
			stmt.BindInt64(3, int64(b.Node))
		}
		if err := s.addOrMove(s.hot.dueAdd, s.hot.dueMove, bind, &n.due); err != nil {
			return fmt.Errorf("add due %s: %w", d.ID, err)
		}
	}
	return nil
}

func (s *Store) writeOwed(remove, add []Owed, n *tableDeltas) error {
	for i := range remove {
		bindOwed(s.hot.owedRemove, &remove[i])
		if err := s.execCount(s.hot.owedRemove, &n.owed, -1); err != nil {
			return fmt.Errorf("remove owed %s: %w", remove[i].ID, err)
		}
	}
	for i := range add {
		bindOwed(s.hot.owedAdd, &add[i])
		if err := s.execCount(s.hot.owedAdd, &n.owed, 1); err != nil {
			return fmt.Errorf("add owed %s: %w", add[i].ID, err)
		}
	}
	return nil
}

func bindOwed(stmt *statement, o *Owed) {
	stmt.BindInt64(1, int64(o.Node))
	stmt.BindText(2, o.Queue)
	stmt.BindInt64(3, o.Due)
	stmt.BindInt64(4, int64(o.ID))
	stmt.BindBool(5, o.Inbound)
	stmt.BindInt64(6, int64(o.Index))
}

func (s *Store) writeOutstanding(b *Batch, n *tableDeltas) error {
	for i := range b.OpenRemove {
		o, stmt := &b.OpenRemove[i], s.hot.outstandingNo
		stmt.BindInt64(1, int64(o.Key))
		stmt.BindInt64(2, int64(o.ID))
		if err := s.execCount(stmt, &n.outstanding, -1); err != nil {
			return fmt.Errorf("remove outstanding %s: %w", o.ID, err)
		}
	}
	for i := range b.OpenAdd {
		o := &b.OpenAdd[i]
		bind := func(stmt *statement) {
			stmt.BindInt64(1, int64(o.Key))
			stmt.BindInt64(2, int64(o.ID))
			stmt.BindInt64(3, o.Deadline)
			stmt.BindInt64(4, int64(b.Node))
		}
		if err := s.addOrMove(s.hot.outstanding, s.hot.outstandingMove, bind, &n.outstanding); err != nil {
			return fmt.Errorf("add outstanding %s: %w", o.ID, err)
		}
	}
	return nil
}
