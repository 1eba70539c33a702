package api

import "kurir/message"

// Tap sees the PDUs of sessions: what is spoken, the session's id, whether we
// sent it, and its octets, which it must not keep.
type Tap func(speaks message.Dialect, session uint64, sent bool, frame []byte)

// of returns the tap for one session.
func (t Tap) of(speaks message.Dialect, session uint64) func(sent bool, frame []byte) {
	return func(sent bool, frame []byte) { t(speaks, session, sent, frame) }
}

// SetTrace has tap see the PDUs of an account's sessions from now on, but for
// the bind, which comes before the account is known; nil has nobody see them.
// It is ErrNoSession if none of the account's sessions has this number, unless
// that is 0; to choose among PDUs is tap's part.
func (s *SMPPServer) SetTrace(account string, session uint64, tap Tap) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tap != nil && session != 0 && !s.hasSession(account, session) {
		return ErrNoSession
	}
	if tap == nil {
		delete(s.taps, account)
	} else {
		if s.taps == nil {
			s.taps = map[string]Tap{}
		}
		s.taps[account] = tap
	}
	for sess, p := range s.peers {
		switch {
		case p.account != account || !p.isBound:
		case tap == nil:
			sess.SetTrace(nil)
		default:
			sess.SetTrace(tap.of(message.SMPP, p.num))
		}
	}
	return nil
}

// hasSession tells whether an account has a bound session of that number. The
// caller holds mu.
func (s *SMPPServer) hasSession(account string, session uint64) bool {
	for _, p := range s.peers {
		if p.num == session && p.account == account && p.isBound {
			return true
		}
	}
	return false
}
