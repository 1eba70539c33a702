package cluster

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// rateWorld is nodes that send by one exact rate, and each as much as it may.
type rateWorld struct {
	*world
	rate  int64
	sends map[string]*rateNode

	mu      sync.Mutex
	sent    []time.Time
	unmet   time.Duration // for so long there was something to send, at a node that lives and has a session
	counted time.Time     // until when
}

// rateNode is one of them.
type rateNode struct {
	w     *rateWorld
	sim   *simNode
	rates *Rates
	stop  func()

	mu      sync.Mutex
	waiting float64 // parts
	comes   float64 // more of them a second
	bound   bool    // it has a session
	may     int64
	shares  Shares
	sent    []time.Time
	spend   int64 // of an account
	heard   int64 // of what others have spent of it
}

const (
	rateName = "op1"
	sendTick = 5 * time.Millisecond // a node looks so often at what it has to send
)

// inRateWorld runs a test with nodes a, b and c.
func inRateWorld(t *testing.T, rate int64, f func(w *rateWorld)) { inHastyWorld(t, rate, false, f) }

// inHastyWorld is inRateWorld, of nodes that may use at once what they take.
func inHastyWorld(t *testing.T, rate int64, hasty bool, f func(w *rateWorld)) {
	inWorld(t, 0, func(inner *world) {
		w := &rateWorld{world: inner, rate: rate, sends: map[string]*rateNode{}}
		for _, name := range []string{"a", "b", "c"} {
			w.startRates(name, hasty)
		}
		f(w)
		for _, n := range w.sends {
			n.stop()
		}
	})
}

// startRates starts a node that sends.
func (w *rateWorld) startRates(name string, hasty bool) *rateNode {
	n := &rateNode{w: w, sim: w.start(name), bound: true}
	n.rates = NewRates(RateOptions{Table: n.sim.path, Keeper: n.sim.keeper, Wants: n.wants, Use: n.use})
	n.rates.hasty = hasty
	ctx, stop := context.WithCancel(w.t.Context())
	var all sync.WaitGroup
	all.Go(func() { n.rates.Run(ctx) })
	all.Go(func() { n.sending(ctx) })
	n.stop = func() { stop(); all.Wait() }
	w.sends[name] = n
	return n
}

func (n *rateNode) wants() []Rate {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := Rate{Name: rateName, Whole: n.w.rate, Want: int64(n.comes + n.waiting + 0.99), Exact: true}
	if !n.bound {
		r.Want = -1
	}
	spent := n.spend
	n.spend = 0
	return []Rate{r, {Name: "acme", Whole: 1e6, Want: r.Want * 1e6 / n.w.rate, Spent: spent}}
}

func (n *rateNode) use(s Shares) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.may, n.shares = s.May[rateName], s
	n.heard += s.Spent["acme"]
}

// sending sends what waits, in bursts where it may: what it sends within a RateWindow is no more than it may use.
func (n *rateNode) sending(ctx context.Context) {
	tick := time.NewTicker(sendTick)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		n.mu.Lock()
		n.waiting += n.comes * sendTick.Seconds()
		now := time.Now()
		n.sent = slices.DeleteFunc(n.sent, func(at time.Time) bool { return now.Sub(at) >= RateWindow })
		for n.bound && n.waiting >= 1 && int64(len(n.sent)) < n.may && n.sim.keeper.Valid() {
			n.waiting--
			n.sent = append(n.sent, now)
			n.w.mu.Lock()
			n.w.sent = append(n.w.sent, now)
			n.w.mu.Unlock()
		}
		if n.bound && n.waiting >= 1 {
			n.w.leave(now)
		}
		n.mu.Unlock()
	}
}

// leave notes that something was left to send until the next tick.
func (w *rateWorld) leave(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.After(w.counted) {
		w.counted = now
	}
	end := now.Add(sendTick)
	w.unmet += end.Sub(w.counted)
	w.counted = end
}

// couldSend is for how long there was something to send.
func (w *rateWorld) couldSend() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unmet
}

// bind says whether it has a session.
func (n *rateNode) bind(bound bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bound = bound
}

// wish sets what waits at a node, and how much more comes in a second.
func (n *rateNode) wish(waiting, comes float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting, n.comes = waiting, comes
}

func (n *rateNode) mayUse() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.may
}

// mostInASecond is how many parts the nodes sent within any second, at most.
func (w *rateWorld) mostInASecond() (most int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := 0
	for i := range w.sent {
		for w.sent[i].Sub(w.sent[first]) >= time.Second {
			first++
		}
		most = max(most, int64(i-first+1))
	}
	return most
}

// since is how many parts were sent since then.
func (w *rateWorld) since(at time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sent {
		if !s.Before(at) {
			n++
		}
	}
	return n
}

// TestRatesMove: three nodes that have a session share a rate. When one wants all of it, it has all within two seconds, and so has
// the next when the traffic moves; of what all want, or nobody, each has a third. As much is used as the rate allows, and
// never more, also of rates lower than there are nodes.
func TestRatesMove(t *testing.T) {
	t.Parallel()
	for _, rate := range []int64{1, 2, 3, 50, 1000} {
		inRateWorld(t, rate, func(w *rateWorld) {
			a, b, c := w.sends["a"], w.sends["b"], w.sends["c"]
			used := func(who string, d time.Duration) {
				w.t.Helper()
				began := time.Now()
				time.Sleep(d)
				if n := w.since(began); float64(n) < 0.95*float64(rate)*d.Seconds()-1 {
					w.t.Errorf("%s: %d of %d a second went in %v", who, n, rate, d)
				}
			}
			time.Sleep(4 * time.Second)
			for _, n := range w.sends {
				if may := n.mayUse(); may < rate/3 || may > rate/3+1 {
					w.t.Errorf("nobody sends, and %s has %d of %d", n.sim.name, may, rate)
				}
			}
			for _, n := range []*rateNode{a, b, c, b} {
				n.wish(0, 2*float64(rate))
				time.Sleep(2 * time.Second)
				if may := n.mayUse(); may != rate {
					w.t.Errorf("two seconds after its traffic began %s has %d of %d", n.sim.name, may, rate)
				}
				used(n.sim.name, 20*time.Second)
				n.wish(0, 0)
			}
			for _, n := range w.sends {
				n.wish(0, 2*float64(rate))
			}
			time.Sleep(2 * time.Second)
			if rate >= 3 {
				used("all", 20*time.Second)
			}
			for _, n := range w.sends {
				if may := n.mayUse(); may < rate/3 || may > rate/3+1 {
					w.t.Errorf("all send, and %s has %d of %d", n.sim.name, may, rate)
				}
			}
			if most := w.mostInASecond(); most > rate {
				w.t.Errorf("%d parts went in a second at a rate of %d", most, rate)
			}
		})
	}
}

// TestRatesSession: a node without a session has nothing while another has one, and all that the others leave when it is the only one.
func TestRatesSession(t *testing.T) {
	t.Parallel()
	inRateWorld(t, 50, func(w *rateWorld) {
		w.sends["b"].bind(false)
		w.sends["c"].bind(false)
		time.Sleep(4 * time.Second)
		if a, b := w.sends["a"].mayUse(), w.sends["b"].mayUse(); a != 50 || b != 0 {
			w.t.Errorf("who has the sessions may send %d of 50, another %d", a, b)
		}
		w.sends["a"].bind(false)
		time.Sleep(4 * time.Second)
		if a, b := w.sends["a"].mayUse(), w.sends["b"].mayUse(); a != 50 || b != 0 {
			w.t.Errorf("when the session is away, who had it may send %d of 50, another %d", a, b)
		}
	})
}

// TestRatesDead: what a node had that is gone goes to the others when it is certain that it sends nothing any more.
func TestRatesDead(t *testing.T) {
	t.Parallel()
	inRateWorld(t, 50, func(w *rateWorld) {
		for _, n := range w.sends {
			n.wish(0, 100)
		}
		time.Sleep(4 * time.Second)
		w.sends["a"].sim.cut()
		time.Sleep(10 * time.Second)
		if b, c := w.sends["b"].mayUse(), w.sends["c"].mayUse(); b != 25 || c != 25 {
			w.t.Errorf("the two that are left have %d and %d of 50", b, c)
		}
		if most := w.mostInASecond(); most > 50 {
			w.t.Errorf("%d parts went in a second at a rate of 50", most)
		}
		w.sends["b"].sim.end()
		<-w.sends["b"].sim.done
		w.sends["b"].stop()
		time.Sleep(3 * time.Second)
		last := w.sends["c"]
		last.mu.Lock()
		if last.may != 50 || !last.shares.Alone {
			w.t.Errorf("the last has %d of 50", last.may)
		}
		last.mu.Unlock()
	})
}

// TestRatesSpent: each node hears once what the others have spent.
func TestRatesSpent(t *testing.T) {
	t.Parallel()
	inRateWorld(t, 50, func(w *rateWorld) {
		time.Sleep(4 * time.Second)
		for _, n := range w.sends {
			n.mu.Lock()
			n.spend = 7
			n.mu.Unlock()
		}
		time.Sleep(time.Second)
		for name, n := range w.sends {
			n.mu.Lock()
			if n.heard != 14 {
				w.t.Errorf("each of three has spent 7, and %s has heard of %d", name, n.heard)
			}
			n.mu.Unlock()
		}
	})
}

// TestRatesWrong: a row that cannot be read says nothing, and does no harm.
func TestRatesWrong(t *testing.T) {
	t.Parallel()
	inRateWorld(t, 50, func(w *rateWorld) {
		a := w.sends["a"].sim.keeper
		time.Sleep(4 * time.Second)
		w.sends["a"].stop()
		w.table.mu.Lock()
		for i := range w.table.rates {
			if w.table.rates[i].Node == a.Number() {
				w.table.turn++
				w.table.rates[i].Version, w.table.rates[i].Body = w.table.turn, strings.Repeat("{", 10)
			}
		}
		w.table.mu.Unlock()
		time.Sleep(4 * time.Second)
		if b, c := w.sends["b"].mayUse(), w.sends["c"].mayUse(); b != 25 || c != 25 {
			w.t.Errorf("the two that say something have %d and %d of 50", b, c)
		}
	})
}
