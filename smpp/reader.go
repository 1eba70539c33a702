package smpp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Sizes of the reader, in octets.
const (
	readSmall   = 4 << 10  // the buffer of an idle session
	readLarge   = 64 << 10 // the buffer of a busy one; a longer PDU makes it grow further
	decodeBlock = 1 << 10  // bodies share blocks of this size
)

// reader is what the goroutine of Run alone touches.
type reader struct {
	h         Handler
	dec       coder
	buf       []byte
	start     int  // first octet not yet consumed
	end       int  // behind the last octet read
	held      bool // the peer's window was full before all complete PDUs were handed out
	requests  []PDU
	responses []Response
	expired   []entry
}

// read reads and hands out PDUs until the connection ends.
func (s *Session) read() {
	r := &s.reader
	r.buf = make([]byte, readSmall)
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
		case errors.Is(err, io.EOF) && s.State() == StateUnbinding:
			s.Close(ErrUnbound)
		case errors.Is(err, io.EOF):
			s.Close(ErrPeerClosed)
		default:
			s.Close(fmt.Errorf("read: %w", err))
		}
	}
}

// follow hands out what the buffer holds; full says that the last read has filled it.
func (s *Session) follow(full bool) {
	if fault := s.consume(); fault != nil {
		s.refuse(fault)
	}
	s.reader.makeRoom(full)
}

// waitReadable waits while so much waits to be written, or so many requests to be answered, that nothing more should
// be read. It returns false when the session is closed.
func (s *Session) waitReadable() bool {
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
		if s.State() == StateClosed {
			return false
		}
		if !full {
			return true
		}
		<-s.resume
	}
}

// makeRoom moves what is left to the front and lets the buffer grow when a read has filled it.
func (r *reader) makeRoom(full bool) {
	r.end = copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	size := len(r.buf)
	if !r.held && (full && size < readLarge || r.end == size) {
		size *= 2
	}
	if size > len(r.buf) {
		buf := make([]byte, size)
		copy(buf, r.buf[:r.end])
		r.buf = buf
	}
}

// shrink gives back what a busy time has made large.
func (s *Session) shrink() {
	r := &s.reader
	if len(r.buf) > readSmall && r.end == 0 {
		r.buf = make([]byte, readSmall)
		r.requests, r.responses, r.expired = nil, nil, nil
	}
	if len(s.out) == 0 && cap(s.out)+cap(s.spare) > readSmall {
		s.out, s.spare = nil, nil
	}
}

// refuse answers octets that are no PDU with a generic_nack and ends the session: where the next PDU starts is unknown
// (SMPP 3.4 4.3).
func (s *Session) refuse(fault error) {
	s.cfg.Logger.Warn("session ended: the peer's octets cannot be followed", "peer", s.info.Peer, "error", fault)
	s.mu.Lock()
	defer s.mu.Unlock()
	var de *DecodeError
	if errors.As(fault, &de) {
		p := de.Answer()
		_ = s.append(&p)
	}
	s.finish(fault)
}

// consume takes complete PDUs from the buffer and hands them out: all, unless the peer's window fills before. An error
// means that the session must end.
func (s *Session) consume() error {
	r := &s.reader
	for {
		r.held = false
		if s.discards() {
			r.start, r.end = 0, 0
			return nil
		}
		room := s.peerRoom()
		if room == 0 {
			r.held = true
			return nil
		}
		more, err := s.parse(room)
		s.deliver()
		clear(r.requests)
		clear(r.responses)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// peerRoom is how many more requests of the peer may be handed out; one on a session that only ends.
func (s *Session) peerRoom() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finishing {
		return 1
	}
	return max(0, s.peerWindow-s.peerOpen)
}

// parse decodes PDUs until the buffer holds no complete one, or, and then more is true, until it has room requests or one
// that may change the state of the session.
func (s *Session) parse(room int) (more bool, err error) {
	r := &s.reader
	r.requests, r.responses = r.requests[:0], r.responses[:0]
	for {
		state := s.State()
		limit := s.cfg.MaxPDU
		if state == StateOpen {
			limit = min(limit, maxUnboundPDU)
		}
		n, err := FrameLen(r.buf[r.start:r.end], limit)
		if err != nil || n == 0 || n > r.end-r.start {
			return false, err
		}
		frame := r.buf[r.start : r.start+n]
		r.start += n
		if trace := s.trace.Load(); trace != nil {
			(*trace)(false, frame)
		}
		var p PDU
		if err := r.dec.decode(frame, &p); err != nil {
			s.misunderstood(err)
			continue
		}
		if s.sort(&p, state) || len(r.requests) >= room {
			return true, nil
		}
	}
}

// discards reports whether the session only waits for its last octets to be written.
func (s *Session) discards() bool {
	if s.State()&(StateUnbinding|StateClosed) == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finishing || s.State() == StateClosed
}

// sort puts a PDU where it belongs, and reports whether it may change the state of the session.
func (s *Session) sort(p *PDU, state State) bool {
	r := &s.reader
	if p.Command.IsResponse() {
		r.responses = append(r.responses, Response{PDU: *p})
		id := p.Command.Request()
		return id.isBind() || id == CommandUnbind
	}
	switch {
	case p.Command == CommandEnquireLink:
		s.reply(PDU{Command: CommandEnquireLinkResp, Sequence: p.Sequence})
		s.heardOnly()
	case allowed(p.Command, s.cfg.Role.peer(), state, s.enc.version): // written by this goroutine alone
		if p.Command.isBroadcast() && !s.cfg.Broadcast {
			s.reply(PDU{Command: p.Command.Response(), Status: ESME_RINVCMDID, Sequence: p.Sequence})
			return false
		}
		r.requests = append(r.requests, *p)
		return p.Command.isBind() || p.Command == CommandUnbind
	case p.Command.isBind() && state.Bound() && s.cfg.Role == SMSC:
		s.reply(PDU{Command: p.Command.Response(), Status: ESME_RALYBND, Sequence: p.Sequence})
	case p.Command.isBroadcast() && s.enc.version != 0 && s.enc.version < Version50: // unknown in older versions
		s.reply(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDID, Sequence: p.Sequence})
	default:
		s.reply(PDU{Command: p.Command.Response(), Status: s.refusal(state), Sequence: p.Sequence})
	}
	return false
}

// refusal is the status for a request that does not belong into a state. One that comes while the session is being
// unbound is to be sent again on the next.
func (s *Session) refusal(state State) Status {
	switch {
	case state != StateUnbinding:
		return ESME_RINVBNDSTS
	case s.cfg.Role == SMSC:
		return ESME_RSYSERR
	}
	return ESME_RX_T_APPN
}

// heardOnly notes that the peer lives, without counting it as activity.
func (s *Session) heardOnly() {
	s.mu.Lock()
	s.timing.heard = time.Now()
	s.info.Received++
	s.mu.Unlock()
}

// misunderstood deals with a PDU that could not be decoded: a request is answered, a response to a request of ours is
// handed on with the error, anything else is counted.
func (s *Session) misunderstood(err error) {
	var de *DecodeError
	if !errors.As(err, &de) {
		return // decode gives nothing else
	}
	s.mu.Lock()
	s.info.Bad++
	logged := s.info.Bad <= maxBadLogged
	s.timing.heard = time.Now()
	s.mu.Unlock()
	if logged {
		s.cfg.Logger.Warn("PDU not understood", "peer", s.info.Peer, "error", err)
	}
	if !de.Header.Command.IsResponse() {
		s.reply(de.Answer())
		return
	}
	s.reader.responses = append(s.reader.responses, Response{
		PDU: PDU{Command: de.Header.Command, Status: de.Header.Status, Sequence: de.Header.Sequence}, Err: de,
	})
}

// deliver hands what parse has collected to the handler.
func (s *Session) deliver() {
	r := &s.reader
	if len(r.requests) == 0 && len(r.responses) == 0 {
		return
	}
	now := time.Now()
	s.mu.Lock()
	s.timing.heard = now
	s.info.Received += uint64(len(r.requests) + len(r.responses))
	s.match(now)
	unbind := s.admit(now)
	s.settleUnbind()
	s.mu.Unlock()
	if len(r.responses) > 0 {
		r.h.Responses(s, r.responses)
	}
	if len(r.requests) > 0 {
		r.h.Requests(s, r.requests)
	}
	if unbind {
		s.mu.Lock()
		if s.unbindAsked {
			s.arm(now) // for the timer that bounds it
		}
		s.mu.Unlock()
	}
}

// match finds the request of each response, and leaves those that the handler waits for; mu is held.
func (s *Session) match(now time.Time) {
	r := &s.reader
	kept := r.responses[:0]
	s.latency.Turn(now)
	for i := range r.responses {
		resp := &r.responses[i]
		e, ok := s.window.take(resp.PDU.Sequence, resp.PDU.Command)
		if !ok {
			s.info.Bad++
			s.cfg.Logger.Debug("response without a request", "peer", s.info.Peer, "command", resp.PDU.Command,
				"status", resp.PDU.Status, "sequence", resp.PDU.Sequence)
			continue
		}
		if e.enquire() {
			s.timing.enquired = time.Time{}
			s.info.EnquireTime = now.Sub(e.sent)
			continue
		}
		if resp.PDU.Status != ESME_ROK {
			s.info.LastError, s.info.LastErrorAt = resp.PDU.Status, now
		}
		s.timing.active = now
		resp.Request, resp.Ref, resp.Sent = e.body, e.ref, e.sent
		if b, ok := e.body.(*Bind); !ok {
			s.latency.Add(now.Sub(e.sent))
		} else if resp.PDU.Status == ESME_ROK && resp.PDU.Command != CommandGenericNack && resp.Err == nil {
			body, _ := resp.PDU.Body.(*BindResp)
			said, inForce := agreed(b.Version, s.cfg.PeerVersion, body)
			s.identify(b, said, inForce)
			s.setBound(b.Mode, now)
		}
		if c, ok := e.ref.(*call); ok {
			c.answer <- *resp
			continue
		}
		kept = append(kept, *resp)
	}
	clear(r.responses[len(kept):])
	r.responses = kept
	s.checkDrained()
}

// identify notes who the ESME is and which version is in force; mu is held, by the reader.
func (s *Session) identify(b *Bind, said, inForce Version) {
	s.info.SystemID, s.info.PeerVersion, s.info.Version = b.SystemID, said, inForce
	s.enc.version = inForce
}

// checkDrained tells Unbind when nothing is outstanding any more; mu is held.
func (s *Session) checkDrained() {
	if s.drained != nil && s.window.live == 0 && s.peerOpen == 0 {
		close(s.drained)
		s.drained = nil
	}
}

// admit counts the peer's requests and takes out an unbind, which is always the last; mu is held. It reports whether
// there was one.
func (s *Session) admit(now time.Time) (unbind bool) {
	r := &s.reader
	for i := range r.requests {
		switch p := &r.requests[i]; p.Command {
		case CommandUnbind:
			s.unbindAsked, s.unbindSeq = true, p.Sequence
			s.timing.unbound = now
			s.state.Store(uint32(StateUnbinding))
			unbind = true
			r.requests = r.requests[:i]
			return true
		case CommandBindReceiver, CommandBindTransmitter, CommandBindTransceiver:
			b := p.Body.(*Bind)
			s.identify(b, b.Version, lower(s.cfg.Version, b.Version))
			s.peerOpen++
		case CommandOutbind, CommandAlertNotification:
		default:
			s.peerOpen++
		}
	}
	if len(r.requests) > 0 {
		s.timing.active = now
	}
	return unbind
}
