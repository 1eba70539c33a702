package gateway

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

var (
	nodesSeed = flag.Uint64("nodes.seed", 0, "seed of TestNodes; 0 runs several")
	nodesRuns = flag.Int("nodes.runs", 0, "how many seeds from the clock TestNodes runs; 0: the seeds 1 to 6, and 1 alone with the race detector, under which it takes half a minute")
)

// TestNodes lets two or three gateways share one store. As a seed says, customers
// submit at any of them, sessions of links come and go, receipts, answers and parts of messages from phones arrive anywhere, gateways
// are stopped, or die between two commits or in the middle of anything, others
// take over what they had, perhaps dying while they do, and they come again. Then
// it counts by message whether the guarantees of the design hold.
func TestNodes(t *testing.T) {
	t.Parallel()
	few := 6
	if underRace {
		few = 1
	}
	for _, seed := range seedsToRun(*nodesSeed, *nodesRuns, few) {
		dir := t.TempDir()
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			bubble(t, func(t *testing.T) { newFleet(t, dir, seed).run() })
		})
	}
}

// fleet is the world of one seed.
type fleet struct {
	t     *testing.T
	rng   *rand.Rand
	seed  uint64
	store *store.Store

	mu       sync.Mutex
	members  []*member
	events   []string
	fates    map[string]*fleetFate
	next     int
	session  uint32
	operator int
	receipts []*receipt
	said     map[string]message.State // by operator's id: what was acknowledged first
	phones   map[string]*phoneText
	quiet    bool
	lives    int
	asks     [2]int // to cancel, and how many of them nobody could serve
}

// member is one gateway, in one life.
type member struct {
	f       *fleet
	num     int
	term    int64
	life    int
	g       *Gateway // nil: it is down
	stop    context.CancelFunc
	ended   chan error
	dead    bool // it commits nothing more, and nobody hears of it
	dying   int  // commits that are still done
	leftBy  bool // what it had is to be taken over
	adopts  chan error
	adopted *member // whom it is taking over
	links   map[string]*fleetLink
	bound   map[string]bool
	items   []*Item
	kinds   map[*Item]message.TargetKind
}

type fleetLink struct {
	m        *member
	life     int
	name     string
	core     connector.Core
	sessions map[uint32]*chaosSession
}

type fleetFate struct {
	id           message.ID
	once, cancel bool
	sent, again  int
	want         message.Receipts
	target       message.TargetKind
	told         map[message.State]int
	settled      map[message.State]bool // acknowledged since the last death
	inFlight     map[message.State]int  // at which member, plus one
}

type phoneText struct {
	whole string
	acked int // parts
	parts int
	told  int
}

func newFleet(t *testing.T, dir string, seed uint64) *fleet {
	st, err := store.Open(context.Background(), store.Options{Path: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{
		t: t, rng: rand.New(rand.NewPCG(seed, 7)), seed: seed, store: st,
		fates: map[string]*fleetFate{}, said: map[string]message.State{}, phones: map[string]*phoneText{},
	}
	for i := range 2 + f.rng.IntN(2) {
		f.members = append(f.members, &member{f: f, num: i})
	}
	return f
}

func (f *fleet) logf(format string, args ...any) {
	line := fmt.Sprintf("%s %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	f.events = append(f.events, line)
}

func (f *fleet) chance(percent int) bool { return f.rng.IntN(100) < percent }

func (f *fleet) run() {
	for _, m := range f.members {
		m.begin()
	}
	for range 300 + f.rng.IntN(300) {
		f.step()
		if f.t.Failed() {
			break
		}
	}
	f.finish()
	for _, m := range f.members {
		m.halt()
	}
	if err := f.store.Close(); err != nil {
		f.t.Errorf("close the store: %v", err)
	}
	if f.t.Failed() {
		for _, line := range f.events {
			fmt.Println(line)
		}
		f.t.Logf("run again with: go test ./gateway -run TestNodes -nodes.seed=%d", f.seed)
	}
}

// begin starts a life of a member.
func (m *member) begin() {
	f := m.f
	f.mu.Lock()
	f.lives++
	m.life++
	m.dead, m.dying, m.leftBy = false, 0, false
	m.links, m.bound, m.items, m.kinds = map[string]*fleetLink{}, map[string]bool{}, nil, map[*Item]message.TargetKind{}
	life := m.life
	f.logf("node %d begins", m.num)
	f.mu.Unlock()
	opt := Options{
		Store: f.store, Snapshot: testSnapshot(), Node: m.num, Term: m.term, Shared: true,
		QueueMemory: 12, OutboxMemory: 6, OpenMemory: 40, page: 3, MarkLag: 3 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
	if *randomLog {
		opt.Log = slog.New(slog.NewTextHandler(os.Stdout, nil)).With("at", m.num)
	}
	if err := f.store.Settle(); err != nil { // a start opens the database, upon which this is done
		f.t.Fatal(err)
	}
	g, err := New(context.Background(), opt)
	if err != nil {
		f.t.Fatal(err)
	}
	g.commit = func(b *store.Batch) error { return m.commit(life, b) }
	g.Receive(message.SMPPTarget, &fleetReceiver{m, life, message.SMPPTarget})
	g.Receive(message.WebhookTarget, &fleetReceiver{m, life, message.WebhookTarget})
	ctx, cancel := context.WithCancel(context.Background())
	f.mu.Lock()
	m.g, m.stop, m.ended = g, cancel, make(chan error, 1)
	for _, name := range []string{"op1", "op2", "once"} {
		l := &fleetLink{m: m, life: life, name: name, core: g.Link(name), sessions: map[uint32]*chaosSession{}}
		m.links[name] = l
		g.Attach(name, l)
	}
	f.mu.Unlock()
	go func(ended chan error) { ended <- g.Run(ctx) }(m.ended)
}

// commit is what the gateway writes by.
func (m *member) commit(life int, b *store.Batch) error {
	f := m.f
	f.mu.Lock()
	if m.life != life || m.dead {
		f.mu.Unlock()
		return &store.FatalError{Err: fmt.Errorf("killed")}
	}
	after := false
	if m.dying > 0 {
		if m.dying--; m.dying == 0 {
			m.die()
			after = b.Rows()%2 == 0 // the batch is on disk, and nobody hears of it
			if !after {
				f.mu.Unlock()
				return &store.FatalError{Err: fmt.Errorf("killed")}
			}
		}
	}
	f.mu.Unlock()
	err := f.store.Commit(b)
	if after {
		return &store.FatalError{Err: fmt.Errorf("killed behind a commit")}
	}
	return err
}

// die ends a life at once; f.mu is held.
func (m *member) die() {
	m.f.logf("node %d dies", m.num)
	m.dead, m.leftBy = true, true
	m.f.forgetTold()
}

// forgetTold allows that states are told again.
func (f *fleet) forgetTold() {
	for _, x := range f.fates {
		clear(x.settled)
	}
	for _, x := range f.fates {
		for s, at := range x.inFlight {
			if m := f.members[at-1]; m.dead || m.g == nil {
				delete(x.inFlight, s)
			}
		}
	}
}

// halt ends a life, in good order unless it is dead.
func (m *member) halt() {
	f := m.f
	f.mu.Lock()
	g, dead := m.g, m.dead
	f.mu.Unlock()
	if g == nil {
		return
	}
	if !dead {
		for _, l := range m.links { // its sessions are closed first, as app does
			f.closeSessions(l)
		}
	}
	m.stop()
	err := <-m.ended
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && !m.dead {
		f.t.Errorf("node %d: Run: %v", m.num, err)
	}
	f.logf("node %d has ended", m.num)
	m.g, m.dead, m.leftBy = nil, true, true
	f.forgetTold()
}

func (f *fleet) closeSessions(l *fleetLink) {
	for {
		f.mu.Lock()
		var n uint32
		for n = range l.sessions {
			break
		}
		if n == 0 {
			f.mu.Unlock()
			return
		}
		delete(l.sessions, n)
		f.mu.Unlock()
		l.core.SessionDown(n, nil, nil)
	}
}

// live returns a member that is up, nil if none is.
func (f *fleet) live() *member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []*member
	for _, m := range f.members {
		if m.g != nil && !m.dead {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[f.rng.IntN(len(list))]
}

func (f *fleet) step() {
	m := f.live()
	switch n := f.rng.IntN(100); {
	case m == nil:
	case n < 25:
		f.submit(m)
	case n < 50:
		f.answer(m, false)
	case n < 64:
		f.report(m)
	case n < 74:
		f.verdicts(m)
	case n < 80:
		f.sessionUp(m, f.pick())
	case n < 83:
		f.sessionDown(m)
	case n < 87:
		f.presence(m, f.chance(60))
	case n < 91:
		f.phone(m)
	case n < 93:
		f.mu.Lock()
		if f.chance(50) {
			m.die()
		} else {
			m.dying = 1 + f.rng.IntN(3)
		}
		f.mu.Unlock()
	case n < 94:
		m.halt()
	case n < 97:
		f.cancel(m)
	}
	switch n := f.rng.IntN(100); {
	case n < 40:
		time.Sleep(time.Duration(f.rng.IntN(60)) * time.Millisecond)
	case n < 52:
		time.Sleep(time.Duration(f.rng.IntN(4000)) * time.Millisecond)
	case n < 54:
		time.Sleep(time.Duration(f.rng.IntN(90)) * time.Second)
	case n < 60:
		synctest.Wait()
	}
	if f.chance(30) {
		f.tellHolders()
	}
	f.care()
}

// care ends what is dead, has it taken over, and begins it anew.
func (f *fleet) care() {
	for _, m := range f.members {
		f.mu.Lock()
		gone := m.g != nil && m.dead
		if gone { // wherever it was
			for name := range m.links {
				clear(m.links[name].sessions)
			}
		}
		f.mu.Unlock()
		if gone {
			m.stop()
			<-m.ended
			f.mu.Lock()
			m.g = nil
			f.forgetTold()
			f.mu.Unlock()
		}
		if m.adopts != nil {
			select {
			case err := <-m.adopts:
				f.mu.Lock()
				if err == nil {
					m.adopted.leftBy = false
					f.logf("node %d has taken over node %d", m.num, m.adopted.num)
				} else if !m.dead && !errors.Is(err, ErrStopped) {
					f.t.Errorf("node %d takes over node %d: %v", m.num, m.adopted.num, err)
				}
				m.adopts, m.adopted = nil, nil
				f.mu.Unlock()
			default:
			}
		}
	}
	for _, m := range f.members {
		if m.g != nil {
			continue
		}
		heir := f.live()
		switch {
		case f.beingAdopted(m):
		case m.leftBy && heir != nil && heir.adopts == nil && (f.quiet || f.chance(30)):
			f.adopt(heir, m)
		case !m.leftBy && (f.quiet || f.chance(20)):
			m.begin()
		case m.leftBy && heir == nil:
			m.begin() // by itself: all are down
		}
	}
}

func (f *fleet) beingAdopted(m *member) bool {
	for _, other := range f.members {
		if other.adopted == m {
			return true
		}
	}
	return false
}

func (f *fleet) adopt(heir, m *member) {
	term, err := f.store.Fence(m.num)
	if err != nil {
		f.t.Fatal(err)
	}
	m.term = term
	f.mu.Lock()
	f.logf("node %d takes over node %d", heir.num, m.num)
	heir.adopts, heir.adopted = make(chan error, 1), m
	g := heir.g
	f.mu.Unlock()
	go func(c chan error) { c <- g.Adopt(context.Background(), m.num) }(heir.adopts)
}

// tellHolders says to each which links others have sessions of.
func (f *fleet) tellHolders() {
	for _, m := range f.members {
		f.mu.Lock()
		g := m.g
		var links []string
		for _, name := range []string{"op1", "op2", "once"} {
			for _, other := range f.members {
				if other != m && other.g != nil && !other.dead && len(other.links[name].sessions) > 0 {
					links = append(links, name)
					break
				}
			}
		}
		f.mu.Unlock()
		if g != nil {
			g.HeldElsewhere(links)
		}
	}
}
