package simulator

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/ucp"
)

// Simulator is one SMSC with its phones.
type Simulator struct {
	opt         Options
	log         *slog.Logger
	fates       *fateTable
	behaviour   atomic.Pointer[Behaviour]
	silent      atomic.Bool // Behaviour.Silent, for the places where only that counts
	limit       limiter
	nextID      atomic.Uint64
	hosts       []*host
	tls         *tls.Config // of hosts with TLS
	certPEM     []byte
	congested   atomic.Int32 // congestion_state by load, see congestion
	owed        atomic.Int64 // octets of answers and receipts that wait
	stats       statistics
	seen        *seen
	stamps      *stampTimes // nil: not asked for
	ucpStamps   ucp.Stamps
	cimd2Stamps cimd2.Stamps
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
	web        *http.Server
	webAddress string
	sessions   map[uint64]*session
	ended      []Submitter // the last that have ended
	lastNumber uint64
	accounts   map[string]*account
	byIndex    []*account
	modems     map[string]*modemNetwork // by number
	attempts   map[string]int           // of fates that refuse the first ones
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
		modems: map[string]*modemNetwork{},
	}
	if opt.Stamps {
		s.stamps = &stampTimes{steps: make([]uint32, stampSteps)}
	}
	s.behaviour.Store(&opt.Behaviour)
	s.silent.Store(opt.Behaviour.Silent)
	s.nextID.Store(opt.FirstID)
	s.hosts = newHosts(&opt)
	s.stats.reset(time.Now())
	s.inbox.keep = opt.Keep
	s.phones.init(opt.Phones)
	s.phones.unseen = opt.Unseen
	return s
}

// Start listens and returns. The simulator runs until Close or until the context ends.
func (s *Simulator) Start(ctx context.Context) error {
	if err := s.Behaviour().check(); err != nil {
		return err
	}
	s.running, s.stop = context.WithCancel(ctx)
	if err := s.loadTLS(); err != nil {
		s.stop()
		return err
	}
	for _, h := range s.hosts {
		if h.address == "" {
			continue
		}
		if err := s.listen(h); err != nil {
			s.stop()
			s.StopListening()
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

// HTTPAddr is the address of the page and the API.
func (s *Simulator) HTTPAddr() string { return s.webAddress }

// DropLinks cuts all connections without a word and says how many there were. Those of modems stay.
func (s *Simulator) DropLinks() (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.sessions {
		if !ss.inner {
			ss.cut()
			dropped++
		}
	}
	return dropped
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

// account finds or makes the account of a system_id, of one host if each is for itself; nil when there are too many.
func (s *Simulator) account(systemID string, h *host) *account {
	const maxAccounts = 10_000
	key := systemID
	if s.opt.IDsPerHost {
		key = fmt.Sprintf("%s\x00%d", systemID, h.number)
	}
	if h.protocol != "" { // what waits is in its language
		key += "\x00" + h.protocol
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[key]
	if a == nil && len(s.accounts) < maxAccounts {
		a = &account{sim: s, name: systemID, index: uint64(len(s.byIndex)), over: h.speaksName()}
		if number, ok := strings.CutPrefix(systemID, "m"); ok && s.modems[number] != nil {
			a.over = overModem
		}
		s.accounts[key] = a
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
	dropped, swept, measured := time.Now(), time.Now(), time.Now()
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
			if now.Sub(measured) >= congestionTime {
				measured = now
				s.measure(now)
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
