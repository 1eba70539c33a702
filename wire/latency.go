package wire

import (
	"math/bits"
	"time"
)

// The histogram of latencies: four buckets for each power of two, from 32 µs to more than a minute, so that the end
// of a bucket is at most a quarter above its start.
const (
	latencyUnit    = 8 * time.Microsecond // 4 units are the end of the first bucket
	latencyBuckets = 4*21 + 1             // the last has no end
	latencyPeriod  = time.Minute
)

// Latency measures how long a peer takes to answer: a histogram of this minute and one of the last, so that what is
// said is about now. It costs an addition per response and some 700 octets per session. The zero value is ready; a lock
// is its owner's affair.
type Latency struct {
	since     time.Time // start of this minute
	now, last [latencyBuckets]uint32
}

// Turn begins a new minute if this one is over.
func (l *Latency) Turn(now time.Time) {
	switch age := now.Sub(l.since); {
	case age < latencyPeriod:
		return
	case age < 2*latencyPeriod:
		l.last = l.now
	default:
		clear(l.last[:])
	}
	clear(l.now[:])
	l.since = now
}

// Add counts one answer.
func (l *Latency) Add(d time.Duration) { l.now[latencyBucket(d)]++ }

// latencyBucket gives the bucket for a latency. Within it are those up to latencyEnd and above that of the bucket before.
func latencyBucket(d time.Duration) int {
	n := (uint64(max(d, 1)) - 1) / uint64(latencyUnit) // whole units below d
	if n < 4 {
		return 0
	}
	octave := bits.Len64(n) - 3 // 4 to 7 units: 0
	return min(1+4*octave+int(n>>octave&3), latencyBuckets-1)
}

// latencyEnd is the longest latency of a bucket.
func latencyEnd(bucket int) time.Duration {
	if bucket == 0 {
		return 4 * latencyUnit
	}
	octave, quarter := (bucket-1)/4, (bucket-1)%4
	return time.Duration(5+quarter) << octave * latencyUnit
}

// Count is how many answers both minutes have.
func (l *Latency) Count() (n uint64) {
	for i := range l.now {
		n += uint64(l.now[i]) + uint64(l.last[i])
	}
	return n
}

// Quantile gives the time within which the share q of the answers came; 0 if there were none.
func (l *Latency) Quantile(q float64) time.Duration {
	n := l.Count()
	if n == 0 {
		return 0
	}
	rank := max(1, uint64(q*float64(n)+0.999999))
	for i := range l.now {
		in := uint64(l.now[i]) + uint64(l.last[i])
		if in >= rank {
			return latencyEnd(i)
		}
		rank -= in
	}
	return latencyEnd(latencyBuckets - 1)
}
