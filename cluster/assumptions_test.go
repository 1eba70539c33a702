package cluster

import (
	"testing"
	"time"

	"kurir/store"
)

// A shrunk test runs a scenario with a precaution, when nobody may hold what
// another holds, and without it, when two do: so it is seen what it is for. The
// table in doc.go names them.
func shrunk(t *testing.T, scenario func(w *world, without bool)) {
	t.Helper()
	inWorld(t, 1, func(w *world) {
		scenario(w, false)
		w.sole()
	})
	inWorld(t, 1, func(w *world) {
		scenario(w, true)
		if len(w.overlaps()) == 0 {
			t.Error("nothing happens without it: the test does not show what it is for")
		}
	})
}

// pair starts a, which has the session and has just renewed, and b, which looks all the time.
func (w *world) pair(changeA, changeB func(*simNode, *Options)) (a, b *simNode) {
	change := func(f func(*simNode, *Options)) func(*simNode, *Options) {
		return func(n *simNode, o *Options) {
			if f != nil {
				f(n, o)
			}
		}
	}
	a = w.start("a", change(changeA))
	time.Sleep(time.Second)
	b = w.start("b", change(changeB))
	b.hasten()
	time.Sleep(3*time.Second + 100*time.Millisecond) // between two renewals of a
	w.wantWriters("op1/1=a")
	return a, b
}

// TestShrinkSent counts a renewal from its answer, which is late, rather than
// from before it was sent.
func TestShrinkSent(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(nil, nil)
		renewals := 0
		a.path.set(func(what string) fault {
			if what == "renew" {
				renewals++
			}
			return fault{after: 1300 * time.Millisecond, lost: renewals > 3}
		})
		a.keeper.mu.Lock()
		a.keeper.late = without
		a.keeper.mu.Unlock()
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkMonotonic looks at the wall clock alone, and somebody sets it back.
func TestShrinkMonotonic(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(func(n *simNode, o *Options) {
			if without {
				o.Clock = func() Instant { wall := n.now().Wall; return Instant{Mono: wall.Sub(bubbleBegan), Wall: wall} }
			}
		}, nil)
		a.cut()
		a.step(-10 * time.Minute)
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkWall looks at the monotonic clock alone, and the machine sleeps.
func TestShrinkWall(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(func(n *simNode, o *Options) {
			if without {
				o.Clock = func() Instant { mono := n.now().Mono; return Instant{Mono: mono, Wall: bubbleBegan.Add(mono)} }
			}
		}, nil)
		wake := a.sleep()
		time.Sleep(15 * time.Second)
		a.path.set(func(string) fault { return fault{before: 100 * time.Millisecond} })
		wake()
		time.Sleep(time.Second)
	})
}

// TestShrinkApart does not compare the clocks: the wall clock is set back just
// before the machine sleeps, and both say that no time has passed.
func TestShrinkApart(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(nil, nil)
		a.step(-10 * time.Minute)
		if without {
			u := *a.keeper.tenure.until.Load()
			u.apart = time.Hour
			a.keeper.tenure.until.Store(&u)
		}
		wake := a.sleep()
		time.Sleep(15 * time.Second)
		a.path.set(func(string) fault { return fault{before: 100 * time.Millisecond} })
		wake()
		time.Sleep(time.Second)
	})
}

// TestShrinkSight believes the database's clock alone, and that is set forward.
func TestShrinkSight(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		w.pair(nil, func(n *simNode, o *Options) {
			if without { // less than the time between two renewals
				o.Times = Times{Renew: 100 * time.Millisecond, Length: 600 * time.Millisecond, Early: 1, Late: 1}
				n.path.burial = func(b *store.Burial) { b.Length, b.Late = 5*time.Second, 500*time.Millisecond }
			}
		})
		w.table.mu.Lock()
		w.table.ahead = 10 * time.Minute
		w.table.mu.Unlock()
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkDatabaseClock believes what the taker has seen alone, and its clock
// runs at double speed.
func TestShrinkDatabaseClock(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		w.table.credulous = without
		a, _ := w.pair(nil, func(n *simNode, _ *Options) { n.rate = 2 })
		a.cut()
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkEarly has the holder act until the renewal ends, and a write takes
// its time between the look at the lease and the socket.
func TestShrinkEarly(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(func(n *simNode, o *Options) {
			n.lull = 800 * time.Millisecond
			if without {
				o.Times.Early = 1
			}
		}, nil)
		a.cut()
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkLate has others begin at the instant at which a renewal ends, and the
// holder's clocks are slow.
func TestShrinkLate(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		a, _ := w.pair(func(n *simNode, _ *Options) { n.rate = 0.85 }, func(_ *simNode, o *Options) {
			if without {
				o.Times.Late = 1
			}
		})
		a.cut()
		time.Sleep(15 * time.Second)
	})
}

// TestShrinkReleaseTerm gives back a lease of any term, and the request is on its
// way until the node has taken the lease again.
func TestShrinkReleaseTerm(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		w.table.forgetful = without
		b := w.start("b") // of two who might have the lease the one with the lower number takes it
		b.keeper.Want(nil)
		a := w.start("a")
		time.Sleep(3 * time.Second)
		b.keeper.Want(w.slots)
		b.hasten()
		time.Sleep(2 * time.Second)
		w.wantWriters("op1/1=a")
		a.path.set(func(what string) (f fault) {
			if what == "release" {
				f.before = 4 * time.Second
			}
			return f
		})
		a.keeper.Want(nil)
		time.Sleep(100 * time.Millisecond)
		a.keeper.Want(w.slots)
		time.Sleep(10 * time.Second)
		w.wantWriters("op1/1=" + map[bool]string{false: "a", true: "b"}[without])
	})
}

// TestShrinkHolder takes a lease without looking whether its holder lives.
func TestShrinkHolder(t *testing.T) {
	t.Parallel()
	shrunk(t, func(w *world, without bool) {
		w.table.everybodys = without
		w.pair(nil, nil)
		time.Sleep(300 * time.Millisecond) // a has just looked
		w.table.mu.Lock()
		l := w.table.leases["op1/1"]
		w.table.mu.Unlock()
		if term, _ := w.table.TakeLease(t.Context(), l.Name, l.Term, 1, 1); term > 0 {
			w.nodes["b"].write(w.nodes["b"].keeper.newLease(l.Name, term))
		}
		time.Sleep(100 * time.Millisecond)
	})
}

// TestStoppedBetweenLookAndWrite is what no lease prevents: a process that is
// stopped between its look at the lease and the write, for longer than the
// others wait. What it writes was granted to it on disk and has no answer there,
// so the node that took over knows that it is uncertain.
func TestStoppedBetweenLookAndWrite(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		a, _ := w.pair(nil, nil)
		a.mu.Lock()
		a.lull = 30 * time.Second
		a.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		a.cut()
		time.Sleep(40 * time.Second)
		if len(w.overlaps()) == 0 {
			t.Error("it is prevented: doc.go says otherwise")
		}
	})
}

// TestSightsAfterAGap begins anew when the table could not be seen: a node that
// could not renew either is not dead for that.
func TestSightsAfterAGap(t *testing.T) {
	t.Parallel()
	view := &store.Nodes{Nodes: []store.Node{{Number: 1, Term: 3, Beat: 7, Live: true}}}
	var s sights
	at := func(d time.Duration) Instant { return Instant{Mono: d} }
	for _, look := range []struct{ at, age time.Duration }{
		{at: time.Second},
		{at: 2 * time.Second, age: time.Second},
		{at: 4 * time.Second, age: 3 * time.Second},
		{at: 10 * time.Minute},
		{at: 10*time.Minute + 2*time.Second, age: 2 * time.Second},
	} {
		s.note(view, at(look.at), 2500*time.Millisecond)
		if age := s.age(&view.Nodes[0], at(look.at)); age != look.age {
			t.Errorf("at %v it has not renewed for %v, want %v", look.at, age, look.age)
		}
	}
}
