package simulator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"kurir/gsm"
)

// Options say what a simulator is. The zero value, without addresses, serves connections given to ServeConn.
type Options struct {
	SMPP string // address to listen on for ESMEs, such as 127.0.0.1:2776; empty: none
	HTTP string // address of the page and the API; empty: none, mount Handler elsewhere

	// SystemID and Password are the one account that may bind. Both empty: every one may.
	SystemID, Password string

	Behaviour Behaviour
	// Phones is the number of virtual phones kept, the least recently used give way; 0 means 200, negative none.
	Phones int
	// Keep is how many octets of received messages stay readable; 0 means 64 MiB, negative none.
	Keep int
	// References switches the counting of unique references on.
	References References
	// Stamps reads the time of sending in texts that have one, and counts how long messages took to here: see Taken.
	Stamps bool
	// Stored is the number of messages that may wait for phones; 0 means 100,000. Beyond it ESME_RMSGQFUL.
	Stored int
	// Owed is how many octets of answers and receipts may wait to be sent; 0 means 1 GiB. Beyond it ESME_RMSGQFUL.
	Owed int
	// Window is the number of deliver_sm without an answer per session; 0 means 512.
	Window int
	// AnswerTime is after which a deliver_sm without an answer is sent again; 0 means 60 s.
	AnswerTime time.Duration
	// Sessions is the number of connections at a time; 0 means 1,000.
	Sessions int
	Seed     uint64 // of the percentages of Behaviour; 0: different each time
	FirstID  uint64 // message id of the first message; 0: by the clock, so that a later run uses others

	// SendURL is an address on the origin of the page, such as ../v1/messages, to which it posts {"to","text"} as JSON
	// to send a text through the gateway; empty: the page offers nothing of that kind.
	SendURL string
	// SendKey is sent to SendURL as a Bearer token. Everyone who sees the page sees it.
	SendKey string
	Log     *slog.Logger // nil: nothing is logged
}

// defaults fills what is zero.
func (o *Options) defaults() {
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&o.Phones, 200)
	or(&o.Keep, 64<<20)
	or(&o.Stored, 100_000)
	or(&o.Owed, 1<<30)
	or(&o.Window, 512)
	or(&o.Sessions, 1000)
	if o.AnswerTime == 0 {
		o.AnswerTime = time.Minute
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.FirstID == 0 {
		o.FirstID = uint64(time.Now().Unix()&0xFFFFFFF) << 22 // at most 15 digits: 50 bits
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Behaviour.defaults()
}

// Simulator is one SMSC with its phones.
type Simulator struct {
	opt       Options
	log       *slog.Logger
	fates     *fateTable
	behaviour atomic.Pointer[Behaviour]
	silent    atomic.Bool // Behaviour.Silent, for the places where only that counts
	limit     limiter
	nextID    atomic.Uint64
	owed      atomic.Int64 // octets of answers and receipts that wait
	stats     statistics
	seen      *seen
	stamps    *stampTimes // nil: not asked for
	// of long messages from phones
	references *gsm.References
	inbox      inbox
	phones     phones
	hub        hub
	anew       atomic.Bool // the inbound traffic is to begin at number 1

	wheelMu sync.Mutex
	wheel   *wheel
	sooner  chan struct{} // something was put on the wheel that may be due first
	armed   time.Time     // what the scheduler waits for; zero: nothing

	mu         sync.Mutex
	listener   net.Listener
	address    string // of the listener, kept while it does not listen
	web        *http.Server
	webAddress string
	sessions   map[uint64]*session
	lastNumber uint64
	accounts   map[string]*account
	byIndex    []*account
	attempts   map[string]int // of fates that refuse the first ones
	running    context.Context
	stop       context.CancelFunc
	wg         sync.WaitGroup
}

// New makes a simulator. Nothing runs before Start.
func New(opt Options) *Simulator {
	opt.defaults()
	s := &Simulator{
		opt: opt, log: opt.Log, fates: newFateTable(), seen: newSeen(), references: gsm.NewReferences(),
		wheel: newWheel(time.Now()), sooner: make(chan struct{}, 1),
		sessions: map[uint64]*session{}, accounts: map[string]*account{}, attempts: map[string]int{},
	}
	if opt.Stamps {
		s.stamps = &stampTimes{steps: make([]uint32, stampSteps)}
	}
	s.behaviour.Store(&opt.Behaviour)
	s.silent.Store(opt.Behaviour.Silent)
	s.nextID.Store(opt.FirstID)
	s.stats.reset(time.Now())
	s.inbox.keep = opt.Keep
	s.phones.init(opt.Phones)
	return s
}

// Start listens and returns. The simulator runs until Close or until the context ends.
func (s *Simulator) Start(ctx context.Context) error {
	if err := s.Behaviour().check(); err != nil {
		return err
	}
	s.running, s.stop = context.WithCancel(ctx)
	if s.opt.SMPP != "" {
		if err := s.listen(s.opt.SMPP); err != nil {
			s.stop()
			return err
		}
	}
	if s.opt.HTTP != "" {
		l, err := net.Listen("tcp", s.opt.HTTP)
		if err != nil {
			s.Close()
			return fmt.Errorf("the page cannot listen on %s: %w", s.opt.HTTP, err)
		}
		s.webAddress = l.Addr().String()
		s.web = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
		s.wg.Go(func() { s.web.Serve(l) })
	}
	s.wg.Go(s.schedule)
	s.wg.Go(s.housekeeping)
	context.AfterFunc(s.running, s.shut)
	return nil
}

// Serve is Start, and waits until the context ends and everything is closed.
func (s *Simulator) Serve(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	s.Close()
	return nil
}

// Close cuts all connections and waits until nothing runs any more.
func (s *Simulator) Close() {
	if s.stop == nil {
		return
	}
	s.stop()
	s.shut()
	s.wg.Wait()
}

// shut closes what blocks.
func (s *Simulator) shut() {
	s.StopListening()
	if s.web != nil {
		s.web.Close()
	}
	s.DropLinks()
}

// Addr is the address on which ESMEs bind, also while it is not listening.
func (s *Simulator) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// HTTPAddr is the address of the page and the API.
func (s *Simulator) HTTPAddr() string { return s.webAddress }

// listen opens the SMPP address.
func (s *Simulator) listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("the SMSC cannot listen on %s: %w", address, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		l.Close()
		return errors.New("the SMSC is listening already")
	}
	s.listener, s.address = l, l.Addr().String()
	s.wg.Go(func() { s.accept(l) })
	return nil
}

// accept takes connections until the listener is closed.
func (s *Simulator) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, for instance: it gets better or it does not
			select {
			case <-time.After(50 * time.Millisecond):
			case <-s.running.Done():
				return
			}
			continue
		}
		s.wg.Go(func() { s.ServeConn(conn) })
	}
}

// StopListening refuses new connections; those that are there stay.
func (s *Simulator) StopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
}

// StartListening takes connections again, on the same address.
func (s *Simulator) StartListening() error {
	s.mu.Lock()
	address, listening := s.address, s.listener != nil
	s.mu.Unlock()
	switch {
	case address == "":
		return errors.New("the simulator was started without an SMPP address")
	case listening:
		return errors.New("the SMSC is listening already")
	}
	return s.listen(address)
}

// DropLinks cuts all connections without a word and says how many there were.
func (s *Simulator) DropLinks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		ss.cut()
	}
	return len(s.sessions)
}

// Behaviour is what is in force.
func (s *Simulator) Behaviour() *Behaviour { return s.behaviour.Load() }

// SetBehaviour changes it for every message from now on. Links whose answers were withheld by Silent stay as they are.
func (s *Simulator) SetBehaviour(b Behaviour) error {
	b.defaults()
	if err := b.check(); err != nil {
		return err
	}
	s.behaviour.Store(&b)
	s.silent.Store(b.Silent)
	if !b.Silent {
		s.eachAccount(func(a *account) { a.overdue(time.Now()) })
	}
	return nil
}

// Reset forgets messages, phones, counts, and everything that waits. Sessions stay.
func (s *Simulator) Reset() {
	s.wheelMu.Lock()
	s.wheel.clear()
	s.wheelMu.Unlock()
	s.eachAccount((*account).forget)
	s.owed.Store(0)
	s.anew.Store(true)
	s.phones.reset()
	s.inbox.reset()
	s.seen.reset()
	if s.stamps != nil {
		s.stamps.reset()
	}
	s.stats.reset(time.Now())
	s.mu.Lock()
	clear(s.attempts)
	s.mu.Unlock()
	s.hub.changedAll()
}

// account finds or makes the account of a system_id; nil when there are too many.
func (s *Simulator) account(systemID string) *account {
	const maxAccounts = 10_000
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[systemID]
	if a == nil && len(s.accounts) < maxAccounts {
		a = &account{sim: s, name: systemID, index: uint64(len(s.byIndex))}
		s.accounts[systemID] = a
		s.byIndex = append(s.byIndex, a)
	}
	return a
}

// eachAccount calls the function for every account.
func (s *Simulator) eachAccount(do func(a *account)) {
	s.mu.Lock()
	accounts := s.byIndex[:len(s.byIndex):len(s.byIndex)]
	s.mu.Unlock()
	for _, a := range accounts {
		do(a)
	}
}

// accountAt gives the account of an index that came off the wheel.
func (s *Simulator) accountAt(index uint64) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byIndex[index]
}

// housekeeping sends again what was not answered, lets phones and links be as the behaviour says.
func (s *Simulator) housekeeping() {
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	dropped, swept := time.Now(), time.Now()
	inbound := traffic{sim: s, last: time.Now()}
	for {
		select {
		case <-s.running.Done():
			return
		case now := <-every.C:
			inbound.tick(now)
			if d := time.Duration(s.Behaviour().DropEvery); d > 0 && now.Sub(dropped) >= d {
				dropped = now
				s.log.Debug("links dropped", "count", s.DropLinks())
			}
			if now.Sub(swept) >= time.Second {
				swept = now
				s.eachAccount(func(a *account) { a.overdue(now) })
				s.sweepSessions(now)
			}
		}
	}
}

// The kinds of records on the wheel.
const (
	recordAnswer  = iota + 1 // number of the session, octets to write
	recordDeliver            // index of the account, deliver_sm
	recordStored             // key of a stored message: its time has come, one way or the other
	recordPhone              // number of a phone whose state ends
)

// deliverRecord makes the wheel's record of a deliver_sm.
func deliverRecord(a *account, pdu []byte) []byte {
	return append(binary.AppendUvarint([]byte{recordDeliver}, a.index), pdu...)
}

// later puts a record on the wheel.
func (s *Simulator) later(due time.Time, record []byte) { s.allLater([]delayed{{due, record}}) }

// allLater puts records on the wheel and wakes the scheduler if one of them is due before what it waits for.
func (s *Simulator) allLater(lists ...[]delayed) {
	size, sooner := 0, false
	s.wheelMu.Lock()
	for _, list := range lists {
		for _, r := range list {
			s.wheel.add(r.due, r.record)
			size += len(r.record)
			if s.armed.IsZero() || r.due.Before(s.armed) {
				s.armed, sooner = r.due, true
			}
		}
	}
	s.wheelMu.Unlock()
	s.owed.Add(int64(size))
	if sooner {
		select {
		case s.sooner <- struct{}{}:
		default:
		}
	}
}
