package app

import (
	"sync"
	"time"
)

// seldomEvery is the least time between two lines of the log about the same.
const seldomEvery = time.Minute

// seldom holds back what peers can cause as often as they like: it is said at
// once, and then once a minute with how often it was. A balancer that is set up
// wrong goes on for ever, and so does an attacker.
type seldom struct {
	mu     sync.Mutex
	said   time.Time
	unsaid int
}

// note counts one more, and tells whether it is to be said, and of how many.
func (s *seldom) note() (n int, say bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaid++
	now := time.Now()
	if n = s.unsaid; now.Sub(s.said) < seldomEvery {
		return n, false
	}
	s.said, s.unsaid = now, 0
	return n, true
}
