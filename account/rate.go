package account

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// bucket is the allowance of an account: it fills at a rate and holds one second's worth, at least one. It is safe for concurrent
// use.
type bucket struct {
	mu     sync.Mutex
	rate   float64 // a second; 0 or less means no limit
	tokens float64 // below 0 after something larger than the bucket
	filled time.Time

	spent    int64        // since the last call of Directory.Spent
	requests atomic.Int64 // at work
}

func newBucket(rate float64) *bucket {
	b := &bucket{rate: rate}
	b.tokens = b.size()
	return b
}

// size is how much the bucket holds.
func (b *bucket) size() float64 { return max(b.rate, 1) }

func (b *bucket) setRate(rate float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate == rate {
		return
	}
	b.rate = rate
	b.tokens = min(b.tokens, b.size())
}

// take takes n if they are there. More than the bucket ever holds are taken from a full one, which then owes the
// rest: otherwise a long message could never pass.
func (b *bucket) take(n int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate <= 0 {
		return true
	}
	if b.filled.IsZero() {
		b.filled = now
	}
	b.fill(now)
	if b.tokens < min(float64(n), b.size()) {
		return false
	}
	b.tokens -= float64(n)
	b.spent += int64(n)
	return true
}

// fill adds what has become free; mu is held.
func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.filled); passed > 0 {
		b.tokens = min(b.tokens+passed.Seconds()*b.rate, b.size())
		b.filled = now
	}
}

// spendElsewhere takes what another server has accepted, also if it is not there.
func (b *bucket) spendElsewhere(n int64, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.tokens -= float64(n)
}

// Spent tells what parts this server has accepted since the last call of each account that has a rate and sends.
func (s *Directory) Spent() map[string]int64 {
	spent := map[string]int64{}
	for _, a := range s.All() {
		if a.Rate <= 0 {
			continue
		}
		a.bucket.mu.Lock()
		if a.bucket.spent > 0 {
			spent[a.Name] = a.bucket.spent
			a.bucket.spent = 0
		}
		a.bucket.mu.Unlock()
	}
	return spent
}

// SpendElsewhere counts parts that another server has accepted of an account, so that they are not accepted here, too.
func (s *Directory) SpendElsewhere(name string, parts int64, now time.Time) {
	if a := s.ByName(name); a != nil && a.Rate > 0 {
		a.bucket.spendElsewhere(parts, now)
	}
}

// Allowance tells how many parts the account's rate allows at a time, and after how many seconds all that it allows at once are
// there again. ok is false for an account without a rate.
func (a *Account) Allowance(now time.Time) (left, full int, ok bool) {
	if a.bucket == nil {
		return 0, 0, false
	}
	return a.bucket.allowance(now)
}

func (b *bucket) allowance(now time.Time) (left, full int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate <= 0 {
		return 0, 0, false
	}
	tokens := min(b.tokens+max(now.Sub(b.filled), 0).Seconds()*b.rate, b.size())
	return int(max(tokens, 0)), int(math.Ceil((b.size() - tokens) / b.rate)), true
}

// BeginRequest notes that one more request of the account is at work, and tells whether these are most at most; if not, it is
// not at work. Accounts that do not come from a Directory have no limit.
func (a *Account) BeginRequest(most int64) bool {
	if a.bucket == nil || a.bucket.requests.Add(1) <= most {
		return true
	}
	a.bucket.requests.Add(-1)
	return false
}

// EndRequest notes that a request for which BeginRequest returned true is answered.
func (a *Account) EndRequest() {
	if a.bucket != nil {
		a.bucket.requests.Add(-1)
	}
}

// Take asks for the acceptance of n parts at a time and tells whether the account's rate allows it. Accounts that do
// not come from a Directory have no limit.
func (a *Account) Take(n int, now time.Time) bool {
	return a.bucket == nil || a.bucket.take(n, now)
}
