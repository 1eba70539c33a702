package cluster

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/store"
)

// TestNodesShareSessions has three nodes come one after the other: four sessions
// stay four, and are spread.
func TestNodesShareSessions(t *testing.T) {
	t.Parallel()
	inWorld(t, 4, func(w *world) {
		w.start("a")
		time.Sleep(2 * time.Second)
		w.wantWriters("op1/1=a op1/2=a op1/3=a op1/4=a")
		w.start("b")
		w.start("c")
		time.Sleep(10 * time.Second)
		w.wantWriters("op1/1=a op1/2=a op1/3=b op1/4=c")
		s := w.nodes["b"].keeper.Status()
		if !s.Valid || s.Held != 1 || len(s.Nodes) != 3 || s.Nodes[0].Name != "a" || len(s.Nodes[0].Leases) != 2 || !s.Nodes[1].Self ||
			s.Nodes[0].About.Host != "host-a" || s.Nodes[0].Silent > 2*time.Second {
			t.Errorf("b shows %+v", s)
		}
		w.sole()
	})
}

// TestNodesStartAtOnce starts two nodes on an empty table at the same instant.
func TestNodesStartAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		var starting sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			starting.Go(func() {
				w.start(name, func(n *simNode, _ *Options) {
					n.path.fault = func(string) fault { return fault{before: 5 * time.Millisecond, after: 5 * time.Millisecond} }
				})
			})
		}
		starting.Wait()
		if a, b := w.nodes["a"].keeper.Number(), w.nodes["b"].keeper.Number(); a == b {
			t.Errorf("both are number %d", a)
		}
		time.Sleep(5 * time.Second)
		if a, b := w.nodes["a"].holds(), w.nodes["b"].holds(); a != 1 || b != 1 {
			t.Errorf("they hold %d and %d sessions", a, b)
		}
		w.sole()
	})
}

// TestDeadNodeIsReplaced kills a node without a word: within ten seconds all its
// sessions are another's.
func TestDeadNodeIsReplaced(t *testing.T) {
	t.Parallel()
	for late := time.Duration(0); late < time.Second; late += 130 * time.Millisecond {
		inWorld(t, 2, func(w *world) {
			a := w.start("a")
			time.Sleep(late)
			w.start("b")
			time.Sleep(4*time.Second + 3*late)
			w.wantWriters("op1/1=a op1/2=b")
			killed := time.Now()
			a.kill()
			time.Sleep(12 * time.Second)
			w.wantWriters("op1/1=b op1/2=b")
			if p := w.pauseOf("op1/1", killed); p > 7*time.Second {
				t.Errorf("nobody had the session for %v", p)
			}
			w.sole()
		})
	}
}

// TestDeathIsSeen: what others look at while a node is declared dead does not change under their eyes; they see it then.
func TestDeathIsSeen(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		a := w.start("a")
		k := w.start("b", func(n *simNode, _ *Options) {
			n.path.fault = func(string) fault { return fault{before: 5 * time.Millisecond, after: 5 * time.Millisecond} }
		}).keeper
		time.Sleep(3 * time.Second)
		a.kill()
		var seen []store.Node
		for limit := time.Now().Add(20 * time.Second); !k.alone(); time.Sleep(time.Millisecond) {
			k.mu.Lock()
			seen = k.view.Nodes
			k.mu.Unlock()
			if time.Now().After(limit) {
				t.Fatalf("b shows %+v", k.Status())
			}
		}
		for _, n := range seen {
			if !n.Live {
				t.Errorf("%s was dead already when b was not alone", n.Name)
			}
		}
	})
}

// TestEndingNodeGivesBack ends a node in good order: its sessions are another's
// within a second and a bit, and it can come back at once under its name.
func TestEndingNodeGivesBack(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		a := w.start("a")
		w.start("b")
		time.Sleep(5 * time.Second)
		ended := time.Now()
		a.end()
		<-a.done
		if a.err != nil {
			t.Error(a.err)
		}
		time.Sleep(2 * time.Second)
		w.wantWriters("op1/1=b op1/2=b")
		if p := w.pauseOf("op1/1", ended); p > 1100*time.Millisecond {
			t.Errorf("nobody had the session for %v", p)
		}
		again := time.Now()
		w.start("a")
		if took := time.Since(again); took > 0 {
			t.Errorf("it took %v to come back", took)
		}
		time.Sleep(5 * time.Second)
		w.wantWriters("op1/1=b op1/2=a")
		w.sole()
	})
}

// TestNameIsTaken starts a second process under the name of one that runs.
func TestNameIsTaken(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		w.start("a")
		began := time.Now()
		err := New(Options{Table: w.table, Name: "a"}).Join(w.t.Context())
		const want = `the name "a" is in use: another Kurir (process 4711 on host-a) runs under it in this database; ` +
			`give this server a name of its own (node: in its file), or stop the other`
		if _, ok := errors.AsType[*NameTakenError](err); !ok || err.Error() != want {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v to say so", took)
		}
	})
}

// TestNameOfTheDead starts a node again that was killed: it waits until it is
// certain that nobody has the name, but for a database that nobody else can open.
func TestNameOfTheDead(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		first := w.start("a")
		time.Sleep(time.Second)
		first.kill()
		began := time.Now()
		second := w.start("a")
		if took := time.Since(began); took < 5*time.Second || took > 7*time.Second {
			t.Errorf("it took %v", took)
		}
		if second.keeper.Number() != first.keeper.Number() || second.keeper.Term() <= first.keeper.Term() {
			t.Errorf("number %d, term %d", second.keeper.Number(), second.keeper.Term())
		}
		second.kill()
		began = time.Now()
		w.start("a", func(_ *simNode, o *Options) { o.Alone = true })
		if took := time.Since(began); took > 0 {
			t.Errorf("alone it took %v", took)
		}
	})
}

// TestStoppedProcess stops a process for longer than its renewals hold, and lets
// it go on: it writes nothing, and learns that it was replaced.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		a := w.start("a")
		w.start("b")
		time.Sleep(5 * time.Second)
		resume := a.path.stop()
		time.Sleep(30 * time.Second)
		w.wantWriters("op1/1=b op1/2=b")
		resume()
		<-a.done
		if !errors.Is(a.err, ErrBuried) {
			t.Errorf("it ended with %v", a.err)
		}
		w.sole()
	})
}

// TestSteppedWallClock sets a node's clock back and forward by ten minutes: at
// worst it is silent until it has renewed, and keeps its sessions.
func TestSteppedWallClock(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		inWorld(t, 2, func(w *world) {
			a := w.start("a")
			w.start("b")
			time.Sleep(5 * time.Second)
			was, stepped := w.table.term("op1/1"), time.Now()
			a.step(by)
			time.Sleep(20 * time.Second)
			w.wantWriters("op1/1=a op1/2=b")
			if p := w.pauseOf("op1/1", stepped); p > 1100*time.Millisecond {
				t.Errorf("%v: silent for %v", by, p)
			}
			if now := w.table.term("op1/1"); now != was {
				t.Errorf("%v: term %d became %d", by, was, now)
			}
			w.sole()
		})
	}
}

// TestCutNode cuts a node off from the database: it falls silent before another
// has its sessions, ends them, and is replaced within ten seconds.
func TestCutNode(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]fault{"both ways": {lost: true}, "answers": {unheard: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, 2, func(w *world) {
				a := w.start("a")
				w.start("b")
				time.Sleep(5 * time.Second)
				l := a.lease("op1/1")
				cutAt := time.Now()
				once := cut
				a.path.set(func(string) fault {
					defer func() { once = fault{lost: true} }() // a connection without answers is closed, and no other is had
					return once
				})
				time.Sleep(6 * time.Second)
				select {
				case <-l.Over():
				default:
					t.Error("the session stays")
				}
				time.Sleep(4 * time.Second)
				w.wantWriters("op1/1=b op1/2=b")
				if p := w.pauseOf("op1/1", cutAt); p > 8*time.Second {
					t.Errorf("nobody had the session for %v", p)
				}
				a.path.set(nil)
				<-a.done
				if !errors.Is(a.err, ErrBuried) {
					t.Errorf("it ended with %v", a.err)
				}
				w.sole()
			})
		})
	}
}

// TestDatabaseAway takes the database away from all for ten minutes. Does it
// refuse connections, sessions stay, silent; else they end. When it is back all
// goes on as it was: nobody is declared dead for what the database did.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{true, false} {
		inWorld(t, 2, func(w *world) {
			refused := func(_ *simNode, o *Options) { o.Down = func(error) bool { return down } }
			a, b := w.start("a", refused), w.start("b", refused)
			time.Sleep(5 * time.Second)
			l := a.lease("op1/1")
			for _, n := range []*simNode{a, b} {
				n.path.set(func(string) fault { return fault{lost: true} })
			}
			time.Sleep(10 * time.Minute)
			w.wantWriters("")
			if stays := !l.leaving(); stays != down {
				t.Errorf("down %v: session stays %v", down, stays)
			}
			b.path.set(nil)
			time.Sleep(2 * time.Second) // by which a connects later
			back := time.Now()
			a.path.set(nil)
			time.Sleep(3 * time.Second)
			w.wantWriters("op1/1=a op1/2=b")
			if p := w.pauseOf("op1/1", back); p > 3*time.Second {
				t.Errorf("down %v: it took %v to go on", down, p)
			}
			w.sole()
		})
	}
}

// TestWantNothing is a node that is about to end: it says that it wants nothing,
// is asked for each lease in good order, and the others have them.
func TestWantNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, 4, func(w *world) {
		a := w.start("a")
		w.start("b")
		time.Sleep(8 * time.Second)
		l := a.lease("op1/1")
		a.keeper.Want(nil)
		<-l.Over()
		synctest.Wait()
		if !l.ended.Load() && !l.Valid() {
			t.Error("the lease is over and not valid: no session can part in good order")
		}
		time.Sleep(1500 * time.Millisecond)
		w.wantWriters("op1/1=b op1/2=b op1/3=b op1/4=b")
		w.sole()
	})
}

// TestOpenIsTold: how many sessions are open at a node the others know within a second or so, also after what it wants has changed.
func TestOpenIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, 2, func(w *world) {
		a, b := w.start("a"), w.start("b")
		open := func(want int) {
			t.Helper()
			time.Sleep(1100 * time.Millisecond)
			at := slices.IndexFunc(b.keeper.Status().Nodes, func(n NodeStatus) bool { return n.Name == "a" })
			if about := b.keeper.Status().Nodes[at].About; about.Open["op1"] != want || len(about.Links) == 0 {
				t.Errorf("a says %+v, want %d sessions", about, want)
			}
		}
		a.keeper.Open(map[string]int{"op1": 2})
		open(2)
		a.keeper.Want([]Slot{{Name: "op1/1", Link: "op1"}})
		open(2)
		a.keeper.Open(map[string]int{"op1": 0})
		open(0)
	})
}
