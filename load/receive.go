package load

import (
	"bytes"
	"strconv"
	"time"
)

// What `kurir simulate --inbound-rate` sends as a message from a phone: "in-", a mark of the simulator's start, a dash,
// the number of the message from 1 on in ten digits, a space, and the Unix microseconds at which it was made.
const (
	inboundPrefix = "in-"
	inboundTime   = 16 // digits
	inboundTail   = 1 + numberLen + 1 + inboundTime
)

// inboundReference reads such a text; message counts from 0.
func inboundReference(text []byte) (mark []byte, message uint32, made time.Time, ok bool) {
	if !bytes.HasPrefix(text, []byte(inboundPrefix)) || len(text) <= len(inboundPrefix)+inboundTail {
		return nil, 0, time.Time{}, false
	}
	at := len(text) - inboundTail
	number, err := strconv.ParseUint(string(text[at+1:at+1+numberLen]), 10, 32)
	us, err2 := strconv.ParseInt(string(text[len(text)-inboundTime:]), 10, 64)
	if err != nil || err2 != nil || number == 0 || text[at] != '-' || text[at+1+numberLen] != ' ' {
		return nil, 0, time.Time{}, false
	}
	return text[len(inboundPrefix):at], uint32(number - 1), time.UnixMicro(us), true
}

// inbound books a message from a phone, which is not a receipt.
func (s *session) inbound(frame []byte, now time.Duration) {
	text, ok := s.speaks.inbound(frame)
	if !ok {
		s.tally.failed("what was delivered is no message from a phone")
		return
	}
	mark, message, made, ok := inboundReference(text)
	if !ok || message >= maxInbound || !s.run.source(mark) {
		s.tally.receipts++
		s.tally.unknown++
		return
	}
	s.run.highest(message + 1)
	if at := time.Since(made); s.run.ledger.receipts(message) == 0 {
		s.run.ledger.sending(message, now-at)
	}
	s.tally.state("inbound")
	s.tally.receipted(message, now)
}

// maxInbound is more than any run brings: the ledger has room for every number up to the highest.
const maxInbound = 1 << 30

// source reports whether a message is from the simulator that this run listens to: the first that was heard.
func (r *run) source(mark []byte) bool {
	if known := r.heard.Load(); known != nil {
		return string(mark) == *known
	}
	word := string(mark)
	r.heard.CompareAndSwap(nil, &word)
	return word == *r.heard.Load()
}

// highest notes that so many messages were made, at least.
func (r *run) highest(made uint32) {
	for {
		n := r.next.Load()
		if n >= int64(made) || r.next.CompareAndSwap(n, int64(made)) {
			return
		}
	}
}
