package simulator

import (
	"sync/atomic"
	"time"
)

// limiter lets a rate through that is smooth in time: it knows when the next message may come, and lets a burst of
// 50 ms' worth (one message at least) run ahead of that. All sessions share it.
type limiter struct {
	next atomic.Int64 // when the next message would be due, in nanoseconds since the epoch
}

// burstTime is how far messages may run ahead of the rate.
const burstTime = 50 * time.Millisecond

// allow reports whether one more message fits into the rate now.
func (l *limiter) allow(now time.Time, rate float64) bool {
	if rate <= 0 {
		return true
	}
	interval := int64(float64(time.Second) / rate)
	ahead := max(int64(burstTime), interval)
	for {
		next := l.next.Load()
		due := max(next, now.UnixNano())
		if due+interval-now.UnixNano() > ahead {
			return false
		}
		if l.next.CompareAndSwap(next, due+interval) {
			return true
		}
	}
}
