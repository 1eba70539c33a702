package load

import (
	"sync"
	"time"
)

// tally is what one connection has counted. Its owner locks it once per batch.
type tally struct {
	run *run

	mu                  sync.Mutex
	acceptance, receipt histogram
	receipts, unknown   int64
	states, errors      map[string]int64
	seconds             []Second
	// Of the time that is measured:
	measuredAnswers, measuredReceipts int64
	lastAnswer, lastReceipt           time.Duration
}

func newTally(r *run) *tally {
	return &tally{run: r, states: map[string]int64{}, errors: map[string]int64{}}
}

// second gives the counters of a moment.
func (t *tally) second(at time.Duration) *Second {
	n := int(at / time.Second)
	for n >= len(t.seconds) {
		t.seconds = append(t.seconds, Second{})
	}
	return &t.seconds[n]
}

// accepted books a message that was accepted. The lock is held, as in all that follow.
func (t *tally) accepted(message uint32, now time.Duration) {
	r := t.run
	sent, ok := r.ledger.sentAt(message)
	if !ok || !r.ledger.mark(message, wasAccepted) {
		return
	}
	t.second(now).Accepted++
	measured := now >= r.opt.WarmUp && !r.over(now)
	if measured || sent >= r.opt.WarmUp { // also what should have been sent long before: a backlog must not hide
		t.acceptance.add(now - sent)
	}
	if measured {
		t.measuredAnswers++
		t.lastAnswer = max(t.lastAnswer, now)
	}
	r.touch(now)
}

// refused books a message that was answered with an error.
func (t *tally) refused(message uint32, why string, now time.Duration) {
	t.run.ledger.mark(message, wasRefused)
	t.failed(why)
	t.run.touch(now)
}

// failed counts an error.
func (t *tally) failed(why string) {
	const kinds = 1000
	if _, known := t.errors[why]; known || len(t.errors) < kinds {
		t.errors[why]++
	}
}

// receipted books a receipt of a message.
func (t *tally) receipted(message uint32, now time.Duration) {
	r := t.run
	sent, ok := r.ledger.sentAt(message)
	if !ok {
		t.unknown++
		return
	}
	r.touch(now)
	if !r.ledger.receipt(message) {
		return
	}
	r.receipted.Add(1)
	t.second(now).Receipts++
	measured := now >= r.opt.WarmUp && !r.over(now)
	byArrival := r.opt.Duration > 0 || r.opt.Kind == Receive
	if byArrival && measured || !byArrival && sent >= r.opt.WarmUp {
		t.receipt.add(now - sent)
	}
	if measured {
		t.measuredReceipts++
		t.lastReceipt = max(t.lastReceipt, now)
	}
}

// state counts what a receipt says.
func (t *tally) state(word string) {
	t.receipts++
	const words = 100
	if _, known := t.states[word]; known || len(t.states) < words {
		t.states[word]++
	}
}

// merge adds another's figures.
func (t *tally) merge(o *tally) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t.acceptance.merge(&o.acceptance)
	t.receipt.merge(&o.receipt)
	t.receipts += o.receipts
	t.unknown += o.unknown
	for k, n := range o.states {
		t.states[k] += n
	}
	for k, n := range o.errors {
		t.errors[k] += n
	}
	for i, s := range o.seconds {
		sum := t.second(time.Duration(i) * time.Second)
		sum.Accepted += s.Accepted
		sum.Receipts += s.Receipts
	}
	t.measuredAnswers += o.measuredAnswers
	t.measuredReceipts += o.measuredReceipts
	t.lastAnswer, t.lastReceipt = max(t.lastAnswer, o.lastAnswer), max(t.lastReceipt, o.lastReceipt)
}
