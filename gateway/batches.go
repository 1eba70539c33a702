package gateway

import (
	"hash/maphash"

	"kurir/message"
)

// A batch is what an account sends together: messages with one reference, or of
// one request with many recipients. Batches of an account take turns in its lane,
// so that a small one does not wait behind a large one.
//
// Many customers give each message a reference of its own, by which they know it
// again. Such a message is alone: all of an account's that are alone, or have no
// reference, are served as one, in order, lest they leave a batch one turn in
// thousands. Those with a tag are together with others of their tag. A message is
// no longer alone when a second with its reference comes to wait beside it.
//
// Nothing of this is stored, and nothing outlives the messages that wait in
// memory.

// batch numbers name batches of an account; 0 is none. Those of requests have
// ofRequest set, those of references have not. Two batches with the same number
// by chance are one.
const ofRequest = 1 << 31

var batchSeed = maphash.MakeSeed()

// batchOfRequest returns the number of a request whose first message is id.
func batchOfRequest(id message.ID) uint32 {
	return uint32(maphash.Comparable(batchSeed, id)) | ofRequest
}

// ofRequest returns the number of the request that is accepted, its messages
// having ids.
func (a *applicant) ofRequest() uint32 {
	if a.stream != 0 {
		return a.stream | ofRequest
	}
	return batchOfRequest(a.good[0].ID)
}

// setBatch fills in the batch of a message by its reference, unless it has one.
func (e *entry) setBatch() {
	if e.batch == 0 && e.m.Reference != "" {
		e.batch = uint32(maphash.String(batchSeed, e.m.Reference))&^ofRequest | 1
	}
}

// accountQueue is what waits of one account in one lane.
type accountQueue struct {
	waiter
	account string
	pace    *pace // nil without a rate
	slowed  bool  // it is in its lane's slowed, not in its turns
	turns   turns[*flow]
	plain   flow              // what is in no batch and has no tag
	flows   map[uint64]*flow  // the others that are not empty
	alone   map[uint32]*entry // the only one with a reference, by batch; it waits in rest
}

// flow is a batch, or what is served as one. Its messages are linked by prev and
// next.
type flow struct {
	waiter
	key         uint64
	first, last *entry
}

// ofTag is set in keys of flows for a tag; others are batch numbers.
const ofTag = 1 << 32

// rest returns the key of the flow for messages that are in no batch.
func (e *entry) rest() uint64 {
	if tag := e.m.Tag(); tag != "" {
		return uint64(uint32(maphash.String(batchSeed, tag))) | ofTag
	}
	return 0
}

// flow returns the flow with a key, a new one if there is none.
func (q *accountQueue) flow(key uint64) *flow {
	if key == 0 {
		return &q.plain
	}
	f := q.flows[key]
	if f == nil {
		if q.flows == nil {
			q.flows = map[uint64]*flow{}
		}
		f = &flow{key: key}
		q.flows[key] = f
	}
	return f
}

// keyOf returns the key of the flow in which a message waits, or would wait
// beside what is there.
func (q *accountQueue) keyOf(e *entry) uint64 {
	if e.batch == 0 {
		return e.rest()
	}
	if e.batch&ofRequest != 0 || q != nil && (q.flows[uint64(e.batch)] != nil || q.alone[e.batch] != nil && q.alone[e.batch] != e) {
		return uint64(e.batch)
	}
	return e.rest()
}

func (q *accountQueue) push(e *entry, front bool) {
	e.setBatch()
	key := q.keyOf(e)
	f := q.flow(key)
	switch first := q.alone[e.batch]; {
	case e.batch == 0:
	case first != nil: // the two are a batch
		delete(q.alone, e.batch)
		q.unlink(q.flow(first.rest()), first)
		f.link(first, false)
	case key != uint64(e.batch):
		if q.alone == nil {
			q.alone = map[uint32]*entry{}
		}
		q.alone[e.batch] = e
	}
	q.n++
	f.link(e, front)
	q.turns.enter(f)
}

func (q *accountQueue) pop() *entry {
	f := q.turns.head()
	e := f.first
	q.take(f, e)
	q.turns.next()
	return e
}

// take takes a message out of its flow.
func (q *accountQueue) take(f *flow, e *entry) {
	if e.batch != 0 && q.alone[e.batch] == e {
		delete(q.alone, e.batch)
	}
	q.n--
	q.unlink(f, e)
}

func (q *accountQueue) unlink(f *flow, e *entry) {
	f.unlink(e)
	if f.n == 0 && f.key != 0 {
		delete(q.flows, f.key)
	}
}

// find returns the flow in which a message waits, nil if it is not there.
func (q *accountQueue) find(e *entry) *flow {
	f := &q.plain
	if key := q.keyOf(e); key != 0 {
		f = q.flows[key]
	}
	if f == nil || f.first != e && e.prev == nil {
		return nil
	}
	return f
}

// beside is how many messages wait in the flow in which a message would wait.
func (q *accountQueue) beside(e *entry) int {
	key := q.keyOf(e)
	if f := q.flows[key]; f != nil {
		return f.n
	} else if key == 0 {
		return q.plain.n
	}
	return 0
}

// each calls f for all messages.
func (q *accountQueue) each(f func(*entry)) {
	for _, w := range q.turns.all() {
		for e := w.first; e != nil; e = e.next {
			f(e)
		}
	}
}

func (f *flow) link(e *entry, front bool) {
	f.n++
	switch {
	case f.first == nil:
		e.prev, e.next = nil, nil
		f.first, f.last = e, e
	case front:
		e.prev, e.next = nil, f.first
		f.first.prev = e
		f.first = e
	default:
		e.prev, e.next = f.last, nil
		f.last.next = e
		f.last = e
	}
}

func (f *flow) unlink(e *entry) {
	f.n--
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		f.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		f.last = e.prev
	}
	e.prev, e.next = nil, nil
}

// onDisk is what is known of an account's messages that wait on disk only, in a
// lane. A set of 256 bits says in which flows they may be: once a flow is in it,
// it stays until the account has nothing on disk any more, and when there have
// been some hundred, few others are not.
type onDisk struct {
	newest uint64    // gather that adds the newest
	flows  [4]uint64 // by key
}

// flowsOf calls f for each flow in which e may be: that beside which it would
// wait in q, its account's in memory, and its batch.
func (d *onDisk) flowsOf(e *entry, q *accountQueue, f func(word *uint64, mask uint64)) {
	key := q.keyOf(e)
	f(&d.flows[key>>6&3], 1<<(key&63))
	if b := uint64(e.batch); b != 0 && b != key {
		f(&d.flows[b>>6&3], 1<<(b&63))
	}
}

// add books a message that is left on disk only.
func (d *onDisk) add(e *entry, q *accountQueue) {
	d.flowsOf(e, q, func(word *uint64, mask uint64) { *word |= mask })
}

// addAny books that there are messages of unknown flows.
func (d *onDisk) addAny() {
	for i := range d.flows {
		d.flows[i] = ^uint64(0)
	}
}

// before tells whether messages may be there that go before e.
func (d *onDisk) before(e *entry, q *accountQueue) (is bool) {
	d.flowsOf(e, q, func(word *uint64, mask uint64) { is = is || *word&mask != 0 })
	return is
}
