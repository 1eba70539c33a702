package cluster

import (
	"time"

	"kurir/store"
)

// sights is when nodes were last seen to have renewed, by this node's monotonic
// clock. It guards against a database whose clock jumps, or is another machine's
// after a failover; and after a time in which the database answered nobody it
// gives every node the time to be the first to renew.
type sights struct {
	of   map[int]sight
	last time.Duration // when the table was last seen
}

type sight struct {
	term, beat uint64
	at         time.Duration
}

// note takes in what the table said at an instant after it was read: no renewal
// that it shows was later. Has it not been seen for longer than gap, it is as if
// it were seen for the first time.
func (s *sights) note(view *store.Nodes, now Instant, gap time.Duration) {
	if s.of == nil || now.Mono-s.last > gap {
		s.of = map[int]sight{}
	}
	s.last = now.Mono
	for i := range view.Nodes {
		n := &view.Nodes[i]
		if was, ok := s.of[n.Number]; !ok || was.term != n.Term || was.beat != n.Beat {
			s.of[n.Number] = sight{term: n.Term, beat: n.Beat, at: now.Mono}
		}
	}
}

// age is for how long the node has been seen not to renew, at least.
func (s *sights) age(n *store.Node, now Instant) time.Duration {
	was, ok := s.of[n.Number]
	if !ok || was.term != n.Term || was.beat != n.Beat {
		return 0
	}
	return now.Mono - was.at
}
