package store

import (
	"encoding/binary"
	"fmt"

	"kurir/message"
)

// States of a run.
const (
	runWritten = 0 // is being written
	runInUse   = 1
	runDead    = 2 // its slices are being removed
)

const (
	sliceOctets  = 3900 // a row of this length fits a page
	slicesAtOnce = 32   // rows that one transaction of housekeeping writes: about a millisecond
	mergeFan     = 8    // runs of a level that become one of the next
)

// entrySource gives entries in the order of key and id.
type entrySource interface {
	next() (e entry, ok bool, err error)
}

// sortedEntries is the source of a run that comes from memory.
type sortedEntries []entry

func (l *sortedEntries) next() (entry, bool, error) {
	if len(*l) == 0 {
		return entry{}, false, nil
	}
	e := (*l)[0]
	*l = (*l)[1:]
	return e, true, nil
}

// runJob is a run that is being written, some slices per transaction.
type runJob struct {
	number      int64
	level       int
	first, last message.ID
	source      entrySource
	merged      []int64 // runs that it replaces

	started bool
	part    int64
	entries int64
	pending entry // read from source and not written
	has     bool
	buf     []byte
}

// encodeSlice fills j.buf with the next entries. It returns the key of the
// first; the slice is empty when the source is.
//
// Layout, per entry: uvarint difference of its key to the one before (0 for the
// first, whose key is a column); then, if the difference is 0 and it is not
// the first, uvarint difference of its id to the one before, else uvarint
// difference of its id to the first id of the run.
func (j *runJob) encodeSlice() (key uint64, err error) {
	j.buf = j.buf[:0]
	var last entry
	for {
		if !j.has {
			if j.pending, j.has, err = j.source.next(); err != nil || !j.has {
				return key, err
			}
		}
		e := j.pending
		if len(j.buf) == 0 {
			key = e.key
			j.buf = binary.AppendUvarint(append(j.buf, 0), uint64(e.id-j.first))
		} else {
			if len(j.buf) > sliceOctets-2*binary.MaxVarintLen64 {
				return key, nil
			}
			j.buf = binary.AppendUvarint(j.buf, e.key-last.key)
			base := j.first
			if e.key == last.key {
				base = last.id
			}
			j.buf = binary.AppendUvarint(j.buf, uint64(e.id-base))
		}
		last, j.has = e, false
		j.entries++
	}
}

// sliceReader decodes what encodeSlice wrote.
type sliceReader struct {
	rest  []byte
	last  entry
	begun bool
	first message.ID // of the run
}

func newSliceReader(data []byte, key uint64, first message.ID) sliceReader {
	return sliceReader{rest: data, last: entry{key: key}, first: first}
}

func (r *sliceReader) next() (entry, bool, error) {
	if len(r.rest) == 0 {
		return entry{}, false, nil
	}
	d, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return entry{}, false, errBadBlob
	}
	id, n2 := binary.Uvarint(r.rest[n:])
	if n2 <= 0 {
		return entry{}, false, errBadBlob
	}
	r.rest = r.rest[n+n2:]
	base := r.first
	if r.begun && d == 0 {
		base = r.last.id
	}
	r.begun = true
	r.last = entry{r.last.key + d, base + message.ID(id)}
	return r.last, true, nil
}

// step writes the next slices of a run, within a transaction. done tells that
// the run is complete.
func (j *runJob) step(c *conn) (done bool, err error) {
	if !j.started {
		j.started = true
		if err := insertRun(c, j); err != nil {
			return false, err
		}
	}
	for range slicesAtOnce {
		key, err := j.encodeSlice()
		if err != nil {
			return false, err
		}
		if len(j.buf) == 0 {
			return true, j.complete(c)
		}
		err = query(c, "INSERT INTO run_slice(run, key, part, data) VALUES (?,?,?,?)", func(stmt *statement) {
			stmt.BindInt64(1, j.number)
			stmt.BindInt64(2, int64(key))
			stmt.BindInt64(3, j.part)
			stmt.BindBytes(4, j.buf)
		}, nil)
		if err != nil {
			return false, err
		}
		j.part++
	}
	return false, nil
}

func insertRun(c *conn, j *runJob) error {
	return query(c, "INSERT INTO run(number, level, first, last, entries, state) VALUES (?,?,?,?,0,0)", func(stmt *statement) {
		stmt.BindInt64(1, j.number)
		stmt.BindInt64(2, int64(j.level))
		stmt.BindInt64(3, int64(j.first))
		stmt.BindInt64(4, int64(j.last))
	}, nil)
}

// complete puts the run to use in place of those it was merged from.
func (j *runJob) complete(c *conn) error {
	err := query(c, "UPDATE run SET state = ?, entries = ? WHERE number = ?", func(stmt *statement) {
		stmt.BindInt64(1, runInUse)
		stmt.BindInt64(2, j.entries)
		stmt.BindInt64(3, j.number)
	}, nil)
	for _, number := range j.merged {
		if err == nil {
			err = setRunState(c, number, runDead)
		}
	}
	return err
}

func setRunState(c *conn, number int64, state int64) error {
	return query(c, "UPDATE run SET state = ? WHERE number = ?", func(stmt *statement) {
		stmt.BindInt64(1, state)
		stmt.BindInt64(2, number)
	}, nil)
}

// indexSlice does one transaction's worth of writing the oldest sealed segment.
// It does nothing when there is none. s.writing is held.
func (s *Store) indexSlice() error {
	x := &s.index
	if x.flush == nil {
		seg, ok := x.oldestSealed()
		if !ok {
			return nil
		}
		sorted := sortedEntries(sortEntries(seg.entries))
		x.nextRun++
		x.flush = &runJob{number: x.nextRun, first: seg.first, last: seg.last, source: &sorted}
	}
	done, err := s.stepRun(x.flush)
	if err != nil {
		x.flush = nil
		return fmt.Errorf("write a run of the index: %w", err)
	}
	if done {
		x.flush = nil
		x.levels[0]++
		x.drop()
	}
	return nil
}

// stepRun writes the next slices of a run in a transaction. After an error the
// run is given up: its rows are removed later.
func (s *Store) stepRun(j *runJob) (done bool, err error) {
	err = s.transact(func() error {
		if err := s.sweepRuns(); err != nil {
			return err
		}
		var err error
		done, err = j.step(s.conn)
		return err
	})
	if err != nil {
		s.index.swept = false
		return false, err
	}
	s.index.swept = true
	return done, nil
}

// sweepRuns marks the runs that nobody writes any more: those of a process that
// has ended, or whose transaction failed.
func (s *Store) sweepRuns() error {
	x := &s.index
	if x.swept {
		return nil
	}
	x.dead = true
	mine := [2]int64{}
	for i, j := range []*runJob{x.flush, x.merge} {
		if j != nil {
			mine[i] = j.number
		}
	}
	return query(s.conn, "UPDATE run SET state = ? WHERE state = ? AND number NOT IN (?, ?)", func(stmt *statement) {
		stmt.BindInt64(1, runDead)
		stmt.BindInt64(2, runWritten)
		stmt.BindInt64(3, mine[0])
		stmt.BindInt64(4, mine[1])
	}, nil)
}
