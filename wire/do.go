package wire

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// callsWaiting is how many requests of Do may wait for room in the window.
const callsWaiting = 16

// call is the Ref of a request sent by Do.
type call[P PDU] struct {
	request P
	answer  chan Response[P]
}

// Do sends one request and waits for its response; when the window is full it comes before what Send brings. It must not be called
// from a Handler, whose goroutine has to read the response.
func (s *Session[P]) Do(ctx context.Context, p P) (P, error) {
	var none P
	c := &call[P]{p, make(chan Response[P], 1)}
	now := time.Now()
	s.mu.Lock()
	err := s.add(p, c, now)
	if errors.Is(err, ErrWindowFull) && len(s.calls) < callsWaiting {
		s.calls = append(s.calls, c)
		err = nil
	}
	s.timing.active = now
	s.kick()
	s.mu.Unlock()
	if err != nil {
		return none, fmt.Errorf("%s: %w", s.protocol.Name, err)
	}
	select {
	case r := <-c.answer:
		return r.PDU, r.Err
	case <-ctx.Done():
		s.drop(c)
		return none, context.Cause(ctx)
	}
}

// drop forgets a request of Do that has not been sent yet.
func (s *Session[P]) drop(c *call[P]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.calls {
		if s.calls[i] == c {
			s.calls = append(s.calls[:i], s.calls[i+1:]...)
			return
		}
	}
}

// callOn sends what Do has waiting as far as there is room; mu is held.
func (s *Session[P]) callOn(now time.Time) {
	for len(s.calls) > 0 && s.window.room() > 0 {
		c := s.calls[0]
		s.calls = s.calls[1:]
		if err := s.add(c.request, c, now); err != nil {
			c.answer <- Response[P]{Request: c.request, Err: err}
		}
	}
}
