package connector

import (
	"bytes"
	"slices"
	"time"

	"kurir/message"
	"kurir/smpp"
)

const (
	// smppRepeatWait is how long a part of a message waits that was refused for
	// now, while other parts were taken, and smppRepeats how often that is done.
	smppRepeatWait = time.Second
	smppRepeats    = 30
)

// smppLong is a message of several parts on its way.
type smppLong struct {
	out     *Outgoing
	parts   []smppPart
	begun   bool // a part was put on the wire
	aside   bool // given back, as the session ended before
	left    int  // parts without an answer
	repeats int
}

// smppPart is one part of a long message, and its answer.
type smppPart struct {
	long    *smppLong
	body    smpp.SubmitSM
	staged  bool // in the batch, or written
	id      string
	failure *message.Failure
}

// newSMPPLong keeps the parts of a message beyond the batch in which they were built.
func newSMPPLong(out *Outgoing, built []smpp.SubmitSM) *smppLong {
	l := &smppLong{out: out, parts: make([]smppPart, len(built)), left: len(built)}
	for i := range l.parts {
		p := &l.parts[i]
		p.long, p.body = l, built[i]
		p.body.Text = bytes.Clone(p.body.Text)
		if payload, ok := p.body.TLVs.Get(smpp.TagMessagePayload); ok {
			p.body.TLVs = slices.Clone(p.body.TLVs)
			p.body.TLVs.Set(smpp.TagMessagePayload, bytes.Clone(payload))
		}
	}
	return l
}

// stageLong keeps the parts of a message and puts as many of them into the batch
// as there is room for and as may go now.
func (s *smppSession) stageLong(out *Outgoing, built []smpp.SubmitSM, room int, pass *pass) {
	l := newSMPPLong(out, built)
	for i := range l.parts {
		p := &l.parts[i]
		s.parts = append(s.parts, p)
		if len(s.requests) < room {
			s.stagePart(p, pass)
		}
	}
}

// stagePart puts a part into the batch if it may go now.
func (s *smppSession) stagePart(p *smppPart, pass *pass) {
	if pass.goes(p.long.out.Message.Account) {
		p.staged = true
		s.requests = append(s.requests, smpp.Request{Body: &p.body, Ref: p})
	}
}

// answered books the answer to a part, and appends the answer to its message
// once all parts have one.
func (p *smppPart) answered(s *smppSession, answers []Answer, id string, f *message.Failure) []Answer {
	l := p.long
	p.id, p.failure = id, f
	if l.left--; l.left > 0 || s.repeats(l) {
		return answers
	}
	a := Answer{Out: l.out, Host: s.host}
	for i := range l.parts {
		switch p := &l.parts[i]; {
		case p.failure != nil:
			if a.Failure == nil {
				a.Failure, a.QueueFull = p.failure, smppQueueFull(p.failure)
			}
		case a.ID == "":
			a.ID = p.id
		default:
			a.More = append(a.More, p.id)
		}
	}
	return append(answers, a)
}

// repeats arranges for the parts of a message that were refused for now to be
// sent again, if others were taken: the phone must not get half a message, nor
// the operator the whole of it twice. One that cannot become whole is not
// repeated.
func (s *smppSession) repeats(l *smppLong) bool {
	taken := false
	for i := range l.parts {
		switch f := l.parts[i].failure; {
		case f == nil:
			taken = true
		case !f.Kind.Temporary() || f.Kind == message.NoAnswer:
			return false
		}
	}
	if !taken || s.ended || l.repeats >= smppRepeats {
		return false
	}
	l.repeats++
	for i := range l.parts {
		if f := l.parts[i].failure; f != nil {
			l.left++
			s.again = append(s.again, &l.parts[i])
			s.slow = s.slow || f.Kind == message.Throttled
		}
	}
	if l.left > 0 && s.timer == nil {
		s.timer = time.AfterFunc(smppRepeatWait, s.repeat)
	}
	return l.left > 0
}

// repeat sends parts again.
func (s *smppSession) repeat() {
	s.mu.Lock()
	s.timer = nil
	for _, p := range s.again {
		p.staged = false
	}
	s.parts = append(s.parts, s.again...)
	s.again = nil
	s.pump()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}
