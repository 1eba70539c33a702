package gateway

import (
	"testing"
	"time"
)

// smoothOperator takes so many parts a second, evenly, with little tolerance;
// 0 is any number.
type smoothOperator struct {
	rate float64
	next time.Time
}

func (o *smoothOperator) takes(now time.Time) bool {
	if o.rate == 0 {
		return true
	}
	interval := time.Duration(float64(time.Second) / o.rate)
	if o.next.Before(now) {
		o.next = now
	}
	if o.next.Add(interval).Sub(now) > max(50*time.Millisecond, interval) {
		return false
	}
	o.next = o.next.Add(interval)
	return true
}

// secondsOperator takes so many in each second of the clock, at any time in it.
type secondsOperator struct {
	rate   int
	second int64
	have   int
}

func (o *secondsOperator) takes(now time.Time) bool {
	if s := now.Unix(); s != o.second {
		o.second, o.have = s, 0
	}
	o.have++
	return o.have <= o.rate
}

// pacing sends what waits without end over a link, tick by tick.
type pacing struct {
	pace
	now              time.Time
	taken, throttled int
	window           int // parts that may be sent at once
	tick             time.Duration
}

func newPacing(limit float64) *pacing {
	p := &pacing{now: time.Date(2026, 11, 1, 12, 0, 0, 300e6, time.UTC), window: 10, tick: tick}
	p.configure(limit)
	return p
}

func (p *pacing) run(d time.Duration, takes func(time.Time) bool) {
	for end := p.now.Add(d); p.now.Before(end); p.now = p.now.Add(p.tick) {
		for range p.window {
			n, ok := p.room(p.now)
			if !ok || n < 1 {
				break
			}
			p.take(1)
			if takes(p.now) {
				p.success(p.now, 1)
				p.taken++
			} else {
				p.throttled++
				p.slow(p.now, defaultThrottleWait)
			}
		}
	}
}

// TestAdapt sets a link to more than its operator takes: it finds the limit, has
// nearly all of it, and seldom hears a complaint; when the limit is lifted it
// goes up to its own.
func TestAdapt(t *testing.T) {
	t.Parallel()
	for name, operator := range map[string]func() func(time.Time) bool{
		"smooth":       func() func(time.Time) bool { return (&smoothOperator{rate: 50}).takes },
		"by the clock": func() func(time.Time) bool { return (&secondsOperator{rate: 50}).takes },
	} {
		for _, limit := range []float64{100, 0} {
			p, takes := newPacing(limit), operator()
			p.run(30*time.Second, takes)
			p.taken, p.throttled = 0, 0
			p.run(time.Minute, takes)
			t.Logf("%s, link of %g/s: %d taken and %d throttled in a minute", name, limit, p.taken, p.throttled)
			if perSecond := float64(p.taken) / 60; perSecond < 47 {
				t.Errorf("%s, link of %g/s: %.1f/s taken, want 47", name, limit, perSecond)
			}
			if share := float64(p.throttled) / float64(p.taken+p.throttled); share > 0.02 {
				t.Errorf("%s, link of %g/s: %.1f %% throttled", name, limit, 100*share)
			}
			if limit == 0 {
				continue
			}
			any := &smoothOperator{}
			p.run(59*time.Second, any.takes)
			p.taken = 0
			p.run(time.Second, any.takes)
			if p.taken < 95 || p.taken > 101 {
				t.Errorf("%s: %d/s a minute after the limit was lifted, want 95 to 100", name, p.taken)
			}
		}
	}
}

// TestLateTicks lets a busy machine keep time badly: the link still has what it
// may have.
func TestLateTicks(t *testing.T) {
	t.Parallel()
	p, operator := newPacing(100), &smoothOperator{rate: 50}
	p.tick = 40 * time.Millisecond
	p.run(30*time.Second, operator.takes)
	p.taken, p.throttled = 0, 0
	p.run(time.Minute, operator.takes)
	if p.taken < 45*60 || p.throttled*50 > p.taken {
		t.Errorf("%d taken and %d throttled in a minute, want 45/s and 2 %%", p.taken, p.throttled)
	}
	p, any := newPacing(100), &smoothOperator{}
	p.tick = 40 * time.Millisecond
	p.run(time.Minute, any.takes)
	if p.taken < 97*60 || p.taken > 101*60 {
		t.Errorf("%d taken in a minute by a link of 100/s", p.taken)
	}
}

// TestEarlyComplaint lets an operator complain right at the beginning, when
// nothing is known of how much it takes: the link does not crawl for long.
func TestEarlyComplaint(t *testing.T) {
	t.Parallel()
	operator := &smoothOperator{rate: 50}
	p := newPacing(0)
	for p.taken < 300 && p.throttled < 300 {
		p.run(100*time.Millisecond, operator.takes)
	}
	if took := p.now.Sub(time.Date(2026, 11, 1, 12, 0, 0, 300e6, time.UTC)); took > 12*time.Second {
		t.Errorf("300 parts took %v where the operator needs 6 s", took)
	}
}
