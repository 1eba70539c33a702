package cluster

import (
	"sync"
	"sync/atomic"
)

// tenure is a node's term in office, which all its leases hang on.
type tenure struct {
	number int
	term   uint64
	until  atomic.Pointer[deadline]
}

// Lease is a lease that this node holds. It ends once and does not come back;
// the next of its name is another Lease.
type Lease struct {
	Name string
	Term uint64

	tenure *tenure
	clock  Clock
	ended  atomic.Bool
	close  sync.Once
	over   chan struct{}
	freed  func(*Lease) // tells the keeper
	used   bool         // somebody has it from Acquire; of the keeper, under its mu
}

func (k *Keeper) newLease(name string, term uint64) *Lease {
	return &Lease{Name: name, Term: term, tenure: k.tenure, clock: k.clock, over: make(chan struct{}), freed: k.freed}
}

// Valid tells whether this node may act under the lease at this moment. It is
// asked before each write to a socket: two loads and a look at the clock.
func (l *Lease) Valid() bool { return l.ValidAt(l.clock()) }

// ValidAt is Valid at an instant of the keeper's clock.
func (l *Lease) ValidAt(now Instant) bool {
	return !l.ended.Load() && l.tenure.until.Load().ahead(now)
}

// Over is closed when the holder is to stop: in good order if the lease is
// Valid still, which is so when another node shall have it; else at once.
func (l *Lease) Over() <-chan struct{} { return l.over }

// Release says that the holder has stopped. It must, before the lease can go to
// another node that is to have it. It may be called again.
func (l *Lease) Release() {
	if !l.ended.Swap(true) {
		l.finish()
	}
	l.freed(l)
}

// finish tells the holder to stop.
func (l *Lease) finish() { l.close.Do(func() { close(l.over) }) }

// lose ends the lease without asking the holder.
func (l *Lease) lose() {
	l.ended.Store(true)
	l.finish()
}

// leaving tells whether the holder was told to stop.
func (l *Lease) leaving() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}
