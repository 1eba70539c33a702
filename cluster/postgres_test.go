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
	held, err := a.Acquire(t.Context(), "op1/1")
	if err != nil || !held.Valid() {
		t.Fatal(held, err)
	}
	b, killB := start("b")
	defer killB()
	killA()
	if held.Valid() {
		t.Error("a is killed and its lease is valid")
	}
	killed := time.Now()
	taken, err := b.Acquire(t.Context(), "op1/1")
	if err != nil || !taken.Valid() || taken.Term <= held.Term {
		t.Fatalf("%+v after %+v: %v", taken, held, err)
	}
	t.Logf("taken over after %v", time.Since(killed))
}
