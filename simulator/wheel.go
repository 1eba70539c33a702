package simulator

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// The two rings of the wheel: near holds what is due within 4 s in slots of 2 ms, far what is due within 70 minutes
// in slots of one turn of near. What is due still later waits in the last far slot and is looked at again there.
const (
	tick      = 2 * time.Millisecond
	nearSlots = 2048
	farSlots  = 1024

	chunkSize    = 8 << 10
	maxFreeChunk = 4096 // 32 MiB kept for reuse
)

// chunk is a piece of a queue of records; every record stands in it with its length before it.
type chunk struct {
	next *chunk
	read int
	data []byte
}

// chunkPool keeps chunks for reuse. The lock of its owner guards it.
type chunkPool struct {
	free  *chunk
	count int
}

func (p *chunkPool) get(size int) *chunk {
	if c := p.free; c != nil && size <= chunkSize {
		p.free, p.count = c.next, p.count-1
		c.next, c.read, c.data = nil, 0, c.data[:0]
		return c
	}
	return &chunk{data: make([]byte, 0, max(chunkSize, size))}
}

func (p *chunkPool) put(c *chunk) {
	if p.count >= maxFreeChunk || cap(c.data) > chunkSize {
		return
	}
	c.next = p.free
	p.free, p.count = c, p.count+1
}

// queue is a first-in first-out list of byte records without an allocation per record.
type queue struct {
	head, tail *chunk
	records    int
	bytes      int
}

// push appends a copy of the record.
func (q *queue) push(p *chunkPool, record []byte) {
	need := len(record) + binary.MaxVarintLen32
	if q.tail == nil || cap(q.tail.data)-len(q.tail.data) < need {
		c := p.get(need)
		if q.tail == nil {
			q.head = c
		} else {
			q.tail.next = c
		}
		q.tail = c
	}
	q.tail.data = binary.AppendUvarint(q.tail.data, uint64(len(record)))
	q.tail.data = append(q.tail.data, record...)
	q.records++
	q.bytes += len(record)
}

// peek returns the oldest record, nil when there is none. It is valid until the next call of drop.
func (q *queue) peek() []byte {
	if q.records == 0 {
		return nil
	}
	size, n := binary.Uvarint(q.head.data[q.head.read:])
	start := q.head.read + n
	return q.head.data[start : start+int(size)]
}

// drop removes the oldest record.
func (q *queue) drop(p *chunkPool) {
	size, n := binary.Uvarint(q.head.data[q.head.read:])
	q.head.read += n + int(size)
	q.records--
	q.bytes -= int(size)
	if q.head.read < len(q.head.data) {
		return
	}
	c := q.head
	q.head = c.next
	if q.head == nil {
		q.tail = nil
	}
	p.put(c)
}

// clear gives all chunks back.
func (q *queue) clear(p *chunkPool) {
	for c := q.head; c != nil; {
		next := c.next
		p.put(c)
		c = next
	}
	*q = queue{}
}

// wheel keeps records until they are due: no timer, goroutine or allocation per record. Records that are due in the
// same tick come out in the order in which they were added. Its owner locks it.
type wheel struct {
	start time.Time
	now   int64 // ticks since start; everything before is out
	near  [nearSlots]queue
	far   [farSlots]queue
	used  [nearSlots / 64]uint64 // bit set of near slots that hold something
	size  int                    // records, in both rings
	pool  chunkPool
	buf   []byte
}

func newWheel(now time.Time) *wheel { return &wheel{start: now} }

// ticks rounds up, so that nothing comes out too early.
func (w *wheel) ticks(t time.Time) int64 { return int64((t.Sub(w.start) + tick - 1) / tick) }

// add keeps a copy of the record until due.
func (w *wheel) add(due time.Time, record []byte) {
	w.buf = binary.AppendVarint(w.buf[:0], w.ticks(due))
	w.buf = append(w.buf, record...)
	w.place(w.ticks(due), w.buf)
	w.size++
}

// place puts a record, which begins with its tick, into the slot of that tick.
func (w *wheel) place(at int64, record []byte) {
	at = max(at, w.now)
	if at/nearSlots == w.now/nearSlots {
		slot := at % nearSlots
		w.near[slot].push(&w.pool, record)
		w.used[slot/64] |= 1 << (slot % 64)
		return
	}
	turn := min(at/nearSlots, w.now/nearSlots+farSlots-1)
	w.far[turn%farSlots].push(&w.pool, record)
}

// take moves up to limit due records to the function, in order, and reports whether more are due.
func (w *wheel) take(now time.Time, limit int, due func(record []byte)) (more bool) {
	last := int64(now.Sub(w.start) / tick)
	for w.now <= last {
		q := &w.near[w.now%nearSlots]
		for q.records > 0 {
			if limit == 0 {
				return true
			}
			limit--
			record := q.peek()
			_, n := binary.Varint(record)
			due(record[n:])
			q.drop(&w.pool)
			w.size--
		}
		slot := w.now % nearSlots
		w.used[slot/64] &^= 1 << (slot % 64)
		w.step(last)
	}
	return false
}

// step goes on to the next tick that can hold something, at most one after last, and takes apart a far slot when a
// turn of the near ring begins.
func (w *wheel) step(last int64) {
	turn := w.now / nearSlots
	next := w.nextUsed(w.now + 1)
	if next < 0 || next > last {
		next = min(last+1, (turn+1)*nearSlots)
	}
	w.now = next
	if w.now/nearSlots == turn {
		return
	}
	q := w.far[w.now/nearSlots%farSlots]
	w.far[w.now/nearSlots%farSlots] = queue{}
	for q.records > 0 {
		record := q.peek()
		at, _ := binary.Varint(record)
		w.place(at, record)
		q.drop(&w.pool)
	}
}

// nextUsed finds the next tick from on, within this turn, that holds something; -1 when there is none.
func (w *wheel) nextUsed(from int64) int64 {
	turn := w.now / nearSlots
	if from/nearSlots != turn {
		return -1
	}
	slot := from % nearSlots
	word := w.used[slot/64] &^ (1<<(slot%64) - 1)
	for i := slot / 64; ; {
		if word != 0 {
			return turn*nearSlots + i*64 + int64(bits.TrailingZeros64(word))
		}
		if i++; i == nearSlots/64 {
			return -1
		}
		word = w.used[i]
	}
}

// next says when take has something to do; ok is false when the wheel is empty.
func (w *wheel) next() (at time.Time, ok bool) {
	if w.size == 0 {
		return time.Time{}, false
	}
	t := w.nextUsed(w.now)
	if t < 0 {
		t = (w.now/nearSlots + 1) * nearSlots
	}
	return w.start.Add(time.Duration(t) * tick), true
}

// clear forgets everything.
func (w *wheel) clear() {
	for i := range w.near {
		w.near[i].clear(&w.pool)
	}
	for i := range w.far {
		w.far[i].clear(&w.pool)
	}
	w.used = [nearSlots / 64]uint64{}
	w.size = 0
}
