package connector

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// smppChunk is how many parts are built before they are handed to the
// session, which writes them together.
const smppChunk = 256

// smppSession is one session of a link: what the gateway has granted to it,
// and what of that is on the wire.
//
// A message of one part is its own Ref on the wire and is built in memory that
// is used again. Of a longer one each part is a smppPart of a smppLong, which
// gathers their answers.
type smppSession struct {
	link   *SMPP
	core   Core
	number uint32
	peer   string
	host   string // of the configuration, if ids are its own; else empty
	lease  *Lease // nil where none is needed
	since  time.Time

	mu     sync.Mutex
	sess   *smpp.Session
	build  smppBuilder
	queue  []*Outgoing // granted and not looked at yet, from head on
	head   int
	parts  []*smppPart // of messages that were begun, to be written before the queue
	again  []*smppPart // refused for now, to be written again when timer fires
	timer  *time.Timer
	waker  *time.Timer // for what may not go yet (pace.go)
	wire   int         // parts and other requests on the wire
	window int         // how many there may be, see adapt
	fitted time.Time   // from when answers tell of that window
	turns  smppTurns   // of requests that are no messages
	failed []Answer    // to be told with the next answers
	slow   bool        // the operator asked for less speed over a part that waits in again
	ended  bool        // writes nothing more
	late   []*Outgoing // granted and never written, when it has ended
	over   bool        // late has been given back

	busy     int  // congestion_state of the read, the highest, or smppSilent
	pressed  bool // the gateway was told that the operator is busy
	flow     flow
	requests []smpp.Request // of the batch being built

	restart <-chan struct{} // told when people want it opened anew
	unsent  unsent

	anew chan struct{} // told when the operator says that we are not bound
}

// add takes messages that the gateway has granted. It returns them as they
// are when all has been given back already.
func (s *smppSession) add(out []*Outgoing) (refused []*Outgoing) {
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

// pump writes what the window has room for: parts of messages that were begun,
// then what waits. mu is held.
func (s *smppSession) pump() {
	for !s.ended && (len(s.parts) > 0 || s.head < len(s.queue)) {
		room := min(s.window-s.wire, smppChunk)
		if room <= 0 {
			return
		}
		late := s.stage(room)
		if !s.write() || late {
			return
		}
	}
}

// stage fills the batch with at most room requests. late says that a rate lets
// nothing more go now.
func (s *smppSession) stage(room int) (late bool) {
	now := time.Now()
	s.build.reset()
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
		at := len(s.build.parts)
		switch n, f := s.build.add(out, now); {
		case f != nil:
			s.failed = append(s.failed, Answer{Out: out, Failure: f})
		case n == 1 && pass.goes(out.Message.Account):
			s.requests = append(s.requests, smpp.Request{Ref: out})
		default:
			s.stageLong(out, s.build.parts[at:], room, &pass)
			s.build.parts = s.build.parts[:at]
		}
	}
	// The builder's memory may have moved while it grew, so pointers into it
	// are taken now.
	single := 0
	for i := range s.requests {
		if s.requests[i].Body == nil {
			s.requests[i].Body = &s.build.parts[single]
			single++
		}
	}
	pass.end(&s.waker, s.askAgain)
	return pass.closed || len(s.requests) == 0 && s.head == len(s.queue)
}

// write hands the batch to the session; false when nothing more can be written
// now. What the session does not take stays, or goes back into the queue.
func (s *smppSession) write() bool {
	rest := s.requests
	for len(rest) > 0 {
		taken, err := s.sess.Send(rest)
		for i := range rest[:taken] {
			if p, ok := rest[i].Ref.(*smppPart); ok {
				p.long.begun = true
			}
		}
		s.wire += taken
		rest = rest[taken:]
		var bad *smpp.EncodeError
		if !errors.As(err, &bad) {
			break // the window is full, or the session at its end
		}
		f := smppFailure(bad.Status)
		f.Text = "the message cannot be written on this link: " + bad.Error()
		if p, ok := rest[0].Ref.(*smppPart); ok {
			s.failed = p.answered(s, s.failed, "", f)
		} else {
			s.failed = append(s.failed, Answer{Out: rest[0].Ref.(*Outgoing), Failure: f})
		}
		rest = rest[1:]
	}
	for i := len(rest) - 1; i >= 0; i-- {
		switch ref := rest[i].Ref.(type) {
		case *Outgoing:
			s.head--
			s.queue[s.head] = ref
		case *smppPart:
			ref.staged = false
		}
	}
	s.parts = slices.DeleteFunc(s.parts, func(p *smppPart) bool { return p.staged })
	all := len(rest) == 0
	clear(s.requests)
	return all
}

// Responses implements smpp.Handler: answers, as many as one read brought.
func (s *smppSession) Responses(_ *smpp.Session, responses []smpp.Response) {
	s.mu.Lock()
	answers := append(make([]Answer, 0, len(responses)+len(s.failed)), s.failed...)
	s.busy = smppSilent
	for i := range responses {
		s.wire--
		answers = s.answer(answers, &responses[i])
	}
	s.failed = nil
	if len(responses) > 0 {
		s.adapt(responses[0].Sent, time.Now())
	}
	told, busy := s.tell(), s.busy
	if len(s.turns.line) > 0 {
		s.admit()
	}
	s.pump()
	if len(s.failed) > 0 {
		answers = append(answers, s.failed...)
		s.failed = nil
	}
	slow := s.slow
	s.slow = false
	s.mu.Unlock()
	if slow {
		s.core.Throttled(s.number)
	}
	if told {
		s.core.Congestion(s.number, uint8(busy))
	}
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}

// answer books one response, and appends the answer to its message if that is
// now complete. A request whose session ended stays without one: uncertain.
func (s *smppSession) answer(answers []Answer, r *smpp.Response) []Answer {
	var id string
	var f *message.Failure
	switch {
	case r.Err == nil:
		f = s.link.failure(r.PDU.Status)
		if r.PDU.Status == smpp.ESME_RINVBNDSTS {
			s.stop()
			select {
			case s.anew <- struct{}{}:
			default:
			}
		}
		if f == nil && r.PDU.Command == smpp.CommandGenericNack {
			f = &message.Failure{Kind: message.Refused, Text: "the operator answered generic_nack"}
		}
		if b, ok := r.PDU.Body.(*smpp.SubmitSMResp); ok {
			if f == nil {
				id = s.link.answeredID(b.MessageID)
			}
			if len(b.TLVs) > 0 {
				s.congestion(b.TLVs)
			}
		}
	case errors.Is(r.Err, smpp.ErrResponseTimeout):
		f = &message.Failure{Kind: message.NoAnswer}
	default:
		var bad *smpp.DecodeError
		if !errors.As(r.Err, &bad) {
			return answers
		}
		// The header says what became of the message; sent again it would
		// be answered the same way again and again.
		f = s.link.failure(r.PDU.Status)
	}
	switch ref := r.Ref.(type) {
	case *Outgoing:
		answers = append(answers, Answer{Out: ref, ID: id, Host: s.host, Failure: f, QueueFull: smppQueueFull(f)})
	case *smppPart:
		answers = ref.answered(s, answers, id, f)
	}
	return answers
}

// end writes nothing more and sets aside what was never put on the wire.
func (s *smppSession) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

// stop is end; mu is held.
func (s *smppSession) stop() {
	if s.ended {
		return
	}
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.waker != nil {
		s.waker.Stop()
	}
	for _, p := range s.parts {
		s.unwritten(p.long)
	}
	s.late = append(s.late, s.queue[s.head:]...)
	s.queue, s.head, s.parts, s.again = nil, 0, nil, nil
}

// unwritten sets a long message aside, once, if none of its parts was written.
func (s *smppSession) unwritten(l *smppLong) {
	if !l.begun && !l.aside {
		l.aside = true
		s.late = append(s.late, l.out)
	}
}

// finish ends the session and returns all that was never put on the wire, also
// what came after its end.
func (s *smppSession) finish() (unwritten []*Outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	s.over = true
	unwritten, s.late = s.late, nil
	return unwritten
}

// stats describes the session.
func (s *smppSession) stats(st *SessionStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.sess.Info()
	st.Session, st.Peer, st.State, st.Since = s.number, s.peer, "bound", s.since
	st.Version = info.Version.String()
	st.Latency50, st.Latency99 = info.LatencyP50, info.LatencyP99
	st.InPerSecond, st.OutPerSecond = s.flow.in, s.flow.out
	if info.LastError != smpp.ESME_ROK {
		st.Error, st.ErrorAt = "the operator answered "+info.LastError.Error(), info.LastErrorAt
	}
	if st.Mode != smpp.Receiver.String() {
		st.Window, st.WindowSize = s.wire, s.window
	}
}

// askAgain writes what may go by now.
func (s *smppSession) askAgain() {
	s.mu.Lock()
	s.pump()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}

// look counts what has gone over the session since the last look.
func (s *smppSession) look() {
	info := s.sess.Info()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flow.look(info.Received, info.Sent, time.Now())
}

// answeredID returns the id of an answer in the form in which receipts have
// it, if the configuration says that the forms differ.
func (l *SMPP) answeredID(id string) string {
	switch l.cfg.MessageIDs {
	case "hex_decimal":
		if v, err := strconv.ParseUint(id, 16, 64); err == nil {
			return strconv.FormatUint(v, 10)
		}
	case "decimal_hex":
		if v, err := strconv.ParseUint(id, 10, 64); err == nil {
			return strconv.FormatUint(v, 16)
		}
	}
	return id
}
