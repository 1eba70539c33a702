package store

import (
	"strings"
	"sync"

	"kurir/message"
)

// The index answers "which messages went to this number" and "which message
// bears this reference". Both are random over history: a B-tree over them
// dirties a page per message (measured: 32,000 lives a second instead of
// 85,000). So:
//
//  1. Each accepted message adds an entry (hash of the number or reference,
//     id) to a list in memory, which a lookup reads from end to end.
//  2. 100,000 entries are sealed, sorted, and written as a run: rows of a
//     few KiB, each holding some hundred entries (runs.go).
//  3. Eight runs of a level are merged into one of the next (merge.go), so that
//     a lookup touches few.
//  4. A run takes the place of its entries in memory, or of the runs it was
//     merged from, in the transaction that completes it. After a crash the
//     entries behind the last complete run are read back from the messages.
//
// Writing and merging go in slices, between commits. A lookup gives candidates;
// the message itself decides.
type index struct {
	size   int // entries of a segment
	mu     sync.RWMutex
	open   []entry
	sealed []segment // oldest first; the first may be under way to the disk
	spare  []entry   // memory of a segment that is on disk

	flush, merge *runJob // of the writer alone
	swept        bool    // runs that were being written when the last process ended are marked
	nextRun      int64
	levels       [16]int // complete runs of each level
	dead         bool    // there are runs to remove
}

// entry is one key of one message.
type entry struct {
	key uint64 // keyBits of hash
	id  message.ID
}

// segment are entries that wait to become a run.
type segment struct {
	entries     []entry
	first, last message.ID
}

const (
	runEntries   = 100_000
	keyBits      = 40
	sealedEnough = 3 // segments in memory from which commits write slices, too
)

// Kinds of key.
const (
	recipientKey = 1
	referenceKey = 2
)

// indexKey hashes a value: FNV-1a, folded to keyBits.
func indexKey(kind byte, value string) uint64 {
	h := (uint64(14695981039346656037) ^ uint64(kind)) * 1099511628211
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h >> (64 - keyBits)
}

// add appends the entries of messages that are on disk.
func (x *index) add(list []*message.Message) {
	if len(list) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range list {
		x.addOne(m.ID, m.To.Number, m.Reference)
	}
}

// addOne adds the entries of a message; a plus before its recipient's number
// makes no difference.
func (x *index) addOne(id message.ID, recipient, reference string) {
	x.open = append(x.open, entry{indexKey(recipientKey, strings.TrimPrefix(recipient, "+")), id})
	if reference != "" {
		x.open = append(x.open, entry{indexKey(referenceKey, reference), id})
	}
	if len(x.open) >= x.size {
		x.sealed = append(x.sealed, segment{entries: x.open, first: x.open[0].id, last: id})
		x.open, x.spare = x.spare[:0], nil
	}
}

// pressing tells whether entries pile up in memory.
func (x *index) pressing() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.sealed) >= sealedEnough
}

// find appends the ids of a key that stand in memory, within low and high, in
// ascending order.
func (x *index) find(key uint64, low, high message.ID) []message.ID {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var ids []message.ID
	look := func(entries []entry) {
		for i := range entries {
			if e := &entries[i]; e.key == key && low <= e.id && e.id <= high {
				ids = append(ids, e.id)
			}
		}
	}
	for i := range x.sealed {
		look(x.sealed[i].entries) // sorted by key or by id: within a key both are by id
	}
	look(x.open)
	return ids
}

// seal returns the oldest sealed segment.
func (x *index) oldestSealed() (segment, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(x.sealed) == 0 {
		return segment{}, false
	}
	return x.sealed[0], true
}

// drop forgets the oldest sealed segment, which is on disk.
func (x *index) drop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.spare = x.sealed[0].entries[:0]
	x.sealed = x.sealed[1:]
}

// sortEntries returns the entries of a segment sorted by key, and within a key
// as they were, by id. It leaves the segment as it is, since readers look at it:
// a radix sort of ten bits at a time, a millisecond for a whole segment.
func sortEntries(entries []entry) []entry {
	const bits, mask = 10, 1<<10 - 1
	from, to := append([]entry(nil), entries...), make([]entry, len(entries))
	for shift := 0; shift < keyBits; shift += bits {
		var at [mask + 1]int
		for i := range from {
			at[from[i].key>>shift&mask]++
		}
		sum := 0
		for d, n := range at {
			at[d] = sum
			sum += n
		}
		for i := range from {
			d := from[i].key >> shift & mask
			to[at[d]] = from[i]
			at[d]++
		}
		from, to = to, from
	}
	return from
}

// recoverIndex reads back the entries that no complete run holds.
func (s *Store) recoverIndex() error {
	x := &s.index
	var covered int64
	err := query(s.conn, "SELECT level, state, last, number FROM run", nil, func(stmt *statement) (bool, error) {
		switch stmt.ColumnInt64(1) {
		case runInUse:
			x.levels[stmt.ColumnInt64(0)]++
			covered = max(covered, stmt.ColumnInt64(2))
		default:
			x.dead = true
		}
		x.nextRun = max(x.nextRun, stmt.ColumnInt64(3))
		return true, nil
	})
	if err != nil {
		return err
	}
	for {
		n := 0
		err := query(s.conn, "SELECT id, recipient, reference FROM message WHERE id > ? ORDER BY id LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, covered)
				stmt.BindInt64(2, page)
			},
			func(stmt *statement) (bool, error) {
				n++
				covered = stmt.ColumnInt64(0)
				x.mu.Lock()
				x.addOne(message.ID(covered), stmt.ColumnText(1), stmt.ColumnText(2))
				x.mu.Unlock()
				return true, nil
			})
		if err != nil {
			return err
		}
		for x.pressing() {
			if err := s.indexSlice(); err != nil {
				return err
			}
		}
		if n < page {
			return nil
		}
	}
}
