package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Sizes of the reader, in octets.
const (
	readSmall = 4 << 10  // the buffer of an idle session
	readLarge = 64 << 10 // the buffer of a busy one
)

const maxBadLogged = 10 // lines of log about frames that could not be understood, in one session

// reader is what the goroutine of Run alone touches.
type reader[P PDU] struct {
	h         Handler[P]
	buf       []byte
	start     int  // first octet not yet consumed
	end       int  // behind the last octet read
	held      bool // the peer's window was full before all frames were handed out
	junk      int  // octets that are no frame since the last frame
	requests  []P
	responses []Response[P]
	parked    []P // requests that came right behind the answer to our log-in, before SetBound
	farewell  P   // the answer to a log-out behind the requests
}

// read reads and hands out frames until the connection ends.
func (s *Session[P]) read() {
	r := &s.reader
	r.buf = make([]byte, max(readSmall, s.cfg.MaxFrame))
	s.tick()
	for s.waitReadable() {
		if r.held {
			s.follow(false)
			continue
		}
		n, err := s.conn.Read(r.buf[r.end:])
		if n > 0 {
			r.end += n
			s.follow(r.end == len(r.buf))
		}
		if err == nil {
			continue
		}
		var ne net.Error
		switch {
		case errors.As(err, &ne) && ne.Timeout():
			s.tick()
			if len(r.parked) > 0 && s.State() == Bound {
				s.follow(false)
			}
		case errors.Is(err, io.EOF) && s.State() == Leaving:
			s.Close(ErrLeft) // the peer closes behind its answer to the log-out
		case errors.Is(err, io.EOF):
			s.Close(ErrPeerClosed)
		default:
			s.Close(fmt.Errorf("read: %w", err))
		}
	}
}

// follow hands out what the buffer holds; full says that the last read has filled it.
func (s *Session[P]) follow(full bool) {
	r := &s.reader
	if s.discards() {
		r.start, r.end, r.held = 0, 0, false
		return
	}
	for more := true; more && !s.discards(); {
		room := s.peerRoom()
		if r.held = room == 0; r.held {
			break
		}
		more = s.parse(room)
		s.deliver()
		s.peerLeaves()
		clear(r.requests)
		clear(r.responses)
	}
	r.end = copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	if r.junk > maxJunk {
		s.Close(ErrJunk)
	}
	if full && !r.held && len(r.buf) < readLarge {
		buf := make([]byte, 2*len(r.buf))
		copy(buf, r.buf[:r.end])
		r.buf = buf
	}
}

// waitReadable waits while so much waits to be written, or so many requests to be answered, that nothing more should
// be read. It returns false when the session is closed.
func (s *Session[P]) waitReadable() bool {
	for stalled := false; ; stalled = true {
		s.mu.Lock()
		full := !s.finishing && (len(s.out) >= maxPending || s.peerOpen >= s.peerWindow)
		if stalled && !full && !s.finishing {
			// What happened meanwhile waits in the socket: it has to be read before timers may judge.
			s.timing.heard = time.Now()
			s.deadline = s.timing.heard.Add(time.Second)
			_ = s.conn.SetReadDeadline(s.deadline)
		}
		s.mu.Unlock()
		if s.State() == Closed {
			return false
		}
		if !full {
			return true
		}
		<-s.resume
	}
}

// shrink gives back what a busy time has made large; mu is held.
func (s *Session[P]) shrink() {
	r := &s.reader
	if small := max(readSmall, s.cfg.MaxFrame); len(r.buf) > small && r.end == 0 {
		r.buf = make([]byte, small)
		r.requests, r.responses = nil, nil
	}
	if len(s.out) == 0 && cap(s.out)+cap(s.spare) > readSmall {
		s.out, s.spare = nil, nil
	}
}

// peerRoom is how many more requests of the peer may be handed out.
func (s *Session[P]) peerRoom() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.peerWindow-s.peerOpen)
}

// discards reports whether nothing more is to be read.
func (s *Session[P]) discards() bool {
	if s.State() < Leaving {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finishing || s.State() == Closed
}

// parse decodes frames until the buffer holds no complete one, or, and then more is true, until it has room requests or
// one that may change the state of the session.
func (s *Session[P]) parse(room int) (more bool) {
	r := &s.reader
	r.requests, r.responses = r.requests[:0], r.responses[:0]
	if s.State() != Open {
		r.requests = append(r.requests, r.parked...)
		r.parked = nil
	}
	for {
		start, end, ok := Next(r.buf[r.start:r.end], s.cfg.MaxFrame)
		s.skip(start)
		if !ok {
			return false
		}
		frame := r.buf[r.start : r.start+end-start]
		r.start += len(frame)
		if trace := s.trace.Load(); trace != nil {
			(*trace)(false, frame)
		}
		p, err := s.protocol.Decode(frame)
		if err != nil {
			s.misunderstood(p, err)
			continue
		}
		r.junk = 0
		if s.watcher != nil && s.watcher.Received(p) {
			s.heard()
			continue
		}
		if s.sort(p) || len(r.requests) >= room {
			return true
		}
	}
}

// skip passes over octets that belong to no frame. A few, such as line ends, are usual.
func (s *Session[P]) skip(n int) {
	if n == 0 {
		return
	}
	s.reader.start += n
	s.reader.junk += n
	s.mu.Lock()
	s.info.Junk += uint64(n)
	s.timing.heard = time.Now()
	s.mu.Unlock()
}

// heard notes that the peer lives, and has sent a frame that the handler does not get.
func (s *Session[P]) heard() {
	s.mu.Lock()
	s.timing.heard = time.Now()
	s.info.Received++
	s.mu.Unlock()
}

// sort puts a PDU where it belongs, and reports whether it may change the state of the session.
func (s *Session[P]) sort(p P) bool {
	r := &s.reader
	if p.IsResponse() {
		r.responses = append(r.responses, Response[P]{PDU: p})
		return s.State() == Open
	}
	if s.protocol.LogoutAnswer != nil && s.State() != Open {
		var none P
		if r.farewell = s.protocol.LogoutAnswer(p); r.farewell != none {
			s.heard()
			return true
		}
	}
	early := s.protocol.Early(p)
	switch state := s.State(); {
	case state == Leaving:
		s.refuse(p, ErrLeaving)
	case !early && (state != Open || s.cfg.Role == Client) && s.protocol.IsAlive(p):
		s.heard()
		s.Reply(s.protocol.AliveAnswer(p))
	case state == Open && s.cfg.Role == Client && len(r.parked) < s.cfg.PeerWindow:
		s.heard()
		r.parked = append(r.parked, p)
	case state == Open && (!early || s.cfg.Role == Client):
		s.refuse(p, ErrNotLoggedIn)
	default:
		r.requests = append(r.requests, p)
		return early
	}
	return false
}

// refuse answers a request that the handler does not get to see.
func (s *Session[P]) refuse(p P, why error) {
	s.heard()
	var none P
	if answer := s.protocol.Refuse(p, why); answer != none {
		s.Reply(answer)
	}
}

// misunderstood deals with a frame that could not be decoded: a request is answered, a response to a request of ours
// is handed on with the error, anything else is counted.
func (s *Session[P]) misunderstood(p P, err error) {
	s.mu.Lock()
	s.info.Bad++
	logged := s.info.Bad <= maxBadLogged
	s.mu.Unlock()
	if logged {
		s.cfg.Logger.Warn("frame not understood", "protocol", s.protocol.Name, "peer", s.info.Peer, "error", err)
	}
	var none P
	switch {
	case s.watcher != nil && s.watcher.Misread(p, err):
	case p == none:
	case p.IsResponse():
		s.reader.responses = append(s.reader.responses, Response[P]{PDU: p, Err: err})
	default:
		s.refuse(p, err)
	}
}

// peerLeaves deals with the peer's log-out, if there was one behind what was handed out: nothing new is taken any more, and it
// is answered when everything else is.
func (s *Session[P]) peerLeaves() {
	var none P
	if s.reader.farewell == none {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() == Bound {
		s.state.Store(uint32(Leaving))
	}
	s.farewell, s.reader.farewell = s.reader.farewell, none
	s.checkDrained()
	s.kick()
}

// deliver hands what parse has collected to the handler.
func (s *Session[P]) deliver() {
	r := &s.reader
	if len(r.requests) == 0 && len(r.responses) == 0 {
		return
	}
	now := time.Now()
	s.mu.Lock()
	s.timing.heard = now
	s.info.Received += uint64(len(r.requests) + len(r.responses))
	s.match(now)
	if len(r.requests) > 0 {
		s.peerOpen += len(r.requests)
		s.timing.active = now
	}
	s.mu.Unlock()
	if len(r.responses) > 0 {
		r.h.Responses(s, r.responses)
	}
	if len(r.requests) > 0 {
		r.h.Requests(s, r.requests)
	}
}

// match finds the request of each response, and leaves those that the handler waits for; mu is held.
func (s *Session[P]) match(now time.Time) {
	r := &s.reader
	kept := r.responses[:0]
	s.latency.Turn(now)
	for i := range r.responses {
		resp := &r.responses[i]
		e, ok := s.window.take(resp.PDU)
		if !ok {
			s.info.Bad++
			s.cfg.Logger.Debug("response without a request", "protocol", s.protocol.Name, "peer", s.info.Peer,
				"operation", resp.PDU.Operation(), "number", resp.PDU.Number())
			continue
		}
		if _, alive := e.ref.(aliveRef); alive {
			s.timing.asks = false
			s.info.AliveTime = now.Sub(e.sent)
			continue
		}
		s.latency.Add(now.Sub(e.sent))
		if resp.Err == nil {
			if fault := s.protocol.Fault(resp.PDU); fault != "" {
				s.info.LastFault, s.info.LastFaultAt = fault, now
			}
		}
		s.timing.active = now
		resp.Request, resp.Ref, resp.Sent = e.pdu, e.ref, e.sent
		if c, ok := e.ref.(*call[P]); ok {
			c.answer <- *resp
			continue
		}
		kept = append(kept, *resp)
	}
	clear(r.responses[len(kept):])
	r.responses = kept
	s.callOn(now)
	s.checkDrained()
	s.kick()
}
