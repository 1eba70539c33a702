package wire

import (
	"strconv"
	"testing"
	"time"
)

// However many recipients there are, the memory of Stamps is bounded and no stamp is given twice.
func TestStampsBounded(t *testing.T) {
	t.Parallel()
	var s Stamps
	now := time.Date(2026, 11, 29, 17, 0, 0, 0, time.UTC)
	first := s.Next("0", now, time.UTC)
	for i := range maxStamps + 10 {
		s.Next(strconv.Itoa(i), now, time.UTC)
	}
	if len(s.last) > maxStamps {
		t.Errorf("%d recipients are remembered", len(s.last))
	}
	if again := s.Next("0", now, time.UTC); !again.After(first) {
		t.Errorf("%s after %s", again, first)
	}
	if later := now.Add(time.Hour); s.Next("0", later, time.UTC) != later || len(s.last) != 1 {
		t.Errorf("%d recipients are remembered an hour later", len(s.last))
	}
}
