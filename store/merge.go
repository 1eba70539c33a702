package store

import (
	"fmt"

	"kurir/message"
)

// runInfo is a complete run.
type runInfo struct {
	number      int64
	first, last message.ID
}

// runReader reads a run from its beginning, a slice at a time.
type runReader struct {
	conn  *conn
	run   runInfo
	key   int64 // of the slice last read
	part  int64
	slice sliceReader
	head  entry
	has   bool
}

// advance reads the next entry into head.
func (r *runReader) advance() error {
	for {
		var err error
		if r.head, r.has, err = r.slice.next(); err != nil || r.has {
			return err
		}
		found := false
		err = query(r.conn, "SELECT key, part, data FROM run_slice WHERE run = ? AND (key, part) > (?, ?) ORDER BY key, part LIMIT 1",
			func(stmt *statement) {
				stmt.BindInt64(1, r.run.number)
				stmt.BindInt64(2, r.key)
				stmt.BindInt64(3, r.part)
			},
			func(stmt *statement) (bool, error) {
				found = true
				r.key, r.part = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
				data := make([]byte, stmt.ColumnLen(2))
				stmt.ColumnBytes(2, data)
				r.slice = newSliceReader(data, uint64(r.key), r.run.first)
				return false, nil
			})
		if err != nil || !found {
			return err
		}
	}
}

// mergedRuns is the source of a run that comes from other runs.
type mergedRuns []*runReader

func (m mergedRuns) next() (entry, bool, error) {
	var least *runReader
	for _, r := range m {
		if r.has && (least == nil || r.head.key < least.head.key || r.head.key == least.head.key && r.head.id < least.head.id) {
			least = r
		}
	}
	if least == nil {
		return entry{}, false, nil
	}
	e := least.head
	return e, true, least.advance()
}

// mergeSlice does one transaction's worth of merging. more tells whether there
// is something left to merge. s.writing is held.
func (s *Store) mergeSlice() (more bool, err error) {
	x := &s.index
	if x.merge == nil {
		level := 0
		for level < len(x.levels)-1 && x.levels[level] < mergeFan {
			level++
		}
		if level == len(x.levels)-1 {
			return false, nil
		}
		if err := s.startMerge(level); err != nil {
			return false, fmt.Errorf("begin to merge runs of the index: %w", err)
		}
	}
	j := x.merge
	done, err := s.stepRun(j)
	if err != nil {
		x.merge = nil
		return false, fmt.Errorf("merge runs of the index: %w", err)
	}
	if done {
		x.merge = nil
		x.levels[j.level]++
		x.levels[j.level-1] -= len(j.merged)
		x.dead = true
	}
	return true, nil
}

// startMerge prepares to merge the oldest runs of a level.
func (s *Store) startMerge(level int) error {
	var runs []runInfo
	err := query(s.conn, "SELECT number, first, last FROM run WHERE level = ? AND state = ? ORDER BY first LIMIT ?",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(level))
			stmt.BindInt64(2, runInUse)
			stmt.BindInt64(3, mergeFan)
		},
		func(stmt *statement) (bool, error) {
			runs = append(runs, runInfo{stmt.ColumnInt64(0), message.ID(stmt.ColumnInt64(1)), message.ID(stmt.ColumnInt64(2))})
			return true, nil
		})
	if err != nil {
		return err
	}
	x := &s.index
	x.nextRun++
	j := &runJob{number: x.nextRun, level: level + 1, first: runs[0].first, last: runs[len(runs)-1].last}
	var source mergedRuns
	for _, run := range runs {
		r := &runReader{conn: s.conn, run: run, key: -1}
		if err := r.advance(); err != nil {
			return err
		}
		source = append(source, r)
		j.merged = append(j.merged, run.number)
	}
	j.source = source
	x.merge = j
	return nil
}

// removeDeadSlice removes some rows of runs that are of no use any more. more
// tells whether there are others. s.writing is held.
func (s *Store) removeDeadSlice() (more bool, err error) {
	x := &s.index
	if !x.dead && x.swept {
		return false, nil
	}
	number := int64(0)
	gone := 0
	err = s.transact(func() error {
		if err := s.sweepRuns(); err != nil {
			return err
		}
		err := query(s.conn, "SELECT number FROM run WHERE state = ? LIMIT 1",
			func(stmt *statement) { stmt.BindInt64(1, runDead) },
			func(stmt *statement) (bool, error) {
				number = stmt.ColumnInt64(0)
				return false, nil
			})
		if err != nil || number == 0 {
			return err
		}
		bind := func(stmt *statement) { stmt.BindInt64(1, number) }
		err = query(s.conn, "DELETE FROM run_slice WHERE rowid IN (SELECT rowid FROM run_slice WHERE run = ? LIMIT 64)", bind, nil)
		gone = s.conn.rowsChanged()
		if err == nil && gone == 0 {
			err = query(s.conn, "DELETE FROM run WHERE number = ?", bind, nil)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove old runs of the index: %w", err)
	}
	x.swept = true
	x.dead = number != 0
	return x.dead, nil
}
