package cluster

import (
	"slices"
	"testing"
	"time"
)

// TestShares has a node hold its own share. When it is killed another has the
// share to take over, once; does the node come back meanwhile, it waits.
func TestShares(t *testing.T) {
	t.Parallel()
	inWorld(t, 1, func(w *world) {
		shares := func(_ *simNode, o *Options) { o.Shares = true }
		a, b := w.start("a", shares), w.start("b", shares)
		for _, n := range []*simNode{a, b} {
			l, err := n.keeper.OwnShare(w.t.Context())
			if err != nil || !l.Valid() || l.Name != ShareName(n.keeper.Number()) {
				t.Fatalf("%+v, %v", l, err)
			}
		}
		time.Sleep(2 * time.Second)
		killed := time.Now()
		a.kill()
		number, l, err := b.keeper.Inherit(w.t.Context())
		if err != nil || number != 0 || !l.Valid() {
			t.Fatalf("inherits %d, %+v, %v", number, l, err)
		}
		if took := time.Since(killed); took > 8*time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(2 * time.Second)
		if s := b.keeper.Status(); len(s.Nodes) != 2 || !slices.Equal(s.Nodes[1].Shares, []int{0, 1}) {
			t.Errorf("b shows %+v", s.Nodes)
		}

		a = w.start("a", shares)
		own := make(chan *Lease)
		go func() {
			l, _ := a.keeper.OwnShare(w.t.Context())
			own <- l
		}()
		time.Sleep(20 * time.Second)
		select {
		case <-own:
			t.Fatal("a has its share while b takes it over")
		case <-l.Over(): // it is asked for
		}
		if !l.Valid() {
			t.Error("the lease ended while b took the share over")
		}
		l.Release()
		if l := <-own; !l.Valid() {
			t.Error("a has its share, and may not use it")
		}

		a.kill()
		_, l, err = b.keeper.Inherit(w.t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Release() // nothing is left of it
		time.Sleep(20 * time.Second)
		if s := b.keeper.Status(); !slices.Equal(s.Nodes[1].Shares, []int{1}) || s.Held != 1 {
			t.Errorf("b shows %+v", s)
		}
		again := w.start("a", shares)
		if l, err := again.keeper.OwnShare(w.t.Context()); err != nil || !l.Valid() {
			t.Errorf("a is back: %+v, %v", l, err)
		}
		w.sole()
	})
}
