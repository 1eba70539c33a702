package wire

import (
	"testing"
	"time"
)

// The histogram never makes a latency shorter, and at most a quarter longer.
func TestLatencyBuckets(t *testing.T) {
	t.Parallel()
	last := -1
	for d := time.Duration(0); d < time.Minute; d += d/50 + 1 {
		i := latencyBucket(d)
		end := latencyEnd(i)
		if end < d || d > 4*latencyUnit && end > d*5/4 {
			t.Fatalf("%v is in a bucket that ends at %v", d, end)
		}
		if i != last && i != last+1 {
			t.Fatalf("%v is in bucket %d, what is a little shorter in %d", d, i, last)
		}
		last = i
	}
	if i := latencyBucket(time.Hour); i != latencyBuckets-1 {
		t.Errorf("an hour is in bucket %d", i)
	}
}

func TestLatencyQuantiles(t *testing.T) {
	t.Parallel()
	var l Latency
	start := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	l.Turn(start)
	if l.Quantile(0.5) != 0 {
		t.Error("half of none took a time")
	}
	for i := range 100 {
		l.Add(time.Duration(i+1) * time.Millisecond)
	}
	near := func(got, want time.Duration) bool { return got >= want && got <= want*5/4 }
	check := func(at time.Duration, n uint64) {
		t.Helper()
		l.Turn(start.Add(at))
		if l.Count() != n {
			t.Errorf("after %v: %d answers, want %d", at, l.Count(), n)
		}
	}
	check(59*time.Second, 100)
	if p50, p99 := l.Quantile(0.50), l.Quantile(0.99); !near(p50, 50*time.Millisecond) || !near(p99, 99*time.Millisecond) {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
	check(61*time.Second, 100) // the last minute counts on
	l.Add(time.Second)
	if p := l.Quantile(1); !near(p, time.Second) {
		t.Errorf("the longest is %v", p)
	}
	check(125*time.Second, 1)
	check(10*time.Minute, 0)
}
