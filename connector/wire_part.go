package connector

import (
	"time"

	"kurir/message"
	"kurir/wire"
)

const (
	// partRepeatWait is how long a part of a message waits that was refused for
	// now, while other parts were taken, and partRepeats how often that is done.
	partRepeatWait = time.Second
	partRepeats    = 30
)

// wireMessage is a message on its way.
type wireMessage[P wire.PDU] struct {
	out     *Outgoing
	parts   []wirePart[P]
	one     [1]wirePart[P] // the parts of most
	begun   bool           // a part was put on the wire
	aside   bool           // given back, as the session ended before
	left    int            // parts without an answer
	repeats int
}

// wirePart is one part of it, and its answer.
type wirePart[P wire.PDU] struct {
	of      *wireMessage[P]
	pdu     P
	staged  bool // in the batch, or written
	id      string
	failure *message.Failure
}

func newWireMessage[P wire.PDU](out *Outgoing, pdus []P) *wireMessage[P] {
	m := &wireMessage[P]{out: out, left: len(pdus)}
	if m.parts = m.one[:]; len(pdus) > 1 {
		m.parts = make([]wirePart[P], len(pdus))
	}
	for i, pdu := range pdus {
		m.parts[i] = wirePart[P]{of: m, pdu: pdu}
	}
	return m
}

// answered books the answer to a part, and appends the answer to its message once all parts have one.
func (p *wirePart[P]) answered(s *wireSession[P], answers []Answer, id string, f *message.Failure) []Answer {
	m := p.of
	p.id, p.failure = id, f
	if m.left--; m.left > 0 || m.repeat(s) {
		return answers
	}
	a := Answer{Out: m.out, Host: s.host}
	for i := range m.parts {
		switch p := &m.parts[i]; {
		case p.failure != nil:
			if a.Failure == nil {
				a.Failure = p.failure
			}
		case a.ID == "":
			a.ID = p.id
		default:
			a.More = append(a.More, p.id)
		}
	}
	return append(answers, a)
}

// repeat arranges for the parts of a message that were refused for now to be sent again, if others were taken: the phone
// must not get half a message, nor the operator the whole of it twice. One that cannot become whole is not repeated.
func (m *wireMessage[P]) repeat(s *wireSession[P]) bool {
	taken := false
	for i := range m.parts {
		switch f := m.parts[i].failure; {
		case f == nil:
			taken = true
		case !f.Kind.Temporary() || f.Kind == message.NoAnswer:
			return false
		}
	}
	if !taken || s.ended || m.repeats >= partRepeats {
		return false
	}
	m.repeats++
	for i := range m.parts {
		if p := &m.parts[i]; p.failure != nil {
			m.left++
			s.again = append(s.again, p)
			s.slow = s.slow || p.failure.Kind == message.Throttled
		}
	}
	if m.left > 0 && s.timer == nil {
		s.timer = time.AfterFunc(partRepeatWait, s.sendAgain)
	}
	return m.left > 0
}

// sendAgain sends parts again.
func (s *wireSession[P]) sendAgain() {
	s.resume(func() {
		s.timer = nil
		for _, p := range s.again {
			p.staged = false
		}
		s.parts = append(s.parts, s.again...)
		s.again = nil
	})
}
