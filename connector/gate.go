package connector

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// refusal is what became of a log-in.
type refusal uint8

const (
	admitted       refusal = iota
	notConnected           // or refused for some other reason
	badCredentials         // name or password are wrong
	// stillBound: the operator believes sessions to exist that have ended. That passes; a log-in in haste may
	// have us locked out.
	stillBound
)

// boundPause is the first pause after a log-in that was refused so; with jitter at least half of it.
const boundPause = 6 * time.Second

// gate lets the slots of a link log in one at a time until a log-in has been
// accepted, and none for a while after the operator said that name or password
// are wrong: a hundred sessions that try them at once would have us locked out. So
// would those that an operator refuses who still has our old ones.
type gate struct {
	turn chan struct{} // holds one token
	long time.Duration // pause after wrong credentials

	mu      sync.Mutex
	proven  bool          // the last answer to a bind was no complaint about credentials
	after   time.Time     // no bind before
	pause   time.Duration // the last
	waiting int           // slots in front of the gate, the one whose turn it is included
}

// newGate makes a gate. Its pause after wrong credentials is somewhat less
// than the longest of the configuration, and another for each link.
func newGate(reconnect time.Duration) *gate {
	g := &gate{turn: make(chan struct{}, 1), long: reconnect - time.Duration(rand.Float64()*float64(reconnect)/8)}
	g.turn <- struct{}{}
	return g
}

// enter waits for the slot's turn; leave ends it. It fails when ctx ends.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if open, _ := g.open(); open {
		return func() {}, nil
	}
	g.wait(1)
	select {
	case <-g.turn:
	case <-ctx.Done():
		g.wait(-1)
		return nil, context.Cause(ctx)
	}
	leave = func() {
		g.wait(-1)
		g.turn <- struct{}{}
	}
	open, wait := g.open()
	if open { // the one before has opened it
		leave()
		return func() {}, nil
	}
	if waitOr(ctx, wait, nil); ctx.Err() != nil {
		leave()
		return nil, context.Cause(ctx)
	}
	return leave, nil
}

// open tells whether slots need not take turns, and else how long the one whose
// turn it is has to wait.
func (g *gate) open() (open bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.proven, max(0, time.Until(g.after))
}

// wait counts a slot that comes to the gate, or leaves it.
func (g *gate) wait(n int) {
	g.mu.Lock()
	g.waiting += n
	g.mu.Unlock()
}

// ahead tells how long it takes until a slot that comes to the gate now may
// bind, if the operator goes on to refuse those in front of it.
func (g *gate) ahead() time.Duration {
	open, wait := g.open()
	if open {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return wait + time.Duration(g.waiting)*g.pause
}

// tried notes how a log-in ended.
func (g *gate) tried(why refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch why {
	case admitted:
		g.proven = true
		return
	case badCredentials:
		g.pause = g.long
	case stillBound:
		g.pause = boundPause / 2
	default:
		return
	}
	g.proven, g.after = false, time.Now().Add(g.pause)
}
