package cluster

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// off is by how much a node's time is ahead of the database's.
func (n *simNode) off() time.Duration { return n.keeper.Now().Sub(n.w.table.now()) }

// TestWrongClock: a node whose wall clock is minutes off goes by the database's, from its first moment and however that clock is set,
// says so once, and tells the others.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{7 * time.Minute, -7 * time.Minute} {
		inWorld(t, 2, func(w *world) {
			var log bytes.Buffer
			w.start("a")
			b := w.start("b", func(n *simNode, o *Options) {
				n.wall, o.Log = by, slog.New(slog.NewTextHandler(&log, nil))
				n.path.fault = func(string) fault { return fault{before: 40 * time.Millisecond, after: 10 * time.Millisecond} }
			})
			most := 50 * time.Millisecond
			right := func(what string) {
				t.Helper()
				if off := b.off(); off.Abs() > most {
					t.Errorf("%s the time is off by %v", what, off)
				}
			}
			right("at the start")
			time.Sleep(5 * time.Second)
			right("later")
			if off, known := b.keeper.ClockOffset(); !known || (off-by).Abs() > most {
				t.Errorf("the clock is said to be off by %v, %v", off, known)
			}
			nodes := w.nodes["a"].keeper.Status().Nodes
			if at := slices.IndexFunc(nodes, func(n NodeStatus) bool { return n.Name == "b" }); nodes[at].About.Ahead != by.Milliseconds() {
				t.Errorf("another node is told %d ms", nodes[at].About.Ahead)
			}
			b.step(time.Hour)
			right("when it is set")
			time.Sleep(2 * time.Second)
			right("and after that")
			if n := strings.Count(log.String(), "level=WARN msg=\"the clock of this machine is not"); n != 1 {
				t.Errorf("it was said %d times:\n%s", n, log.String())
			}
			b.step(-time.Hour - by)
			right("when it is set right")
			time.Sleep(2 * time.Second)
			right("and is right")
			if b.keeper.Now() != b.now().Wall || !strings.Contains(log.String(), "is that of the database again") {
				t.Errorf("it is %v, by the clock of the machine %v", b.keeper.Now(), b.now().Wall)
			}
			w.sole()
		})
	}
}

// TestTimeRunsEvenly: however long answers take, the time of a node whose clock is wrong never goes back nor leaps.
func TestTimeRunsEvenly(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		calls := 0
		a := w.start("a", func(n *simNode, o *Options) {
			n.wall = time.Hour
			n.path.fault = func(string) fault {
				calls++
				return fault{before: time.Duration(calls*37%400) * time.Millisecond, after: time.Duration(calls*53%400) * time.Millisecond}
			}
		})
		last := a.keeper.Now()
		for range 1000 {
			time.Sleep(20 * time.Millisecond)
			now := a.keeper.Now()
			if d := now.Sub(last); d != 20*time.Millisecond {
				t.Errorf("in 20 ms it went on by %v", d)
			}
			last = now
		}
		if off := a.off(); off.Abs() > clockMoves {
			t.Errorf("the time is off by %v", off)
		}
	})
}

// TestSlowAnswerJudgesNothing: an answer that took longer than a second says nothing of the clock.
func TestSlowAnswerJudgesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		a := w.start("a", func(n *simNode, _ *Options) { n.wall = time.Hour })
		a.path.set(func(string) fault { return fault{before: 1400 * time.Millisecond} })
		time.Sleep(10 * time.Second)
		if off := a.off(); off != 0 {
			t.Errorf("the time is off by %v", off)
		}
	})
}
