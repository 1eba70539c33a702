package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// write is one write to the socket of a session.
type write struct {
	at    time.Time
	lease string
	term  uint64
	node  string
}

// world is nodes that share a table, in a bubble. Each uses what leases it holds
// by writing every 20 ms while they are valid.
type world struct {
	t     *testing.T
	table *memory
	slots []Slot
	nodes map[string]*simNode

	mu     sync.Mutex
	writes []write
}

// simNode is one node.
type simNode struct {
	w      *world
	name   string
	path   *path
	keeper *Keeper
	end    context.CancelFunc
	done   chan struct{}
	err    error // of Run, once done

	mu     sync.Mutex
	lull   time.Duration // between looking at a lease and writing
	rate   float64       // of its clocks
	wall   time.Duration // by which its wall clock is ahead
	asleep time.Duration // which its monotonic clock did not count
	slept  time.Time     // since when it sleeps; zero if it does not
}

// inWorld runs a test in a bubble with these sessions of link op1.
func inWorld(t *testing.T, sessions int, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, table: newMemory(), slots: linkSlots("op1", sessions), nodes: map[string]*simNode{}}
		f(w)
		for _, n := range w.nodes {
			n.path.set(nil)
			n.end()
			<-n.done
		}
		time.Sleep(time.Minute) // for requests that are under way
	})
}

// start starts a node and waits until it has joined.
func (w *world) start(name string, change ...func(*simNode, *Options)) *simNode {
	n := &simNode{w: w, name: name, path: &path{m: w.table}, done: make(chan struct{}), rate: 1}
	opt := Options{Table: n.path, Name: name, About: About{Host: "host-" + name, Process: 4711}, Clock: n.now}
	for _, c := range change {
		c(n, &opt)
	}
	n.keeper = New(opt)
	n.keeper.Want(w.slots)
	ctx, cancel := context.WithCancel(w.t.Context())
	n.end = cancel
	if err := n.keeper.Join(ctx); err != nil {
		w.t.Error(err)
	}
	w.mu.Lock()
	w.nodes[name] = n
	w.mu.Unlock()
	var users sync.WaitGroup
	for _, s := range w.slots {
		users.Go(func() { n.use(ctx, s.Name) })
	}
	go func() {
		defer close(n.done)
		n.err = n.keeper.Run(ctx)
		cancel()
		users.Wait()
	}()
	return n
}

// bubbleBegan is when the clock of a bubble begins.
var bubbleBegan = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// now is the node's clock.
func (n *simNode) now() Instant {
	n.mu.Lock()
	defer n.mu.Unlock()
	passed := time.Since(bubbleBegan)
	awake := passed - n.asleep
	if !n.slept.IsZero() {
		awake -= time.Since(n.slept)
	}
	rated := func(d time.Duration) time.Duration { return time.Duration(float64(d) * n.rate) }
	return Instant{Mono: rated(awake), Wall: bubbleBegan.Add(rated(passed) + n.wall)}
}

// sleep has the machine sleep: nothing runs, and the monotonic clock stands.
func (n *simNode) sleep() (wake func()) {
	resume := n.path.stop()
	n.mu.Lock()
	n.slept = time.Now()
	n.mu.Unlock()
	return func() {
		n.mu.Lock()
		n.asleep += time.Since(n.slept)
		n.slept = time.Time{}
		n.mu.Unlock()
		resume()
	}
}

// step sets the node's wall clock.
func (n *simNode) step(by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wall += by
}

// holds is how many leases the node holds.
func (n *simNode) holds() int {
	n.keeper.mu.Lock()
	defer n.keeper.mu.Unlock()
	return len(n.keeper.held)
}

// lease is one that the node holds.
func (n *simNode) lease(name string) *Lease {
	n.keeper.mu.Lock()
	defer n.keeper.mu.Unlock()
	return n.keeper.held[name]
}

// kill ends the process without a word.
func (n *simNode) kill() {
	n.path.set(func(string) fault { return fault{lost: true} })
	n.end()
	<-n.done
	delete(n.w.nodes, n.name)
}

// use is a session: it writes while the lease is valid and parts when it is over.
func (n *simNode) use(ctx context.Context, name string) {
	for {
		l, err := n.keeper.Acquire(ctx, name)
		if err != nil {
			return
		}
		n.session(ctx, l)
		l.Release()
	}
}

func (n *simNode) session(ctx context.Context, l *Lease) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-l.Over():
			return
		case <-ctx.Done():
			return
		}
		n.path.gate()
		if !l.Valid() {
			continue
		}
		n.mu.Lock()
		lull := n.lull
		n.mu.Unlock()
		if lull == 0 {
			n.write(l)
		} else {
			time.AfterFunc(lull, func() { n.write(l) })
		}
	}
}

func (n *simNode) write(l *Lease) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	n.w.writes = append(n.w.writes, write{at: time.Now(), lease: l.Name, term: l.Term, node: n.name})
}

// hasten has a node look at the table all the time, so that it acts at the
// first instant at which it may.
func (n *simNode) hasten() {
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				n.keeper.Wake()
			case <-n.done:
				return
			}
		}
	}()
}

// cut loses all that the node asks from now on.
func (n *simNode) cut() { n.path.set(func(string) fault { return fault{lost: true} }) }

// overlaps returns writes under a lease that another had already written under
// in a later term: two held it.
func (w *world) overlaps() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[string]write{}
	for _, now := range w.writes {
		was := last[now.lease]
		if now.term < was.term || now.term == was.term && now.node != was.node {
			list = append(list, fmt.Sprintf("%s: %s wrote in term %d at %s after %s in term %d at %s", now.lease,
				now.node, now.term, now.at.Format(".05.000"), was.node, was.term, was.at.Format(".05.000")))
			continue
		}
		last[now.lease] = now
	}
	return list
}

// sole fails the test if two held a lease.
func (w *world) sole() {
	w.t.Helper()
	if list := w.overlaps(); len(list) > 0 {
		w.t.Errorf("%d writes under leases that another held, such as %s", len(list), list[0])
	}
}

// writers says who wrote under which lease in the last d, such as "op1/1=a op1/2=b".
func (w *world) writers(d time.Duration) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	by := map[string]string{}
	for _, x := range w.writes {
		if time.Since(x.at) <= d {
			by[x.lease] = x.node
		}
	}
	var words []string
	for _, s := range w.slots {
		if by[s.Name] != "" {
			words = append(words, s.Name+"="+by[s.Name])
		}
	}
	return strings.Join(words, " ")
}

// wantWriters fails the test unless those write who are named.
func (w *world) wantWriters(want string) {
	w.t.Helper()
	if got := w.writers(100 * time.Millisecond); got != want {
		w.t.Errorf("writing are %q, want %q", got, want)
	}
}

// pauseOf is the longest time within which nobody wrote under a lease, from an
// instant on.
func (w *world) pauseOf(lease string, from time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.writes {
		if x.lease == lease && x.at.After(from) {
			longest = max(longest, x.at.Sub(from))
			from = x.at
		}
	}
	return max(longest, time.Since(from))
}
