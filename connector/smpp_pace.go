package connector

import (
	"slices"
	"time"

	"kurir/smpp"
)

// A link with a rate, and an account with one, give the wire no more within a
// tenth of a second than Smooth allows. A part that may not go yet is held: it
// keeps its place in the window, and a timer writes it.

// smppPlaces are the Smooths that a part has asked for its place.
type smppPlaces uint8

const (
	smppNoPlace smppPlaces = iota
	smppAccountPlace
	smppBothPlaces
)

// smppHeld is a part that may not go before a time.
type smppHeld struct {
	part *smppPart
	at   time.Time
}

// pacing tells whether anything keeps this session's parts apart.
func (s *smppSession) pacing() bool {
	return s.link.smooth != nil || s.link.shared.accounts.Load() != nil
}

// mayGo asks for the places that a part still needs, and returns when it may go,
// or ask on.
func (s *smppSession) mayGo(account string, places *smppPlaces, now time.Time) time.Time {
	if *places == smppNoPlace {
		*places = smppAccountPlace
		if a := s.link.shared.smooth(account); a != nil {
			if at := a.Slot(now); at.After(now) {
				return at
			}
		}
	}
	if *places == smppAccountPlace {
		*places = smppBothPlaces
		if s.link.smooth != nil {
			return s.link.smooth.Slot(now)
		}
	}
	return now
}

// goes tells whether a part may be written now; else it is held.
func (s *smppSession) goes(p *smppPart, now time.Time) bool {
	at := s.mayGo(p.long.out.Message.Account, &p.places, now)
	if !at.After(now) {
		return true
	}
	s.hold(p, at, now)
	return false
}

// goesAlone is goes for a message of one part.
func (s *smppSession) goesAlone(out *Outgoing, built *smpp.SubmitSM, now time.Time) bool {
	var places smppPlaces
	at := s.mayGo(out.Message.Account, &places, now)
	if !at.After(now) {
		return true
	}
	l := newSMPPLong(out, []smpp.SubmitSM{*built})
	l.parts[0].places = places
	s.hold(&l.parts[0], at, now)
	return false
}

func (s *smppSession) hold(p *smppPart, at, now time.Time) {
	i := len(s.held)
	for i > 0 && s.held[i-1].at.After(at) {
		i--
	}
	s.held = slices.Insert(s.held, i, smppHeld{p, at})
	if i == 0 {
		s.wake(at.Sub(now))
	}
}

// sift holds those of the first parts that may not be written now.
func (s *smppSession) sift(room int, now time.Time) {
	going := s.parts[:0]
	for i, p := range s.parts {
		if len(going) == room {
			going = append(going, s.parts[i:]...)
			break
		}
		if s.goes(p, now) {
			going = append(going, p)
		}
	}
	clear(s.parts[len(going):])
	s.parts = going
}

// wake has held parts written after a time.
func (s *smppSession) wake(after time.Duration) {
	if s.waker == nil {
		s.waker = time.AfterFunc(after, s.letGo)
	} else {
		s.waker.Reset(after)
	}
}

// letGo writes held parts whose time has come.
func (s *smppSession) letGo() {
	s.mu.Lock()
	now := time.Now()
	n := 0
	for n < len(s.held) && !s.held[n].at.After(now) {
		n++
	}
	due := make([]*smppPart, 0, n+len(s.parts))
	for _, h := range s.held[:n] {
		due = append(due, h.part)
	}
	s.parts = append(due, s.parts...)
	s.held = slices.Delete(s.held, 0, n)
	if len(s.held) > 0 {
		s.wake(s.held[0].at.Sub(now))
	}
	s.pump()
	answers := s.failed
	s.failed = nil
	s.mu.Unlock()
	if len(answers) > 0 {
		s.core.Answered(s.number, answers)
	}
}
