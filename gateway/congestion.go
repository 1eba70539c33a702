package gateway

import "time"

// Operators say that it is too much in more ways than ESME_RTHROTTLED. This file
// turns them into less speed, by the same pace:
//
//   - congestion_state (SMPP 5.0): from 90 on the rate stays where it is, from 99
//     on it falls at once; when the operator is idle again it goes up quickly.
//   - ESME_RMSGQFUL may mean the queue of one phone, which must not slow the link
//     down, or the operator's own, which must. See fullQueues.

const (
	nearlyCongested = 90
	congested       = 99
	congestedShare  = 0.3             // by how much the rate falls
	congestedWait   = time.Second     // and for how long the link pauses
	leastHeld       = 10              // parts a second at which a link without a rate is held at least
	quarrelsome     = time.Minute     // after a complaint an idle operator is not believed
	fullTime        = 5 * time.Second // within which refusals belong together
	fullPhones      = 5               // different phones
	fullShare       = 4               // one refusal for so many taken
)

// Congestion implements connector.Core.
func (c linkCore) Congestion(_ uint32, state uint8) {
	now := c.g.now()
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	switch {
	case state >= congested:
		if c.l.pace.yield(now) {
			c.l.count.throttled.Add(1)
		}
	case state >= nearlyCongested:
		c.l.pace.hold(now)
	case state == 0:
		c.l.pace.free(now)
	}
}

// yield pauses and goes on with a good deal less, in the flat middle of the
// curve; false during a pause.
func (p *pace) yield(now time.Time) bool {
	if !p.fall(now, congestedWait, congestedShare) {
		return false
	}
	p.base, p.quick, p.since = p.rate, false, p.until-plateau.Milliseconds()
	return true
}

// hold keeps the rate for the moment where it is: in the flat middle of its
// curve.
func (p *pace) hold(now time.Time) {
	ms := now.UnixMilli()
	if ms < p.until {
		return
	}
	p.grow(ms)
	if p.rate == 0 {
		p.rate = max(leastHeld, p.seen(now))
	}
	p.base, p.quick, p.since = p.rate, false, ms-plateau.Milliseconds()
}

// free lets a rate that is held back grow quickly, unless the operator has
// complained lately: then his limit is another than what his machines can do.
func (p *pace) free(now time.Time) {
	ms := now.UnixMilli()
	if p.since == 0 || p.quick || ms < p.until || p.complained != 0 && ms-p.complained < quarrelsome.Milliseconds() {
		return
	}
	p.base, p.quick, p.since = p.rate, true, ms
}

// fullQueues tells the queue of one phone, or of a few, from the operator's own:
// that is full when within a few seconds the messages for several phones are
// refused, and these are a good part of all.
type fullQueues struct {
	since   int64 // Unix milliseconds of the first refusal that counts
	taken   int64 // messages of the link that had been taken then
	refused int64
	phones  [fullPhones]string
	n       int
}

// queueFull notes that a message for a phone was refused because of a full
// queue, and slows the link down if it is the operator's own.
func (l *link) queueFull(phone string, now time.Time) {
	f, ms := &l.fulls, now.UnixMilli()
	if ms-f.since > fullTime.Milliseconds() {
		*f = fullQueues{since: ms, taken: l.count.taken.Load()}
	}
	f.refused++
	known := false
	for _, p := range f.phones[:f.n] {
		known = known || p == phone
	}
	if !known && f.n < fullPhones {
		f.phones[f.n] = phone
		f.n++
	}
	if f.n < fullPhones || f.refused*fullShare < l.count.taken.Load()-f.taken {
		return
	}
	*f = fullQueues{}
	l.pace.slow(now, l.set.ThrottleWait)
	l.count.throttled.Add(1)
}
