package e2e

import (
	"testing"
	"time"
)

const (
	// patience is how long a test waits for an event that is certain to come. It bounds nothing that is judged: a machine that has much else
	// to do may be ten times slower than it is alone.
	patience = time.Minute
	// soon bounds what a server may take over something that somebody waits for.
	soon = 20 * time.Second
)

// eventually looks until ok returns true. It is for what tells nobody when it happens, and is the one place where
// tests sleep.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	within(t, patience, what, ok)
}

func within(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for pause := 2 * time.Millisecond; !ok(); pause = min(2*pause, 100*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for: %s", limit, what)
		}
		time.Sleep(pause)
	}
}

// receive takes the next value from a channel.
func receive[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v, ok := <-c:
		if !ok {
			t.Fatalf("no more comes, and this was awaited: %s", what)
		}
		return v
	case <-timer.C:
		t.Fatalf("waited %v in vain for: %s", patience, what)
		panic("unreachable")
	}
}
