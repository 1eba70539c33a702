package wire

import (
	"context"
	"time"
)

// Backoff gives the wait before attempt number attempt+1: it doubles from least to most, and random, between 0 and 1,
// takes up to half of it away, so that many who lost the same peer do not come back together.
func Backoff(attempt int, least, most time.Duration, random float64) time.Duration {
	d := least
	for range attempt {
		if d >= most/2 {
			d = most
			break
		}
		d *= 2
	}
	d = min(d, most)
	return d - time.Duration(float64(d)*random/2)
}

// Wait waits, or until ctx ends.
func Wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
