package api

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// loginPenalty slows down who fails to bind: the answer waits the longer the
// more binds from the same address have failed lately. While many wait, a storm,
// only so many others are even looked at in a second, and all are answered after
// a short time: who is refused at once comes again at once, thousands of times a
// second. A storm holds only so many connections, fewer than an address may
// have; what fails beyond those is answered at once. Customers who have bound
// before with these credentials are always let through, and so are others behind
// the same address as far as that second has room.
type loginPenalty struct {
	mu     sync.Mutex
	failed map[netip.Addr]loginFailures
	waits  [penaltyWaits]int // how many answers wait so
	key    [sha256.Size]byte
	good   map[[sha256.Size]byte]struct{} // credentials that have bound
}

type loginFailures struct {
	count  int
	last   time.Time
	waits  [penaltyWaits]int
	second int64 // Unix
	looked int   // binds looked at in that second while no more may wait
}

const (
	loginPenaltyStep   = 250 * time.Millisecond
	loginPenaltySteps  = 20 // 5 s
	loginPenaltyMemory = 10 * time.Minute
	loginPenaltyMost   = 10_000 // addresses remembered, and credentials
	loginPenaltySleeps = 20     // answers that wait, of one address
	loginPenaltyAsleep = 1000   // of all
	loginPenaltyHold   = time.Second
	loginPenaltyHolds  = 400  // answers that wait for so long, of one address
	loginPenaltyHeld   = 4000 // of all
	loginPenaltyLooks  = 50   // a second
)

// penaltyWait is how an answer waits.
type penaltyWait uint8

const (
	penaltySleep penaltyWait = iota // the longer the more have failed
	penaltyStorm                    // for loginPenaltyHold, in a storm
	penaltyWaits
)

// admits tells whether a bind is to be looked at.
func (p *loginPenalty) admits(from netip.Addr, name, password string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.failed[from]
	if p.room(f, penaltySleep) {
		return true
	}
	if _, ok := p.good[p.mark(name, password)]; ok {
		return true
	}
	if now := time.Now().Unix(); f.second != now {
		f.second, f.looked = now, 0
	}
	f.looked++
	if _, known := p.failed[from]; known {
		p.failed[from] = f
	}
	return f.looked <= loginPenaltyLooks
}

// wait books a failure and waits for it, or until the server ends.
func (p *loginPenalty) wait(from netip.Addr, ending <-chan struct{}) {
	p.mu.Lock()
	f := p.of(from)
	now := time.Now()
	if now.Sub(f.last) > loginPenaltyMemory {
		f.count = 0
	}
	f.count, f.last = min(f.count+1, loginPenaltySteps), now
	p.failed[from] = f
	p.mu.Unlock()
	if !p.stay(from, penaltySleep, time.Duration(f.count)*loginPenaltyStep, ending) {
		p.hold(from, ending)
	}
}

// hold waits before one of a storm is answered, if not too many wait so, or
// until the server ends.
func (p *loginPenalty) hold(from netip.Addr, ending <-chan struct{}) {
	p.stay(from, penaltyStorm, loginPenaltyHold, ending)
}

// stay waits, or until the server ends; false at once when too many wait so.
func (p *loginPenalty) stay(from netip.Addr, kind penaltyWait, d time.Duration, ending <-chan struct{}) bool {
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
func (p *loginPenalty) room(f loginFailures, kind penaltyWait) bool {
	ofAddress, ofAll := loginPenaltySleeps, loginPenaltyAsleep
	if kind == penaltyStorm {
		ofAddress, ofAll = loginPenaltyHolds, loginPenaltyHeld
	}
	return f.waits[kind] < ofAddress && p.waits[kind] < ofAll
}

// of gives what is known of an address, and makes room for it; mu is held.
func (p *loginPenalty) of(from netip.Addr) loginFailures {
	if p.failed == nil || len(p.failed) >= loginPenaltyMost {
		p.failed = map[netip.Addr]loginFailures{}
	}
	return p.failed[from]
}

// forgive forgets the failures of an address that has bound, and remembers by
// which credentials.
func (p *loginPenalty) forgive(from netip.Addr, name, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.failed[from]; ok {
		if f.count = 0; f.waits == [penaltyWaits]int{} {
			delete(p.failed, from)
		} else {
			p.failed[from] = f
		}
	}
	if p.good == nil || len(p.good) >= loginPenaltyMost {
		p.good = map[[sha256.Size]byte]struct{}{}
	}
	p.good[p.mark(name, password)] = struct{}{}
}

// mark names credentials without revealing them; mu is held.
func (p *loginPenalty) mark(name, password string) [sha256.Size]byte {
	if p.good == nil {
		_, _ = rand.Read(p.key[:]) // never fails
	}
	octets := append(p.key[:len(p.key):len(p.key)], name...)
	octets = append(append(octets, 0), password...)
	return sha256.Sum256(octets)
}
