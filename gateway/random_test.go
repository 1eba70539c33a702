package gateway

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

var (
	randomSeed   = flag.Uint64("random.seed", 0, "seed of TestRandom; 0 runs several")
	randomRuns   = flag.Int("random.runs", 0, "how many seeds from the clock TestRandom runs; 0: the seeds 1 to 4")
	randomShared = flag.Bool("random.shared", false, "run TestRandom as if other gateways might come")
	randomLog    = flag.Bool("random.log", false, "print what TestRandom does")
)

// TestRandom lets customers, operators and a killer do as a seed says, over
// virtual hours, and then counts by message whether the guarantees of the
// design hold: none is lost, none without final state, none sent more often
// than its answers and its marks allow, each state told.
func TestRandom(t *testing.T) {
	t.Parallel()
	for _, seed := range seedsToRun(*randomSeed, *randomRuns, 4) {
		dir := t.TempDir()
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			bubble(t, func(t *testing.T) { newChaos(t, dir, seed).run() })
		})
	}
}

// seedsToRun is one seed, or several of the clock, or a few that are always the same: what
// somebody has changed is judged by what was tried before.
func seedsToRun(one uint64, ofClock, few int) (seeds []uint64) {
	if one != 0 {
		return []uint64{one}
	}
	for i := range ofClock {
		seeds = append(seeds, uint64(time.Now().UnixNano())+uint64(i))
	}
	for i := uint64(1); ofClock == 0 && i <= uint64(few); i++ {
		seeds = append(seeds, i)
	}
	return seeds
}

// fate is what the world knows of one message, found by its reference.
type fate struct {
	id       message.ID // when its acceptance was told
	links    int
	once     bool
	want     message.Receipts
	target   message.TargetKind
	sent     int // times on a wire
	again    int // answers after which it may be sent again
	cancel   bool
	told     map[message.State]int
	settled  map[message.State]bool // acknowledged in this life of the process
	inFlight map[message.State]bool
	pushed   int  // how often its final state was made owed again
	mayAgain bool // it may be told again although it was acknowledged
	parts    partFates
}

// wired is a message on the wire of a session.
type wired struct {
	out     *connector.Outgoing
	session uint32
	at      time.Time
}

// receipt is one that an operator has still to deliver.
type receipt struct {
	link string
	message.Report
	at  time.Time
	ref string
	try bool // under way
}

// chaos is the world of one seed.
type chaos struct {
	t    *testing.T
	rng  *rand.Rand
	seed uint64
	base string
	dirs int

	mu       sync.Mutex
	life     int // counts restarts; callbacks of an earlier one are void
	kill     bool
	killed   string // folder of the copy taken at the kill
	w        *world
	fates    map[string]*fate
	next     int
	links    map[string]*chaosLink
	session  uint32
	operator int
	absent   bool
	receipts []*receipt
	items    []*Item
	kind     map[*Item]message.TargetKind
	final    map[string]message.State // by operator id: what was acknowledged first
	full     bool                     // the disk
	asked    int                      // calls of Accept that have not been answered
	quiet    bool                     // everybody behaves: the end
	inbound  map[string]int           // acknowledged inbound texts, by how often they were told
	events   chaosEvents
	box      boxFates
}

type chaosLink struct {
	name     string
	life     int
	c        *chaos
	core     connector.Core
	sessions map[uint32]*chaosSession
}

type chaosSession struct {
	credit, used int
	wire         []*wired
}

func newChaos(t *testing.T, dir string, seed uint64) *chaos {
	return &chaos{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), seed: seed, base: dir,
		fates: map[string]*fate{}, kind: map[*Item]message.TargetKind{}, final: map[string]message.State{}, inbound: map[string]int{},
		box: newBoxFates(),
	}
}

func (c *chaos) logf(format string, args ...any) {
	if *randomLog {
		fmt.Printf("%s %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

func (c *chaos) chance(percent int) bool { return c.rng.IntN(100) < percent }

func (c *chaos) folder() string {
	c.dirs++
	dir := filepath.Join(c.base, strconv.Itoa(c.dirs))
	if err := os.Mkdir(dir, 0o750); err != nil {
		c.t.Fatal(err)
	}
	return dir
}

// begin starts a gateway on a folder.
func (c *chaos) begin(dir string) {
	opt := Options{
		Snapshot: c.snapshot(), QueueMemory: 12, OutboxMemory: 6, OpenMemory: 40, page: 3,
		MarkLag: 3 * time.Second, Log: slog.New(slog.DiscardHandler),
		Shared: *randomShared,
	}
	if *randomLog {
		opt.Log = slog.New(slog.NewTextHandler(os.Stdout, nil))
	}
	c.mu.Lock()
	c.life++
	c.full = false
	life := c.life
	c.links = map[string]*chaosLink{}
	c.items = nil
	for _, f := range c.fates {
		clear(f.settled)
		clear(f.inFlight)
		clear(f.parts.settled)
		clear(f.parts.inFlight)
	}
	for _, r := range c.receipts {
		r.try = false
	}
	c.mu.Unlock()
	w := start(c.t, dir, opt, func(w *world) {
		w.commit = func(b *store.Batch) error {
			c.mu.Lock()
			full := c.full
			c.mu.Unlock()
			if full {
				return store.ErrFull
			}
			return w.store.Commit(b)
		}
		w.Receive(message.SMPPTarget, &chaosReceiver{c, life, message.SMPPTarget})
		w.Receive(message.WebhookTarget, &chaosReceiver{c, life, message.WebhookTarget})
	})
	c.w = w
	for _, name := range []string{"op1", "op2", "once"} {
		l := &chaosLink{name: name, life: life, c: c, core: w.Link(name), sessions: map[uint32]*chaosSession{}}
		c.links[name] = l
		w.Attach(name, l)
	}
	c.followEvents()
}

func (c *chaos) run() {
	c.t.Logf("seed %d", c.seed)
	c.begin(c.folder())
	steps := 400 + c.rng.IntN(400)
	for range steps {
		c.step()
		if c.t.Failed() {
			break
		}
	}
	c.finish()
	c.w.end()
	if c.asked != 0 {
		c.t.Errorf("%d calls of Accept got no answer, or two", c.asked)
	}
	if c.t.Failed() {
		c.t.Logf("run again with: go test ./gateway -run TestRandom -random.seed=%d -random.log", c.seed)
	}
}

// step is one random deed.
func (c *chaos) step() {
	switch n := c.rng.IntN(100); {
	case n < 30:
		c.submit()
	case n < 55:
		c.answer(false)
	case n < 68:
		c.report()
	case n < 78:
		c.verdicts()
	case n < 82:
		c.sessionUp()
	case n < 84:
		c.sessionDown()
	case n < 87:
		c.cancel()
	case n < 89:
		c.presence(c.chance(50))
	case n < 92:
		c.phone()
	case n < 94:
		c.mu.Lock()
		c.kill = true
		c.mu.Unlock()
		c.submit()
	case n < 96:
		c.mu.Lock()
		c.full = true
		c.mu.Unlock()
	case n < 98:
		c.push()
	default:
		c.fetch(1+c.rng.IntN(6), false)
	}
	if c.chance(15) {
		c.mu.Lock()
		c.full = false
		c.mu.Unlock()
	}
	if c.chance(10) {
		c.readEvents(1 + c.rng.IntN(10))
	}
	switch n := c.rng.IntN(100); {
	case n < 40:
		time.Sleep(time.Duration(c.rng.IntN(60)) * time.Millisecond)
	case n < 50:
		time.Sleep(time.Duration(c.rng.IntN(6000)) * time.Millisecond)
	case n < 52:
		time.Sleep(time.Duration(c.rng.IntN(120)) * time.Second)
	case n < 60:
		synctest.Wait()
	}
	c.reborn()
}

// reborn goes on with the copy that a kill has left.
func (c *chaos) reborn() {
	c.mu.Lock()
	armed := c.kill
	c.mu.Unlock()
	if armed { // nothing was sent: the killer strikes between two commits
		synctest.Wait()
		c.mu.Lock()
		c.strike()
		c.mu.Unlock()
	}
	c.mu.Lock()
	dir := c.killed
	c.killed = ""
	c.mu.Unlock()
	if dir == "" {
		return
	}
	c.logf("killed")
	c.mu.Lock()
	c.full = false // the old life ends in good order
	c.mu.Unlock()
	time.Sleep(2 * retryCommit)
	c.w.end()
	c.begin(dir)
}

// strike takes the copy from which the next life starts. The writer stands
// still. c.mu is held.
func (c *chaos) strike() {
	if !c.kill {
		return
	}
	c.kill = false
	c.killed = c.folder()
	copyStore(c.t, c.w.dir, c.killed)
	c.life++
}

// --- customers

func (c *chaos) submit() {
	n := 1 + c.rng.IntN(8)
	subs := make([]*Submission, n)
	refs := make([]string, n)
	c.mu.Lock()
	for i := range subs {
		subs[i], refs[i] = c.submission()
	}
	life, answerLost := c.life, c.chance(50)
	c.asked++
	c.mu.Unlock()
	c.w.Accept(subs, func(results []Result) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked--
		if c.life != life {
			return
		}
		if results[0].Failure == nil { // this is the writer; who refuses is any goroutine
			c.strike()
		}
		if c.life != life && answerLost {
			return // the answer did not leave
		}
		for i, r := range results {
			if r.Failure == nil {
				c.fates[refs[i]].id = r.ID
				c.logf("accepted %s %s %s", refs[i], r.ID, r.State)
			}
		}
	})
}

func (c *chaos) submission() (*Submission, string) {
	c.next++
	ref := "m" + strconv.Itoa(c.next)
	f := &fate{told: map[message.State]int{}, settled: map[message.State]bool{}, inFlight: map[message.State]bool{}, parts: newPartFates()}
	c.fates[ref] = f
	text := ref
	if c.chance(15) {
		text = strings.Repeat("0123456789", 16+c.rng.IntN(40)) // 2 to 4 parts
	}
	prefix := []string{"461", "462", "463"}[c.rng.IntN(3)]
	account := c.w.acme
	if c.chance(40) {
		account = c.w.Snapshot().Accounts.ByName("beta")
	}
	f.links, f.once = 1, prefix == "463"
	if prefix == "462" {
		f.links = 2
	}
	s := &Submission{
		Account: account, Via: message.ViaREST, To: fmt.Sprintf("+%s%06d", prefix, c.next),
		Content: message.Content{Text: text, Class: -1}, Priority: message.Priority(c.rng.IntN(message.Priorities)), Reference: ref,
		Validity: time.Duration(1+c.rng.IntN(20*60)) * time.Second,
	}
	if c.chance(10) {
		s.SendAt = time.Now().Add(time.Duration(c.rng.IntN(300)) * time.Second)
	}
	if c.chance(80) {
		s.Receipts = message.ReceiptFinal
	}
	if c.chance(20) {
		s.Receipts |= message.ReceiptIntermediate
	}
	switch c.rng.IntN(3) {
	case 0:
		s.Target.Kind = message.SMPPTarget
	case 1:
		s.Target = message.Target{Kind: message.WebhookTarget, Address: "http://127.0.0.1/x"}
	}
	f.want, f.target = s.Receipts, s.Target.Kind
	return s, ref
}

func (c *chaos) cancel() {
	c.mu.Lock()
	var ids []message.ID
	refs := map[message.ID]string{}
	for n := c.next; n > 0 && len(ids) < 30; n-- {
		ref := "m" + strconv.Itoa(n)
		if f := c.fates[ref]; f.id != 0 {
			ids = append(ids, f.id)
			refs[f.id] = ref
		}
	}
	life := c.life
	c.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	id := ids[c.rng.IntN(len(ids))]
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	m, err := c.w.Cancel(ctx, "", id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && c.life == life {
		c.logf("cancelled %s", refs[id])
		c.fates[refs[id]].cancel = true
		if m.State != message.Deleted {
			c.t.Errorf("%s was cancelled and is %s", id, m.State)
		}
	}
}

// --- operators
