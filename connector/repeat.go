package connector

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds on what is remembered of messages from phones.
const (
	repeatTime = 10 * time.Minute // within which an operator repeats what we did not answer
	repeatMost = 10_000           // messages without an answer, over all links
	unsentTime = 2 * time.Second  // before the end of a session: what was answered then may not have gone out
	unsentMost = 500              // such messages of a session
)

// inboundPrint tells messages from phones apart: link or scope, addresses, text, and what else an operator gives that
// stays the same when he sends one again.
type inboundPrint [16]byte

// printer makes a print of texts, one after the other.
type printer struct{ hash.Hash }

func newPrinter(scope string) printer {
	p := printer{sha256.New()}
	p.text(scope)
	return p
}

// text adds one, so that it does not run into the next.
func (p printer) text(s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	p.Write(n[:])
	p.Write([]byte(s))
}

func (p printer) print() inboundPrint { return inboundPrint(p.Sum(nil)[:16]) }

// unanswered remembers messages from phones that are on disk and whose answer
// never reached the operator, for he sends them again on the next session. It
// is lost with the process: what was not answered then is told twice.
type unanswered struct {
	some atomic.Bool // there may be any

	mu    sync.Mutex
	since map[inboundPrint][]time.Time
	order []printed // oldest first
}

type printed struct {
	print inboundPrint
	at    time.Time
}

// unanswered remembers a message.
func (r *unanswered) unanswered(p inboundPrint, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[inboundPrint][]time.Time{}
	}
	r.tidy(now)
	if len(r.order) >= repeatMost {
		r.drop(r.order[0])
		r.order = r.order[1:]
	}
	r.since[p] = append(r.since[p], now)
	r.order = append(r.order, printed{p, now})
	r.some.Store(true)
}

// again tells whether a message repeats one that is remembered, which is
// forgotten thereby: each is repeated once.
func (r *unanswered) again(p inboundPrint, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(now)
	times := r.since[p]
	if len(times) == 0 {
		return false
	}
	r.drop(printed{p, times[0]})
	return true
}

// tidy forgets what is too old; mu is held.
func (r *unanswered) tidy(now time.Time) {
	n := 0
	for n < len(r.order) && now.Sub(r.order[n].at) > repeatTime {
		r.drop(r.order[n])
		n++
	}
	if r.order = r.order[n:]; len(r.order) == 0 {
		r.order = nil
		r.some.Store(false)
	}
}

// drop forgets one message, if that was not done before; mu is held.
func (r *unanswered) drop(old printed) {
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

// unsent is the messages from phones that a session answered lately.
type unsent struct {
	mu   sync.Mutex
	list []printed // oldest first
	over bool
}

// answered notes messages that a session was told to answer. If the session has
// ended meanwhile they are unanswered.
func (u *unsent) answered(prints []inboundPrint, sent bool, r *unanswered) {
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
	for old < len(u.list) && now.Sub(u.list[old].at) > unsentTime {
		old++
	}
	old = max(old, min(len(u.list), len(u.list)+len(prints)-unsentMost))
	u.list = append(u.list[:0], u.list[old:]...)
	for _, p := range prints {
		u.list = append(u.list, printed{p, now})
	}
}

// end tells that the session is over. cut says that what it wrote last may not
// have arrived.
func (u *unsent) end(cut bool, r *unanswered) {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	for _, last := range u.list {
		if cut && now.Sub(last.at) <= unsentTime {
			r.unanswered(last.print, now)
		}
	}
	u.list = nil
}
