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
	randomSeed = flag.Uint64("random.seed", 0, "seed of TestRandom; 0 runs -random.runs seeds from the clock")
	randomRuns = flag.Int("random.runs", 4, "how many seeds TestRandom runs")
	randomLog  = flag.Bool("random.log", false, "print what TestRandom does")
)

// TestRandom lets customers, operators and a killer do as a seed says, over
// virtual hours, and then counts by message whether the guarantees of the
// design hold: none is lost, none without final state, none sent more often
// than its answers and its marks allow, each state told.
func TestRandom(t *testing.T) {
	t.Parallel()
	seeds := []uint64{*randomSeed}
	if *randomSeed == 0 {
		seeds = seeds[:0]
		for i := range *randomRuns {
			seeds = append(seeds, uint64(time.Now().UnixNano())+uint64(i))
		}
	}
	for _, seed := range seeds {
		dir := t.TempDir()
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			bubble(t, func(t *testing.T) { newChaos(t, dir, seed).run() })
		})
	}
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
	opt := Options{QueueMemory: 12, OutboxMemory: 6, OpenMemory: 40, MarkLag: 3 * time.Second, Log: slog.New(slog.DiscardHandler)}
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
	}
	if c.chance(15) {
		c.mu.Lock()
		c.full = false
		c.mu.Unlock()
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
		c.strike()
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
	f := &fate{told: map[message.State]int{}, settled: map[message.State]bool{}, inFlight: map[message.State]bool{}}
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

// Run implements connector.Connector.
func (l *chaosLink) Run(context.Context, connector.Core) {}

// Stats implements connector.Connector.
func (l *chaosLink) Stats() []connector.SessionStats { return nil }

// Send implements connector.Connector.
func (l *chaosLink) Send(session uint32, out []*connector.Outgoing) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.life != c.life {
		return
	}
	s := l.sessions[session]
	if s == nil {
		go l.core.SessionDown(session, out, errBroken)
		return
	}
	for _, o := range out {
		parts := max(1, int(o.Message.Parts))
		s.used += parts
		if s.used > s.credit && s.used != parts {
			c.t.Errorf("session %d of %s was given %d parts with a credit of %d", session, l.name, s.used, s.credit)
		}
		f := c.fates[o.Message.Reference]
		f.sent++
		if f.cancel {
			c.t.Errorf("%s was sent after it had been cancelled", o.Message.Reference)
		}
		c.logf("wire %s %s/%d (%d)", o.Message.Reference, l.name, session, f.sent)
		s.wire = append(s.wire, &wired{o, session, time.Now()})
	}
	c.strike()
}

const errBroken = chaosError("the link broke")

type chaosError string

func (e chaosError) Error() string { return string(e) }

func (c *chaos) pickLink() *chaosLink {
	return c.links[[]string{"op1", "op1", "op2", "once"}[c.rng.IntN(4)]]
}

func (c *chaos) sessionUp() {
	c.mu.Lock()
	l := c.pickLink()
	if len(l.sessions) > 1 {
		c.mu.Unlock()
		return
	}
	c.session++
	n, credit := c.session, 2+c.rng.IntN(12)
	l.sessions[n] = &chaosSession{credit: credit}
	c.mu.Unlock()
	c.logf("session %d up %s credit %d", n, l.name, credit)
	l.core.SessionUp(n, credit)
}

func (c *chaos) sessionDown() {
	c.mu.Lock()
	l := c.pickLink()
	for n, s := range l.sessions {
		delete(l.sessions, n)
		var unwritten []*connector.Outgoing
		for i := len(s.wire) - 1; i >= 0 && c.chance(50); i-- { // the last ones stayed in the queue
			unwritten = append([]*connector.Outgoing{s.wire[i].out}, unwritten...)
			c.fates[s.wire[i].out.Message.Reference].sent--
		}
		c.mu.Unlock()
		c.logf("session %d down %s unwritten %d of %d", n, l.name, len(unwritten), len(s.wire))
		l.core.SessionDown(n, unwritten, errBroken)
		return
	}
	c.mu.Unlock()
}

// answer lets an operator answer some of what is on its wires, out of order.
func (c *chaos) answer(all bool) {
	c.mu.Lock()
	l := c.pickLink()
	type batch struct {
		n       uint32
		answers []connector.Answer
	}
	var batches []batch
	for n, s := range l.sessions {
		var list []connector.Answer
		for i := 0; i < len(s.wire); {
			if !all && c.chance(40) {
				i++
				continue
			}
			wr := s.wire[i]
			s.wire = append(s.wire[:i], s.wire[i+1:]...)
			s.used -= max(1, int(wr.out.Message.Parts))
			list = append(list, c.answerOne(l, wr))
		}
		if len(list) > 0 {
			batches = append(batches, batch{n, list})
		}
	}
	c.mu.Unlock()
	for _, b := range batches {
		l.core.Answered(b.n, b.answers)
	}
}

func (c *chaos) answerOne(l *chaosLink, wr *wired) connector.Answer {
	m := wr.out.Message
	f := c.fates[m.Reference]
	a := connector.Answer{Out: wr.out}
	bad := func(k message.FailureKind) connector.Answer {
		a.Failure = &message.Failure{Kind: k}
		return a
	}
	n := c.rng.IntN(100)
	if c.quiet {
		n = 99
	}
	c.logf("answer %s %s %d", m.Reference, l.name, n)
	switch {
	case n < 5:
		f.again++
		return bad(message.Throttled)
	case n < 15:
		f.again++
		return bad(message.Busy)
	case n < 18:
		return bad(message.NoAnswer)
	case n < 22:
		return bad(message.Refused)
	}
	for p := range max(1, int(m.Parts)) {
		c.operator++
		id := fmt.Sprintf("%x", 0xa0000000+c.operator)
		if p == 0 {
			a.ID = id
		} else {
			a.More = append(a.More, id)
		}
		if wr.out.Receipt {
			c.makeReceipts(l, m, id)
		}
	}
	return a
}

// makeReceipts plans the receipts of a part that the operator took.
func (c *chaos) makeReceipts(l *chaosLink, m *message.Message, id string) {
	add := func(s message.State, in time.Duration) {
		c.receipts = append(c.receipts, &receipt{
			link: l.name, at: time.Now().Add(in), ref: m.Reference,
			Report: message.Report{OperatorID: id, State: s, From: m.To, To: m.From},
		})
	}
	state := message.Delivered
	if c.chance(15) {
		state = message.Undeliverable
	}
	delay := time.Duration(c.rng.IntN(2000)) * time.Millisecond
	if c.chance(20) {
		delay = time.Duration(c.rng.IntN(300)) * time.Second
	}
	if c.chance(20) {
		add(message.Enroute, delay/2)
	}
	if c.chance(8) && !c.quiet {
		return // never
	}
	if c.chance(30) {
		if v, err := strconv.ParseUint(id, 16, 64); err == nil {
			id = strconv.FormatUint(v, 10)
		}
	}
	add(state, delay)
	if c.chance(10) {
		add(state, delay+time.Duration(c.rng.IntN(100))*time.Second)
	}
}

// report delivers the receipts whose time has come.
func (c *chaos) report() {
	c.mu.Lock()
	now := time.Now()
	life := c.life
	by := map[string][]*receipt{}
	for _, r := range c.receipts {
		if !r.try && !r.at.After(now) && len(by[r.link]) < 20 {
			r.try = true
			by[r.link] = append(by[r.link], r)
		}
	}
	c.mu.Unlock()
	for link, list := range by {
		reports := make([]message.Report, len(list))
		for i, r := range list {
			reports[i] = r.Report
			c.logf("receipt %s %s %s", r.ref, r.OperatorID, r.State)
		}
		c.links[link].core.Reports(reports, func(err error) { c.acknowledged(life, list, err) })
	}
}

func (c *chaos) acknowledged(life int, list []*receipt, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life != life {
		return
	}
	done := map[*receipt]bool{}
	for _, r := range list {
		r.try = false
		done[r] = err == nil
	}
	kept := c.receipts[:0]
	for _, r := range c.receipts {
		if !done[r] {
			kept = append(kept, r)
		}
	}
	c.receipts = kept
	c.strike()
}

// phone sends an inbound message, at times in two parts.
func (c *chaos) phone() {
	c.mu.Lock()
	c.next++
	text := "in" + strconv.Itoa(c.next)
	c.fates["m"+strconv.Itoa(c.next)] = &fate{}
	life := c.life
	l := c.pickLink()
	to := []string{"4611111", "4622222"}[c.rng.IntN(2)]
	c.mu.Unlock()
	in := []*message.Inbound{{
		From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: to}, Content: message.Content{Text: text, Class: -1},
	}}
	l.core.Inbound(in, func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.life == life && err == nil {
			c.inbound[text] += 0
			c.strike()
		}
	})
}

// --- receivers

type chaosReceiver struct {
	c    *chaos
	life int
	kind message.TargetKind
}

// Limit implements Receiver.
func (r *chaosReceiver) Limit(string) int {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if r.c.absent && r.kind == message.SMPPTarget {
		return 0
	}
	return 4
}

// Deliver implements Receiver.
func (r *chaosReceiver) Deliver(_ string, items []*Item) {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.life != c.life {
		return
	}
	for _, it := range items {
		c.items = append(c.items, it)
		c.kind[it] = r.kind
		if it.Inbound != nil {
			c.logf("told inbound %s", it.Inbound.Content.Text)
			c.inbound[it.Inbound.Content.Text]++
			continue
		}
		f := c.fates[it.Message.Reference]
		c.logf("told %s %s", it.Message.Reference, it.State)
		switch {
		case f.inFlight[it.State]:
			c.t.Errorf("%s is told %s twice at the same time", it.Message.Reference, it.State)
		case f.settled[it.State]:
			c.t.Errorf("%s is told %s again after it was acknowledged", it.Message.Reference, it.State)
		case !it.State.Final() && (f.settled[message.Delivered] || f.settled[message.Undeliverable]):
			c.t.Errorf("%s is told %s after its final state", it.Message.Reference, it.State)
		}
		f.inFlight[it.State] = true
		f.told[it.State]++
	}
}

func (c *chaos) presence(here bool) {
	c.mu.Lock()
	c.absent = !here
	w := c.w
	c.mu.Unlock()
	c.logf("present %t", here)
	if here {
		for _, a := range []string{"acme", "beta"} {
			w.Wake(message.SMPPTarget, a)
		}
	}
}

// verdicts answers some items.
func (c *chaos) verdicts() {
	c.mu.Lock()
	var list []Delivered
	kept := c.items[:0]
	for _, it := range c.items {
		if !c.quiet && c.chance(30) {
			kept = append(kept, it)
			continue
		}
		v := Acknowledged
		switch n := c.rng.IntN(100); {
		case c.quiet:
		case n < 10:
			v = TryLater
		case n < 15 && c.kind[it] == message.SMPPTarget:
			v = NobodyThere
		}
		if it.Message != nil {
			f := c.fates[it.Message.Reference]
			f.inFlight[it.State] = false
			f.settled[it.State] = v == Acknowledged
			c.logf("verdict %s %s %d", it.Message.Reference, it.State, v)
		}
		delete(c.kind, it)
		list = append(list, Delivered{Item: it, Verdict: v})
	}
	c.items = kept
	c.mu.Unlock()
	c.w.Delivered(list)
}

// --- the end

// finish lets everybody behave until nothing is open, and counts.
func (c *chaos) finish() {
	c.mu.Lock()
	c.quiet, c.kill, c.full = true, false, false
	c.mu.Unlock()
	c.reborn()
	c.presence(true)
	for _, name := range []string{"op1", "op2", "once"} {
		l := c.links[name]
		for len(l.sessions) == 0 {
			c.sessionUp()
		}
	}
	for i := 0; i < 4000 && c.busy(i); i++ {
		c.answer(true)
		c.report()
		c.verdicts()
		time.Sleep(time.Second)
	}
	synctest.Wait()
	c.w.wantNothingLeft()
	c.count()
}

func (c *chaos) busy(i int) bool {
	if i < 60 || i%20 != 0 {
		return true
	}
	c.w.mu.Lock()
	n := len(c.w.open)
	c.w.mu.Unlock()
	have := c.w.store.Counts()
	return n > 0 || have.Waiting+have.Due+have.Owed+have.Outstanding > 0
}

func (c *chaos) count() {
	byRef := map[string]*message.Message{}
	for after := message.ID(0); ; {
		list, next, err := c.w.store.Messages(context.Background(), store.Filter{After: after, Limit: 500})
		if err != nil {
			c.t.Fatal(err)
		}
		for _, m := range list {
			if byRef[m.Reference] != nil {
				c.t.Errorf("%s is there twice", m.Reference)
			}
			byRef[m.Reference] = m
		}
		if next == 0 {
			break
		}
		after = next
	}
	for ref, f := range c.fates {
		m := byRef[ref]
		if m == nil {
			if f.id != 0 {
				c.t.Errorf("%s (%s) was accepted and is lost", ref, f.id)
			}
			continue
		}
		c.check(ref, f, m)
	}
	for text, n := range c.inbound {
		if n == 0 {
			c.t.Errorf("inbound %s was acknowledged to the operator and told to nobody", text)
		}
	}
	c.t.Logf("%d messages, %d lives of the process", len(byRef), c.life)
}

// check compares one message with what the world saw of it.
func (c *chaos) check(ref string, f *fate, m *message.Message) {
	bad := func(format string, args ...any) {
		c.t.Errorf("%s %s: %s; sent %d, again %d, told %v; log %s", ref, m.ID, fmt.Sprintf(format, args...), f.sent, f.again, f.told, describe(m))
	}
	if !m.State.Final() {
		bad("is %s", m.State)
		return
	}
	events, err := message.DecodeLog(m.Log, m.ID)
	if err != nil {
		bad("log: %v", err)
	}
	uncertain, taken := 0, false
	for _, e := range events {
		switch e.Kind {
		case message.EventUncertain:
			uncertain++
		case message.EventTaken:
			taken = true
		}
	}
	if f.sent > 1+f.again+uncertain || f.once && f.sent > 1+f.again {
		bad("was sent too often")
	}
	if f.sent == 0 && m.State != message.Expired && m.State != message.Deleted && !(f.once && m.State == message.Unknown) {
		bad("was never sent and is %s", m.State)
	}
	if m.Owed {
		bad("is owed still")
	}
	if f.target == message.NoTarget {
		return
	}
	if m.Receipts.Wants(m.State) && f.told[m.State] == 0 {
		bad("is %s and that was never told", m.State)
	}
	if taken && m.Receipts.Wants(message.Enroute) && f.told[message.Enroute] == 0 {
		bad("nobody was told that the operator took it")
	}
	for s, n := range f.told {
		if s.Final() && n > 0 && s != m.State {
			bad("was told to be %s and is %s", s, m.State)
		}
	}
}
