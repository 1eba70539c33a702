package smpp

import (
	"fmt"
	"time"
)

// append encodes one PDU behind those that wait to be written; mu is held and kick must follow.
func (s *Session) append(p *PDU) error {
	start := len(s.out)
	out, err := s.enc.append(s.out, p)
	s.enc.buf = nil
	if err != nil {
		return err
	}
	s.out = out
	s.info.Sent++
	if p.Status != ESME_ROK {
		s.info.LastRefusal, s.info.LastRefusalAt = p.Status, time.Now()
	}
	if trace := s.trace.Load(); trace != nil {
		(*trace)(true, s.shown(p, out[start:]))
	}
	return nil
}

// reply appends one PDU of the session itself and starts the writer.
func (s *Session) reply(p PDU) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.append(&p) // header and empty bodies only: these cannot fail
	s.kick()
}

// kick starts the writer if there is something for it to do; mu is held. The writer is a goroutine that lives as long
// as there is something to write, so an idle session has none.
func (s *Session) kick() {
	if s.flushing || s.State() == StateClosed || len(s.out) == 0 && !s.finishing {
		return
	}
	s.flushing = true
	s.writes.Add(1)
	go s.flush()
}

// flush writes what is pending, all of it with one Write, until nothing is.
func (s *Session) flush() {
	defer s.writes.Done()
	var written []byte
	for {
		s.mu.Lock()
		if written != nil && s.spare == nil && cap(written) <= 2*maxPending {
			s.spare = written[:0]
		}
		s.wake()
		if len(s.out) == 0 || s.State() == StateClosed {
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
		if s.cfg.WriteTimeout > 0 {
			_ = s.conn.SetWriteDeadline(now.Add(s.cfg.WriteTimeout))
		}
		if _, err := s.conn.Write(written); err != nil {
			s.Close(fmt.Errorf("write: %w", err))
		}
	}
}

// wake tells a stalled reader to look again; mu is held.
func (s *Session) wake() {
	select {
	case s.resume <- struct{}{}:
	default:
	}
}

// finish lets the writer close the connection once everything pending is written; mu is held. The reader throws away
// what still comes.
func (s *Session) finish(reason error) {
	if s.reason == nil {
		s.reason = reason
	}
	if s.finishing || s.State() == StateClosed {
		return
	}
	s.finishing = true
	s.state.Store(uint32(StateUnbinding))
	s.deadline = time.Now().Add(max(s.cfg.WriteTimeout, lingerTime))
	_ = s.conn.SetReadDeadline(s.deadline)
	s.wake()
	s.kick()
}

// linger closes our direction only and gives the peer a moment to close its own: closing at once with octets unread
// would make TCP throw away our last PDU.
func (s *Session) linger() {
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
func (s *Session) arm(at time.Time) {
	if at.Before(s.deadline) && !s.finishing {
		s.deadline = at
		_ = s.conn.SetReadDeadline(at)
	}
}

// settleUnbind answers the peer's unbind once nothing is outstanding on either side, requests of the session itself
// excepted: a response that is on its way must not be thrown away. mu is held.
func (s *Session) settleUnbind() {
	if s.unbindAsked && s.peerOpen == 0 && s.window.live == s.window.own {
		s.answerUnbind()
	}
}

// answerUnbind answers the peer's unbind and lets the session end; mu is held.
func (s *Session) answerUnbind() {
	_ = s.append(&PDU{Command: CommandUnbindResp, Sequence: s.unbindSeq})
	s.unbindAsked = false
	s.timing.unbound = time.Time{}
	s.finish(ErrPeerUnbound)
}
