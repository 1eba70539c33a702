package gateway

import (
	"fmt"
	"testing"
	"time"
)

// TestCongestionState lets the operator say how busy he is while he takes all:
// near his limit the rate stays, above it falls at once and further, and when he
// is idle it is soon the link's own again.
func TestCongestionState(t *testing.T) {
	t.Parallel()
	any := (&smoothOperator{}).takes
	p := newPacing(100)
	p.run(3*time.Second, any)
	p.yield(p.now)
	p.run(congestedWait+tick, any)
	low := p.rate
	if low < 65 || low > 75 {
		t.Fatalf("%.1f/s after the operator was congested at 100/s, want 70", low)
	}
	for range 200 {
		p.hold(p.now)
		p.run(100*time.Millisecond, any)
	}
	if p.rate < low*0.99 || p.rate > low*1.01 {
		t.Errorf("%.1f/s after 20 s near his limit, want %.1f to stay", p.rate, low)
	}
	for range 5 {
		p.yield(p.now)
		p.run(2*time.Second, any)
	}
	if p.rate > 20 {
		t.Errorf("%.1f/s after 10 s of congestion", p.rate)
	}
	p.free(p.now)
	p.run(5*time.Second, any)
	if p.rate != 100 {
		t.Errorf("%.1f/s 5 s after he was idle, want 100", p.rate)
	}

	// Who complains of the rate is not believed to be idle.
	p.slow(p.now, defaultThrottleWait)
	before := p.rate
	p.run(time.Second, any)
	p.free(p.now)
	p.run(time.Second, any)
	if p.rate > before*1.06 {
		t.Errorf("%.1f/s two seconds after a complaint at %.1f/s", p.rate, before)
	}
}

// TestFullQueues lets an operator refuse messages because a queue is full: those
// of one phone, or of some among many, slow nothing; those of all do.
func TestFullQueues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		phones int // different ones that are refused
		taken  int // between two refusals
		slower bool
	}{
		{"one phone", 1, 0, false},
		{"four phones", 4, 0, false},
		{"some of many", 100, 20, false},
		{"everybody", 100, 0, true},
		{"half of all", 100, 1, true},
	} {
		l := &link{}
		l.configure(LinkSettings{Rate: 100})
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		for i := range 100 {
			l.pace.success(now, c.taken)
			l.count.taken.Add(int64(c.taken))
			l.queueFull(fmt.Sprint(i%c.phones), now)
			now = now.Add(10 * time.Millisecond)
		}
		if slower := l.count.throttled.Load() > 0; slower != c.slower {
			t.Errorf("%s: slower %v, want %v", c.name, slower, c.slower)
		}
	}
	// Five phones over an hour are no full operator.
	l := &link{}
	l.configure(LinkSettings{})
	for i := range 60 {
		l.queueFull(fmt.Sprint(i), time.Unix(int64(60*i), 0))
	}
	if l.count.throttled.Load() > 0 {
		t.Error("refusals far apart slow the link")
	}
}
