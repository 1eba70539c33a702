package wire

import (
	"fmt"
	"time"
)

// Sizes that bound what a peer can make us hold.
const (
	maxPending = 512 << 10 // octets waiting to be written at which reading stops; as many again may be in the write
	maxJunk    = 64 << 10  // octets that are no frame, in a row, after which the session ends
	lingerTime = time.Second
)

// append encodes one frame behind those that wait to be written; mu is held and kick must follow.
func (s *Session[P]) append(p P) error {
	start := len(s.out)
	if s.watcher != nil {
		s.watcher.Sending(p)
	}
	out, err := s.protocol.Append(s.out, p)
	if err != nil {
		return fmt.Errorf("encode for %s: %w", s.protocol.Name, err)
	}
	s.out = out
	s.info.Sent++
	if trace := s.trace.Load(); trace != nil {
		frame := out[start:]
		if s.protocol.Shown != nil {
			frame = s.protocol.Shown(p, frame)
		}
		(*trace)(true, frame)
	}
	return nil
}

// kick starts the writer if there is something for it to do; mu is held. The writer is a goroutine that lives as long
// as there is something to write, so an idle session has none.
func (s *Session[P]) kick() {
	if s.flushing || s.State() == Closed || len(s.out) == 0 && !s.finishing {
		return
	}
	s.flushing = true
	s.writes.Add(1)
	go s.flush()
}

// flush writes what is pending, all of it with one Write, until nothing is.
func (s *Session[P]) flush() {
	defer s.writes.Done()
	var written []byte
	for {
		s.mu.Lock()
		if written != nil && s.spare == nil && cap(written) <= 2*maxPending {
			s.spare = written[:0]
		}
		s.wake()
		if len(s.out) == 0 || s.State() == Closed {
			s.flushing = false
			finish := s.finishing
			s.mu.Unlock()
			if finish {
				s.linger()
			}
			return
		}
		written, s.out, s.spare = s.out, s.spare, nil
		now := time.Now()
		s.info.LastOut = now
		s.mu.Unlock()
		if s.cfg.Write > 0 {
			_ = s.conn.SetWriteDeadline(now.Add(s.cfg.Write))
		}
		if _, err := s.conn.Write(written); err != nil {
			s.Close(fmt.Errorf("write: %w", err))
		}
	}
}

// wake tells a stalled reader to look again; mu is held.
func (s *Session[P]) wake() {
	select {
	case s.resume <- struct{}{}:
	default:
	}
}

// finish lets the writer close the connection once everything pending is written; mu is held. The reader throws away
// what still comes.
func (s *Session[P]) finish(reason error) {
	if s.reason == nil {
		s.reason = reason
	}
	if s.finishing || s.State() == Closed {
		return
	}
	s.finishing = true
	s.state.Store(uint32(Leaving))
	s.deadline = time.Now().Add(max(s.cfg.Write, lingerTime))
	_ = s.conn.SetReadDeadline(s.deadline)
	s.wake()
	s.kick()
}

// linger closes our direction only and gives the peer a moment to close its own: closing at once with octets unread
// would make TCP throw away our last frame.
func (s *Session[P]) linger() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		s.Close(nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = time.Now().Add(lingerTime)
	_ = s.conn.SetReadDeadline(s.deadline)
}

// arm brings the read's deadline forward, by which the reader runs the timers; mu is held.
func (s *Session[P]) arm(at time.Time) {
	if at.Before(s.deadline) && !s.finishing {
		s.deadline = at
		_ = s.conn.SetReadDeadline(at)
	}
}

// checkDrained tells End when nothing is outstanding any more, and answers the peer's log-out when it has all its other
// answers; mu is held.
func (s *Session[P]) checkDrained() {
	var none P
	if s.farewell != none && s.peerOpen == 0 {
		_ = s.append(s.farewell)
		s.farewell = none
		s.finish(ErrLeft)
	}
	if s.drained != nil && s.window.live == 0 && s.peerOpen == 0 && len(s.calls) == 0 {
		close(s.drained)
		s.drained = nil
	}
}
