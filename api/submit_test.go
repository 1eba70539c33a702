package api

import (
	"testing"

	"kurir/gateway"
)

// An answer that is there is taken, also where the time has run out meanwhile because the machine was busy.
func TestAwaitTakesWhatIsThere(t *testing.T) {
	t.Parallel()
	at := func(_ []*gateway.Submission, done gateway.Done) { done(make([]gateway.Result, 3)) }
	for range 100 {
		if results, ok := await(at, nil, 0); !ok || len(results) != 3 {
			t.Fatalf("%d results, in time %t", len(results), ok)
		}
	}
	if _, ok := await(func([]*gateway.Submission, gateway.Done) {}, nil, 0); ok {
		t.Error("there is an answer without one")
	}
}
