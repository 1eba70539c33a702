package simulator

import (
	"crypto/tls"
	"math/rand/v2"
	"net"
	"sync"
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

// systemID is the simulator's name.
const systemID = "kurir-simulator"

// session is one connection of an ESME. Its goroutine reads; another writes. It does not use smpp.Session, because
// it must be able to send what a well-behaved side never sends.
type session struct {
	sim    *Simulator
	host   *host
	number uint64
	conn   net.Conn
	out    outbox
	opened time.Time
	random *rand.Rand
	silent atomic.Bool   // a fate: nothing is answered any more
	frozen atomic.Bool   // nothing is read any more either, nor is the end of the connection noticed
	gone   chan struct{} // closed by cut
	inner  bool          // of the simulator's own: it may bind as anybody
	ending sync.Once
	batch  batch
	speaks protocol

	// Written by the reading goroutine before bound is set.
	account *account
	mode    smpp.BindMode
	version smpp.Version
	bound   atomic.Bool

	countMu     sync.Mutex
	counts      Counts
	first, last time.Time // when messages came in

	// Guarded by the account's lock.
	receiving bool
	most      int // deliver_sm without an answer that the peer wants at a time; 0: it does not say
	window    window
}

// ServeConn serves one connection until it ends.
func (s *Simulator) ServeConn(conn net.Conn) { s.serve(conn, s.hosts[0], nil) }

// ServeUCP serves one connection on UCP until it ends.
func (s *Simulator) ServeUCP(conn net.Conn) {
	s.serve(conn, newForeignHost(&s.opt, "UCP", newSpeakUCP), nil)
}

// ServeCIMD2 serves one connection on CIMD2 until it ends.
func (s *Simulator) ServeCIMD2(conn net.Conn) {
	s.serve(conn, newForeignHost(&s.opt, "CIMD2", newSpeakCIMD2), nil)
}

// serve serves a connection to a host; first is sent before anything else.
func (s *Simulator) serve(conn net.Conn, h *host, first []byte) {
	s.serveAs(&session{sim: s, host: h, conn: conn, opened: time.Now(), gone: make(chan struct{})}, first)
}

// serveAs serves a session until it ends.
func (s *Simulator) serveAs(ss *session, first []byte) {
	conn := ss.conn
	ss.out.init()
	ss.out.write(first)
	s.mu.Lock()
	if len(s.sessions) >= s.opt.Sessions || (s.running != nil && s.running.Err() != nil) {
		s.mu.Unlock()
		conn.Close()
		return
	}
	s.lastNumber++
	ss.number = s.lastNumber
	ss.random = rand.New(rand.NewPCG(s.opt.Seed, ss.number))
	ss.batch.init(ss)
	ss.speaks = ss.host.speaks(ss)
	s.sessions[ss.number] = ss // from here on others read it
	s.mu.Unlock()
	s.wg.Go(func() { ss.out.run(conn) })
	s.hub.changedSessions()
	ss.batch.begin(time.Now())
	ss.speaks.begin()
	ss.batch.end()
	ss.read()
	conn.SetWriteDeadline(time.Now().Add(lastWrite))
	ss.out.finish()
	if ss.account != nil {
		ss.account.leave(ss, time.Now())
	}
	s.mu.Lock()
	delete(s.sessions, ss.number)
	s.remember(ss)
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
	ss.ending.Do(func() { close(ss.gone) })
	ss.out.close()
	if secured, ok := ss.conn.(*tls.Conn); ok {
		secured.NetConn().Close() // without a word
		return
	}
	ss.conn.Close()
}

// FreezeLinks makes the connections that are there half-open: nothing is read from them nor written any more, and that the
// peer ends them is not noticed; new ones work. After a time above zero they are cut, as by an SMSC that has found out.
func (s *Simulator) FreezeLinks(keep time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, ss := range s.sessions {
		if ss.inner || ss.frozen.Swap(true) {
			continue
		}
		n++
		ss.silent.Store(true)
		if keep > 0 {
			time.AfterFunc(keep, ss.cut)
		}
	}
	return n
}

// read takes PDUs off the connection until it ends. All that came with one read is one batch.
func (ss *session) read() {
	buf := make([]byte, readSize)
	have := 0
	for {
		n, err := ss.conn.Read(buf[have:])
		if ss.frozen.Load() {
			<-ss.gone
			return
		}
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
		frame, n, err := ss.speaks.cut(buf[used:])
		if err != nil {
			b.c.Malformed++
			goOn = false
		}
		if n == 0 {
			break
		}
		if len(frame) > 0 {
			goOn = ss.speaks.handle(frame)
		}
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
	if !ss.sim.opt.Version.TLVs() && !silent && (h.Command == smpp.CommandBindTransceiver || h.Command == smpp.CommandDataSM) {
		return b.answer(smpp.PDU{Command: smpp.CommandGenericNack, Status: smpp.ESME_RINVCMDID, Sequence: h.Sequence}) // 3.3 has none
	}
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
		b.c.Managed++
		answer.Status = ss.cancel(body)
		return b.answer(answer)
	case *smpp.QuerySM:
		b.c.Managed++
		return b.answer(ss.query(body, answer))
	case *smpp.ReplaceSM:
		b.c.Managed++
		answer.Status = ss.replace(body)
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
	b := &ss.batch
	if ss.bound.Load() {
		answer.Status = smpp.ESME_RALYBND
		return b.answer(answer)
	}
	a, status := ss.login(body.SystemID, body.Password)
	if answer.Status = status; status != smpp.ESME_ROK {
		b.c.BindsRefused++
		b.answer(answer)
		return false
	}
	ss.enter(a, body.Mode, min(body.Version.Normal(), ss.sim.opt.Version))
	resp := &smpp.BindResp{Mode: body.Mode, SystemID: systemID}
	if ss.version.TLVs() && !ss.sim.opt.HideVersion {
		resp.TLVs.SetU8(smpp.TagSCInterfaceVersion, uint8(ss.sim.opt.Version)) // what we support (SMPP 3.4 5.3.2.25)
	}
	answer.Body = resp
	return b.answer(answer)
}

// boundTo counts the sessions of an account.
func (s *Simulator) boundTo(a *account) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		if ss.bound.Load() && ss.account == a {
			n++
		}
	}
	return n
}

// count books what happened on the session.
func (ss *session) count(c *Counts, now time.Time) {
	ss.countMu.Lock()
	defer ss.countMu.Unlock()
	ss.counts.add(c)
	if c.Submitted > 0 {
		ss.submittedAt(now)
	}
}

// Session describes one connection.
type Session struct {
	Number   uint64    `json:"number"`
	Peer     string    `json:"peer"`
	SystemID string    `json:"system_id"` // empty before the bind
	Mode     string    `json:"mode"`
	Version  string    `json:"version"`               // of the protocol; empty before the bind
	Protocol string    `json:"protocol"`              // SMPP, or another that the simulator speaks
	Host     int       `json:"host"`                  // number of the address that it came to, from 0
	TLS      string    `json:"tls,omitempty"`         // version of TLS
	Client   string    `json:"certificate,omitempty"` // common name of the client's certificate
	Opened   time.Time `json:"opened"`
	Unacked  int       `json:"unacked"` // deliver_sm without an answer
	Silent   bool      `json:"silent"`
	Frozen   bool      `json:"frozen"` // half-open
	Counts   Counts    `json:"counts"`
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
		d := Session{
			Number: ss.number, Peer: ss.conn.RemoteAddr().String(), Host: int(ss.host.number), Opened: ss.opened,
			Silent: ss.silent.Load(), Frozen: ss.frozen.Load(), Protocol: ss.speaks.name(),
		}
		ss.countMu.Lock()
		d.Counts = ss.counts
		ss.countMu.Unlock()
		if secured, ok := ss.conn.(*tls.Conn); ok && ss.bound.Load() {
			state := secured.ConnectionState()
			d.TLS = tls.VersionName(state.Version)
			if len(state.PeerCertificates) > 0 {
				d.Client = state.PeerCertificates[0].Subject.CommonName
			}
		}
		if ss.bound.Load() {
			d.SystemID, d.Mode, d.Version = ss.account.name, ss.mode.String(), ss.speaks.version()
			ss.account.mu.Lock()
			d.Unacked = ss.window.open
			ss.account.mu.Unlock()
		}
		list = append(list, d)
	}
	return list
}
