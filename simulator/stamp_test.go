package simulator

import (
	"fmt"
	"testing"
	"time"

	"kurir/smpp"
)

// TestTaken holds that the time between a stamp and the arrival is what is reported, and that texts without one, and
// those of a warm-up, do not count.
func TestTaken(t *testing.T) {
	t.Parallel()
	s := &stampTimes{steps: make([]uint32, stampSteps)}
	now := time.Now()
	for i := range 1000 {
		sent := now.Add(-time.Duration(i+1) * time.Millisecond)
		s.add(&smpp.ShortMessage{Text: fmt.Appendf(nil, "run01-%010d t=%016d filler", i, sent.UnixMicro())}, now)
	}
	for _, text := range []string{"", "run01-0000000001 t=0000000000000000 filler", "no stamp", "x t=12", "run01-1 t=17642921761234x6 "} {
		s.add(&smpp.ShortMessage{Text: []byte(text)}, now)
	}
	got := s.taken()
	near := func(ms, want float64) bool { return ms >= want && ms <= want+0.11 }
	if got.Count != 1000 || !near(got.P50, 500) || !near(got.P99, 990) || !near(got.P999, 999) || !near(got.Max, 1000) {
		t.Errorf("%+v", got)
	}
	s.reset()
	if got := s.taken(); got != (Taken{}) {
		t.Errorf("after the reset: %+v", got)
	}
}
