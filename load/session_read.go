package load

import (
	"time"

	"kurir/ucp"
)

// batch is what one read has brought. Answers and receipts are only noted, and booked in that order, because the
// answers have the ids by which receipts are known.
type batch struct {
	answers  [][]byte // whole frames with answers to messages
	receipts [][]byte // whole frames that deliver something
	replies  []byte
	ack      ucp.Result
}

// The buffer of a session grows with what comes at a time, so that a thousand slow sessions need little.
const (
	firstRead   = 4 << 10
	largestRead = 128 << 10 // a single PDU may be larger
)

// read takes PDUs off the connection until it ends.
func (s *session) read() error {
	buf := make([]byte, firstRead)
	var b batch
	have := 0
	for {
		n, err := s.conn.Read(buf[have:])
		have += n
		used, bad := s.take(&b, buf[:have])
		if bad != nil {
			return bad
		}
		if err != nil {
			return err
		}
		have = copy(buf, buf[used:have])
		if have == len(buf) || n > len(buf)/2 && len(buf) < largestRead {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// batch handles all whole PDUs of the buffer, then answers and sends.
func (s *session) take(b *batch, buf []byte) (used int, err error) {
	now := s.run.now()
	b.answers, b.receipts, b.replies = b.answers[:0], b.receipts[:0], b.replies[:0]
	s.tally.mu.Lock()
	for {
		frame, n, bad := s.speaks.frame(buf[used:])
		if bad != nil {
			err = bad
		}
		if n == 0 {
			break
		}
		if len(frame) > 0 {
			if bad := s.speaks.sort(b, frame); bad != nil {
				err = bad
			}
		}
		used += n
	}
	s.mu.Lock()
	answered := s.settle(b, now)
	s.out = append(s.out, b.replies...)
	s.fillLocked(now)
	if len(s.out) > 0 {
		s.wake.Signal()
	}
	s.mu.Unlock()
	for _, frame := range b.receipts {
		s.receipt(frame, now)
	}
	s.tally.mu.Unlock()
	s.run.answered.Add(answered)
	return used, err
}

// settle books the answers to messages and says how many there were.
func (s *session) settle(b *batch, now time.Duration) (answered int64) {
	for _, frame := range b.answers {
		a := s.speaks.answer(frame)
		f := &s.flight[a.seq&uint32(len(s.flight)-1)]
		if a.seq == 0 || f.seq != a.seq {
			s.tally.failed("answer to nothing that was sent, or a second answer")
			continue
		}
		f.seq = 0
		s.open--
		answered++
		if a.refusal != "" {
			s.tally.refused(f.message, a.refusal, now)
			continue
		}
		s.tally.accepted(f.message, now)
		if s.run.opt.Receipts && len(a.id) > 0 {
			early := s.run.ledger.named(f.message, a.id)
			for range early.times {
				s.tally.receipted(f.message, early.at)
			}
		}
	}
	return answered
}

// receipt books a receipt, or, where we receive, a message from a phone.
func (s *session) receipt(frame []byte, now time.Duration) {
	if s.run.opt.Kind == Receive {
		s.inbound(frame, now)
		return
	}
	id, state, ok := s.speaks.receipt(frame)
	if !ok {
		s.tally.failed("what was delivered is no receipt")
		return
	}
	s.tally.state(state)
	if message, known := s.run.ledger.find(id, now); known {
		s.tally.receipted(message, now)
	}
}
