package api

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"kurir/smpp"
)

// smppPenalty slows down who fails to bind: the answer waits the longer the
// more binds from the same address have failed lately. While many wait, a storm,
// only so many others are even looked at in a second, and all are answered after
// a short time: who is refused at once comes again at once, thousands of times a
// second. A storm holds only so many connections, fewer than an address may
// have; what fails beyond those is answered at once. Customers who have bound
// before with these credentials are always let through, and so are others behind
// the same address as far as that second has room.
type smppPenalty struct {
	mu     sync.Mutex
	failed map[netip.Addr]smppFailures
	waits  [smppWaits]int // how many answers wait so
	key    [sha256.Size]byte
	good   map[[sha256.Size]byte]struct{} // credentials that have bound
}

type smppFailures struct {
	count  int
	last   time.Time
	waits  [smppWaits]int
	second int64 // Unix
	looked int   // binds looked at in that second while no more may wait
}

const (
	smppPenaltyStep   = 250 * time.Millisecond
	smppPenaltySteps  = 20 // 5 s
	smppPenaltyMemory = 10 * time.Minute
	smppPenaltyMost   = 10_000 // addresses remembered, and credentials
	smppPenaltySleeps = 20     // answers that wait, of one address
	smppPenaltyAsleep = 1000   // of all
	smppPenaltyHold   = time.Second
	smppPenaltyHolds  = 400  // answers that wait for so long, of one address
	smppPenaltyHeld   = 4000 // of all
	smppPenaltyLooks  = 50   // a second
)

// smppWait is how an answer waits.
type smppWait uint8

const (
	smppSleep smppWait = iota // the longer the more have failed
	smppHold                  // for smppPenaltyHold, in a storm
	smppWaits
)

// admits tells whether a bind is to be looked at.
func (p *smppPenalty) admits(from netip.Addr, b *smpp.Bind) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.failed[from]
	if p.room(f, smppSleep) {
		return true
	}
	if _, ok := p.good[p.mark(b)]; ok {
		return true
	}
	if now := time.Now().Unix(); f.second != now {
		f.second, f.looked = now, 0
	}
	f.looked++
	if _, known := p.failed[from]; known {
		p.failed[from] = f
	}
	return f.looked <= smppPenaltyLooks
}

// wait books a failure and waits for it, or until the server ends.
func (p *smppPenalty) wait(from netip.Addr, ending <-chan struct{}) {
	p.mu.Lock()
	f := p.of(from)
	now := time.Now()
	if now.Sub(f.last) > smppPenaltyMemory {
		f.count = 0
	}
	f.count, f.last = min(f.count+1, smppPenaltySteps), now
	p.failed[from] = f
	p.mu.Unlock()
	if !p.stay(from, smppSleep, time.Duration(f.count)*smppPenaltyStep, ending) {
		p.hold(from, ending)
	}
}

// hold waits before one of a storm is answered, if not too many wait so, or
// until the server ends.
func (p *smppPenalty) hold(from netip.Addr, ending <-chan struct{}) {
	p.stay(from, smppHold, smppPenaltyHold, ending)
}

// stay waits, or until the server ends; false at once when too many wait so.
func (p *smppPenalty) stay(from netip.Addr, kind smppWait, d time.Duration, ending <-chan struct{}) bool {
	p.mu.Lock()
	f := p.of(from)
	if !p.room(f, kind) {
		p.mu.Unlock()
		return false
	}
	f.waits[kind]++
	p.waits[kind]++
	p.failed[from] = f
	p.mu.Unlock()
	select {
	case <-time.After(d):
	case <-ending:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits[kind]--
	if f, ok := p.failed[from]; ok && f.waits[kind] > 0 {
		f.waits[kind]--
		p.failed[from] = f
	}
	return true
}

// room tells whether one more of an address may wait so; mu is held.
func (p *smppPenalty) room(f smppFailures, kind smppWait) bool {
	ofAddress, ofAll := smppPenaltySleeps, smppPenaltyAsleep
	if kind == smppHold {
		ofAddress, ofAll = smppPenaltyHolds, smppPenaltyHeld
	}
	return f.waits[kind] < ofAddress && p.waits[kind] < ofAll
}

// of gives what is known of an address, and makes room for it; mu is held.
func (p *smppPenalty) of(from netip.Addr) smppFailures {
	if p.failed == nil || len(p.failed) >= smppPenaltyMost {
		p.failed = map[netip.Addr]smppFailures{}
	}
	return p.failed[from]
}

// forgive forgets the failures of an address that has bound, and remembers by
// which credentials.
func (p *smppPenalty) forgive(from netip.Addr, b *smpp.Bind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.failed[from]; ok {
		if f.count = 0; f.waits == [smppWaits]int{} {
			delete(p.failed, from)
		} else {
			p.failed[from] = f
		}
	}
	if p.good == nil || len(p.good) >= smppPenaltyMost {
		p.good = map[[sha256.Size]byte]struct{}{}
	}
	p.good[p.mark(b)] = struct{}{}
}

// mark names credentials without revealing them; mu is held.
func (p *smppPenalty) mark(b *smpp.Bind) [sha256.Size]byte {
	if p.good == nil {
		_, _ = rand.Read(p.key[:]) // never fails
	}
	octets := append(p.key[:len(p.key):len(p.key)], b.SystemID...)
	octets = append(append(octets, 0), b.Password...)
	return sha256.Sum256(octets)
}
