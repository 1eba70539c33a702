package simulator

import (
	"encoding/binary"
	"errors"
	"time"

	"kurir/smpp"
)

// batch is all that one read brought and what is to follow from it. The effects are gathered and done together at the
// end, so that locks are taken once per batch. Its buffers are used again.
type batch struct {
	ss        *session
	now       time.Time
	behaviour *Behaviour
	c         Counts
	statuses  map[smpp.Status]int64

	acks    []smpp.Header // answers to our deliver_sm
	answers []byte        // encoded
	tail    []byte        // octets to write after all the rest
	out     outgoing
	inbox   []received
	hashes  []uint64
	joining bool // the session was bound as a receiver

	pdu  smpp.PDU // being read
	resp smpp.SubmitSMResp
	data smpp.DataSMResp
	id   []byte
	text []byte

	alias      string  // of the message that is being taken, where its language has such; see alias.go
	reports    uint8   // its status report request, as receipt has it
	multiID    uint64  // what the receipts of all destinations of a submit_multi have as their id; 0: no submit_multi
	congestion [1]byte // value of congestion_state
	dpf        [1]byte // value of dpf_result
	tlvs       [2]smpp.TLV
}

func (b *batch) init(ss *session) {
	b.ss, b.statuses = ss, map[smpp.Status]int64{}
	b.out.sim = ss.sim
}

// begin makes it empty.
func (b *batch) begin(now time.Time) {
	b.now, b.behaviour = now, b.ss.sim.Behaviour()
	b.c = Counts{}
	clear(b.statuses)
	clear(b.inbox)
	b.acks, b.answers, b.tail = b.acks[:0], b.answers[:0], b.tail[:0]
	b.inbox, b.hashes, b.joining = b.inbox[:0], b.hashes[:0], false
	b.out.begin()
}

// answer encodes a response; it always returns true, so that handlers can end with it.
func (b *batch) answer(p smpp.PDU) bool {
	out, err := b.ss.speaks.answer(b.answers, &p)
	if err != nil {
		b.ss.sim.log.Warn("answer cannot be written", "protocol", b.ss.speaks.name(), "error", err)
		return true
	}
	b.answers = out
	return true
}

// decodeError answers what could not be read and reports whether the connection can go on.
func (b *batch) decodeError(err error) bool {
	var bad *smpp.DecodeError
	if !errors.As(err, &bad) {
		return false
	}
	b.answer(bad.Answer())
	return !bad.Framing
}

// end does everything that the batch has led to.
func (b *batch) end() {
	ss, s := b.ss, b.ss.sim
	if ss.account != nil && len(b.acks) > 0 {
		ss.account.acked(ss, b.acks, b.now)
	}
	s.seen.add(b.hashes)
	s.inbox.add(b.inbox)
	s.phones.receive(b.inbox, &s.hub)
	b.out.flushEarly(ss.account, ss, b.now)
	ss.out.write(b.answers)
	if b.joining {
		ss.account.join(ss, b.now)
	}
	b.out.flush(ss.account, ss, b.now)
	ss.out.write(b.tail)
	s.stats.add(b.now, &b.c, b.statuses)
	if b.c != (Counts{}) {
		ss.count(&b.c, b.now)
	}
}

// outgoing gathers the deliver_sm that are to go to one account.
type outgoing struct {
	sim     *Simulator
	writer  receiptWriter
	buf     []byte
	early   [][]byte // before the answers
	now     [][]byte
	later   []delayed
	answers []delayed // that come later; placed before the receipts that are due with them
	record  []byte
}

// delayed is a record for the wheel.
type delayed struct {
	due    time.Time
	record []byte
}

func (o *outgoing) begin() {
	if cap(o.buf) > maxUnread {
		o.buf = nil
	}
	clear(o.early)
	clear(o.now)
	clear(o.later)
	clear(o.answers)
	o.buf, o.early, o.now, o.later, o.answers = o.buf[:0], o.early[:0], o.now[:0], o.later[:0], o.answers[:0]
}

// keep copies a record into the buffer. When the buffer moves, earlier records stay where they were.
func (o *outgoing) keep(head, body []byte) []byte {
	start := len(o.buf)
	o.buf = append(append(o.buf, head...), body...)
	return o.buf[start:len(o.buf):len(o.buf)]
}

// answerLater keeps an answer until due.
func (o *outgoing) answerLater(ss *session, due time.Time, pdu []byte) {
	o.record = binary.AppendUvarint(append(o.record[:0], recordAnswer), ss.number)
	o.answers = append(o.answers, delayed{due, o.keep(o.record, pdu)})
}

// receipt writes one receipt that goes out at a time, or at once if that is zero.
func (o *outgoing) receipt(a *account, r *receipt, due time.Time, early bool) {
	o.record = o.record[:0]
	if !due.IsZero() {
		o.record = binary.AppendUvarint(append(o.record, recordDeliver), a.index)
	}
	start := len(o.buf)
	out, err := o.writer.append(append(o.buf, o.record...), r, o.sim.opt.ReceiptTLVs)
	if err != nil { // an address too long for deliver_sm, which came in data_sm
		o.sim.log.Warn("receipt cannot be written", "error", err)
		return
	}
	o.buf = out
	record := o.buf[start:len(o.buf):len(o.buf)]
	switch {
	case early:
		o.early = append(o.early, record)
	case due.IsZero():
		o.now = append(o.now, record)
	default:
		o.later = append(o.later, delayed{due, record})
	}
}

// flushEarly sends what goes before the answers.
func (o *outgoing) flushEarly(a *account, prefer *session, now time.Time) {
	if len(o.early) > 0 {
		a.deliver(o.early, prefer, now)
	}
}

// flush sends the rest and puts on the wheel what is for later.
func (o *outgoing) flush(a *account, prefer *session, now time.Time) {
	if len(o.now) > 0 {
		a.deliver(o.now, prefer, now)
	}
	if len(o.answers)+len(o.later) > 0 {
		o.sim.allLater(o.answers, o.later)
	}
}
