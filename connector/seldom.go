package connector

import (
	"sync"
	"time"
)

// Seldom holds back lines of the log about what peers can cause as often as they
// like: it is said at once, and then once in a while, with how often it was. A
// balancer that is set up wrong goes on for ever, and so does an attacker.
type Seldom struct {
	Every time.Duration // the least time between two lines about the same

	mu     sync.Mutex
	said   time.Time
	unsaid int
}

// Note counts one more. It returns of how many the log is to tell, 0 while it is
// too early for another line.
func (s *Seldom) Note() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaid++
	now := time.Now()
	if now.Sub(s.said) < s.Every {
		return 0
	}
	n, s.unsaid, s.said = s.unsaid, 0, now
	return n
}
