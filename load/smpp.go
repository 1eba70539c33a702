package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"kurir/smpp"
)

// smppSession is one transceiver (a transmitter, if no receipts are asked for). One goroutine reads, and sends again
// as much as was answered; one writes; with a rate, one more looks when the next message is due.
type smppSession struct {
	run    *run
	number int
	tally  *tally
	conn   net.Conn

	template           []byte    // a submit_sm, to be copied and patched
	numberAt, numberTo int       // where the number in its reference and the recipient stand
	stampAt            int       // where the time of a stamp stands, 0 for none
	began              time.Time // of the run, by the clock of the day as it goes now; zero in the warm-up

	mu     sync.Mutex
	wake   sync.Cond
	out    []byte // to be written
	spare  []byte
	done   bool
	seq    uint32     // of the next
	flight []inFlight // by sequence number
	open   int
	paced  int64 // messages of this session so far
}

// inFlight is a submit_sm without an answer.
type inFlight struct {
	seq     uint32 // 0: free
	message uint32
	at      time.Duration
}

// serveSMPP runs one session, and with Reconnect one after the other, until the context ends.
func (r *run) serveSMPP(ctx context.Context, number int) error {
	const pause = 100 * time.Millisecond
	s := &smppSession{run: r, number: number, tally: r.tally()}
	s.wake.L = &s.mu
	if err := s.prepare(); err != nil {
		return err
	}
	for {
		err := s.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.tally.mu.Lock()
		s.tally.failed("connection: " + plain(err))
		s.tally.mu.Unlock()
		if !r.opt.Reconnect {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// plain takes the addresses out of an error, so that equal ones count as equal.
func plain(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}

// prepare makes the template.
func (s *smppSession) prepare() error {
	o := &s.run.opt
	text, to := o.text(s.run.name), make([]byte, s.run.digits)
	for i := range to {
		to[i] = '#' // in no reference and no filler
	}
	body := &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: source(o.From), Dest: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: string(to)}, Text: []byte(text),
	}}
	if o.Receipts {
		body.RegisteredDelivery = smpp.ReceiptFinal
	}
	var err error
	if s.template, err = smpp.Append(nil, &smpp.PDU{Body: body}); err != nil {
		return fmt.Errorf("write submit_sm: %w", err)
	}
	s.numberAt = bytes.Index(s.template, []byte(text)) + runLen + 1
	s.numberTo = bytes.Index(s.template, to)
	if o.Stamp {
		s.stampAt = s.numberAt + numberLen + len(stampMark)
	}
	return nil
}

// source guesses the type of number of a sender.
func source(from string) smpp.Address {
	if len(from) > 0 && bytes.ContainsAny([]byte(from), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ") {
		return smpp.Address{TON: smpp.TONAlphanumeric, Addr: from}
	}
	return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: from}
}

// address is where this session goes.
func (s *smppSession) address() string {
	list := strings.Split(s.run.opt.Address, ",")
	return strings.TrimSpace(list[s.number%len(list)])
}

// serve connects, binds, and sends until the connection or the context ends.
func (s *smppSession) serve(ctx context.Context) error {
	const bindTime = 10 * time.Second
	dialer := net.Dialer{Timeout: bindTime}
	conn, err := dialer.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bindTime))
	if err := s.bind(conn); err != nil {
		return err
	}
	conn.SetDeadline(time.Time{})
	s.run.bound.Add(1)
	s.mu.Lock()
	s.conn, s.done, s.out, s.seq, s.open = conn, false, nil, 2, 0 // the bind had 1
	size := 1
	for size < 4*s.run.opt.Window {
		size *= 2
	}
	s.flight = make([]inFlight, size)
	s.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(s.write)
	wg.Go(s.tick)
	stop := context.AfterFunc(ctx, s.unbind)
	s.fill(s.run.now())
	err = s.read()
	stop()
	s.end()
	wg.Wait()
	s.giveUp(0)
	return err
}

// systemID is that of the account of this session.
func (s *smppSession) systemID() string {
	o := &s.run.opt
	if o.Accounts == 0 {
		return o.SystemID
	}
	return o.SystemID + "-" + strconv.Itoa(s.number%o.Accounts)
}

// bind binds and checks the answer.
func (s *smppSession) bind(conn net.Conn) error {
	o := &s.run.opt
	mode := smpp.Transceiver
	switch {
	case o.Kind == Receive:
		mode = smpp.Receiver
	case !o.Receipts:
		mode = smpp.Transmitter
	}
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: mode, SystemID: s.systemID(), Password: o.Password, Version: smpp.Version34}})
	if err != nil {
		return fmt.Errorf("write bind: %w", err)
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	head := make([]byte, smpp.HeaderLen)
	if _, err := io.ReadFull(conn, head); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	n, err := smpp.FrameLen(head, 0)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if _, err := io.ReadFull(conn, make([]byte, n-smpp.HeaderLen)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if h := smpp.ParseHeader(head); h.Status != smpp.ESME_ROK {
		return fmt.Errorf("bind as %s: %w", s.systemID(), h.Status)
	}
	return nil
}

// fill sends as many messages as the window, the rate and the run allow.
func (s *smppSession) fill(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fillLocked(now)
	if len(s.out) > 0 {
		s.wake.Signal()
	}
}

func (s *smppSession) fillLocked(now time.Duration) {
	const maxUnwritten = 4 << 20
	r := s.run
	mask := uint32(len(s.flight) - 1)
	if s.stampAt > 0 && now >= r.opt.WarmUp {
		s.began = time.Now().Add(-now)
	}
	for s.open < r.opt.Window && !s.done && s.flight[s.seq&mask].seq == 0 && len(s.out) < maxUnwritten {
		at, want := now, r.opt.Window-s.open
		if r.opt.Rate > 0 {
			if at, want = r.pace(s.number, s.paced), 1; at > now {
				return
			}
		}
		message, got := r.claim(want)
		if got == 0 {
			return
		}
		s.paced++
		for range got {
			if s.flight[s.seq&mask].seq != 0 { // an old one is still without an answer: the ring is a little larger than the window
				s.skip(message, now)
			} else {
				s.submit(message, at)
			}
			message++
		}
	}
}

// skip gives up a message that was claimed and finds no place.
func (s *smppSession) skip(message uint32, now time.Duration) {
	s.run.ledger.sending(message, now)
	s.run.ledger.mark(message, wasUnanswered)
	s.run.answered.Add(1)
}

// submit writes one submit_sm.
func (s *smppSession) submit(message uint32, at time.Duration) {
	r := s.run
	r.ledger.sending(message, at)
	start := len(s.out)
	s.out = append(s.out, s.template...)
	pdu := s.out[start:]
	binary.BigEndian.PutUint32(pdu[12:], s.seq)
	putNumber(pdu[s.numberAt:s.numberAt+numberLen], uint64(message))
	r.opt.recipient(pdu[s.numberTo:s.numberTo+r.digits], r.first, message)
	if !s.began.IsZero() {
		putNumber(pdu[s.stampAt:s.stampAt+stampTime], uint64(s.began.Add(at).UnixMicro()))
	}
	s.flight[s.seq&uint32(len(s.flight)-1)] = inFlight{s.seq, message, at}
	s.open++
	if s.seq++; s.seq > smpp.MaxSequence {
		s.seq = 1
	}
}

// write writes what there is, in as few writes as possible.
func (s *smppSession) write() {
	for {
		s.mu.Lock()
		for len(s.out) == 0 && !s.done {
			s.wake.Wait()
		}
		if s.done {
			s.mu.Unlock()
			return
		}
		b := s.out
		s.out, s.spare = s.spare[:0], nil
		s.mu.Unlock()
		if _, err := s.conn.Write(b); err != nil {
			s.end()
			return
		}
		s.mu.Lock()
		s.spare = b
		s.mu.Unlock()
	}
}

// tick sends what has become due, and gives up what has waited too long for its answer.
func (s *smppSession) tick() {
	idle := 20 * time.Millisecond
	if s.run.opt.Rate == 0 { // answers bring on what comes next: this is only for what they do not
		idle = max(idle, time.Duration(s.run.opt.Connections)*time.Millisecond)
	}
	for swept := s.run.now(); ; {
		now := s.run.now()
		s.fill(now)
		s.mu.Lock()
		done, wait := s.done, idle
		if s.run.opt.Rate > 0 && s.run.stopped.Load() == 0 && s.open < s.run.opt.Window {
			wait = min(idle, max(time.Millisecond, s.run.pace(s.number, s.paced)-now))
		}
		s.mu.Unlock()
		if done {
			return
		}
		if now-swept > time.Second {
			swept = now
			s.giveUp(now - s.run.opt.AnswerTime)
		}
		time.Sleep(wait)
	}
}

// giveUp counts as unanswered what was sent before a moment; 0: everything.
func (s *smppSession) giveUp(before time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.flight {
		f := &s.flight[i]
		if f.seq == 0 || before != 0 && f.at > before {
			continue
		}
		f.seq = 0
		s.open--
		s.run.ledger.mark(f.message, wasUnanswered)
		s.run.answered.Add(1)
	}
}

// unbind ends the session in an orderly way, and the connection half a second later in any case.
func (s *smppSession) unbind() {
	const patience = 500 * time.Millisecond
	s.mu.Lock()
	s.out, _ = smpp.Append(s.out, &smpp.PDU{Command: smpp.CommandUnbind, Sequence: s.seq})
	s.wake.Signal()
	s.mu.Unlock()
	s.conn.SetReadDeadline(time.Now().Add(patience))
}

// end stops the goroutines of the session.
func (s *smppSession) end() {
	s.mu.Lock()
	s.done = true
	s.wake.Broadcast()
	s.mu.Unlock()
	s.conn.Close()
}
