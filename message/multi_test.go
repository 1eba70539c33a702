package message

import (
	"testing"
	"time"
)

// TestSuccessor: ids made at one moment are found from the first, also when
// their sequence runs over.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ids := NewIDs(63, 0)
	last := ids.Next(now)
	for range 1<<idSequence + 3 {
		id := last.Successor()
		if last = ids.Next(now); id != last {
			t.Fatalf("successor %d, made %d", id, last)
		}
	}
}
