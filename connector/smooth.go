package connector

import (
	"sync"
	"time"
)

// smoothOver is the time within which no more parts go than its share of a rate,
// and one.
const smoothOver = 100 * time.Millisecond

// Smooth keeps parts apart on the wire: within any 100 ms no more go than a tenth
// of a rate and one, of a link's also within any second no more than the rate and
// one. How many go in the long run the gateway decides; what it grants comes in
// lumps all the same, as large as a commit is slow. It is safe for concurrent use.
type Smooth struct {
	began time.Time
	long  bool // seconds count too

	mu   sync.Mutex
	laws []smoothLaw
	went []time.Duration // when the last parts went, since began
	next int             // place of the oldest
}

// longAgo is before all that counts.
const longAgo = -100 * 365 * 24 * time.Hour

// smoothLaw is how many parts may go within a time at most.
type smoothLaw struct {
	most int
	over time.Duration // between a part and the one most places behind it
}

// NewSmooth makes a Smooth of a link for a rate in parts a second, more than 0.
func NewSmooth(rate float64) *Smooth {
	s := &Smooth{began: time.Now(), long: true}
	s.set(rate)
	return s
}

// newAccountSmooth makes one of an account.
func newAccountSmooth(rate float64) *Smooth {
	s := &Smooth{began: time.Now()}
	s.set(rate)
	return s
}

// set follows a rate.
func (s *Smooth) set(rate float64) {
	laws := []smoothLaw{evenly(rate, smoothOver)}
	if s.long {
		laws = append(laws, evenly(rate, time.Second))
	}
	s.follow(laws)
}

// share follows a server's share of a rate: so many parts go within window at most,
// also counting those that went before, and not one more.
func (s *Smooth) share(parts int, window time.Duration) {
	laws := []smoothLaw{{parts, window}}
	if parts > 0 {
		laws = append(laws, evenly(float64(parts), smoothOver))
	}
	s.follow(laws)
}

// evenly is one part more than the rate allows in a time: so many in more than that
// time, so that what is late on its way does not meet what is not; and a little faster
// than the rate, so that nothing stays behind.
func evenly(rate float64, over time.Duration) smoothLaw {
	most := int(rate*over.Seconds()) + 1
	even := time.Duration(float64(most) / rate * float64(time.Second))
	return smoothLaw{most, (over + 3*even) / 4}
}

// follow has other laws hold from now on.
func (s *Smooth) follow(laws []smoothLaw) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.laws = laws
	need := len(s.went)
	for _, l := range laws {
		need = max(need, l.most)
	}
	if need == len(s.went) {
		return
	}
	went := make([]time.Duration, need)
	old := len(went) - len(s.went)
	for i := range old {
		went[i] = longAgo
	}
	n := copy(went[old:], s.went[s.next:])
	copy(went[old+n:], s.went[:s.next])
	s.went, s.next = went, 0
}

// opens returns when the next part may go; mu is held.
func (s *Smooth) opens(now time.Time) time.Time {
	var at time.Time
	for _, l := range s.laws {
		if l.most == 0 {
			return now.Add(leaseLook)
		}
		before := s.went[(s.next+len(s.went)-l.most)%len(s.went)]
		if opens := s.began.Add(before + l.over); opens.After(at) {
			at = opens
		}
	}
	return at
}

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
		if at := s.opens(now); at.After(now) {
			return false, at, true
		}
	}
	if account != nil {
		account.mu.Lock()
		defer account.mu.Unlock()
		if at := account.opens(now); at.After(now) {
			return false, at, false
		}
		account.take(now)
	}
	if s != nil {
		s.take(now)
	}
	return true, time.Time{}, false
}
