package e2e

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
)

var (
	seed  = flag.Uint64("seed", 0, "of the fault experiments; 0: another one each time")
	kills = flag.Int("kills", 16, "how often TestKillUnderLoad kills the program")
)

// faults is the random source of an experiment; its seed is printed.
func faults(t testing.TB) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d: run again with -seed %d", s, s)
	return rand.New(rand.NewPCG(s, 0))
}

// ledger is what the customers of an experiment know: which references were accepted, under which id, and which
// receipts came for them.
type ledger struct {
	mu       sync.Mutex
	sent     int
	accepted map[string]string // reference by id
	offered  map[string]bool   // every reference that was sent, accepted or not
	final    map[string]int    // final receipts by id
	unknown  map[string]int    // receipts for ids that nobody was told of: the answer was lost
	refused  map[string]int    // by cause
	open     int               // accepted and without a final receipt
	pauses   map[string]*pause // by customer: what stands before the number in his references
	names    int               // given to customers
}

// pause is how long a customer had to wait.
type pause struct {
	last    time.Time     // when a message of his was accepted last
	longest time.Duration // in which none was
}

func newLedger() *ledger {
	return &ledger{
		accepted: map[string]string{}, offered: map[string]bool{}, final: map[string]int{}, unknown: map[string]int{}, refused: map[string]int{},
		pauses: map[string]*pause{},
	}
}

// name makes a prefix for the references of one customer.
func (l *ledger) name(kind string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names++
	return fmt.Sprintf("%s%d-", kind, l.names)
}

// next makes a reference.
func (l *ledger) next(prefix string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	ref := fmt.Sprintf("%s%06d", prefix, l.sent)
	l.offered[ref] = true
	return ref
}

func (l *ledger) accept(id, ref string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted[id] = ref
	now, who := time.Now(), strings.TrimRight(ref, "0123456789")
	if p := l.pauses[who]; p == nil {
		l.pauses[who] = &pause{last: now}
	} else {
		p.longest, p.last = max(p.longest, now.Sub(p.last)), now
	}
	if n := l.unknown[id]; n > 0 { // its receipt was faster
		l.final[id] += n
		delete(l.unknown, id)
	} else {
		l.open++
	}
}

// longest is the longest time in which a customer's messages were not accepted.
func (l *ledger) longest() (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pauses {
		longest = max(longest, p.longest)
	}
	return longest
}

// endPauses says that customers send no more: who waits still has waited until now.
func (l *ledger) endPauses() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pauses {
		p.longest = max(p.longest, time.Since(p.last))
	}
}

func (l *ledger) refuse(cause string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[cause]++
}

func (l *ledger) receipt(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.accepted[id]; known {
		if l.final[id]++; l.final[id] == 1 {
			l.open--
		}
		return
	}
	l.unknown[id]++
}

// counts are the accepted messages, and those of them without a final receipt.
func (l *ledger) counts() (accepted, open int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted), l.open
}

// missing names at most n accepted messages without a final receipt.
func (l *ledger) missing(n int) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.accepted {
		if l.final[id] == 0 && len(ids) < n {
			ids = append(ids, id)
		}
	}
	return ids
}

// explain logs, of some accepted messages without a final receipt, what the program and the operator know of them.
func (l *ledger) explain(t testing.TB, s *server, sim *simulator.Simulator) {
	accepted, open := l.counts()
	t.Logf("%d of %d accepted messages have no final receipt", open, accepted)
	for _, id := range l.missing(5) {
		trace, _ := s.trace(id)
		t.Logf("%s: %s", id, trace)
		l.mu.Lock()
		ref := l.accepted[id]
		l.mu.Unlock()
		for _, m := range sim.Messages(simulator.Filter{Text: ref}) {
			t.Logf("the operator has %+v", m)
		}
	}
	if status, body, _, _ := s.rest.do(http.MethodGet, "/metrics", "", nil); status == http.StatusOK {
		t.Logf("metrics:\n%s", body)
	}
}

// repeated counts receipts beyond the first.
func (l *ledger) repeated() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.repeatedLocked()
}

func (l *ledger) repeatedLocked() (n int) {
	for _, c := range l.final {
		n += c - 1
	}
	return n
}

// acceptedOnes are the references that were accepted.
func (l *ledger) acceptedOnes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.accepted))
}

// references are those that were accepted, one a line.
func (l *ledger) references() io.Reader {
	return strings.NewReader(strings.Join(l.acceptedOnes(), "\n"))
}

// TestKillUnderLoad kills the program with SIGKILL again and again, at random moments, while it carries messages over
// SMPP and HTTP, and starts it again. At the end: no accepted message is lost, none is without a final state, and
// texts arrived twice only where a session was granted them and no answer was on disk; each of those is marked.
func TestKillUnderLoad(t *testing.T) {
	x := loadExperiment{faults: *kills, twice: *kills * loadSessions * 2 * loadWindow}
	x.fault = func(i int) { x.killAndStart(t, i) }
	x.run(t)
}

const loadSessions, loadWindow = 2, 20 // of the link

// loadExperiment is the program under load over SMPP and HTTP and from phones, with faults at random moments.
type loadExperiment struct {
	more   string      // further lines at the top of the file
	faults int         // how many
	fault  func(i int) // makes one, and what is needed for messages to be accepted again
	twice  int         // how many messages may be sent twice at most, each marked

	s   *server
	sim *simulator.Simulator
}

// killAndStart kills the program and starts it again.
func (x *loadExperiment) killAndStart(t *testing.T, i int) {
	x.s.proc.kill()
	judge(t, x.s.proc.name, x.s.proc.out.String())
	x.s.launch()
	x.s.proc.out.wait(t, "kurir starts")
}

func (x *loadExperiment) run(t *testing.T) {
	random := faults(t)
	x.sim = startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	h := startHook(t)
	x.s = startServer(t, x.sim, serverOptions{
		binary: plainBinary(t), more: x.more,
		link: fmt.Sprintf(", sessions: %d, window: %d, lookahead: %d", loadSessions, loadWindow, loadWindow),
	})
	s, sim := x.s, x.sim
	linked(t, sim)
	l := newLedger()
	l.book(t, h)
	to := someone()

	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	for range 2 {
		c := &customer{ledger: l, window: 50, to: to}
		bound.Go(func() { c.run(load, stay, s.smpp) })
	}
	for range 4 {
		senders.Go(func() { (&poster{servers: []*server{s}, ledger: l, to: to, dlr: h.URL}).run(load) })
	}
	written := 0
	senders.Go(func() { written = writeFromPhones(load, t, sim) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()

	accepting := func(when string) {
		before, _ := l.counts()
		eventually(t, "messages are accepted "+when, func() bool { n, _ := l.counts(); return n > before+50 })
	}
	for i := range x.faults {
		accepting(fmt.Sprintf("before fault %d", i))
		pause := time.NewTimer(time.Duration(random.IntN(1000)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-s.proc.done:
			t.Fatalf("the program ended by itself before fault %d", i)
		}
		x.fault(i)
	}
	accepting("after the last fault")
	stopLoad()
	senders.Wait()
	defer func() {
		if t.Failed() {
			l.explain(t, s, sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool {
		_, open := l.counts()
		return open == 0
	})
	compareSent(t, s, sim, l, x.twice)
	compareInbound(t, s, written)
}

// writeFromPhones has phones write, each text with a number of its own, until ctx ends. It says how many there were.
func writeFromPhones(ctx context.Context, t *testing.T, sim *simulator.Simulator) (n int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n
		case <-tick.C:
		}
		if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: fmt.Sprintf("in-%06d %s", n, textMark)}); err != nil {
			t.Errorf("a phone cannot write: %v", err)
			return n
		}
		n++
	}
}

// compareInbound waits until every text from the phones is in the inbox, and counts those that are there twice.
func compareInbound(t *testing.T, s *server, written int) (twice int) {
	t.Helper()
	seen := map[string]int{}
	eventually(t, "everything that phones wrote is in the inbox", func() bool {
		clear(seen)
		for path := "/v1/inbound?limit=1000"; path != ""; {
			var page struct {
				Inbound []viewed `json:"inbound"`
				Next    string   `json:"next"`
			}
			s.fetch(path, &page)
			for _, in := range page.Inbound {
				seen[in.Text]++
			}
			path = page.Next
		}
		return len(seen) >= written
	})
	for _, n := range seen {
		twice += n - 1
	}
	t.Logf("%d texts from phones, %d of them twice in the inbox", written, twice)
	if len(seen) != written {
		t.Errorf("the inbox has %d different texts, and %d were written", len(seen), written)
	}
	return twice
}

// compareSent counts what was lost and what was sent twice.
func compareSent(t *testing.T, s *server, sim *simulator.Simulator, l *ledger, mostTwice int) {
	t.Helper()
	c, err := sim.Compare(l.references())
	if err != nil {
		t.Fatal(err)
	}
	accepted, _ := l.counts()
	t.Logf("%d offered, %d accepted, %d arrived, %d of them unanswered to the customer, lost %d, sent again %d (at most %d), receipts twice %d, longest pause of acceptance %v, refused %v",
		l.sent, accepted, c.Distinct, c.Unannounced, c.Missing, c.Repeats, mostTwice, l.repeated(), l.longest().Round(time.Millisecond), l.refused)
	if c.Missing > 0 {
		t.Errorf("%d accepted messages are lost: %q", c.Missing, c.Examples)
	}
	if c.Repeats > int64(mostTwice) {
		t.Errorf("%d messages were sent again, at most %d may be", c.Repeats, mostTwice)
	}
	// Every message is final, and what arrived twice says why in its trace.
	s.over(accepted)
	twice := map[string]bool{}
	for _, ref := range c.Twice {
		twice[ref] = true
	}
	checked := 0
	s.pages(url.Values{"limit": {"1000"}}, func(v viewed) {
		if ref, _, _ := strings.Cut(v.Text, " "); twice[ref] {
			checked++
			if text, _ := s.trace(v.ID); !strings.Contains(text, `"uncertain"`) {
				t.Errorf("%s was sent twice and its trace does not say uncertain: %s", ref, text)
			}
		}
	})
	if checked != len(twice) {
		t.Errorf("of %d references that arrived twice %d are in the list", len(twice), checked)
	}
}
