package connector

import "kurir/message"

// Tap sees the PDUs of a link's sessions, passwords and texts included: what the
// link speaks, the number of the session, whether we sent it, and its octets,
// which it must not keep. It is called from several goroutines and must be quick.
type Tap func(speaks message.Dialect, session uint32, sent bool, frame []byte)

// Tracer is a link whose PDUs can be watched while it runs.
type Tracer interface {
	// SetTrace has tap see all PDUs from now on, in place of the tap before; nil
	// has none.
	SetTrace(tap Tap)
}

// SetTrace implements Tracer.
func (l *SMPP) SetTrace(tap Tap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tap = tap
	for n, s := range l.bound {
		s.sess.SetTrace(tap.of(message.SMPP, n))
	}
}

// traceOf returns what sees the PDUs of a session, nil for nothing.
func (l *SMPP) traceOf(session uint32) func(sent bool, frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tap.of(message.SMPP, session)
}

// of returns the tap for one session.
func (t Tap) of(speaks message.Dialect, session uint32) func(sent bool, frame []byte) {
	if t == nil {
		return nil
	}
	return func(sent bool, frame []byte) { t(speaks, session, sent, frame) }
}
