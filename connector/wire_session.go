package connector

import (
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/message"
	"kurir/wire"
)

// wireChunk is how many parts are made before they are handed to the session, which writes them together.
const wireChunk = 256

// wireSession is one session of a link: what the gateway has granted to it, and what of that is on the wire.
type wireSession[P wire.PDU] struct {
	link    *wireLink[P]
	core    Core
	number  uint32
	peer    string
	host    string // of the configuration, if ids are its own; else empty
	lease   *Lease // nil where none is needed
	since   time.Time
	restart <-chan struct{} // told when people want it opened anew
	unsent  unsent

	mu       sync.Mutex
	sess     *wire.Session[P]
	queue    []*Outgoing // granted and not looked at yet, from head on
	head     int
	parts    []*wirePart[P] // of messages that were begun, to be written before the queue
	again    []*wirePart[P] // refused for now, to be written again when timer fires
	timer    *time.Timer
	waker    *time.Timer // for what may not go yet (pace.go)
	failed   []Answer    // to be told with the next answers
	slow     bool        // the operator asked for less speed over a part that waits in again
	ended    bool        // writes nothing more
	late     []*Outgoing // granted and never written, when it has ended
	over     bool        // late has been given back
	flow     flow
	requests []wire.Request[P] // of the batch being made
}

// add takes messages that the gateway has granted. It returns them as they are when all has been given back already.
func (s *wireSession[P]) add(out []*Outgoing) (refused []*Outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return out
	case s.ended:
		s.late = append(s.late, out...)
		return nil
	}
	if s.head > len(s.queue)/2 {
		n := copy(s.queue, s.queue[s.head:])
		clear(s.queue[n:])
		s.queue, s.head = s.queue[:n], 0
	}
	s.queue = append(s.queue, out...)
	s.pump()
	if len(s.failed) > 0 {
		// Answers must not come out of Send, so they take a way of their own.
		answers := s.failed
		s.failed = nil
		s.link.running.Go(func() { s.core.Answered(s.number, answers) })
	}
	return nil
}

// pump writes what the window has room for: parts of messages that were begun, then what waits. mu is held.
func (s *wireSession[P]) pump() {
	for !s.ended && (len(s.parts) > 0 || s.head < len(s.queue)) {
		room := min(s.sess.Room(), wireChunk)
		if room <= 0 || s.stage(room) || !s.write() {
			return
		}
	}
}

// stage fills the batch with at most room requests; none is left to write if it says so.
func (s *wireSession[P]) stage(room int) (none bool) {
	now := time.Now()
	s.requests = s.requests[:0]
	pass := newPass(s.link.smooth, s.link.shared, s.lease, now)
	for _, p := range s.parts {
		if len(s.requests) == room || pass.closed {
			break
		}
		s.stagePart(p, &pass)
	}
	for s.head < len(s.queue) && len(s.requests) < room && !pass.closed {
		out := s.queue[s.head]
		s.queue[s.head] = nil
		s.head++
		pdus, f := s.link.talk.requests(out, now)
		if f != nil {
			s.failed = append(s.failed, Answer{Out: out, Failure: f})
			continue
		}
		m := newWireMessage(out, pdus)
		for i := range m.parts {
			s.parts = append(s.parts, &m.parts[i])
			if len(s.requests) < room {
				s.stagePart(&m.parts[i], &pass)
			}
		}
	}
	pass.end(&s.waker, s.askAgain)
	return len(s.requests) == 0
}

// stagePart puts a part into the batch if it may go now.
func (s *wireSession[P]) stagePart(p *wirePart[P], pass *pass) {
	if pass.goes(p.of.out.Message.Account) {
		p.staged = true
		s.requests = append(s.requests, wire.Request[P]{PDU: p.pdu, Ref: p})
	}
}

// write hands the batch to the session; false when nothing more can be written now. What the session does not take stays
// among the parts.
func (s *wireSession[P]) write() bool {
	rest := s.requests
	for len(rest) > 0 {
		taken, err := s.sess.Send(rest)
		for i := range rest[:taken] {
			rest[i].Ref.(*wirePart[P]).of.begun = true
		}
		rest = rest[taken:]
		if err == nil || errors.Is(err, wire.ErrClosed) || errors.Is(err, wire.ErrLeaving) || len(rest) == 0 {
			break // the window is full, or the session at its end
		}
		s.failed = rest[0].Ref.(*wirePart[P]).answered(s, s.failed, "", s.link.talk.refused(err))
		rest = rest[1:]
	}
	for i := range rest {
		rest[i].Ref.(*wirePart[P]).staged = false
	}
	s.parts = slices.DeleteFunc(s.parts, func(p *wirePart[P]) bool { return p.staged })
	clear(s.requests)
	return len(rest) == 0
}

// Responses implements wire.Handler: answers, as many as one read brought.
func (s *wireSession[P]) Responses(_ *wire.Session[P], responses []wire.Response[P]) {
	s.mu.Lock()
	answers := append(make([]Answer, 0, len(responses)+len(s.failed)), s.failed...)
	s.failed = nil
	for i := range responses {
		answers = s.answer(answers, &responses[i])
	}
	s.pump()
	answers = append(answers, s.failed...)
	slow := s.slow
	s.failed, s.slow = nil, false
	s.mu.Unlock()
	if slow {
		s.core.Throttled(s.number)
	}
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}

// answer books one response, and appends the answer to its message if that is now complete. A request whose session
// ended stays without one: uncertain.
func (s *wireSession[P]) answer(answers []Answer, r *wire.Response[P]) []Answer {
	var none P
	var id string
	var f *message.Failure
	switch {
	case r.Err == nil:
		id, f = s.link.talk.answered(r.Request, r.PDU)
	case errors.Is(r.Err, wire.ErrResponseTimeout) && !s.ended:
		f = &message.Failure{Kind: message.NoAnswer}
	case r.PDU != none: // an answer that cannot be read
		f = &message.Failure{Kind: message.NoAnswer, Text: "the operator's answer cannot be read: " + r.Err.Error()}
	default:
		return answers
	}
	return r.Ref.(*wirePart[P]).answered(s, answers, id, f)
}

// askAgain writes what may go by now.
func (s *wireSession[P]) askAgain() { s.resume(nil) }

// resume writes what waits, after change has been made.
func (s *wireSession[P]) resume(change func()) {
	s.mu.Lock()
	if change != nil {
		change()
	}
	s.pump()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}

// end writes nothing more and sets aside what was never put on the wire.
func (s *wireSession[P]) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

// stop is end; mu is held.
func (s *wireSession[P]) stop() {
	if s.ended {
		return
	}
	s.ended = true
	for _, t := range []*time.Timer{s.timer, s.waker} {
		if t != nil {
			t.Stop()
		}
	}
	for _, p := range s.parts {
		if m := p.of; !m.begun && !m.aside {
			m.aside = true
			s.late = append(s.late, m.out)
		}
	}
	s.late = append(s.late, s.queue[s.head:]...)
	s.queue, s.head, s.parts, s.again = nil, 0, nil, nil
}

// finish ends the session and returns all that was never put on the wire, also what came after its end.
func (s *wireSession[P]) finish() (unwritten []*Outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	s.over = true
	unwritten, s.late = s.late, nil
	return unwritten
}

// stats describes the session.
func (s *wireSession[P]) stats(st *SessionStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.sess.Info()
	st.Session, st.Peer, st.State, st.Since = s.number, s.peer, "bound", s.since
	st.Latency50, st.Latency99 = info.LatencyP50, info.LatencyP99
	st.InPerSecond, st.OutPerSecond = s.flow.in, s.flow.out
	if info.LastFault != "" {
		st.Error, st.ErrorAt = "the operator answered "+info.LastFault, info.LastFaultAt
	}
	st.Window, st.WindowSize = info.Outstanding, s.sess.Window()
}
