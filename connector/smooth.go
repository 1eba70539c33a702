package connector

import (
	"sync"
	"time"
)

// smoothOver is the time within which no more parts go than its share of a rate,
// and one.
const smoothOver = 100 * time.Millisecond

// Smooth keeps parts apart on the wire: within any 100 ms no more go than a tenth
// of a rate and one. How many go in the long run the gateway decides; what it
// grants comes in lumps all the same, as large as a commit is slow. It is safe for
// concurrent use.
type Smooth struct {
	over  time.Duration // between a part and the one len(went) places behind it
	began time.Time

	mu   sync.Mutex
	went []time.Duration // when the last parts went, since began
	next int             // place of the oldest
}

// NewSmooth makes a Smooth for a rate in parts a second, more than 0.
func NewSmooth(rate float64) *Smooth {
	most := int(rate*smoothOver.Seconds()) + 1
	// So many in more than 100 ms, so that what is late on its way does not meet
	// what is not; and a little faster than the rate, so that nothing stays behind.
	even := time.Duration(float64(most) / rate * float64(time.Second))
	s := &Smooth{over: (smoothOver + 3*even) / 4, began: time.Now(), went: make([]time.Duration, most)}
	for i := range s.went {
		s.went[i] = -2 * s.over
	}
	return s
}

// opens returns when the next part may go; mu is held.
func (s *Smooth) opens() time.Time { return s.began.Add(s.went[s.next] + s.over) }

// take books that a part goes now; mu is held.
func (s *Smooth) take(now time.Time) {
	s.went[s.next] = now.Sub(s.began)
	s.next = (s.next + 1) % len(s.went)
}

// Take lets a part go now, by a link's Smooth and an account's, if both let it;
// either may be nil. Else it returns when it may be asked again, and whether it is
// the link that has to wait, and so everybody's parts.
func (s *Smooth) Take(account *Smooth, now time.Time) (goes bool, again time.Time, all bool) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if at := s.opens(); at.After(now) {
			return false, at, true
		}
	}
	if account != nil {
		account.mu.Lock()
		defer account.mu.Unlock()
		if at := account.opens(); at.After(now) {
			return false, at, false
		}
		account.take(now)
	}
	if s != nil {
		s.take(now)
	}
	return true, time.Time{}, false
}

// accountSmooth keeps an account's parts apart, over all links.
type accountSmooth struct {
	*Smooth
	rate float64
}

// SmoothAccounts sets the rates of the accounts that have one, in parts a second.
func (sh *Shared) SmoothAccounts(rates map[string]float64) {
	if len(rates) == 0 {
		sh.accounts.Store(nil)
		return
	}
	next := make(map[string]*accountSmooth, len(rates))
	old := sh.accounts.Load()
	for account, rate := range rates {
		if old != nil && (*old)[account] != nil && (*old)[account].rate == rate {
			next[account] = (*old)[account]
		} else {
			next[account] = &accountSmooth{NewSmooth(rate), rate}
		}
	}
	sh.accounts.Store(&next)
}

// smooth returns what keeps an account's parts apart, nil for nothing.
func (sh *Shared) smooth(account string) *Smooth {
	all := sh.accounts.Load()
	if all == nil {
		return nil
	}
	if a := (*all)[account]; a != nil {
		return a.Smooth
	}
	return nil
}
