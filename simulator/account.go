package simulator

import (
	"encoding/binary"
	"sync"
	"time"

	"kurir/smpp"
)

// account is one system_id with everything that is owed to it. All its receivers and transceivers share it: what
// cannot be sent waits, and what was sent and not answered when a connection ends is sent again.
type account struct {
	sim   *Simulator
	name  string
	index uint64
	over  string // what its messages come over: the protocol, or overModem

	mu      sync.Mutex
	rx      []*session // bound as receiver or transceiver
	turn    int
	waiting queue // deliver_sm
	pool    chunkPool
}

// A deliver_sm that was not sent yet has its kind in the place of its sequence number.
const (
	kindReceipt = iota
	kindInbound
	kindInquired // what was asked for; of languages that answer so
	kindDeleted
)

// setKind writes the kind of a deliver_sm.
func setKind(pdu []byte, kind uint32) { binary.BigEndian.PutUint32(pdu[12:], kind) }

// sent is one deliver_sm that has no answer yet.
type sent struct {
	seq  uint32 // 0: free
	kind uint32
	at   time.Time
	pdu  []byte
}

// window holds the deliver_sm of one session that wait for their answers. The account's lock guards it.
type window struct {
	slots []sent // by sequence number
	size  int    // most that may wait
	seq   uint32 // of the next
	last  uint32 // the highest
	open  int
}

// fewNumbers is how many sequence numbers are so few that each has a slot: with fewer slots, those before and behind the wrap would be in
// each other's way.
const fewNumbers = 256

func newWindow(size int, last uint32) window {
	slots := size
	if last <= fewNumbers {
		slots = int(last)
	}
	return window{slots: make([]sent, slots), size: size, seq: 1, last: last}
}

// free reports whether one more may be sent.
func (w *window) free() bool { return w.open < w.size && w.slots[w.seq%uint32(len(w.slots))].seq == 0 }

// unanswered returns what was sent under a number and has no answer yet; nil: nothing. Who receives nothing, or will once his bind is answered, has no slots.
func (w *window) unanswered(seq uint32) *sent {
	if seq == 0 || len(w.slots) == 0 {
		return nil
	}
	if slot := &w.slots[seq%uint32(len(w.slots))]; slot.seq == seq {
		return slot
	}
	return nil
}

// deliver sends a deliver_sm, or keeps it until it can be sent. The session that it belongs to is preferred.
func (a *account) deliver(pdus [][]byte, prefer *session, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var c Counts
	for _, pdu := range pdus {
		s := prefer
		if a.waiting.records > 0 || s == nil || !s.receiving || !s.canSend() {
			s = a.pick()
		}
		if s == nil || a.waiting.records > 0 {
			a.waiting.push(&a.pool, pdu)
			a.sim.owed.Add(int64(len(pdu)))
			continue
		}
		s.send(pdu, now, &c)
	}
	a.pump(now, &c)
	a.sim.stats.add(now, &c, nil)
}

// pump sends what waits while there is room.
func (a *account) pump(now time.Time, c *Counts) {
	for a.waiting.records > 0 {
		s := a.pick()
		if s == nil {
			return
		}
		pdu := a.waiting.peek()
		s.send(pdu, now, c)
		a.sim.owed.Add(-int64(len(pdu)))
		a.waiting.drop(&a.pool)
	}
}

// pick chooses the next session in turn that can send; nil when there is none.
func (a *account) pick() *session {
	for range a.rx {
		a.turn++
		if s := a.rx[a.turn%len(a.rx)]; s.canSend() {
			return s
		}
	}
	return nil
}

// canSend reports whether the window has room and the peer reads. The account is locked.
func (s *session) canSend() bool {
	return s.window.free() && s.out.size() < maxUnread && !s.silent.Load() && !s.sim.silent.Load()
}

// send puts a deliver_sm into the window and on its way. The account is locked.
func (s *session) send(pdu []byte, now time.Time, c *Counts) {
	w := &s.window
	slot := &w.slots[w.seq%uint32(len(w.slots))]
	slot.seq, slot.at = w.seq, now
	slot.pdu = append(slot.pdu[:0], pdu...)
	slot.kind = binary.BigEndian.Uint32(pdu[12:])
	binary.BigEndian.PutUint32(slot.pdu[12:], w.seq)
	octets := s.speaks.deliver(slot.pdu, slot.kind)
	if octets == nil {
		slot.seq = 0
		c.Refused++
		return
	}
	w.open++
	w.advance()
	s.out.write(octets)
	s.countMu.Lock()
	defer s.countMu.Unlock()
	if slot.kind == kindInbound {
		c.Inbound++
		s.counts.Inbound++
	} else {
		c.Receipts++
		s.counts.Receipts++
	}
}

// acked books answers to deliver_sm and sends what waited for room in the window.
func (a *account) acked(s *session, answers []smpp.Header, now time.Time) {
	retry := time.Duration(a.sim.Behaviour().Retry)
	var c, again Counts
	a.mu.Lock()
	for _, h := range answers {
		slot := s.window.unanswered(h.Sequence)
		if slot == nil {
			c.Unexpected++
			continue
		}
		slot.seq = 0
		s.window.open--
		switch h.Status {
		case smpp.ESME_ROK:
			c.Acked++
		case smpp.ESME_RX_T_APPN, smpp.ESME_RMSGQFUL, smpp.ESME_RSYSERR, smpp.ESME_RTHROTTLED:
			c.Retried++
			binary.BigEndian.PutUint32(slot.pdu[12:], slot.kind)
			a.sim.later(now.Add(retry), deliverRecord(a, slot.pdu))
		default:
			c.Refused++
		}
	}
	s.count(&c, now)
	a.pump(now, &again)
	a.mu.Unlock()
	c.add(&again)
	a.sim.stats.add(now, &c, nil)
}

// join makes a session a receiver of the account, and sends it what waited.
func (a *account) join(s *session, now time.Time) {
	var c Counts
	a.mu.Lock()
	s.receiving = true
	last := s.speaks.numbers()
	size := min(a.sim.opt.Window, int(last))
	if s.most > 0 {
		size = min(size, s.most)
	}
	s.window = newWindow(size, last)
	a.rx = append(a.rx, s)
	a.pump(now, &c)
	a.mu.Unlock()
	a.sim.stats.add(now, &c, nil)
}

// leave takes a session away; what it had not answered will be sent again, before anything else.
func (a *account) leave(s *session, now time.Time) {
	var c Counts
	a.mu.Lock()
	defer a.mu.Unlock()
	if !s.receiving {
		return
	}
	s.receiving = false
	for i, other := range a.rx {
		if other == s {
			a.rx = append(a.rx[:i], a.rx[i+1:]...)
			break
		}
	}
	a.takeBack(s, time.Time{}, &c)
	a.pump(now, &c)
	a.sim.stats.add(now, &c, nil)
}

// takeBack queues again, in their order and before the rest, what was sent before the given time (zero: ever) and has
// no answer. The account is locked.
func (a *account) takeBack(s *session, before time.Time, c *Counts) {
	if s.window.open == 0 {
		return
	}
	var again queue
	n := uint32(len(s.window.slots))
	for i := range n {
		slot := &s.window.slots[(s.window.seq+i)%n]
		if slot.seq == 0 || (!before.IsZero() && slot.at.After(before)) {
			continue
		}
		slot.seq = 0
		s.window.open--
		binary.BigEndian.PutUint32(slot.pdu[12:], slot.kind)
		again.push(&a.pool, slot.pdu)
		a.sim.owed.Add(int64(len(slot.pdu)))
		c.Retried++
	}
	if again.records == 0 {
		return // and what waits, which may be much, stays where it is
	}
	for a.waiting.records > 0 {
		again.push(&a.pool, a.waiting.peek())
		a.waiting.drop(&a.pool)
	}
	a.waiting = again
}

// overdue sends again what has had no answer for too long, and what waits if a link has begun to read or speak again.
func (a *account) overdue(now time.Time) {
	var c Counts
	a.mu.Lock()
	for _, s := range a.rx {
		a.takeBack(s, now.Add(-a.sim.opt.AnswerTime), &c)
	}
	a.pump(now, &c)
	a.mu.Unlock()
	a.sim.stats.add(now, &c, nil)
}

// forget drops everything that waits.
func (a *account) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sim.owed.Add(-int64(a.waiting.bytes))
	a.waiting.clear(&a.pool)
}
