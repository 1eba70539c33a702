package store

import (
	"slices"

	"kurir/message"
)

// candidates returns the ids, within low and high, of messages that may bear a
// key: at most n, in the order asked for. c must not have a transaction open:
// memory is looked at first, so that an entry on its way from there to the disk
// is seen at least once.
func (s *Store) candidates(c *conn, key uint64, low, high message.ID, oldest bool, n int) ([]message.ID, error) {
	memory := s.index.find(key, low, high)
	var ids []message.ID
	if !oldest {
		slices.Reverse(memory)
		if ids = memory; len(ids) > 0 {
			high = ids[len(ids)-1] - 1 // the rest is older
		}
	}
	err := inSnapshot(c, func() error {
		runs, err := runsWithin(c, low, high, oldest)
		for _, run := range runs {
			if err != nil || len(ids) >= n {
				break
			}
			var found []message.ID
			found, err = findInRun(c, run, key, low, high, oldest, n-len(ids))
			ids = append(ids, found...)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if oldest {
		for _, id := range memory {
			if len(ids) == 0 || id > ids[len(ids)-1] {
				ids = append(ids, id)
			}
		}
	}
	return ids[:min(n, len(ids))], nil
}

// inSnapshot runs fn on one state of the database. Should the context of the
// reader end meanwhile, the transaction is ended where c is given back.
func inSnapshot(c *conn, fn func() error) error {
	begin := "BEGIN"
	if c.pg != nil {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if err := query(c, begin, nil, nil); err != nil {
		return err
	}
	err := fn()
	if end := query(c, "ROLLBACK", nil, nil); err == nil {
		err = end
	}
	return err
}

// runsWithin lists the complete runs that cover ids between low and high.
func runsWithin(c *conn, low, high message.ID, oldest bool) ([]runInfo, error) {
	text := "SELECT number, first, last FROM run WHERE state = ? AND last >= ? AND first <= ? ORDER BY first DESC"
	if oldest {
		text = "SELECT number, first, last FROM run WHERE state = ? AND last >= ? AND first <= ? ORDER BY first"
	}
	var runs []runInfo
	err := query(c, text,
		func(stmt *statement) {
			stmt.BindInt64(1, runInUse)
			stmt.BindInt64(2, int64(low))
			stmt.BindInt64(3, int64(high))
		},
		func(stmt *statement) (bool, error) {
			runs = append(runs, runInfo{stmt.ColumnInt64(0), message.ID(stmt.ColumnInt64(1)), message.ID(stmt.ColumnInt64(2))})
			return true, nil
		})
	return runs, err
}

// findInRun returns up to n ids of a key in a run. The entries of a key may
// begin at the end of a slice and go on over several; the walk goes over them
// from the newest or the oldest.
func findInRun(c *conn, run runInfo, key uint64, low, high message.ID, oldest bool, n int) ([]message.ID, error) {
	text := "SELECT key, data FROM run_slice WHERE run = ?1 AND key <= ?2 ORDER BY key DESC, part DESC"
	if oldest {
		text = `SELECT key, data FROM run_slice WHERE run = ?1 AND key <= ?2
  AND key >= coalesce((SELECT max(key) FROM run_slice WHERE run = ?1 AND key < ?2), 0) ORDER BY key, part`
	}
	var ids []message.ID
	var d rowDecoder
	err := query(c, text,
		func(stmt *statement) {
			stmt.BindInt64(1, run.number)
			stmt.BindInt64(2, int64(key))
		},
		func(stmt *statement) (bool, error) {
			first := uint64(stmt.ColumnInt64(0))
			r := newSliceReader(d.blob(stmt, 1), first, run.first)
			start := len(ids)
			for {
				e, ok, err := r.next()
				if err != nil {
					return false, err
				}
				if !ok || e.key > key {
					break
				}
				if e.key == key && low <= e.id && e.id <= high {
					ids = append(ids, e.id)
				}
			}
			if !oldest {
				slices.Reverse(ids[start:])
				return first == key && len(ids) < n, nil
			}
			return len(ids) < n, nil
		})
	return ids[:min(n, len(ids))], err
}
