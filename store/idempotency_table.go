package store

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// A table of keys answers "in which row may this key stand": buckets of slots,
// each 40 bits of a key's hash and 24 bits of its row's number. It is sealed
// when a bucket is full, with about 100,000 keys in a MiB, and goes as a whole
// when all of them have expired. Beyond keyTablesHeld of them the oldest are
// written to the database, bucket by bucket, and looked up there.
const (
	keyBuckets     = 256
	keySlots       = 480 // of a bucket: as a row they fit a page
	keyRowBits     = 24
	keyTablesHeld  = 48 // in memory: some 4.8 million keys
	keyTablesSlack = 4  // beyond which commits write them, too
	bucketsAtOnce  = 32 // rows that one transaction of housekeeping writes
	keySpan        = 1<<keyRowBits - 1
	keyTagMask     = 1<<(64-keyRowBits) - 1
	keyBucketShift = 56
)

// keyTables are all tables, and what a commit under way keeps for them.
type keyTables struct {
	held int // keyTablesHeld, but for tests
	rows []keyRow
	last int64 // number of the last row

	mu     sync.RWMutex
	tables []*keyTable // oldest first; the last is open
	spill  int         // buckets of the oldest in memory that are on disk
}

// keyTable covers the rows from first to last.
type keyTable struct {
	first, last int64
	expires     int64
	slots       []uint64 // nil when the database has them
}

// slot is what stands for a key of a row: not 0.
func (t *keyTable) slot(hash uint64, row int64) uint64 {
	return hash<<keyRowBits | uint64(row-t.first+1)
}

// add adds a key; false when there is no room for it.
func (t *keyTable) add(hash uint64, row, expires int64) bool {
	bucket := t.slots[hash>>keyBucketShift*keySlots:][:keySlots]
	at := keyPlace(hash)
	for range bucket {
		if bucket[at] == 0 {
			bucket[at] = t.slot(hash, row)
			t.last, t.expires = row, max(t.expires, expires)
			return true
		}
		at = (at + 1) % keySlots
	}
	return false
}

// keyPlace is where in its bucket a key's slot is looked for first.
func keyPlace(hash uint64) uint64 { return hash & keyTagMask % keySlots }

// bucketFind appends the numbers of the rows that a key may stand in. slot(i)
// is the i-th of a bucket.
func bucketFind(rows []int64, first int64, hash uint64, slot func(uint64) uint64) []int64 {
	at := keyPlace(hash)
	for range keySlots {
		s := slot(at)
		if s == 0 {
			break
		}
		if s>>keyRowBits == hash&keyTagMask {
			rows = append(rows, first+int64(s&keySpan)-1)
		}
		at = (at + 1) % keySlots
	}
	return rows
}

// add notes the keys of a row.
func (x *keyTables) add(row, expires int64, ids []keyID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range ids {
		x.addOne(row, expires, ids[i].hash())
	}
}

func (x *keyTables) addOne(row, expires int64, hash uint64) {
	if n := len(x.tables); n > 0 {
		if t := x.tables[n-1]; t.slots != nil && row-t.first < keySpan && t.add(hash, row, expires) {
			return
		}
	}
	t := &keyTable{first: row, slots: make([]uint64, keyBuckets*keySlots)}
	x.tables = append(x.tables, t)
	t.add(hash, row, expires)
}

// may tells whether a key may be remembered.
func (x *keyTables) may(hash uint64, now int64) bool {
	rows, spilled := x.find(hash, now)
	return len(rows) > 0 || len(spilled) > 0
}

// find returns the rows that a key may stand in, the newest first, and the
// tables that have to be asked in the database.
func (x *keyTables) find(hash uint64, now int64) (rows []int64, spilled []int64) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := len(x.tables) - 1; i >= 0; i-- {
		t := x.tables[i]
		switch {
		case t.expires <= now:
		case t.slots == nil:
			spilled = append(spilled, t.first)
		default:
			bucket := t.slots[hash>>keyBucketShift*keySlots:][:keySlots]
			rows = bucketFind(rows, t.first, hash, func(at uint64) uint64 { return bucket[at] })
		}
	}
	return rows, spilled
}

// bucketRows looks for a key in a table that is on disk.
func bucketRows(c *conn, first int64, hash uint64) (rows []int64, err error) {
	err = query(c, "SELECT slots FROM idempotency_bucket WHERE first = ? AND bucket = ?",
		func(stmt *statement) {
			stmt.BindInt64(1, first)
			stmt.BindInt64(2, int64(hash>>keyBucketShift))
		},
		func(stmt *statement) (bool, error) {
			var d rowDecoder
			b := d.blob(stmt, 0)
			if len(b) != keySlots*8 {
				return false, fmt.Errorf("table of requests %d: %w", first, errBadBlob)
			}
			rows = bucketFind(rows, first, hash, func(at uint64) uint64 { return binary.LittleEndian.Uint64(b[at*8:]) })
			return false, nil
		})
	return rows, err
}

// forget drops tables of which all keys have expired, but for one that is being
// written.
func (x *keyTables) forget(now int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	kept := x.tables[:0]
	for _, t := range x.tables {
		if t.expires > now || t.slots != nil && x.spill > 0 {
			kept = append(kept, t)
		}
	}
	clear(x.tables[len(kept):])
	x.tables = kept
}

// surplus returns the oldest table in memory if there are more than n.
func (x *keyTables) surplus(n int) *keyTable {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var oldest *keyTable
	for _, t := range x.tables {
		if t.slots == nil {
			continue
		}
		if oldest == nil {
			oldest = t
		}
		n--
	}
	if n >= 0 {
		return nil
	}
	return oldest
}

// spillKeys does one transaction's worth of writing the oldest table when there
// are more than n in memory.
func (s *Store) spillKeys(n int) (more bool, err error) {
	x := &s.keys
	t := x.surplus(n)
	if t == nil {
		return false, nil
	}
	end := min(x.spill+bucketsAtOnce, keyBuckets)
	err = s.transact(func() error {
		for b := x.spill; b < end; b++ {
			s.scratch = s.scratch[:0]
			for _, slot := range t.slots[b*keySlots:][:keySlots] {
				s.scratch = binary.LittleEndian.AppendUint64(s.scratch, slot)
			}
			err := query(s.conn, "INSERT INTO idempotency_bucket(first, bucket, slots) VALUES (?,?,?) ON CONFLICT (first, bucket) DO UPDATE SET slots = excluded.slots", func(stmt *statement) {
				stmt.BindInt64(1, t.first)
				stmt.BindInt64(2, int64(b))
				stmt.BindBytes(3, s.scratch)
			}, nil)
			if err != nil {
				return err
			}
		}
		if end < keyBuckets {
			return nil
		}
		return query(s.conn, "INSERT INTO idempotency_table(first, last, expires) VALUES (?,?,?) ON CONFLICT (first) DO UPDATE SET last = excluded.last, expires = excluded.expires", func(stmt *statement) {
			stmt.BindInt64(1, t.first)
			stmt.BindInt64(2, t.last)
			stmt.BindInt64(3, t.expires)
		}, nil)
	})
	if err != nil {
		return false, fmt.Errorf("write a table of requests: %w", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.spill = end; end == keyBuckets {
		x.spill, t.slots = 0, nil
	}
	return true, nil
}

// forgetTable removes a table from the database of which all keys have expired.
func forgetTable(c *conn, now int64) error {
	return query(c, "SELECT first FROM idempotency_table WHERE expires < ? LIMIT 1",
		func(stmt *statement) { stmt.BindInt64(1, now) },
		func(stmt *statement) (bool, error) {
			first := stmt.ColumnInt64(0)
			for _, text := range []string{"DELETE FROM idempotency_bucket WHERE first = ?", "DELETE FROM idempotency_table WHERE first = ?"} {
				if err := query(c, text, func(stmt *statement) { stmt.BindInt64(1, first) }, nil); err != nil {
					return false, err
				}
			}
			return false, nil
		})
}

// recoverKeys reads back which keys are remembered: of the tables on disk only
// what they cover, of the rows behind them all keys.
func (s *Store) recoverKeys() error {
	x := &s.keys
	err := query(s.conn, "SELECT first, last, expires FROM idempotency_table ORDER BY first", nil, func(stmt *statement) (bool, error) {
		t := &keyTable{first: stmt.ColumnInt64(0), last: stmt.ColumnInt64(1), expires: stmt.ColumnInt64(2)}
		x.tables = append(x.tables, t)
		x.last = max(x.last, t.last)
		return true, nil
	})
	if err != nil {
		return err
	}
	// A process that ended while it wrote a table leaves buckets without one.
	if err := query(s.conn, "DELETE FROM idempotency_bucket WHERE first > ?", func(stmt *statement) {
		first := int64(0)
		if n := len(x.tables); n > 0 {
			first = x.tables[n-1].first
		}
		stmt.BindInt64(1, first)
	}, nil); err != nil {
		return err
	}
	var d rowDecoder
	after := x.last
	return query(s.conn, "SELECT number, expires, keys FROM idempotency WHERE number > ? ORDER BY number",
		func(stmt *statement) { stmt.BindInt64(1, after) },
		func(stmt *statement) (bool, error) {
			x.last = stmt.ColumnInt64(0)
			for keys := d.blob(stmt, 2); len(keys) >= len(keyID{}); keys = keys[len(keyID{}):] {
				id := keyID(keys[:len(keyID{})])
				x.addOne(x.last, stmt.ColumnInt64(1), id.hash())
			}
			return true, nil
		})
}
