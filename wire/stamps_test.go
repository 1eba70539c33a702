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

// TestStampsNear: stamps run ahead only so far, and those noted are not given again.
func TestStampsNear(t *testing.T) {
	t.Parallel()
	var s Stamps
	now := time.Date(2026, 11, 29, 17, 0, 0, 0, time.UTC)
	s.Note("1", now.Add(9*time.Second))
	s.Note("1", now.Add(3*time.Second))
	if at, ok := s.Near("1", now, time.UTC); !ok || at != now.Add(10*time.Second) {
		t.Errorf("%s, %t", at, ok)
	}
	for i := 11; i <= MaxAhead; i++ {
		if at, ok := s.Near("1", now, time.UTC); !ok || at != now.Add(time.Duration(i)*time.Second) {
			t.Fatalf("%d: %s, %t", i, at, ok)
		}
	}
	if at, ok := s.Near("1", now, time.UTC); ok {
		t.Errorf("%s is too far ahead", at)
	}
	if at, ok := s.Near("2", now, time.UTC); !ok || at != now {
		t.Errorf("%s, %t for another recipient", at, ok)
	}
	if _, ok := s.Near("1", now.Add(time.Second), time.UTC); !ok {
		t.Error("nothing is given a second later")
	}
}
