package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// simOperator is the SMSC of a link. It gives ids that those of the other links
// give, too.
type simOperator struct {
	s        *sim
	name     string
	next     int
	down     time.Time // until which it refuses connections
	sessions []*simSession
}

// simSession is a connection of a server to an SMSC.
type simSession struct {
	o     *simOperator
	life  *simLife
	conn  net.Conn
	sess  *smpp.Session
	bound bool
	ended bool
}

// simSaid is a final state that an SMSC got an acknowledgement for.
type simSaid struct {
	state message.State
	at    time.Time
}

// dialler makes connections of a server's.
func (o *simOperator) dialler(l *simLife) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		s := o.s
		s.mu.Lock()
		defer s.mu.Unlock()
		if l.dead || time.Now().Before(o.down) {
			return nil, errors.New("connection refused")
		}
		ours, theirs := net.Pipe()
		ss := &simSession{o: o, life: l, conn: theirs}
		ss.sess = smpp.NewSession(theirs, smpp.SessionConfig{Role: smpp.SMSC, EnquireInterval: -1, Window: 100}, ss)
		o.sessions = append(o.sessions, ss)
		s.tasks.Go(func() { ss.run() })
		return ours, nil
	}
}

func (ss *simSession) run() {
	_ = ss.sess.Run(context.Background())
	s := ss.o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.over()
}

// over notes the end of a session; s.mu is held.
func (ss *simSession) over() {
	if ss.ended {
		return
	}
	s, o := ss.o.s, ss.o
	if ss.ended = true; ss.bound {
		s.ends++
		s.logf("node %d session of %s ends", ss.life.node.num, o.name)
	}
	ss.bound = false
	for i := range o.sessions {
		if o.sessions[i] == ss {
			o.sessions = append(o.sessions[:i], o.sessions[i+1:]...)
			break
		}
	}
}

// cut ends connections, those of a life or all.
func (o *simOperator) cut(l *simLife) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.cutLocked(l)
}

func (o *simOperator) cutLocked(l *simLife) {
	for _, ss := range append([]*simSession{}, o.sessions...) {
		if l == nil || ss.life == l {
			ss.conn.Close()
			ss.over()
		}
	}
}

// close cuts all connections and takes none for a while.
func (o *simOperator) close(d time.Duration) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.logf("%s is down for %s", o.name, d)
	o.down = time.Now().Add(d)
	o.cutLocked(nil)
}

// Requests implements smpp.Handler.
func (ss *simSession) Requests(sess *smpp.Session, requests []smpp.PDU) {
	for _, r := range requests {
		switch b := r.Body.(type) {
		case *smpp.Bind:
			_ = sess.Respond([]smpp.PDU{{Command: r.Command.Response(), Sequence: r.Sequence, Body: &smpp.BindResp{Mode: b.Mode, SystemID: "smsc"}}})
			sess.SetBound(b.Mode)
			ss.o.s.mu.Lock()
			if ss.bound = !ss.ended; ss.bound {
				ss.o.s.logf("node %d session of %s begins", ss.life.node.num, ss.o.name)
			}
			ss.o.s.mu.Unlock()
		case *smpp.SubmitSM:
			ss.submit(r.Sequence, b)
		}
	}
}

// Responses implements smpp.Handler.
func (ss *simSession) Responses(_ *smpp.Session, responses []smpp.Response) {
	for _, r := range responses {
		r.Ref.(func(ok bool))(r.Err == nil && r.PDU.Status == smpp.ESME_ROK)
	}
}

// submit takes a part of a message.
func (ss *simSession) submit(sequence uint32, b *smpp.SubmitSM) {
	s, o := ss.o.s, ss.o
	s.mu.Lock()
	defer s.mu.Unlock()
	part := uint8(1)
	if b.ESMClass&smpp.ESMUDHI != 0 {
		h, _, err := gsm.ParseHeader(b.Message())
		c, ok := h.Concat()
		if err != nil || !ok {
			s.wrongf("%s: a part without its number: %v", b.Dest.Addr, err)
			return
		}
		part = c.Number
	}
	x := s.byNumber[strings.TrimPrefix(b.Dest.Addr, "+")]
	if x == nil {
		s.wrongf("%s was sent something, and nobody asked", b.Dest.Addr)
		return
	}
	if x.cancelled {
		s.wrongf("%s was sent after it had been cancelled", x.number)
	}
	x.sent[part]++
	n := x.sent[part]
	luck := s.luck(100, "answer", x.number, part, n)
	if s.quiet {
		luck = 99
	}
	s.logf("node %d wire %s part %d to %s (%d): %d", ss.life.node.num, x.number, part, o.name, n, luck)
	status, id := smpp.ESME_ROK, ""
	switch {
	case luck < 4:
		x.again++
		status = smpp.ESME_RTHROTTLED
	case luck < 8:
		x.again++
		status = smpp.ESME_RSYSERR
	case luck < 10:
		status = smpp.ESME_RX_R_APPN
	case luck < 13:
		return // no answer, and not taken
	default:
		o.next++
		id = fmt.Sprintf("%x", 0xa0000000+o.next)
		if b.RegisteredDelivery&smpp.ReceiptMask != 0 {
			o.plan(x, part, n, id)
		}
	}
	if luck >= 13 && luck < 16 {
		s.logf("node %d the answer to %s is lost", ss.life.node.num, x.number)
		ss.conn.Close()
		ss.over()
		return
	}
	resp := smpp.PDU{Command: smpp.CommandSubmitSM.Response(), Sequence: sequence, Status: status}
	if status == smpp.ESME_ROK {
		resp.Body = &smpp.SubmitSMResp{MessageID: id}
	}
	d := time.Duration(s.luck(150, "answer after", x.number, part, n)) * time.Millisecond
	if s.luck(100, "answer late", x.number, part, n) < 10 && !s.quiet {
		d = time.Duration(s.luck(4000, "answer very late", x.number, part, n)) * time.Millisecond
	}
	s.after(d, func() { _ = ss.sess.Respond([]smpp.PDU{resp}) })
}

// after does something later, before the world ends.
func (s *sim) after(d time.Duration, f func()) {
	s.tasks.Add(1)
	time.AfterFunc(d, func() {
		defer s.tasks.Done()
		f()
	})
}

// plan gives a part its receipts; s.mu is held.
func (o *simOperator) plan(x *simFate, part uint8, n int, id string) {
	s := o.s
	luck := func(most int, what string) int { return s.luck(most, what, x.number, part, n) }
	state := message.Delivered
	if luck(100, "state") < 15 {
		state = message.Undeliverable
	}
	delay := time.Duration(luck(1500, "delay")) * time.Millisecond
	switch l := luck(100, "how late"); {
	case l < 15:
		delay = time.Duration(luck(10_000, "very late")) * time.Millisecond
	case l < 35:
		delay = 0 // before the answer
	}
	if luck(100, "never") < 6 && !s.quiet {
		return
	}
	if luck(100, "on the way") < 15 {
		o.report(x, id, message.Enroute, delay/2)
	}
	o.report(x, id, state, delay)
	if luck(100, "twice") < 10 {
		o.report(x, id, state, delay+time.Duration(luck(5000, "again"))*time.Millisecond)
	}
	if luck(100, "contradicts") < 5 {
		o.report(x, id, message.Delivered+message.Undeliverable-state, delay+8*time.Second)
	}
	if luck(100, "unknown") < 4 {
		o.report(x, "dead"+id, state, delay)
	}
}

// report delivers a receipt over whichever session there is, until it is acknowledged.
func (o *simOperator) report(x *simFate, id string, state message.State, in time.Duration) {
	s := o.s
	s.waiting++
	s.after(in, func() {
		s.mu.Lock()
		ss := o.pick("receipt", id, state)
		if ss != nil {
			s.logf("node %d receipt %s %s %s of %s", ss.life.node.num, x.number, id, state, o.name)
		}
		s.mu.Unlock()
		r := smpp.Receipt{ID: id, State: smpp.MessageDelivered}
		switch state {
		case message.Enroute:
			r.State = smpp.MessageEnroute
		case message.Undeliverable:
			r.State = smpp.MessageUndeliverable
		}
		d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
			Source: smpp.Address{TON: 1, NPI: 1, Addr: x.number}, Dest: smpp.Address{TON: smpp.TONAlphanumeric, Addr: x.from},
			ESMClass: smpp.ESMReceipt, Text: r.Append(nil),
		}}
		s.deliver(ss, d, func(ok bool) {
			s.waiting--
			key := o.name + "/" + id
			if _, said := s.said[key]; ok && !said && state.Final() {
				s.said[key] = simSaid{state, time.Now()}
			}
			if !ok && !s.over {
				o.report(x, id, state, time.Second)
			}
		})
	})
}

// deliver sends a deliver_sm; done is called with s.mu held. ss is nil if there is no session.
func (s *sim) deliver(ss *simSession, d *smpp.DeliverSM, done func(ok bool)) {
	locked := func(ok bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		done(ok && ss != nil && !ss.life.dead)
		s.tasks.Done()
	}
	s.tasks.Add(1)
	if ss == nil {
		locked(false)
	} else if n, _ := ss.sess.Send([]smpp.Request{{Body: d, Ref: locked}}); n == 0 {
		locked(false)
	}
}

// pick chooses a session; s.mu is held.
func (o *simOperator) pick(about ...any) *simSession {
	var list []*simSession
	for _, ss := range o.sessions {
		if ss.bound {
			list = append(list, ss)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[o.s.luck(len(list), append(about, time.Now().Unix())...)]
}

// simPhone is a message from a phone.
type simPhone struct {
	name    string
	from    string
	parts   int
	acked   map[int]bool
	begun   time.Time // when a part of it was first sent
	whole   time.Time // when all of it was acknowledged
	told    map[message.ID]int
	session string // in which it was told first
}

// phone sends a message, at times in parts that arrive by several sessions.
func (s *sim) phone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.phones) + 1
	p := &simPhone{name: fmt.Sprintf("in%d.", n), from: fmt.Sprintf("4670999%04d", n%3), parts: 1, acked: map[int]bool{}, told: map[message.ID]int{}}
	to := []string{"4611111", "4622222"}[s.rng.IntN(2)]
	if s.chance(50) {
		p.parts = 2 + s.rng.IntN(2)
	}
	s.phones = append(s.phones, p)
	o := s.ops[simLinks[s.rng.IntN(2)]]
	for i := range p.parts {
		text, esm := []byte(p.text(i)), uint8(0)
		if p.parts > 1 {
			text, esm = append([]byte{5, 0, 3, byte(n), byte(p.parts), byte(i + 1)}, text...), smpp.ESMUDHI
		}
		o.phonePart(p, i, to, esm, text, time.Duration(s.luck(300, "phone", n, i))*time.Millisecond)
	}
}

func (p *simPhone) text(part int) string { return fmt.Sprintf("%s%d ", p.name, part) }

// all is the text of all parts.
func (p *simPhone) all() (text string) {
	for i := range p.parts {
		text += p.text(i)
	}
	return text
}

func (o *simOperator) phonePart(p *simPhone, i int, to string, esm uint8, text []byte, in time.Duration) {
	s := o.s
	s.after(in, func() {
		s.mu.Lock()
		ss := o.pick("phone", p.name, i)
		if ss != nil {
			s.logf("node %d phone %s part %d by %s", ss.life.node.num, p.name, i, o.name)
			if p.begun.IsZero() {
				p.begun = time.Now()
			}
		}
		s.mu.Unlock()
		d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
			Source: smpp.Address{TON: 1, NPI: 1, Addr: p.from}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: to}, ESMClass: esm, Text: text,
		}}
		s.deliver(ss, d, func(ok bool) {
			if !ok && s.over {
				return
			}
			if !ok {
				o.phonePart(p, i, to, esm, text, time.Second)
				return
			}
			s.logf("phone %s part %d is acknowledged", p.name, i)
			if p.acked[i] = true; len(p.acked) == p.parts && p.whole.IsZero() {
				p.whole = time.Now()
			}
		})
	})
}
