package cluster

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var chaosSeeds = flag.Int("cluster.seeds", 60, "how many seeds TestChaos tries, a third with -short")

// TestChaos has three nodes meet with all that can happen to processes, clocks
// and networks, as a seed says, for two minutes: nobody holds what another holds,
// and when it is over all sessions are held within seconds.
func TestChaos(t *testing.T) {
	t.Parallel()
	seeds := *chaosSeeds
	if testing.Short() {
		seeds /= 3
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			inWorld(t, 5, func(w *world) {
				c := &chaos{w: w, r: rand.New(rand.NewPCG(seed, 6)), began: time.Now(), undo: map[string]func(){}}
				for _, name := range []string{"a", "b", "c"} {
					w.start(name)
				}
				for time.Since(c.began) < 2*time.Minute {
					c.step()
					time.Sleep(time.Duration(c.r.IntN(3000)) * time.Millisecond)
				}
				for name := range w.nodes {
					c.mend(name)
				}
				time.Sleep(10 * time.Second)
				c.revive()
				time.Sleep(10 * time.Second)
				w.sole()
				if n := len(strings.Fields(w.writers(100 * time.Millisecond))); n != len(w.slots) {
					t.Errorf("%d of %d sessions are held: %s", n, len(w.slots), w.writers(100*time.Millisecond))
				}
				if t.Failed() {
					t.Log("\n" + strings.Join(c.log, "\n"))
				}
			})
		})
	}
}

// chaos does things to nodes.
type chaos struct {
	w     *world
	r     *rand.Rand
	began time.Time
	undo  map[string]func() // what ends a node's trouble
	log   []string
}

func (c *chaos) note(format string, a ...any) {
	c.log = append(c.log, fmt.Sprintf("%7.3f ", time.Since(c.began).Seconds())+fmt.Sprintf(format, a...))
}

// mend ends what troubles a node.
func (c *chaos) mend(name string) {
	if undo := c.undo[name]; undo != nil {
		c.note("%s: mended", name)
		delete(c.undo, name)
		undo()
	}
}

// revive starts those again that have ended.
func (c *chaos) revive() {
	for _, name := range []string{"a", "b", "c"} {
		n := c.w.nodes[name]
		if n != nil {
			select {
			case <-n.done:
				c.note("%s: ended with %v", name, n.err)
			default:
				continue
			}
		}
		c.w.start(name)
		c.note("%s: started", name)
	}
}

// step does one thing.
func (c *chaos) step() {
	name := []string{"a", "b", "c"}[c.r.IntN(3)]
	if c.undo[name] != nil {
		c.mend(name)
		return
	}
	c.revive()
	n, what := c.w.nodes[name], c.r.IntN(8)
	c.note("%s: %d", name, what)
	switch what {
	case 0:
		c.undo[name] = n.path.stop()
	case 1:
		c.undo[name] = n.sleep()
	case 2:
		n.cut()
		c.undo[name] = func() { n.path.set(nil) }
	case 3: // slow, and some answers never come
		r := rand.New(rand.NewPCG(c.r.Uint64(), 0))
		n.path.set(func(string) fault {
			return fault{
				before: time.Duration(r.IntN(2000)) * time.Millisecond, after: time.Duration(r.IntN(2000)) * time.Millisecond,
				lost: r.IntN(4) == 0, unheard: r.IntN(4) == 0,
			}
		})
		c.undo[name] = func() { n.path.set(nil) }
	case 4:
		by := time.Duration(60+c.r.IntN(600)) * time.Second // longer than anybody sleeps here: see doc.go
		n.step([]time.Duration{by, -by}[c.r.IntN(2)])
	case 5:
		n.kill()
	case 6:
		n.end()
		<-n.done
	case 7:
		c.w.table.mu.Lock()
		c.w.table.ahead += time.Duration(c.r.IntN(120)-60) * time.Second
		c.w.table.mu.Unlock()
	}
}
