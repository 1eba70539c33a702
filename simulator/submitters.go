package simulator

import "time"

// Submitter is a connection on which messages came in.
type Submitter struct {
	Session     uint64
	Peer        string    // address and port of the ESME
	First, Last time.Time // when the first and the last message came
	Messages    int64
}

// keptSubmitters is how many connections that have ended are remembered.
const keptSubmitters = 10_000

// submittedAt notes when messages came in; countMu is held.
func (ss *session) submittedAt(now time.Time) {
	if ss.first.IsZero() {
		ss.first = now
	}
	ss.last = now
}

// submitter describes the connection as a Submitter; ok is false if no message came in.
func (ss *session) submitter() (sub Submitter, ok bool) {
	ss.countMu.Lock()
	defer ss.countMu.Unlock()
	return Submitter{Session: ss.number, Peer: ss.conn.RemoteAddr().String(), First: ss.first, Last: ss.last, Messages: ss.counts.Submitted}, !ss.first.IsZero()
}

// remember keeps what a connection that ends has submitted. mu is held.
func (s *Simulator) remember(ss *session) {
	sub, ok := ss.submitter()
	if !ok {
		return
	}
	if len(s.ended) >= keptSubmitters {
		s.ended = append(s.ended[:0], s.ended[1:]...)
	}
	s.ended = append(s.ended, sub)
}

// Submitters lists the connections on which messages came in: the last that have ended, and those that are there. By it a test
// sees whether two of them were used at the same time.
func (s *Simulator) Submitters() []Submitter {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append([]Submitter(nil), s.ended...)
	for _, ss := range s.sessions {
		if sub, ok := ss.submitter(); ok {
			list = append(list, sub)
		}
	}
	return list
}
