package store

import (
	"fmt"
)

// The spill tables: rows of messages that are not in memory only. Removals come
// before additions (see Batch), and the row of either may be there or not.

// execCount runs a prepared statement and returns how many rows it touched.
func (s *Store) execCount(stmt *statement) (int64, error) {
	if err := execute(stmt); err != nil {
		return 0, err
	}
	return int64(s.conn.rowsChanged()), nil
}

// addOrMove inserts a row, or when its key is there, changes it. It returns how
// many rows there are more.
func (s *Store) addOrMove(add, move *statement, bind func(*statement)) (int64, error) {
	bind(add)
	added, err := s.execCount(add)
	if err != nil || added > 0 {
		return added, err
	}
	bind(move)
	return 0, execute(move)
}

func (s *Store) writeWaiting(remove, add []Waiting, n *tableDeltas) error {
	for i := range remove {
		w, stmt := &remove[i], s.hot.waitingRemove
		bindWaiting(stmt, w)
		gone, err := s.execCount(stmt)
		if err != nil {
			return fmt.Errorf("remove waiting %s: %w", w.ID, err)
		}
		n.waiting -= gone
	}
	for i := range add {
		w, stmt := &add[i], s.hot.waitingAdd
		bindWaiting(stmt, w)
		stmt.BindInt64(5, w.Expires)
		added, err := s.execCount(stmt)
		if err != nil {
			return fmt.Errorf("add waiting %s: %w", w.ID, err)
		}
		n.waiting += added
	}
	return nil
}

func bindWaiting(stmt *statement, w *Waiting) {
	stmt.BindText(1, w.Link)
	stmt.BindInt64(2, int64(w.Priority))
	stmt.BindText(3, w.Account)
	stmt.BindInt64(4, int64(w.ID))
}

func (s *Store) writeDue(b *Batch, n *tableDeltas) error {
	for _, id := range b.DueRemove {
		s.hot.dueRemove.BindInt64(1, int64(id))
		gone, err := s.execCount(s.hot.dueRemove)
		if err != nil {
			return fmt.Errorf("remove due %s: %w", id, err)
		}
		n.due -= gone
	}
	for i := range b.DueAdd {
		d := &b.DueAdd[i]
		bind := func(stmt *statement) {
			stmt.BindInt64(1, int64(d.ID))
			stmt.BindInt64(2, d.At)
		}
		added, err := s.addOrMove(s.hot.dueAdd, s.hot.dueMove, bind)
		if err != nil {
			return fmt.Errorf("add due %s: %w", d.ID, err)
		}
		n.due += added
	}
	return nil
}

func (s *Store) writeOwed(remove, add []Owed, n *tableDeltas) error {
	for i := range remove {
		bindOwed(s.hot.owedRemove, &remove[i])
		gone, err := s.execCount(s.hot.owedRemove)
		if err != nil {
			return fmt.Errorf("remove owed %s: %w", remove[i].ID, err)
		}
		n.owed -= gone
	}
	for i := range add {
		bindOwed(s.hot.owedAdd, &add[i])
		added, err := s.execCount(s.hot.owedAdd)
		if err != nil {
			return fmt.Errorf("add owed %s: %w", add[i].ID, err)
		}
		n.owed += added
	}
	return nil
}

func bindOwed(stmt *statement, o *Owed) {
	stmt.BindText(1, o.Queue)
	stmt.BindInt64(2, o.Due)
	stmt.BindInt64(3, int64(o.ID))
	stmt.BindBool(4, o.Inbound)
	stmt.BindInt64(5, int64(o.Index))
}

func (s *Store) writeOutstanding(remove, add []Outstanding, n *tableDeltas) error {
	for i := range remove {
		o, stmt := &remove[i], s.hot.outstandingNo
		stmt.BindInt64(1, int64(o.Key))
		stmt.BindInt64(2, int64(o.ID))
		gone, err := s.execCount(stmt)
		if err != nil {
			return fmt.Errorf("remove outstanding %s: %w", o.ID, err)
		}
		n.outstanding -= gone
	}
	for i := range add {
		o := &add[i]
		bind := func(stmt *statement) {
			stmt.BindInt64(1, int64(o.Key))
			stmt.BindInt64(2, int64(o.ID))
			stmt.BindInt64(3, o.Deadline)
		}
		added, err := s.addOrMove(s.hot.outstanding, s.hot.outstandingMove, bind)
		if err != nil {
			return fmt.Errorf("add outstanding %s: %w", o.ID, err)
		}
		n.outstanding += added
	}
	return nil
}
