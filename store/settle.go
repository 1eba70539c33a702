package store

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"kurir/message"
)

// pendingRow is a message of which the journal knows more than the tables.
type pendingRow struct {
	id               message.ID
	body             []byte // of its row in table message while that is not written, else nil
	message.Progress        // the newest
	number           int64  // of the first row of the journal that is needed for it
	since            int64  // Unix milliseconds from which it is pending
	settling         bool   // written by the transaction under way
}

// closed tells whether no more changes are expected.
func (r *pendingRow) closed() bool { return r.Final != 0 && !r.Owed }

// pending is all of them: what readers look at before the tables. Only the
// goroutine that commits changes it.
type pending struct {
	mu    sync.RWMutex
	rows  map[message.ID]*pendingRow
	queue []*pendingRow // in the order of number, from head on; nil: settled before its turn
	head  int
	base  int // how many have left the queue's front

	number int64 // of the newest row of the journal
	first  int64 // of the oldest, 0 if there is none
}

const (
	// settleAge is how long a message that is still open waits to be written to
	// the tables: most lives are over by then.
	settleAge = time.Second
	// settleSlice and settleTime bound what one transaction settles, and by how
	// much it is held up by that; one that brings more settles as much.
	settleSlice = 400
	settleTime  = 2 * time.Millisecond
	// pendingMany is from how many pending messages on age does not matter and
	// more is settled at a time, and pendingMost how many there may be: who adds
	// to more has to wait.
	pendingMany = 80_000
	pendingMost = 1_000_000
	// pendingSpare is for how many the memory is kept when none is left.
	pendingSpare = 4096
	// journalKept is how many rows that are not needed the journal may have
	// before they are removed.
	journalKept = 16
)

func (p *pending) row(id message.ID) *pendingRow { return p.rows[id] }

func (p *pending) add(r *pendingRow) {
	p.rows[r.id] = r
	p.queue = append(p.queue, r)
}

// len is how many are pending.
func (p *pending) len() int { return len(p.queue) - p.head }

// bookJournal books a batch that is on disk.
func (s *Store) bookJournal(b *Batch, now time.Time) {
	p := &s.pending
	if s.journalBuf == nil {
		return
	}
	ms := now.UnixMilli()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	if p.first == 0 {
		p.first = p.number
	}
	few := make([]pendingRow, len(b.Accepted))
	for i, m := range b.Accepted {
		at := s.bodies[i]
		r := &few[i]
		*r = pendingRow{id: m.ID, body: s.journalBuf[at.from:at.to:at.to], Progress: m.Progress, number: p.number, since: ms}
		p.add(r)
	}
	for i := range b.Changed {
		c := &b.Changed[i]
		r := p.rows[c.ID]
		if r == nil {
			r = &pendingRow{id: c.ID, number: p.number, since: ms}
			p.add(r)
		}
		r.Progress = message.Progress{State: c.State, Owed: c.Owed, Final: c.Final, Log: c.Log}
	}
	for i, m := range b.Replaced {
		if r := p.rows[m.ID]; r != nil { // its Change stands in the same batch
			at := s.bodies[len(b.Accepted)+i]
			r.body = s.journalBuf[at.from:at.to:at.to]
		}
	}
	s.bookSecrets(b)
	s.forgetWiped(b.Erased)
	for _, id := range b.Erased {
		if r := p.rows[id]; r != nil && r.body != nil {
			if err := r.erase(); err != nil {
				s.log.Error("erase a text", "message", id, "error", err)
			}
		}
	}
	s.journalBuf = nil
	s.side.book(b, p.number, ms)
}

// settleSome writes pending messages to the tables within a transaction: those
// at the front of the queue that are closed or have waited long enough, all if
// force says so. comes is how many messages the transaction brings. What was
// written is marked; bookSettled or unmark follows.
func (s *Store) settleSome(force bool, comes int) error {
	p := &s.pending
	began := time.Now()
	ripe := began.Add(-settleAge).UnixMilli()
	most, limit := settleSlice, settleTime
	if more := comes / settleSlice; more > 0 {
		most, limit = most*(more+1), limit*time.Duration(more+1)
	}
	many := p.len() > pendingMany
	if force || many {
		most, limit = max(most, 10*settleSlice), max(limit, 10*settleTime)
	}
	s.settled, s.journalTo = 0, 0
	if err := s.settleSide(force, began); err != nil {
		return err
	}
	for i := p.head; i < len(p.queue) && s.settled < most; i++ {
		r := p.queue[i]
		if !force && !r.closed() && r.since > ripe && !(many && len(p.queue)-i > pendingMany) {
			break
		}
		if err := s.settleRow(r); err != nil {
			return fmt.Errorf("write message %s: %w", r.id, err)
		}
		s.settled++
		if s.settled%32 == 0 && time.Since(began) > limit {
			break
		}
	}
	p.mu.Lock() // readers copy rows
	for _, r := range p.queue[p.head : p.head+s.settled] {
		r.settling = true
	}
	p.mu.Unlock()
	needed := s.side.needed(p.number + 1)
	if at := p.head + s.settled; at < len(p.queue) {
		needed = min(needed, p.queue[at].number)
	}
	if p.first != 0 && (needed-p.first >= journalKept || needed > p.number) {
		s.hot.journalRemove.BindInt64(1, needed)
		if err := s.wipeRemoved(needed); err != nil {
			return err
		}
		if err := execute(s.hot.journalRemove); err != nil {
			return fmt.Errorf("shorten the journal: %w", err)
		}
		s.journalTo = needed
	}
	return nil
}

// settleRow writes one message.
func (s *Store) settleRow(r *pendingRow) error {
	if r.body == nil {
		if err := s.writeProgress(s.hot.change, r.id, &r.Progress, true); err != nil {
			return err
		}
	} else {
		f, err := readBody(r.body)
		if err != nil {
			return err
		}
		f.bind(s.hot.message, r.id)
		s.zones.mark(zoneMessages, r.id, shared(f.account), shared(f.link), r.State, message.Interface(f.via))
		if err := execute(s.hot.message); err != nil {
			return err
		}
		if err := s.writeProgress(s.hot.progress, r.id, &r.Progress, false); err != nil {
			return err
		}
	}
	if r.Final != 0 && s.messageTexts.due(r.id) {
		return s.writeErased([]message.ID{r.id})
	}
	return nil
}

// bookSettled forgets what the transaction has settled, which is on disk.
func (s *Store) bookSettled() {
	p := &s.pending
	s.zones.booked()
	s.side.settled(p.number)
	if s.journalTo != 0 {
		s.forgetRemoved(s.journalTo)
		p.first = s.journalTo
		if s.journalTo > p.number {
			p.first = 0
		}
		s.journalTo = 0
	}
	if s.settled == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range s.settled {
		delete(p.rows, p.queue[p.head].id)
		p.queue[p.head] = nil
		p.head++
		p.base++
	}
	s.settled = 0
	switch {
	case p.head == len(p.queue) && cap(p.queue) > pendingSpare: // a busy time is over: give its memory back
		p.rows, p.queue, p.head = map[message.ID]*pendingRow{}, nil, 0
	case p.head > 1024 && p.head*2 > len(p.queue):
		p.queue = slices.Delete(p.queue, 0, p.head)
		p.head = 0
	}
}

// unmark takes back the marks of a transaction that failed.
func (s *Store) unmark() {
	p := &s.pending
	p.mu.Lock()
	for i := range s.settled {
		p.queue[p.head+i].settling = false
	}
	p.mu.Unlock()
	s.settled, s.journalTo = 0, 0
	s.side.unmark()
	s.zones.unmark()
}

// settleTransaction settles some messages in a transaction of its own.
func (s *Store) settleTransaction(force bool) error {
	err := s.transact(func() error {
		if err := s.settleSome(force, 0); err != nil {
			return err
		}
		return s.writeZones()
	})
	if err != nil {
		s.unmark()
		return err
	}
	s.bookSettled()
	return nil
}

// settleTidy is settleTransaction as a job of housekeeping: more tells whether
// there is more to do at once.
func (s *Store) settleTidy() (more bool, err error) {
	if !s.ripe() {
		return false, nil
	}
	if err := s.settleTransaction(false); err != nil {
		return false, err
	}
	return s.ripe(), nil
}

// ripe tells whether something of the journal is to be written to the tables.
func (s *Store) ripe() bool {
	p, limit := &s.pending, time.Now().Add(-settleAge).UnixMilli()
	if p.len() > 0 {
		if r := p.queue[p.head]; r.closed() || r.since <= limit {
			return true
		}
	}
	return s.side.ripe(limit)
}

// settledAll tells whether the tables have everything that the journal has.
func (s *Store) settledAll() bool { return s.pending.len() == 0 && s.side.empty() }

// settleAll writes everything that only the journal has.
func (s *Store) settleAll() error {
	for !s.settledAll() {
		if err := s.settleTransaction(true); err != nil {
			return err
		}
	}
	return nil
}

// Settle writes into the tables what so far stands in the journal only, for
// readers of the tables. It belongs to the goroutine that commits.
func (s *Store) Settle() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.settleAll()
}
