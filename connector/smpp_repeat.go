package connector

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"kurir/smpp"
)

// Bounds on what is remembered of messages from phones.
const (
	smppRepeatTime = 10 * time.Minute // within which an operator repeats what we did not answer
	smppRepeatMost = 10_000           // messages without an answer, over all links
	smppUnsentTime = 2 * time.Second  // before the end of a session: what was answered then may not have gone out
	smppUnsentMost = 500              // such messages of a session
)

// smppPrint tells messages from phones apart: link or scope, addresses, text,
// user_message_reference.
type smppPrint [16]byte

// smppPrintOf makes the print of a deliver_sm. scope is what the operator's
// repeats come by.
func smppPrintOf(scope string, d *smpp.DeliverSM) smppPrint {
	h := sha256.New()
	text := func(s string) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	text(scope)
	text(d.Source.Addr)
	text(d.Dest.Addr)
	h.Write([]byte{d.ESMClass, d.DataCoding, d.Source.TON, d.Dest.TON})
	for _, tag := range []smpp.Tag{
		smpp.TagUserMessageReference, smpp.TagSARMsgRefNum, smpp.TagSARTotalSegments, smpp.TagSARSegmentSeqnum,
	} {
		v, _ := d.TLVs.Get(tag)
		text(string(v))
	}
	h.Write(d.Message())
	return smppPrint(h.Sum(nil)[:16])
}

// smppUnanswered remembers messages from phones that are on disk and whose answer
// never reached the operator, for he sends them again on the next session. It
// is lost with the process: what was not answered then is told twice.
type smppUnanswered struct {
	some atomic.Bool // there may be any

	mu    sync.Mutex
	since map[smppPrint][]time.Time
	order []smppPrinted // oldest first
}

type smppPrinted struct {
	print smppPrint
	at    time.Time
}

// unanswered remembers a message.
func (r *smppUnanswered) unanswered(p smppPrint, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[smppPrint][]time.Time{}
	}
	r.tidy(now)
	if len(r.order) >= smppRepeatMost {
		r.drop(r.order[0])
		r.order = r.order[1:]
	}
	r.since[p] = append(r.since[p], now)
	r.order = append(r.order, smppPrinted{p, now})
	r.some.Store(true)
}

// again tells whether a message repeats one that is remembered, which is
// forgotten thereby: each is repeated once.
func (r *smppUnanswered) again(p smppPrint, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(now)
	times := r.since[p]
	if len(times) == 0 {
		return false
	}
	r.drop(smppPrinted{p, times[0]})
	return true
}

// tidy forgets what is too old; mu is held.
func (r *smppUnanswered) tidy(now time.Time) {
	n := 0
	for n < len(r.order) && now.Sub(r.order[n].at) > smppRepeatTime {
		r.drop(r.order[n])
		n++
	}
	if r.order = r.order[n:]; len(r.order) == 0 {
		r.order = nil
		r.some.Store(false)
	}
}

// drop forgets one message, if that was not done before; mu is held.
func (r *smppUnanswered) drop(old smppPrinted) {
	times := r.since[old.print]
	for i, at := range times {
		if at.Equal(old.at) {
			times = append(times[:i], times[i+1:]...)
			break
		}
	}
	if len(times) == 0 {
		delete(r.since, old.print)
	} else {
		r.since[old.print] = times
	}
}

// smppUnsent is the messages from phones that a session answered lately.
type smppUnsent struct {
	mu   sync.Mutex
	list []smppPrinted // oldest first
	over bool
}

// answered notes messages that a session was told to answer. If the session has
// ended meanwhile they are unanswered.
func (u *smppUnsent) answered(prints []smppPrint, sent bool, r *smppUnanswered) {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if !sent || u.over {
		for _, p := range prints {
			r.unanswered(p, now)
		}
		return
	}
	old := 0
	for old < len(u.list) && now.Sub(u.list[old].at) > smppUnsentTime {
		old++
	}
	old = max(old, min(len(u.list), len(u.list)+len(prints)-smppUnsentMost))
	u.list = append(u.list[:0], u.list[old:]...)
	for _, p := range prints {
		u.list = append(u.list, smppPrinted{p, now})
	}
}

// end tells that the session is over. cut says that what it wrote last may not
// have arrived.
func (u *smppUnsent) end(cut bool, r *smppUnanswered) {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	for _, last := range u.list {
		if cut && now.Sub(last.at) <= smppUnsentTime {
			r.unanswered(last.print, now)
		}
	}
	u.list = nil
}
