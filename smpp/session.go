package smpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"kurir/wire"
)

// Session is one connection, seen from either side. Its methods may be called from any goroutine.
type Session struct {
	conn   net.Conn
	cfg    SessionConfig
	reader reader
	state  atomic.Uint32 // a State; written under mu
	trace  atomic.Pointer[func(sent bool, frame []byte)]
	resume chan struct{} // told when a stalled reader may go on
	done   chan struct{}
	writes sync.WaitGroup

	mu          sync.Mutex
	reason      error
	window      window
	enc         coder
	out         []byte // encoded and not yet given to the writer
	spare       []byte // the other buffer, while nothing is being written
	flushing    bool   // the writer runs
	finishing   bool   // close when all is written
	timing      timing
	deadline    time.Time // of the read, by which the timers run
	latency     wire.Latency
	peerWindow  int           // most requests of the peer without an answer
	peerOpen    int           // requests of the peer without an answer
	unbindSeq   uint32        // sequence number of the peer's unbind
	unbindAsked bool          // the peer's unbind waits for what is outstanding on both sides
	drained     chan struct{} // closed when Unbind may go on
	info        Info
}

// Info describes a session.
type Info struct {
	Local, Peer net.Addr
	Role        Role
	State       State
	SystemID    string  // of the ESME, once it has sent a bind
	Version     Version // in force since the bind: 3.3, 3.4 or 5.0, the lower of both sides'
	PeerVersion Version // what the peer said: interface_version or sc_interface_version; 0 if nothing
	Mode        BindMode
	Opened      time.Time
	Bound       time.Time // zero before the bind
	Sent        uint64    // PDUs
	Received    uint64    // PDUs
	Bad         uint64    // PDUs received that were not understood, or responses to nothing
	Expired     uint64    // requests of ours that the peer did not answer in time
	Outstanding int       // requests given to Send without a response
	PeerOpen    int       // the peer's requests without a response
	PeerWindow  int       // how many there may be before reading stops
	LastIn      time.Time // when the peer's last PDU came; zero before the first
	LastOut     time.Time // when octets were last given to the connection; zero before the first

	// Answered is how many of our requests of the last one to two minutes were answered, bind and enquire_link excepted; half
	// of them within LatencyP50, 99 of a hundred within LatencyP99. The times are those of a histogram: at most a quarter
	// too long, and never too short.
	Answered               uint64
	LatencyP50, LatencyP99 time.Duration
	EnquireTime            time.Duration // what the peer's last answer to enquire_link took; zero before the first

	// The last status other than ESME_ROK in an answer of the peer, and in one of ours; ESME_ROK if there was none.
	LastError, LastRefusal     Status
	LastErrorAt, LastRefusalAt time.Time
}

// NewSession makes a session on a connection, which it owns from now on. Nothing happens before Run. Of a TLS
// connection whose handshake is still to come, the first read makes it: the session must not be bound before.
func NewSession(conn net.Conn, cfg SessionConfig, h Handler) *Session {
	cfg = cfg.withDefaults()
	now := time.Now()
	s := &Session{
		conn: conn, cfg: cfg, resume: make(chan struct{}, 1), done: make(chan struct{}),
		window: window{size: cfg.Window}, peerWindow: cfg.PeerWindow,
		timing: timing{
			bind: cfg.BindTimeout, enquire: cfg.EnquireInterval, response: cfg.ResponseTimeout,
			inactivity: cfg.InactivityTimeout, unbind: unbindGrace, opened: now, heard: now, active: now,
		},
		info: Info{Local: conn.LocalAddr(), Peer: conn.RemoteAddr(), Role: cfg.Role, Opened: now},
	}
	s.reader.h = h
	s.reader.dec.block = decodeBlock
	s.state.Store(uint32(StateOpen))
	s.SetTrace(cfg.Trace)
	return s
}

// Run reads from the connection until the session ends, and returns the reason. When ctx ends it closes the session.
// When Run returns, no goroutine of the session is left and the handler will not be called again.
func (s *Session) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.Close(context.Cause(ctx)) })
	defer stop()
	s.read()
	s.Close(ErrClosed)
	s.writes.Wait()
	s.mu.Lock()
	lost := s.window.drain()
	reason := s.reason
	s.mu.Unlock()
	s.giveUp(lost, reason)
	close(s.done)
	return reason
}

// Done is closed when Run has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err gives the reason for which the session ended, nil while it has not.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// State gives the state.
func (s *Session) State() State { return State(s.state.Load()) }

// Info gives a description with the present figures.
func (s *Session) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.info
	i.State, i.Outstanding, i.PeerOpen, i.PeerWindow = s.State(), s.window.live-s.window.own, s.peerOpen, s.peerWindow
	if i.Received+i.Bad > 0 {
		i.LastIn = s.timing.heard
	}
	s.latency.Turn(time.Now())
	i.Answered = s.latency.Count()
	i.LatencyP50, i.LatencyP99 = s.latency.Quantile(0.50), s.latency.Quantile(0.99)
	return i
}

// SetTrace lets f see each PDU as it is received and sent from now on, in place of SessionConfig.Trace; nil switches
// the trace off, and then it costs next to nothing. What is said there about f holds here too; Describe makes the
// octets readable.
func (s *Session) SetTrace(f func(sent bool, frame []byte)) {
	if f == nil {
		s.trace.Store(nil)
		return
	}
	s.trace.Store(&f)
}

// SetPeerWindow changes how many requests of the peer may be unanswered before reading stops (at least 1), in
// place of SessionConfig.PeerWindow. The handler never has more at a time, also when one read brought more.
func (s *Session) SetPeerWindow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peerWindow = max(1, n)
	s.wake()
}

// Room is how many requests Send would take now.
func (s *Session) Room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window.room()
}

// Send sends requests in order as far as the window has room, and tells how many it took; the others are to be tried
// again when responses have come. An error is about requests[taken]: an *EncodeError (that request can never be sent),
// ErrWrongState, or the reason for which the session ended. Those taken are on their way in any case.
func (s *Session) Send(requests []Request) (taken int, err error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for taken < len(requests) && s.window.room() > 0 {
		if err = s.add(requests[taken].Body, requests[taken].Ref, now); err != nil {
			break
		}
		taken++
	}
	if taken > 0 {
		s.timing.active = now
		s.kick()
	}
	return taken, err
}

// add encodes one request of ours and enters it into the window; mu is held.
func (s *Session) add(body Body, ref any, now time.Time) error {
	if body == nil {
		return fmt.Errorf("send nothing: %w", errUnexpectedSending)
	}
	id := body.Command()
	if id.IsResponse() {
		return fmt.Errorf("send %s: %w", id, errUnexpectedSending)
	}
	if state := s.State(); !allowed(id, s.cfg.Role, state, s.enc.version) {
		switch {
		case state == StateClosed:
			return s.ended()
		case allowed(id, s.cfg.Role, state, 0):
			return fmt.Errorf("send %s by SMPP %s: %w", id, s.enc.version, ErrWrongVersion)
		}
		return fmt.Errorf("send %s in state %s: %w", id, state, ErrWrongState)
	}
	p := PDU{Command: id, Body: body}
	if !id.answered() {
		p.Sequence = s.window.next()
		return s.append(&p)
	}
	p.Sequence = s.window.add(body, ref, now)
	if err := s.append(&p); err != nil {
		s.window.take(p.Sequence, CommandGenericNack)
		return err
	}
	if s.window.live == 1 && s.cfg.ResponseTimeout > 0 {
		s.arm(now.Add(s.cfg.ResponseTimeout))
	}
	return nil
}

// ended gives the error for calls after the end; mu is held.
func (s *Session) ended() error {
	if s.reason == nil || errors.Is(s.reason, ErrClosed) {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrClosed, s.reason)
}

// Respond answers requests of the peer. Command (a response), Sequence and Status must be set; Body may be nil as
// described at Append. A PDU that cannot be encoded is answered by ESME_RSYSERR instead, and the first such error
// returned.
func (s *Session) Respond(responses []PDU) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.respond(responses)
}

// respond is Respond; mu is held.
func (s *Session) respond(responses []PDU) error {
	if s.State() == StateClosed || s.finishing {
		return s.ended()
	}
	var first error
	s.enc.congest = s.congestion()
	for i := range responses {
		p := &responses[i]
		if err := s.append(p); err != nil {
			if first == nil {
				first = err
			}
			id := p.Command
			if id == 0 && p.Body != nil {
				id = p.Body.Command()
			}
			_ = s.append(&PDU{Command: id.Response(), Status: ESME_RSYSERR, Sequence: p.Sequence})
		}
	}
	s.enc.congest = 0
	s.peerOpen = max(0, s.peerOpen-len(responses))
	s.timing.active = time.Now()
	s.settleUnbind()
	s.checkDrained()
	if s.peerOpen < s.peerWindow {
		s.wake()
	}
	s.kick()
	return first
}

// congestion is what the coder is to add to responses: one more than congestion_state, 0 for none. mu is held.
func (s *Session) congestion() uint8 {
	if s.cfg.Congestion == nil || s.enc.version < Version50 {
		return 0
	}
	if state, ok := s.cfg.Congestion(); ok {
		return 1 + min(state, maxCongestion)
	}
	return 0
}

// call is the Ref of a request sent by Do.
type call struct{ answer chan Response }

// Do sends one request and waits for its response. It does not wait for room in the window: a few places beyond it are
// kept for Do and for the session itself. It must not be called from a Handler, whose goroutine has to read the
// response. The caller looks at the status. What has no
// response (alert_notification, outbind) is sent, and a zero PDU returned.
func (s *Session) Do(ctx context.Context, body Body) (PDU, error) {
	c := &call{answer: make(chan Response, 1)}
	now := time.Now()
	s.mu.Lock()
	err := ErrWindowFull
	if !s.window.full() {
		err = s.add(body, c, now)
	}
	s.timing.active = now
	s.kick()
	s.mu.Unlock()
	if err != nil || !body.Command().answered() {
		return PDU{}, err
	}
	select {
	case r := <-c.answer:
		return r.PDU, r.Err
	case <-ctx.Done():
		return PDU{}, fmt.Errorf("%s: %w", body.Command(), context.Cause(ctx))
	}
}

// Unbind ends the session in an orderly way: no more requests are sent, new ones of the peer are refused for the moment,
// responses to the outstanding ones of both sides are awaited, then unbind is sent, its response awaited and the
// connection closed. When ctx ends first, the
// connection is closed at once and its error returned. It must not be called from a Handler.
func (s *Session) Unbind(ctx context.Context) error {
	s.mu.Lock()
	state := s.State()
	if state == StateClosed || state == StateUnbinding {
		s.mu.Unlock()
		return s.waitDone(ctx)
	}
	s.state.Store(uint32(StateUnbinding))
	drained := make(chan struct{})
	s.drained = drained
	s.checkDrained()
	s.mu.Unlock()
	select {
	case <-drained:
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.Close(fmt.Errorf("%w without waiting for all responses", ErrUnbound))
		return context.Cause(ctx)
	}
	_, err := s.Do(ctx, &Unbind{})
	s.Close(ErrUnbound)
	if ctx.Err() != nil {
		return err
	}
	return nil
}

// waitDone waits for the end of a session that is ending already.
func (s *Session) waitDone(ctx context.Context) error {
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.Close(ErrUnbound)
		return context.Cause(ctx)
	}
}

// Close closes the connection at once. The first reason stands; nil is taken as ErrClosed.
func (s *Session) Close(reason error) {
	if reason == nil {
		reason = ErrClosed
	}
	s.mu.Lock()
	if s.reason == nil {
		s.reason = reason
	}
	first := s.State() != StateClosed
	s.state.Store(uint32(StateClosed))
	s.wake()
	s.mu.Unlock()
	if first {
		_ = s.conn.Close()
	}
}

// Abort is Close where the peer is out of reach, or must hear nothing more: what the system has taken and not yet brought to him is
// forgotten. Else it would come when the network is whole again, after what another session has said meanwhile.
func (s *Session) Abort(reason error) {
	wire.Forget(s.conn)
	s.Close(reason)
}

// SetBound puts the session into the bound state of a mode: for the SMSC's side, within Handler.Requests, after the
// response to the bind was given to Respond. (A Server does this by itself; the ESME's side does it when the
// response arrives.)
func (s *Session) SetBound(mode BindMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setBound(mode, time.Now())
}

// setBound is SetBound; mu is held.
func (s *Session) setBound(mode BindMode, now time.Time) {
	if s.State() != StateOpen {
		return
	}
	s.state.Store(uint32(mode.state()))
	s.info.Mode, s.info.Bound = mode, now
	s.timing.bound = true
	s.timing.active = now
	s.arm(now) // the reader wakes up and sets its deadline anew
}
