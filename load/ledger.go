package load

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// ledger remembers of every message when it was to be sent and what came back: about 30 octets each. Sessions use it
// at the same time; a message is its number, from 0.
type ledger struct {
	mu     sync.Mutex
	chunks atomic.Pointer[[]*ledgerChunk]
	seed   maphash.Seed
	shards [64]idShard
}

const ledgerChunkSize = 1 << 16

// ledgerChunk holds neighbouring messages.
type ledgerChunk struct {
	sent  [ledgerChunkSize]int64  // nanoseconds since the start of the run; atomic
	state [ledgerChunkSize]uint32 // atomic
}

// The state of a message: what was answered, and above it the number of receipts.
const (
	wasAccepted = 1 << iota
	wasRefused
	wasUnanswered
	oneReceipt // and multiples
)

func newLedger() *ledger {
	l := &ledger{seed: maphash.MakeSeed()}
	l.chunks.Store(&[]*ledgerChunk{})
	for i := range l.shards {
		l.shards[i].index = map[uint64]uint32{}
		l.shards[i].early = map[uint64]earlyReceipt{}
	}
	return l
}

// at finds the place of a message, nil if it was never sent.
func (l *ledger) at(message uint32) (*ledgerChunk, uint32) {
	chunks := *l.chunks.Load()
	if n := message / ledgerChunkSize; int(n) < len(chunks) {
		return chunks[n], message % ledgerChunkSize
	}
	return nil, 0
}

// sending notes when a message is sent, or should have been.
func (l *ledger) sending(message uint32, at time.Duration) {
	c, i := l.at(message)
	for c == nil {
		l.mu.Lock()
		chunks := *l.chunks.Load()
		if int(message/ledgerChunkSize) >= len(chunks) {
			grown := append(chunks[:len(chunks):len(chunks)], new(ledgerChunk))
			l.chunks.Store(&grown)
		}
		l.mu.Unlock()
		c, i = l.at(message)
	}
	atomic.StoreInt64(&c.sent[i], int64(at))
}

// sentAt is when a message was sent, or should have been; ok is false if it never was.
func (l *ledger) sentAt(message uint32) (at time.Duration, ok bool) {
	c, i := l.at(message)
	if c == nil {
		return 0, false
	}
	return time.Duration(atomic.LoadInt64(&c.sent[i])), true
}

// mark sets a bit of the state and reports whether it was not set before.
func (l *ledger) mark(message, bit uint32) bool {
	c, i := l.at(message)
	return atomic.OrUint32(&c.state[i], bit)&bit == 0
}

// receipt counts a receipt and reports whether it was the first.
func (l *ledger) receipt(message uint32) bool {
	c, i := l.at(message)
	return atomic.AddUint32(&c.state[i], oneReceipt)/oneReceipt == 1
}

// receipts is how many receipts of a message were counted, 0 also of one that was never sent.
func (l *ledger) receipts(message uint32) uint32 {
	c, i := l.at(message)
	if c == nil {
		return 0
	}
	return atomic.LoadUint32(&c.state[i]) / oneReceipt
}

// each calls the function with the state of every message below the end.
func (l *ledger) each(end uint32, do func(message, state uint32)) {
	for m := range end {
		if c, i := l.at(m); c != nil {
			do(m, atomic.LoadUint32(&c.state[i]))
		}
	}
}

// idShard is a part of the index of message ids. It keeps hashes of 64 bits, not ids.
type idShard struct {
	mu    sync.Mutex
	index map[uint64]uint32
	early map[uint64]earlyReceipt
}

// earlyReceipt came before the answer that has its id.
type earlyReceipt struct {
	at    time.Duration
	times int
}

// maxEarly is how many receipts of ids that nobody has given out are remembered in each shard.
const maxEarly = 10_000

// named notes the id that a message was given, and returns the receipts that came for it already.
func (l *ledger) named(message uint32, id []byte) earlyReceipt {
	h := maphash.Bytes(l.seed, id)
	s := &l.shards[h%64]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[h] = message
	if len(s.early) == 0 {
		return earlyReceipt{}
	}
	e := s.early[h]
	delete(s.early, h)
	return e
}

// find gives the message of an id; if there is none yet, the receipt is remembered.
func (l *ledger) find(id []byte, now time.Duration) (message uint32, ok bool) {
	h := maphash.Bytes(l.seed, id)
	s := &l.shards[h%64]
	s.mu.Lock()
	defer s.mu.Unlock()
	message, ok = s.index[h]
	if !ok && len(s.early) < maxEarly {
		e := s.early[h]
		s.early[h] = earlyReceipt{at: now, times: e.times + 1}
	}
	return message, ok
}

// unknown counts the receipts whose id nobody has given out.
func (l *ledger) unknown() (n int64) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for _, e := range s.early {
			n += int64(e.times)
		}
		s.mu.Unlock()
	}
	return n
}
