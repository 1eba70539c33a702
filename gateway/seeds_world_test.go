package gateway

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/route"
	"kurir/store"
)

// Times of the simulation, which is to be over soon.
const (
	simValidity    = 12 * time.Second // the longest
	simReceiptWait = 8 * time.Second
	simSlack       = 15 * time.Second // in which what is too old is seen to be so
	simQuiet       = 300              // seconds within which all must be over once nothing fails any more
)

var simLinks = []string{"op1", "op2", "once"}

// sim is the world of one seed of TestSeeds.
type sim struct {
	t     *testing.T
	seed  uint64
	rng   *rand.Rand // of the goroutine that makes things happen
	store *store.Store
	snap  *Snapshot
	nodes [2]*simNode
	ops   map[string]*simOperator

	mu       sync.Mutex
	events   []string
	wrong    []string
	fates    []*simFate
	byNumber map[string]*simFate
	phones   []*simPhone
	said     map[string]simSaid // by link and operator's id: what was acknowledged first
	requests []*simRequest
	orderly  []*simLife // that ended in good order
	quiet    bool       // nothing fails any more
	calmAt   time.Time
	over     bool
	waiting  int // receipts that have not been acknowledged
	topUps   map[string]bool
	tasks    sync.WaitGroup
	ends     int // sessions that ended with something on the wire, at most
	lives    int
	fenced   int // commits of a node that was taken over
}

func newSim(t *testing.T, dir string, seed uint64) *sim {
	st, err := store.Open(context.Background(), store.Options{Path: dir, Readers: 2, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := &sim{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 11)), store: st, ops: map[string]*simOperator{},
		byNumber: map[string]*simFate{}, said: map[string]simSaid{}, topUps: map[string]bool{},
	}
	s.snap = s.snapshot()
	for i := range s.nodes {
		s.nodes[i] = &simNode{s: s, num: i}
	}
	for _, name := range simLinks {
		s.ops[name] = &simOperator{s: s, name: name}
	}
	return s
}

// snapshot is the usual one with short times, an account that pays in advance, and one
// whose repeats are refused.
func (s *sim) snapshot() *Snapshot {
	snap := testSnapshot()
	prices, mistakes := billing.ReadPrices(strings.NewReader("destination,price,link\n461,0.10,\n462,0.20,op1\n462,0.15,op2\n463,0.10,\n"), billing.Known{})
	if len(mistakes) > 0 {
		s.t.Fatal(mistakes)
	}
	snap.Prices = map[string]*billing.List{"standard": billing.NewList("standard", "EUR", prices)}
	snap.Accounts = account.NewDirectory([]account.Account{
		{
			Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Numbers: []string{"+4611111"},
			Prices: "standard", Balance: &account.Balance{},
		},
		{
			Name: "beta", Senders: []string{"*"}, Sender: "BETA", MaxParts: 20, Webhook: "http://127.0.0.1/beta", Numbers: []string{"+4622222"},
			Traffic: &account.Traffic{Repeats: time.Hour},
		},
	}, nil)
	for name, set := range snap.Links {
		set.ReceiptWait, set.FallbackWait, set.ReturnWait = simReceiptWait, 2*time.Second, 2*time.Second
		snap.Links[name] = set
	}
	snap.Routes = route.NewTable([]route.Rule{
		{To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}},
		{To: route.Patterns{"462*"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}},
		{To: route.Patterns{"463*"}, Via: route.Via{{Link: "once"}}},
	})
	return snap
}

func (s *sim) logf(format string, args ...any) {
	s.events = append(s.events, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// wrongf notes that a guarantee does not hold; s.mu is held.
func (s *sim) wrongf(format string, args ...any) {
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	s.logf("WRONG "+format, args...)
}

func (s *sim) failed() bool { return len(s.wrong) > 0 }

// luck is a number below n that depends on the seed and what it is about alone.
func (s *sim) luck(n int, about ...any) int {
	h := fnv.New64a()
	fmt.Fprint(h, about...)
	return rand.New(rand.NewPCG(s.seed, h.Sum64())).IntN(n)
}

func (s *sim) chance(percent int) bool { return s.rng.IntN(100) < percent }

func (s *sim) simulate() {
	for _, n := range s.nodes {
		n.begin()
	}
	s.topUp()
	for range 25 + s.rng.IntN(20) {
		s.step()
		s.letTimePass()
		if s.chance(40) {
			s.tellHolders()
		}
		s.care()
	}
	s.finish()
	for _, n := range s.nodes {
		n.halt()
	}
	for _, o := range s.ops {
		o.cut(nil)
	}
	s.tasks.Wait()
	for _, l := range s.orderly {
		if l.asked != 0 {
			s.wrongf("%d requests to node %d have had no answer, or two", l.asked, l.node.num)
		}
	}
	if err := s.store.Close(); err != nil {
		s.wrongf("close the store: %v", err)
	}
}

func (s *sim) step() {
	l := s.live()
	if l == nil {
		return
	}
	switch n := s.rng.IntN(100); {
	case n < 46:
		s.submit(l)
	case n < 54:
		s.repeat(l)
	case n < 59:
		s.cancel(l)
	case n < 66:
		s.presence(l, s.chance(60))
	case n < 74:
		s.phone()
	case n < 77:
		s.kill(l)
	case n < 82:
		s.mu.Lock()
		l.dying, l.behind = 1+s.rng.IntN(4), s.chance(50)
		s.mu.Unlock()
	case n < 84:
		s.stall(l)
	case n < 86:
		l.node.halt()
	case n < 91:
		s.ops[simLinks[s.rng.IntN(3)]].cut(nil)
	case n < 95:
		s.ops[simLinks[s.rng.IntN(3)]].close(time.Duration(s.rng.IntN(6000)) * time.Millisecond)
	case n < 98:
		s.fill(l, time.Duration(s.rng.IntN(3000))*time.Millisecond)
	default:
		s.topUp()
	}
}

func (s *sim) letTimePass() {
	switch n := s.rng.IntN(100); {
	case n < 40:
		time.Sleep(time.Duration(s.rng.IntN(60)) * time.Millisecond)
	case n < 70:
		time.Sleep(time.Duration(s.rng.IntN(900)) * time.Millisecond)
	case n < 78:
		time.Sleep(time.Duration(s.rng.IntN(5000)) * time.Millisecond)
	case n < 88:
		synctest.Wait()
	}
}

// live returns a server that is up, nil if none is.
func (s *sim) live() *simLife {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.rng.IntN(len(s.nodes))
	for i := range s.nodes {
		if l := s.nodes[(first+i)%len(s.nodes)].life; l != nil && !l.dead {
			return l
		}
	}
	return nil
}

func (s *sim) calm() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quiet
}
