package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Session is one connection, seen from either side. Its methods may be called from any goroutine.
type Session[P PDU] struct {
	conn     net.Conn
	protocol *Protocol[P]
	watcher  Watcher[P] // nil: none
	cfg      Config
	begin    func() // before anything is read; may be nil
	over     func() // when nothing more is read; may be nil
	reader   reader[P]
	state    atomic.Uint32 // a State; written under mu
	trace    atomic.Pointer[func(sent bool, frame []byte)]
	resume   chan struct{} // told when a stalled reader may go on
	done     chan struct{}
	writes   sync.WaitGroup

	mu         sync.Mutex
	reason     error
	window     window[P]
	calls      []*call[P] // requests of Do that wait for room in the window
	out        []byte     // encoded and not yet given to the writer
	spare      []byte     // the other buffer, while nothing is being written
	flushing   bool       // the writer runs
	finishing  bool       // close when all is written
	timing     timing
	deadline   time.Time // of the read, by which the timers run
	latency    Latency
	peerWindow int           // most requests of the peer without an answer
	peerOpen   int           // requests of the peer without an answer
	drained    chan struct{} // closed when End may go on
	farewell   P             // the answer to the peer's log-out, while it waits for other answers
	info       Info
}

// Info describes a session.
type Info struct {
	Local, Peer net.Addr
	State       State
	Account     string // who has logged in
	Opened      time.Time
	Bound       time.Time // zero before the log-in
	Sent        uint64    // frames
	Received    uint64    // frames
	Bad         uint64    // frames received that were not understood, or responses to nothing
	Junk        uint64    // octets received between frames
	Expired     uint64    // requests of ours that the peer did not answer in time
	Outstanding int       // requests of ours without a response
	PeerOpen    int       // the peer's requests without a response
	PeerWindow  int       // how many there may be before reading stops
	LastIn      time.Time // when the peer's last octets came; zero before the first
	LastOut     time.Time // when octets were last given to the connection; zero before the first

	// Answered is how many of our requests of the last one to two minutes were answered, questions for life excepted; half
	// of them within LatencyP50, 99 of a hundred within LatencyP99.
	Answered               uint64
	LatencyP50, LatencyP99 time.Duration
	AliveTime              time.Duration // what the peer's last answer to the question for life took; zero before the first

	LastFault   string // what the peer last refused a request with; empty if nothing
	LastFaultAt time.Time
}

// NewSession makes a session on a connection, which it owns from now on. Nothing happens before Run.
func NewSession[P PDU](conn net.Conn, protocol *Protocol[P], cfg Config, h Handler[P]) *Session[P] {
	numbers := protocol.Numbers(cfg.Role)
	cfg = cfg.withDefaults(numbers.Count)
	now := time.Now()
	s := &Session[P]{
		conn: conn, protocol: protocol, cfg: cfg, resume: make(chan struct{}, 1), done: make(chan struct{}),
		window: window[P]{size: cfg.Window, numbers: numbers}, peerWindow: cfg.PeerWindow,
		timing: timing{
			login: cfg.Login, alive: cfg.Alive, response: cfg.Response, inactivity: cfg.Inactivity,
			opened: now, heard: now, active: now,
		},
		info: Info{Local: conn.LocalAddr(), Peer: conn.RemoteAddr(), Opened: now},
	}
	s.reader.h = h
	if protocol.Watch != nil {
		s.watcher = protocol.Watch(s)
	}
	s.SetTrace(cfg.Trace)
	return s
}

// Run reads from the connection until the session ends, and returns the reason. When ctx ends it closes the session.
// When Run returns, no goroutine of the session is left and the handler will not be called again.
func (s *Session[P]) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.Close(context.Cause(ctx)) })
	defer stop()
	if s.begin != nil {
		s.begin()
	}
	s.read()
	if s.over != nil {
		s.over()
	}
	s.Close(ErrClosed)
	s.writes.Wait()
	s.mu.Lock()
	lost := s.window.drain(time.Now())
	for _, c := range s.calls {
		lost = append(lost, entry[P]{pdu: c.request, ref: c})
	}
	s.calls = nil
	reason := s.reason
	s.mu.Unlock()
	s.giveUp(lost, reason)
	close(s.done)
	return reason
}

// Done is closed when Run has ended.
func (s *Session[P]) Done() <-chan struct{} { return s.done }

// Err gives the reason for which the session ended, nil while it has not.
func (s *Session[P]) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// State gives the state.
func (s *Session[P]) State() State { return State(s.state.Load()) }

// Protocol is what the session speaks.
func (s *Session[P]) Protocol() *Protocol[P] { return s.protocol }

// Role tells which side we are.
func (s *Session[P]) Role() Role { return s.cfg.Role }

// Window is how many requests of ours may be outstanding.
func (s *Session[P]) Window() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window.size
}

// SetWindow changes that, to at least 1 and at most as many as there are numbers. For a client within its log-in, where
// the peer has a say.
func (s *Session[P]) SetWindow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.size = min(max(1, n), s.window.numbers.Count)
}

// TLS gives the state of the encrypted connection; ok is false if it is not encrypted.
func (s *Session[P]) TLS() (state tls.ConnectionState, ok bool) {
	conn, ok := s.conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return state, false
	}
	return conn.ConnectionState(), true
}

// Info gives a description with the present figures.
func (s *Session[P]) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.info
	i.State, i.Outstanding, i.PeerOpen, i.PeerWindow = s.State(), s.window.live, s.peerOpen, s.peerWindow
	if i.Received+i.Bad+i.Junk > 0 {
		i.LastIn = s.timing.heard
	}
	s.latency.Turn(time.Now())
	i.Answered = s.latency.Count()
	i.LatencyP50, i.LatencyP99 = s.latency.Quantile(0.50), s.latency.Quantile(0.99)
	return i
}

// SetTrace lets f see each frame as it is received and sent from now on, passwords included; nil switches the trace off.
// It is called from several goroutines, must not keep the octets nor call methods of the session.
func (s *Session[P]) SetTrace(f func(sent bool, frame []byte)) {
	if f == nil {
		s.trace.Store(nil)
		return
	}
	s.trace.Store(&f)
}

// SetPeerWindow changes how many requests of the peer may be unanswered before reading stops (at least 1). The handler
// never has more at a time, also when one read brought more.
func (s *Session[P]) SetPeerWindow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peerWindow = max(1, n)
	s.wake()
}

// Room is how many requests Send would take now.
func (s *Session[P]) Room() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window.room()
}

// Send numbers and sends requests in order as far as the window has room, and tells how many it took; the others are to
// be tried again when responses have come. An error is about requests[taken]: it can never be sent, or the
// session is not logged in, or over. Those taken are on their way in any case.
func (s *Session[P]) Send(requests []Request[P]) (taken int, err error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() == Leaving {
		return 0, ErrLeaving
	}
	for taken < len(requests) && s.window.room() > 0 && len(s.calls) == 0 {
		if err = s.add(requests[taken].PDU, requests[taken].Ref, now); err != nil {
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
func (s *Session[P]) add(p P, ref any, now time.Time) error {
	var none P
	if p == none || p.IsResponse() {
		return errUnexpected
	}
	switch state := s.State(); {
	case state == Closed || s.finishing:
		return s.ended()
	case state == Open && (s.cfg.Role != Client || !s.protocol.Early(p)):
		return ErrNotLoggedIn
	case state == Leaving && (s.protocol.Logout == nil || s.drained != nil): // but for the log-out itself
		return ErrLeaving
	case s.window.room() == 0:
		return ErrWindowFull
	}
	s.window.add(p, ref, now)
	if err := s.append(p); err != nil {
		s.window.free(s.window.find(p.Number()))
		return err
	}
	s.timing.asks = false
	if s.window.live == 1 && s.cfg.Response > 0 {
		s.arm(now.Add(s.cfg.Response))
	}
	return nil
}

// ended gives the error for calls after the end; mu is held.
func (s *Session[P]) ended() error {
	if s.reason == nil || errors.Is(s.reason, ErrClosed) {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrClosed, s.reason)
}

// Respond answers requests of the peer; the numbers must be set. A response that cannot be encoded is left out, and the
// first such error returned.
func (s *Session[P]) Respond(responses []P) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() == Closed || s.finishing {
		return s.ended()
	}
	var first error
	for _, p := range responses {
		if err := s.append(p); err != nil && first == nil {
			first = err
		}
	}
	s.peerOpen = max(0, s.peerOpen-len(responses))
	s.timing.active = time.Now()
	s.checkDrained()
	if s.peerOpen < s.peerWindow {
		s.wake()
	}
	s.kick()
	return first
}

// Reply writes a response that answers nothing that the handler has: for a Watcher.
func (s *Session[P]) Reply(p P) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() != Closed && !s.finishing {
		_ = s.append(p)
		s.kick()
	}
}

// Resend writes a request that is outstanding once more, under its number; false if there is none: for a Watcher.
func (s *Session[P]) Resend(number uint8) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.window.find(number)
	if e == nil || s.State() == Closed || s.finishing {
		return false
	}
	_ = s.append(e.pdu)
	s.kick()
	return true
}

// Renumber gives the outstanding requests new numbers from first on, in the order in which they were sent, and writes them
// once more; later requests follow them. It tells how many there were, and false if first is no number of ours: for a
// Watcher whose peer has lost count.
func (s *Session[P]) Renumber(first uint8) (n int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	place, ok := s.window.numbers.place(first)
	if !ok || s.State() == Closed || s.finishing {
		return 0, false
	}
	list := s.window.drain(time.Now())
	s.window.next = place
	for i := range list {
		s.window.add(list[i].pdu, list[i].ref, list[i].sent)
		_ = s.append(list[i].pdu)
	}
	s.kick()
	return len(list), true
}

// SetBound says that the peer, or we, have logged in, as whom: within Handler.Requests, after the response was given to
// Respond, or after the response to our own log-in.
func (s *Session[P]) SetBound(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() != Open {
		return
	}
	now := time.Now()
	s.state.Store(uint32(Bound))
	s.info.Account, s.info.Bound = account, now
	s.timing.bound, s.timing.active = true, now
	s.arm(now) // the reader wakes up and sets its deadline anew
}
