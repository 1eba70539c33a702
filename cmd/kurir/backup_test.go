package main

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestCopiesOfOneSecond: a copy that is asked for in the second of another waits for the next, and takes no other's name.
func TestCopiesOfOneSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &backup{to: t.TempDir()}
		time.Sleep(300 * time.Millisecond)
		names := map[string]bool{}
		began := time.Now()
		for range 3 {
			name, err := b.free(t.Context())
			if err != nil || names[name] {
				t.Fatalf("copy %q: %v, after %v", name, err, names)
			}
			names[name] = true
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 1700*time.Millisecond {
			t.Errorf("the third begins after %v, want the beginning of the second after the next", took)
		}
	})
}
