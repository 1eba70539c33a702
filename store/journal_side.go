package store

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// Grants and counters stand in the journal as well: with a hundred links and as
// many accounts every commit would write some hundred rows of each otherwise.
// A grant is mostly answered before it comes to a row of its own, and counters
// are added to their rows once a second.

// side is what the journal knows of them that the tables do not.
type side struct {
	grants  map[int64]*pendingGrant
	order   []*pendingGrant // oldest first, from head on; those that are done are still in it
	head    int
	written int // grants at the front that the transaction under way has written

	mu       sync.Mutex // of counters, which readers add to what the table has
	counters map[counterKey]int64
	since    int64 // Unix milliseconds of the oldest counter
	counted  int64 // number of the newest row of the journal whose counters stand in the table
	adding   bool  // the transaction under way adds them
}

type pendingGrant struct {
	Grant
	number int64 // of the row of the journal
	since  int64 // Unix milliseconds
	done   bool
	rowed  bool // the transaction under way writes its row
}

type counterKey struct {
	hour                int64
	account, link, what string
}

func (d *side) init() {
	d.grants, d.counters = map[int64]*pendingGrant{}, map[counterKey]int64{}
}

// counterAge is how long counters wait to be added to their rows.
const counterAge = time.Second

// appendSide appends grants, the numbers of those that are done, and counters:
// of each list uvarint how many; of a grant varint number, link as text, uvarint
// session, varint time, ids as text; of a counter varint hour, account, link and
// what as texts, varint amount. Then, unless it is 0, uvarint node of the grants.
func appendSide(dst []byte, b *Batch) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b.Granted)))
	for i := range b.Granted {
		g := &b.Granted[i]
		dst = appendText(binary.AppendVarint(dst, g.Number), g.Link)
		dst = binary.AppendUvarint(dst, uint64(g.Session))
		dst = appendText(binary.AppendVarint(dst, g.At), appendIDs(nil, g.IDs))
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.GrantDone)))
	for _, number := range b.GrantDone {
		dst = binary.AppendVarint(dst, number)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b.Counters)))
	for i := range b.Counters {
		c := &b.Counters[i]
		dst = appendText(binary.AppendVarint(dst, c.Hour), c.Account)
		dst = binary.AppendVarint(appendText(appendText(dst, c.Link), c.What), c.N)
	}
	if b.Node != 0 && len(b.Granted) > 0 {
		dst = binary.AppendUvarint(dst, uint64(b.Node))
	}
	return dst
}

// side reads what appendSide wrote.
func (r *blobReader) side(b *Batch) error {
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		g := Grant{Number: r.varint(), Link: r.text(), Session: uint32(r.uvarint()), At: r.varint()}
		ids, err := readIDs(r.octets())
		if err != nil {
			return err
		}
		g.IDs = ids
		b.Granted = append(b.Granted, g)
	}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		b.GrantDone = append(b.GrantDone, r.varint())
	}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		b.Counters = append(b.Counters, Counter{Hour: r.varint(), Account: r.text(), Link: r.text(), What: r.text(), N: r.varint()})
	}
	if len(r.rest) > 0 {
		b.Node = int(r.uvarint())
	}
	return r.err()
}

// book books what a row of the journal says; of the grants that are done
// those without a row are forgotten by that.
func (d *side) book(b *Batch, number, ms int64) {
	for i := range b.Granted {
		g := &pendingGrant{Grant: b.Granted[i], number: number, since: ms}
		g.Node = b.Node
		d.grants[g.Number] = g
		d.order = append(d.order, g)
	}
	for _, done := range b.GrantDone {
		if g := d.grants[done]; g != nil {
			g.done, g.IDs = true, nil
			delete(d.grants, done)
		}
	}
	for d.head < len(d.order) && d.order[d.head].done {
		d.order[d.head] = nil
		d.head++
	}
	if d.head > 64 && d.head*2 > len(d.order) {
		n := copy(d.order, d.order[d.head:])
		clear(d.order[n:])
		d.order, d.head = d.order[:n], 0
	}
	if len(b.Counters) == 0 || number <= d.counted {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.counters) == 0 {
		d.since = ms
	}
	for i := range b.Counters {
		c := &b.Counters[i]
		d.counters[counterKey{c.Hour, c.Account, c.Link, c.What}] += c.N
	}
}

// sums returns the counters of some hours that the table has not, and a number
// that grows when some come to the table.
func (d *side) sums(since, until int64) (map[counterKey]int64, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sums := map[counterKey]int64{}
	for k, n := range d.counters {
		if since <= k.hour && k.hour < until {
			sums[k] += n
		}
	}
	return sums, d.counted
}

// pendingGrants returns the grants that are open and have no row, in the order
// of their numbers.
func (s *Store) pendingGrants() []Grant {
	s.writing.Lock()
	defer s.writing.Unlock()
	var list []Grant
	for _, g := range s.side.order[s.side.head:] {
		if !g.done {
			list = append(list, g.Grant)
		}
	}
	return list
}

// writeDone removes the rows of grants that are done and have one.
func (s *Store) writeDone(done []int64) error {
	for _, number := range done {
		if g := s.side.grants[number]; g != nil && !g.rowed {
			continue
		}
		s.hot.grantDone.BindInt64(1, number)
		if err := execute(s.hot.grantDone); err != nil {
			return fmt.Errorf("remove grant %d: %w", number, err)
		}
	}
	return nil
}

// settleSide writes, within a transaction, grants that have been open for long
// and counters that have waited long enough; all if force says so.
func (s *Store) settleSide(force bool, now time.Time) error {
	d := &s.side
	ripe := now.Add(-settleAge).UnixMilli()
	d.written = 0
	for _, g := range d.order[d.head:] {
		if !force && g.since > ripe {
			break
		}
		if !g.done {
			if err := s.writeGrant(&g.Grant); err != nil {
				return err
			}
			g.rowed = true
		}
		d.written++
	}
	if len(d.counters) == 0 || !force && d.since > now.Add(-counterAge).UnixMilli() {
		return nil
	}
	for k, n := range d.counters {
		if err := s.writeCounter(&Counter{Hour: k.hour, Account: k.account, Link: k.link, What: k.what, N: n}); err != nil {
			return err
		}
	}
	if err := s.setMeta(metaCounted, s.pending.number); err != nil {
		return err
	}
	d.adding = true
	return nil
}

// unmark takes back the marks of a transaction that failed.
func (d *side) unmark() {
	for _, g := range d.order[d.head : d.head+d.written] {
		g.rowed = false
	}
	d.written, d.adding = 0, false
}

// settled forgets what the transaction has written.
func (d *side) settled(number int64) {
	for range d.written {
		delete(d.grants, d.order[d.head].Number)
		d.order[d.head] = nil
		d.head++
	}
	d.written = 0
	if !d.adding {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.counters)
	d.counted, d.adding = number, false
}

// needed is the number of the oldest row of the journal that grants or counters
// need, beyond those the transaction under way writes; newest if none does.
func (d *side) needed(newest int64) int64 {
	n := newest
	if at := d.head + d.written; at < len(d.order) {
		n = min(n, d.order[at].number)
	}
	if len(d.counters) > 0 && !d.adding {
		n = min(n, d.counted+1)
	}
	return n
}

// ripe tells whether something has waited since limit, Unix milliseconds.
func (d *side) ripe(limit int64) bool {
	return d.head < len(d.order) && d.order[d.head].since <= limit || len(d.counters) > 0 && d.since <= limit
}

// empty tells whether the tables have all of it.
func (d *side) empty() bool { return d.head == len(d.order) && len(d.counters) == 0 }
