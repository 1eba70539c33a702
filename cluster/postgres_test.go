package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/store"
)

// mute is a table in which a node does not say that it ends.
type mute struct{ *store.NodeTable }

func (mute) ResignNode(context.Context, int, uint64) error { return errors.New("killed") }

// TestPostgres has two nodes share a session over a real database: one holds it,
// is killed, and the other has it as a later term.
func TestPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	times := Times{
		Renew: 100 * time.Millisecond, Length: 3 * time.Second, Early: 200 * time.Millisecond, Late: 100 * time.Millisecond, Request: time.Second,
	}
	start := func(name string) (k *Keeper, kill func()) {
		table, err := store.OpenNodeTable(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		k = New(Options{Table: mute{table}, Name: name, Times: times, Down: store.DatabaseDown})
		k.Want(linkSlots("op1", 1))
		if err := k.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = k.Run(ctx)
		}()
		kill = func() {
			cancel()
			<-done
			_ = table.Close()
		}
		return k, kill
	}
	a, killA := start("a")
	held := acquireValid(t, a)
	b, killB := start("b")
	defer killB()
	killA()
	if held.Valid() {
		t.Error("a is killed and its lease is valid")
	}
	killed := time.Now()
	if taken := acquireValid(t, b); taken.Term <= held.Term {
		t.Fatalf("%+v after %+v", taken, held)
	}
	t.Logf("taken over after %v", time.Since(killed))
}

// acquireValid waits until a node has the session and may use it: whoever is held up for seconds may not, until he has renewed, or has to
// take it again.
func acquireValid(t *testing.T, k *Keeper) *Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		l, err := k.Acquire(ctx, "op1/1")
		if err != nil {
			t.Fatal(err)
		}
		for over := false; !over; {
			if l.Valid() {
				return l
			}
			select {
			case <-look.C:
			case <-l.Over():
				over = true
			case <-ctx.Done():
				t.Fatalf("%+v is not valid", l)
			}
		}
		l.Release()
	}
}
