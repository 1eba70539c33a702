package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"kurir/smpp"
)

// errUnbound says that the peer has sent unbind.
var errUnbound = errors.New("the peer sent unbind")

// smppBatch is what one read has brought.
type smppBatch struct {
	answers  [][]byte // whole submit_sm_resp and generic_nack
	receipts [][]byte // whole deliver_sm
	replies  []byte
}

// The buffer of a session grows with what comes at a time, so that a thousand slow sessions need little.
const (
	firstRead   = 4 << 10
	largestRead = 128 << 10 // a single PDU may be larger
)

// read takes PDUs off the connection until it ends.
func (s *smppSession) read() error {
	buf := make([]byte, firstRead)
	var b smppBatch
	have := 0
	for {
		n, err := s.conn.Read(buf[have:])
		have += n
		used, bad := s.batch(&b, buf[:have])
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
func (s *smppSession) batch(b *smppBatch, buf []byte) (used int, err error) {
	now := s.run.now()
	b.answers, b.receipts, b.replies = b.answers[:0], b.receipts[:0], b.replies[:0]
	s.tally.mu.Lock()
	for {
		n, bad := smpp.FrameLen(buf[used:], 0)
		if bad != nil {
			err = bad
		}
		if n == 0 || n > len(buf)-used {
			break
		}
		if bad := b.handle(buf[used : used+n]); bad != nil {
			err = bad
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

// handle looks at one PDU. Answers to submit_sm and receipts are only noted, and booked in that order, because the
// answers have the ids by which receipts are known.
func (b *smppBatch) handle(frame []byte) error {
	h := smpp.ParseHeader(frame)
	switch h.Command {
	case smpp.CommandSubmitSMResp, smpp.CommandGenericNack:
		b.answers = append(b.answers, frame)
	case smpp.CommandDeliverSM:
		b.receipts = append(b.receipts, frame)
		b.reply(smpp.CommandDeliverSMResp, h.Sequence)
	case smpp.CommandEnquireLink:
		b.reply(smpp.CommandEnquireLinkResp, h.Sequence)
	case smpp.CommandUnbind:
		b.reply(smpp.CommandUnbindResp, h.Sequence)
		return errUnbound
	case smpp.CommandUnbindResp:
		return errUnbound
	}
	return nil
}

// reply appends an answer without anything to say: deliver_sm_resp has an empty id, the others no body.
func (b *smppBatch) reply(command smpp.CommandID, sequence uint32) {
	length := uint32(smpp.HeaderLen)
	if command == smpp.CommandDeliverSMResp {
		length++
	}
	b.replies = binary.BigEndian.AppendUint32(b.replies, length)
	b.replies = binary.BigEndian.AppendUint32(b.replies, uint32(command))
	b.replies = binary.BigEndian.AppendUint32(b.replies, uint32(smpp.ESME_ROK))
	b.replies = binary.BigEndian.AppendUint32(b.replies, sequence)
	if length > smpp.HeaderLen {
		b.replies = append(b.replies, 0)
	}
}

// settle books the answers to submit_sm and says how many there were.
func (s *smppSession) settle(b *smppBatch, now time.Duration) (answered int64) {
	for _, frame := range b.answers {
		h := smpp.ParseHeader(frame)
		f := &s.flight[h.Sequence&uint32(len(s.flight)-1)]
		if h.Sequence == 0 || f.seq != h.Sequence {
			s.tally.failed("answer to nothing that was sent, or a second answer")
			continue
		}
		f.seq = 0
		s.open--
		answered++
		if h.Status != smpp.ESME_ROK {
			s.tally.refused(f.message, h.Status.String(), now)
			continue
		}
		s.tally.accepted(f.message, now)
		if id, _, _ := bytes.Cut(frame[smpp.HeaderLen:], []byte{0}); s.run.opt.Receipts && len(id) > 0 {
			early := s.run.ledger.named(f.message, id)
			for range early.times {
				s.tally.receipted(f.message, early.at)
			}
		}
	}
	return answered
}

// receipt books a deliver_sm.
func (s *smppSession) receipt(frame []byte, now time.Duration) {
	if s.run.opt.Kind == Receive {
		s.inbound(frame, now)
		return
	}
	id, stat, ok := scanReceipt(frame)
	if !ok {
		var p smpp.PDU
		var r smpp.Receipt
		if err := smpp.Decode(frame, &p); err == nil {
			r, ok = smpp.ReceiptFrom(p.Body.(*smpp.DeliverSM))
		}
		if !ok {
			s.tally.failed("a deliver_sm that is no receipt")
			return
		}
		id, stat = []byte(r.ID), []byte(r.State.Stat())
	}
	s.tally.state(string(stat))
	if message, known := s.run.ledger.find(id, now); known {
		s.tally.receipted(message, now)
	}
}

// scanReceipt finds id and state in a receipt whose text is that of SMPP 3.4 appendix B, without taking the whole PDU
// apart; ok is false for all others.
func scanReceipt(frame []byte) (id, stat []byte, ok bool) {
	class, text, ok := shortText(frame)
	if !ok || !smpp.IsReceipt(class) || !bytes.HasPrefix(text, []byte("id:")) {
		return nil, nil, false
	}
	id, rest, found := bytes.Cut(text[3:], []byte(" "))
	at := bytes.Index(rest, []byte(" stat:"))
	if !found || at < 0 || len(rest) < at+13 {
		return nil, nil, false
	}
	return id, rest[at+6 : at+13], true
}

// shortText finds esm_class and short_message of a deliver_sm without taking the whole PDU apart.
func shortText(frame []byte) (class uint8, text []byte, ok bool) {
	b := frame[smpp.HeaderLen:]
	for i := range 3 { // service_type, source_addr, destination_addr
		end := bytes.IndexByte(b, 0)
		if end < 0 || len(b) < end+4 {
			return 0, nil, false
		}
		b = b[end+1:]
		if i < 2 {
			b = b[2:] // type of number, numbering plan
		}
	}
	if len(b) < 3 {
		return 0, nil, false
	}
	class = b[0]
	b = b[3:]     // esm_class, protocol_id, priority_flag
	for range 2 { // schedule_delivery_time, validity_period
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			return 0, nil, false
		}
		b = b[end+1:]
	}
	const fixed = 5 // up to sm_length
	if len(b) < fixed || len(b) < fixed+int(b[fixed-1]) {
		return 0, nil, false
	}
	return class, b[fixed : fixed+int(b[fixed-1])], true
}
