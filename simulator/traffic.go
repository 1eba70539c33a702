package simulator

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"kurir/smpp"
)

// The text of a message of the inbound traffic: a unique reference ("in-", a mark of the simulator's start, the number
// of the message in ten digits) and the time in microseconds since the epoch when it was handed to a session. The
// phone it comes from changes with its number.
const (
	trafficText  = "in-%s-0000000000 0000000000000000"
	trafficPhone = "46790000000" // the last seven digits are those of the number of the message
)

// traffic makes messages from phones at the rate of Behaviour.InboundRate. Nothing is made while nobody is bound to
// receive, and no more than a tenth of a second's worth waits at a time: a slow receiver slows it down.
type traffic struct {
	sim      *Simulator
	made     uint64
	begun    time.Time
	due      float64 // messages that should have been made by now and were not
	last     time.Time
	template []byte
	to       string
	phoneAt  int
	textAt   int // of the ten digits
	pdus     [][]byte
	buf      []byte
}

// mostInbound bounds what one tick makes, and maxInboundRate what is asked for.
const (
	mostInbound    = 5000
	maxInboundRate = 200_000
)

// tick makes what has become due. The goroutine of housekeeping calls it.
func (t *traffic) tick(now time.Time) {
	b := t.sim.Behaviour()
	if t.sim.anew.Swap(false) {
		t.made, t.begun, t.template = 0, time.Time{}, nil
	}
	elapsed := now.Sub(t.last)
	t.last = now
	if b.InboundRate <= 0 || b.InboundCount > 0 && t.made >= b.InboundCount {
		t.due = 0
		return
	}
	a, bound := t.sim.receiver()
	if !bound {
		t.due = 0
		return
	}
	room := max(1000, int(b.InboundRate/10)) - a.backlog()
	t.due = min(t.due+b.InboundRate*elapsed.Seconds(), b.InboundRate) // a second is caught up at most
	n := min(int(t.due), room, mostInbound)
	if b.InboundCount > 0 {
		n = min(n, int(b.InboundCount-t.made))
	}
	if n <= 0 {
		return
	}
	t.due -= float64(n)
	if err := t.prepare(b.InboundTo); err != nil {
		t.sim.log.Warn("inbound traffic cannot be made", "error", err)
		return
	}
	t.make(n, now)
	a.deliver(t.pdus, nil, now)
}

// receiver is the account that gets what is written to a number of which nothing is known: the first that has somebody
// bound to receive, else the first; that of a modem, which has a number of its own, only if there is no other. nil: there is none.
func (s *Simulator) receiver() (found *account, bound bool) {
	best := -1
	s.eachAccount(func(a *account) {
		a.mu.Lock()
		defer a.mu.Unlock()
		rank := min(len(a.rx), 1)
		if a.over != overModem {
			rank += 2
		}
		if rank > best {
			found, bound, best = a, len(a.rx) > 0, rank
		}
	})
	return found, bound
}

// backlog is how many deliver_sm wait for room in a window.
func (a *account) backlog() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting.records
}

// prepare writes the PDU that all are copies of.
func (t *traffic) prepare(to string) error {
	if t.template != nil && t.to == to {
		return nil
	}
	if t.begun.IsZero() {
		t.begun = time.Now()
	}
	text := fmt.Sprintf(trafficText, strconv.FormatInt(t.begun.UnixMilli(), 36))
	body := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		Source: phoneAddress(trafficPhone), Dest: phoneAddress(to), Text: []byte(text),
	}}
	pdu, err := smpp.Append(nil, &smpp.PDU{Body: body})
	if err != nil {
		return fmt.Errorf("inbound_to: %w", err)
	}
	binary.BigEndian.PutUint32(pdu[12:], kindInbound)
	t.template, t.to = pdu, to
	t.textAt = len(pdu) - len("0000000000 0000000000000000")
	t.phoneAt = smpp.HeaderLen + 3 + len(trafficPhone) - 7 // behind service_type, TON and NPI
	return nil
}

// make fills pdus with n messages. Their memory is used again by the next call.
func (t *traffic) make(n int, now time.Time) {
	size := len(t.template)
	if cap(t.buf) < n*size {
		t.buf = make([]byte, n*size)
	}
	t.pdus = t.pdus[:0]
	stamp := uint64(now.UnixMicro())
	for i := range n {
		t.made++
		pdu := t.buf[:n*size][i*size : (i+1)*size : (i+1)*size]
		copy(pdu, t.template)
		putDigits(pdu[t.phoneAt:t.phoneAt+7], t.made)
		putDigits(pdu[t.textAt:t.textAt+10], t.made)
		putDigits(pdu[t.textAt+11:t.textAt+27], stamp)
		t.pdus = append(t.pdus, pdu)
	}
}

// putDigits writes a number with as many digits as there is room for.
func putDigits(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
}
