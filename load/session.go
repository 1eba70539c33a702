package load

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// session is one connection on SMPP (a transceiver; a transmitter, if no receipts are asked for), UCP or CIMD2. One goroutine reads, and
// sends again as much as was answered; one writes; with a rate, one more looks when the next message is due.
type session struct {
	run    *run
	number int
	tally  *tally
	conn   net.Conn
	speaks language

	template           []byte    // a message, to be copied and patched
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

// inFlight is a message without an answer.
type inFlight struct {
	seq     uint32 // 0: free
	message uint32
	at      time.Duration
}

// serveSession runs one session, and with Reconnect one after the other, until the context ends.
func (r *run) serveSession(ctx context.Context, number int) error {
	const pause = 100 * time.Millisecond
	s := &session{run: r, number: number, tally: r.tally(), speaks: r.opt.language()}
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
func (s *session) prepare() error {
	o := &s.run.opt
	text, to := o.text(s.run.name), make([]byte, s.run.digits)
	for i := range to {
		to[i] = '#' // in no reference and no filler
	}
	pdu, textAt, toAt, err := s.speaks.submission(o, text, string(to))
	if err != nil {
		return err
	}
	s.template, s.numberTo = pdu, toAt
	s.numberAt = textAt + s.speaks.width()*(runLen+1)
	if o.Stamp {
		s.stampAt = s.numberAt + s.speaks.width()*(numberLen+len(stampMark))
	}
	return nil
}

// address is where this session goes.
func (s *session) address() string {
	list := strings.Split(s.run.opt.Address, ",")
	return strings.TrimSpace(list[s.number%len(list)])
}

// serve connects, binds, and sends until the connection or the context ends.
func (s *session) serve(ctx context.Context) error {
	const bindTime = 10 * time.Second
	dialer := net.Dialer{Timeout: bindTime}
	conn, err := dialer.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bindTime))
	if err := s.speaks.login(conn, &s.run.opt, s.systemID()); err != nil {
		return err
	}
	conn.SetDeadline(time.Time{})
	s.run.bound.Add(1)
	s.mu.Lock()
	s.conn, s.done, s.out, s.seq, s.open = conn, false, nil, 2, 0 // the log-in had 1
	size := 128                                                   // at least, lest numbers of UCP or CIMD2 meet
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
func (s *session) systemID() string {
	o := &s.run.opt
	if o.Accounts == 0 {
		return o.SystemID
	}
	return o.SystemID + "-" + strconv.Itoa(s.number%o.Accounts)
}

// fill sends as many messages as the window, the rate and the run allow.
func (s *session) fill(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fillLocked(now)
	if len(s.out) > 0 {
		s.wake.Signal()
	}
}

func (s *session) fillLocked(now time.Duration) {
	const maxUnwritten = 4 << 20
	r := s.run
	mask := uint32(len(s.flight) - 1)
	if s.stampAt > 0 && now >= r.opt.WarmUp {
		s.began = time.Now().Add(-now)
	}
	for s.open < r.opt.Window && !s.done && len(s.out) < maxUnwritten {
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
			for s.flight[s.seq&mask].seq != 0 { // an old one is still without an answer: there are more places than the window
				s.advance()
			}
			s.submit(message, at)
			message++
		}
	}
}

// advance goes on to the next number.
func (s *session) advance() {
	if s.seq++; s.seq > s.speaks.numbers() {
		s.seq = 1
	}
}

// submit writes one message.
func (s *session) submit(message uint32, at time.Duration) {
	r := s.run
	r.ledger.sending(message, at)
	start := len(s.out)
	s.out = append(s.out, s.template...)
	pdu := s.out[start:]
	width := s.speaks.width()
	s.speaks.digits(pdu[s.numberAt:s.numberAt+width*numberLen], uint64(message))
	r.opt.recipient(pdu[s.numberTo:s.numberTo+r.digits], r.first, message)
	if !s.began.IsZero() {
		s.speaks.digits(pdu[s.stampAt:s.stampAt+width*stampTime], uint64(s.began.Add(at).UnixMicro()))
	}
	s.speaks.number(pdu, s.seq)
	s.flight[s.seq&uint32(len(s.flight)-1)] = inFlight{s.seq, message, at}
	s.open++
	s.advance()
}

// write writes what there is, in as few writes as possible.
func (s *session) write() {
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
func (s *session) tick() {
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
func (s *session) giveUp(before time.Duration) {
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
func (s *session) unbind() {
	const patience = 500 * time.Millisecond
	s.mu.Lock()
	s.out = s.speaks.bye(s.out, s.seq)
	s.wake.Signal()
	s.mu.Unlock()
	s.conn.SetReadDeadline(time.Now().Add(patience))
}

// end stops the goroutines of the session.
func (s *session) end() {
	s.mu.Lock()
	s.done = true
	s.wake.Broadcast()
	s.mu.Unlock()
	s.conn.Close()
}
