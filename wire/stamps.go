package wire

import (
	"sync"
	"time"
)

// Stamps gives the messages of an SMSC their time stamps, of which no recipient gets the same twice: a message is named
// by both. It counts in local time, so that the hour that there is twice in autumn, or a clock that is set back, gives
// nothing twice either: until the clock has caught up, stamps stay where they were and count on from there. Who gets more
// than one message a second gets stamps ahead of the clock. The zero value is ready. It may be used concurrently.
type Stamps struct {
	mu     sync.Mutex
	latest int64            // the latest second of the clock, as local time
	last   map[string]int64 // the last stamp of each recipient that is not behind it
}

// maxStamps is how many recipients are remembered. Beyond that the clock of Stamps is put ahead of all of them.
const maxStamps = 100_000

// Next gives the stamp of a message to a recipient that comes now: the second itself, or the first that is free behind it.
// The result is a time of UTC that shows what the clock shows in loc, lest the hour that there is not in spring become
// one that there is.
func (s *Stamps) Next(recipient string, now time.Time, loc *time.Location) time.Time {
	_, offset := now.In(loc).Zone()
	second := now.Unix() + int64(offset)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(second)
	next := s.latest
	if last, ok := s.last[recipient]; ok {
		next = max(next, last+1)
	}
	s.last[recipient] = next
	return time.Unix(next, 0).UTC()
}

// MaxAhead is how many seconds stamps of Near run ahead of the clock: more messages come to a recipient at once than anybody
// sends, and few enough that what was given within that time can be looked up when a server starts.
const MaxAhead = 120

// Near is Next, but for a recipient whose stamp would be more than MaxAhead seconds ahead of the latest second of the
// clock: he gets none now, and ok is false.
func (s *Stamps) Near(recipient string, now time.Time, loc *time.Location) (at time.Time, ok bool) {
	_, offset := now.In(loc).Zone()
	s.mu.Lock()
	s.turn(now.Unix() + int64(offset))
	last, known := s.last[recipient]
	ok = !known || last-s.latest < MaxAhead
	s.mu.Unlock()
	if !ok {
		return time.Time{}, false
	}
	return s.Next(recipient, now, loc), true
}

// Note tells of a stamp that was given before, by a server that has ended, say, so that it is not given again. It is a time
// as Next gives it.
func (s *Stamps) Note(recipient string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	second := at.Unix()
	if s.last == nil {
		s.last = map[string]int64{}
	}
	if last, known := s.last[recipient]; known || len(s.last) < maxStamps {
		s.last[recipient] = max(last, second)
		return
	}
	s.latest = max(s.latest, second+1)
}

// turn lets the clock go on, and forgets what is behind it.
func (s *Stamps) turn(second int64) {
	if s.last == nil {
		s.last = map[string]int64{}
	}
	if len(s.last) >= maxStamps {
		for _, last := range s.last {
			second = max(second, last+1)
		}
	}
	if second <= s.latest {
		return
	}
	s.latest = second
	for recipient, last := range s.last {
		if last < second {
			delete(s.last, recipient)
		}
	}
}
