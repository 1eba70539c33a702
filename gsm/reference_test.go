package gsm_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
)

const phone = "+46701234567"

func TestReferencesInABurst(t *testing.T) {
	t.Parallel()
	r := gsm.NewReferences()
	seen8, seen16 := map[uint8]bool{}, map[uint16]bool{}
	for range 255 {
		seen8[r.Next8(phone)] = true
	}
	for range 65535 {
		seen16[r.Next16(phone)] = true
	}
	if len(seen8) != 255 || len(seen16) != 65535 {
		t.Errorf("%d of 255 and %d of 65535 references differ", len(seen8), len(seen16))
	}
}

// TestReferencesOverTime sends a message to one phone at many distances,
// sometimes with a restart between, and never sees a reference again soon.
func TestReferencesOverTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gsm.NewReferences()
		used := map[uint8]time.Time{}
		for i := range 5000 {
			if i%7 == 0 {
				r = gsm.NewReferences() // a restart takes at least a second
			}
			ref := r.Next8(phone)
			if at, ok := used[ref]; ok && time.Since(at) < 250*time.Second {
				t.Fatalf("reference %d again after %v", ref, time.Since(at))
			}
			used[ref] = time.Now()
			time.Sleep(time.Duration(1000+i%13*700) * time.Millisecond)
		}
	})
}

// TestReferencesInARow has the distances at which a bare clock would repeat.
func TestReferencesInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gsm.NewReferences()
		last8 := r.Next8(phone)
		for range 10 {
			time.Sleep(256 * time.Second)
			next := r.Next8(phone)
			if next == last8 {
				t.Fatalf("reference %d twice in a row", next)
			}
			last8 = next
		}
		last16 := r.Next16(phone)
		for range 10 {
			time.Sleep(65536 * time.Second)
			next := r.Next16(phone)
			if next == last16 {
				t.Fatalf("reference %d twice in a row", next)
			}
			last16 = next
		}
	})
}

func TestReferencesConcurrently(t *testing.T) {
	t.Parallel()
	r := gsm.NewReferences()
	var mu sync.Mutex
	seen := map[uint16]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				ref := r.Next16(phone)
				mu.Lock()
				seen[ref] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 8000 {
		t.Errorf("%d of 8000 references differ", len(seen))
	}
}
