package simulator

import (
	"crypto/subtle"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"kurir/smpp"
)

// Times after which a connection is given up.
const (
	bindTime  = 30 * time.Second // without a bind
	lastWrite = 2 * time.Second  // when it ends, for what is still to be written

	readSize = 64 << 10
)

// session is one connection of an ESME. Its goroutine reads; another writes. It does not use smpp.Session, because
// it must be able to send what a well-behaved side never sends.
type session struct {
	sim    *Simulator
	number uint64
	conn   net.Conn
	out    outbox
	opened time.Time
	random *rand.Rand
	silent atomic.Bool // a fate: nothing is answered any more
	batch  batch

	// Written by the reading goroutine before bound is set.
	account *account
	mode    smpp.BindMode
	version smpp.Version
	bound   atomic.Bool

	// Guarded by the account's lock.
	receiving bool
	window    window
}

// ServeConn serves one connection until it ends.
func (s *Simulator) ServeConn(conn net.Conn) {
	ss := &session{sim: s, conn: conn, opened: time.Now()}
	ss.out.init()
	s.mu.Lock()
	if len(s.sessions) >= s.opt.Sessions || (s.running != nil && s.running.Err() != nil) {
		s.mu.Unlock()
		conn.Close()
		return
	}
	s.lastNumber++
	ss.number = s.lastNumber
	s.sessions[ss.number] = ss
	s.mu.Unlock()
	ss.random = rand.New(rand.NewPCG(s.opt.Seed, ss.number))
	ss.batch.init(ss)
	s.wg.Go(func() { ss.out.run(conn) })
	s.hub.changedSessions()
	ss.read()
	conn.SetWriteDeadline(time.Now().Add(lastWrite))
	ss.out.finish()
	if ss.account != nil {
		ss.account.leave(ss, time.Now())
	}
	s.mu.Lock()
	delete(s.sessions, ss.number)
	s.mu.Unlock()
	s.hub.changedSessions()
}

// session finds a session that is still there.
func (s *Simulator) session(number uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[number]
}

// sweepSessions closes connections that have not bound in time.
func (s *Simulator) sweepSessions(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		if !ss.bound.Load() && now.Sub(ss.opened) > bindTime {
			ss.cut()
		}
	}
}

// cut ends the connection without a word.
func (ss *session) cut() {
	ss.out.close()
	ss.conn.Close()
}

// read takes PDUs off the connection until it ends. All that came with one read is one batch.
func (ss *session) read() {
	buf := make([]byte, readSize)
	have := 0
	for {
		n, err := ss.conn.Read(buf[have:])
		have += n
		used, goOn := ss.take(buf[:have])
		if !goOn || err != nil || !ss.out.room() {
			return
		}
		have = copy(buf, buf[used:have])
		if have == len(buf) { // a PDU longer than the buffer
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// take handles all whole PDUs of the buffer and says how many octets those are.
func (ss *session) take(buf []byte) (used int, goOn bool) {
	b := &ss.batch
	b.begin(time.Now())
	for goOn = true; goOn; {
		n, err := smpp.FrameLen(buf[used:], 0)
		if err != nil {
			b.c.Malformed++
			b.decodeError(err)
			goOn = false
		}
		if n == 0 || n > len(buf)-used {
			break
		}
		goOn = ss.handle(buf[used : used+n])
		used += n
	}
	b.end()
	return used, goOn
}

// handle does what one PDU asks for; false ends the session after what was answered so far.
func (ss *session) handle(frame []byte) bool {
	b := &ss.batch
	h := smpp.ParseHeader(frame)
	silent := ss.silent.Load() || ss.sim.silent.Load()
	switch h.Command {
	case smpp.CommandDeliverSMResp, smpp.CommandDataSMResp:
		b.acks = append(b.acks, h)
		return true
	case smpp.CommandSubmitSM, smpp.CommandDataSM, smpp.CommandSubmitMulti:
		if silent {
			b.c.Submitted++
			b.c.Lost++
			return true
		}
		if !ss.bound.Load() || ss.mode == smpp.Receiver {
			return b.answer(smpp.PDU{Command: h.Command.Response(), Status: smpp.ESME_RINVBNDSTS, Sequence: h.Sequence})
		}
		return ss.submitted(frame)
	case smpp.CommandEnquireLinkResp, smpp.CommandUnbindResp:
		return h.Command != smpp.CommandUnbindResp
	}
	if silent {
		return true
	}
	var p smpp.PDU
	if err := smpp.Decode(frame, &p); err != nil {
		b.c.Malformed++
		return b.decodeError(err)
	}
	answer := smpp.PDU{Command: h.Command.Response(), Sequence: h.Sequence}
	switch body := p.Body.(type) {
	case *smpp.Bind:
		return ss.bind(body, answer)
	case *smpp.EnquireLink:
		return b.answer(answer)
	case *smpp.Unbind:
		b.answer(answer)
		return false
	case *smpp.CancelSM:
		answer.Status = ss.cancel(body)
		return b.answer(answer)
	case *smpp.QuerySM:
		answer.Status = smpp.ESME_RQUERYFAIL
		return b.answer(answer)
	case *smpp.ReplaceSM:
		answer.Status = smpp.ESME_RREPLACEFAIL
		return b.answer(answer)
	}
	if h.Command.IsResponse() {
		b.c.Unexpected++
		return true
	}
	return b.answer(smpp.PDU{Command: smpp.CommandGenericNack, Status: smpp.ESME_RINVCMDID, Sequence: h.Sequence})
}

// bind checks the account and makes the session one of it.
func (ss *session) bind(body *smpp.Bind, answer smpp.PDU) bool {
	b, opt := &ss.batch, &ss.sim.opt
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	open := opt.SystemID == "" && opt.Password == ""
	switch {
	case ss.bound.Load():
		answer.Status = smpp.ESME_RALYBND
		return b.answer(answer)
	case !open && !same(body.SystemID, opt.SystemID):
		answer.Status = smpp.ESME_RINVSYSID
	case !open && !same(body.Password, opt.Password):
		answer.Status = smpp.ESME_RINVPASWD
	}
	a := ss.sim.account(body.SystemID)
	if a == nil && answer.Status == smpp.ESME_ROK {
		answer.Status = smpp.ESME_RBINDFAIL
	}
	if answer.Status != smpp.ESME_ROK {
		b.answer(answer)
		return false
	}
	ss.account, ss.mode, ss.version = a, body.Mode, body.Version
	ss.bound.Store(true)
	resp := &smpp.BindResp{Mode: body.Mode, SystemID: "kurir-simulator"}
	if body.Version.TLVs() {
		resp.TLVs.SetU8(smpp.TagSCInterfaceVersion, uint8(smpp.Version34))
	}
	answer.Body = resp
	b.answer(answer)
	b.joining = body.Mode != smpp.Transmitter
	ss.sim.log.Debug("bound", "system_id", body.SystemID, "mode", body.Mode)
	ss.sim.hub.changedSessions()
	return true
}

// Session describes one connection.
type Session struct {
	Number   uint64    `json:"number"`
	Peer     string    `json:"peer"`
	SystemID string    `json:"system_id"` // empty before the bind
	Mode     string    `json:"mode"`
	Version  string    `json:"version"`
	Opened   time.Time `json:"opened"`
	Unacked  int       `json:"unacked"` // deliver_sm without an answer
	Silent   bool      `json:"silent"`
}

// Sessions lists the connections.
func (s *Simulator) Sessions() []Session {
	s.mu.Lock()
	open := make([]*session, 0, len(s.sessions))
	for _, ss := range s.sessions {
		open = append(open, ss)
	}
	s.mu.Unlock()
	list := make([]Session, 0, len(open))
	for _, ss := range open {
		d := Session{Number: ss.number, Peer: ss.conn.RemoteAddr().String(), Opened: ss.opened, Silent: ss.silent.Load()}
		if ss.bound.Load() {
			d.SystemID, d.Mode, d.Version = ss.account.name, ss.mode.String(), ss.version.String()
			ss.account.mu.Lock()
			d.Unacked = ss.window.open
			ss.account.mu.Unlock()
		}
		list = append(list, d)
	}
	return list
}
