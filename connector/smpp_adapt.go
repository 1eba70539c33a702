package connector

import (
	"time"

	"kurir/message"
	"kurir/smpp"
)

// adapt fits the window to how long answers take. A session whose answers take
// half of response_timeout has more on the wire than the operator works off in
// that time: more brings him nothing, and us requests that time out although he
// has taken them, each of them a message that may be sent twice. So the window is
// halved, at most once in the time that an answer takes, and grows by one part a
// read when answers are quick again, up to the contract. Below that the window
// is left alone: what is slow may be far away, and the rate is the gateway's affair.
// mu is held.
func (s *smppSession) adapt(sent, now time.Time) {
	took, limit := now.Sub(sent), s.link.cfg.ResponseTimeout
	switch {
	case took > limit/2:
		if sent.After(s.fitted) && s.window > 1 {
			s.window /= 2
			s.fitted = now
		}
	case s.window < s.link.cfg.Window && took < limit/4:
		s.window++
	}
}

// smppSilent stands for a read without congestion_state.
const smppSilent = -1

// congestion notes what the operator says of himself (SMPP 5.0 4.8.4.18).
func (s *smppSession) congestion(tlvs smpp.TLVs) {
	if state, ok := tlvs.U8(smpp.TagCongestionState); ok {
		s.busy = max(s.busy, int(state))
	}
}

// smppBusy is the congestion_state from which the gateway hears of it.
const smppBusy = 90

// tell reports whether the gateway is to hear of what the operator said: that he
// is busy, and once that he no longer is.
func (s *smppSession) tell() bool {
	switch {
	case s.busy >= smppBusy:
		s.pressed = true
		return true
	case s.busy == 0 && s.pressed:
		s.pressed = false
		return true
	}
	return false
}

// smppQueueFull tells whether a part was refused because a queue is full.
func smppQueueFull(f *message.Failure) bool {
	return f != nil && f.Kind == message.Busy && f.Code == uint32(smpp.ESME_RMSGQFUL)
}
