package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// gather is what has come together for the next commit: the records, and what
// is to be done when they are on disk.
type gather struct {
	store.Batch
	seq      uint64
	failed   int  // commits
	keyed    bool // accepts have keys
	accepts  []acceptance
	hands    []hand
	owed     []*Item
	after    []func(error) // acknowledgements to operators
	counters map[counterKey]int64
	tallies  tallySums
	money    []movement
	answered int                  // of Idempotency: those that are no acceptances'
	had      []had                // of limits, with Options.Shared
	repeats  []store.DuplicateKey // by which parts of messages from phones are known again
	topUps   []*toppingUp         // likewise
}

// acceptance is one call of Accept.
type acceptance struct {
	entries []*entry // of those submissions that were accepted
	results []Result
	done    Done
	index   []int // of their results
	settles *Item // nil for most
	key     *Keyed
	bill    *bill           // nil where nothing was reserved
	of      *Keyed          // the request whose key another acceptance has; nil for most
	asks    []*askedMessage // what they are of escalations; nil for most
	repeats []repeat        // by which they are known again; nil for most
	hour    int64           // Unix hours, in which they were counted
	atomic  bool
	multi   bool
}

// hand is what a session may send once the gather is on disk.
type hand struct {
	sess *session
	conn connector.Connector // as it was when the gather was on disk
	row  *grant              // nil while every message carries its grant in its own row
	at   int                 // of the row in Granted
	out  []*connector.Outgoing

	// Set once, by whoever comes first: the follower that hands it over, or the
	// end of the session, which takes it back.
	taken   atomic.Bool
	refused []*connector.Outgoing // by the connector: its session had ended
}

type counterKey struct {
	hour                int64
	account, link, what string
}

// reset empties a gather for reuse; what it pointed to may go.
func (b *gather) reset(seq uint64) {
	resetBatch(&b.Batch)
	clear(b.accepts)
	clear(b.owed)
	clear(b.after)
	clear(b.hands)
	clear(b.had)
	clear(b.topUps)
	b.money, b.had, b.topUps, b.answered, b.repeats = b.money[:0], b.had[:0], b.topUps[:0], 0, b.repeats[:0]
	b.seq, b.failed, b.keyed = seq, 0, false
	b.accepts, b.hands, b.owed, b.after = b.accepts[:0], b.hands[:0], b.owed[:0], b.after[:0]
	if b.counters == nil {
		b.counters = map[counterKey]int64{}
	}
	clear(b.counters)
	b.tallies.reset()
}

func (b *gather) empty() bool {
	return b.Rows() == 0 && b.Mark == 0 && b.Config == 0 && len(b.accepts) == 0 &&
		len(b.hands) == 0 && len(b.owed) == 0 && len(b.after) == 0 && len(b.money) == 0
}

// appendCounted appends the counters that have gathered.
func (b *gather) appendCounted(rows []store.Counter) []store.Counter {
	for k, n := range b.counters {
		rows = append(rows, store.Counter{Hour: k.hour, Account: k.account, Link: k.link, What: k.what, N: n})
	}
	return rows
}

// hand returns the hand of a session in the current gather.
func (g *Gateway) hand(s *session) *hand {
	b := g.cur
	if s.handIn != b.seq {
		s.handIn, s.handAt = b.seq, len(b.hands)
		b.hands = append(b.hands, hand{sess: s})
	}
	return &b.hands[s.handAt]
}

const (
	idleTidy    = 5 * time.Millisecond // housekeeping when nothing waits
	busyTidy    = time.Millisecond     // and between commits
	busyEvery   = 8                    // commits
	retryCommit = 250 * time.Millisecond
	retryMost   = 40          // of an error that is not a full disk
	idleWait    = time.Second // between looks at housekeeping when nothing happens
)

// commitLoop is the one goroutine that writes.
func (g *Gateway) commitLoop(ctx context.Context) error {
	idle := time.NewTimer(idleWait)
	defer idle.Stop()
	for n := 0; ; n++ {
		if ctx.Err() != nil {
			answer(g.beginStop())
		}
		g.errand()
		b := g.take()
		if b == nil {
			if ctx.Err() != nil {
				return nil
			}
			more, err := g.store.Tidy(idleTidy)
			if err != nil {
				g.log.Warn("housekeeping of the database failed", "error", err)
			}
			wait := idleWait
			if more && err == nil {
				wait = time.Millisecond
			}
			idle.Reset(wait)
			select {
			case <-g.wake:
			case <-idle.C:
			case <-ctx.Done():
			}
			continue
		}
		if err := g.write(ctx, b); err != nil {
			return err
		}
		if n%busyEvery == 0 {
			if _, err := g.store.Tidy(busyTidy); err != nil {
				g.log.Warn("housekeeping of the database failed", "error", err)
			}
		}
	}
}

// beginStop lets nothing more in; what has gathered is still written.
func (g *Gateway) beginStop() []acceptance {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopping {
		g.stopping = true
		g.lookLast(g.now())
		if g.full == nil {
			g.full = ErrStopped
		}
	}
	return g.turnAway()
}

// take returns the gather to be written, nil when nothing waits.
func (g *Gateway) take() *gather {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.carry != nil {
		return g.carry
	}
	if g.cur.empty() {
		if g.admit(g.cur, g.now()); g.cur.empty() {
			return nil
		}
	}
	b := g.cur
	b.dropBlanks()
	b.Counters = b.appendTallied(b.appendCounted(b.Counters))
	b.Money = b.moneyRows()
	g.cur, g.writing = g.newGather(), b
	g.admit(b, g.now())
	return b
}

// write commits a gather and does what waited for it. While the store cannot
// write it keeps trying: nothing new comes in meanwhile.
func (g *Gateway) write(ctx context.Context, b *gather) error {
	b.answered = len(b.Idempotency)
	switch {
	case g.opt.Shared:
		b.Contest = g.contest(b)
		b.Duplicates = append(b.Duplicates[:0], b.repeats...)
	case b.keyed:
		b.rememberAccepts(g.now())
	}
	err := g.commit(&b.Batch)
	if err == nil {
		g.committed(b)
		return nil
	}
	var fatal *store.FatalError
	if errors.As(err, &fatal) { // what was accepted may be on disk: no answer is the only true one
		g.mu.Lock()
		g.full = err
		g.mu.Unlock()
		return err
	}
	b.Idempotency = b.Idempotency[:b.answered]
	g.refuse(b, err)
	if b.failed++; !errors.Is(err, store.ErrFull) && b.failed > retryMost {
		return err
	}
	select {
	case <-time.After(retryCommit):
	case <-ctx.Done():
		return err
	}
	return nil
}

// committed books that a gather is on disk, and lets follow what waited for it.
func (g *Gateway) committed(b *gather) {
	now := g.now()
	g.mu.Lock()
	g.done, g.carry, g.writing = b.seq, nil, nil
	b.moneyOnDisk()
	again := g.full != nil && !g.stopping
	if again {
		g.full, g.heldKnown = nil, false
		for _, l := range g.links {
			g.dispatch(l, now)
		}
	}
	for i := range b.accepts {
		g.accepted(&b.accepts[i])
	}
	for i := range b.hands {
		g.handOver(&b.hands[i], now)
	}
	g.unfollowed = append(g.unfollowed, b)
	for _, it := range b.owed {
		g.enqueue(it)
	}
	g.mu.Unlock()
	if again {
		g.log.Info("the database can be written again")
	}

	g.following <- b
}

// away refuses what comes while a commit waits for the database to say whether it
// is on disk. Who waits for that commit goes on waiting: no answer would be true.
func (g *Gateway) away(why error) {
	g.mu.Lock()
	if !g.stopping {
		g.full = why
	}
	accepts := slices.Concat(g.takeBack(g.cur), g.turnAway())
	g.mu.Unlock()
	g.log.Error("the database does not answer: new messages are refused, links pause", "error", why)
	answer(accepts)
}

// refuse keeps what must not be lost of a gather that could not be written and
// tells those who wait, also in the gather behind it, that it cannot be done now.
func (g *Gateway) refuse(b *gather, why error) {
	g.mu.Lock()
	first := g.full == nil
	if !g.stopping {
		g.full = why
	}
	accepts := slices.Concat(g.takeBack(b), g.takeBack(g.cur), g.turnAway())
	b.dropBlanks()
	b.Money = b.moneyRows()
	g.carry = b
	g.mu.Unlock()
	if first {
		g.log.Error("the database cannot be written: new messages are refused, links pause", "error", why)
	}
	answer(accepts)
}

// answer tells customers what became of their messages.
func answer(accepts []acceptance) {
	for i := range accepts {
		accepts[i].done(accepts[i].results)
	}
}

// takeBack takes what was to be accepted out of a gather. Its rows are only
// blanked, for entries know their places.
func (g *Gateway) takeBack(b *gather) []acceptance {
	accepts := b.accepts
	if len(accepts) == 0 {
		return nil
	}
	why := g.refusal()
	gone := map[message.ID]bool{}
	for i := range accepts {
		for _, e := range accepts[i].entries {
			gone[e.m.ID] = true
			g.refused(e)
		}
		if accepts[i].bill != nil {
			g.unbookAll(b, &accepts[i])
		}
		g.undone(b, accepts[i].settles, why.Kind)
		g.unaskedAll(b, &accepts[i])
		g.count.refused.Add(int64(len(accepts[i].entries)))
		results := accepts[i].results
		for j := range results {
			if r := &results[j]; r.Failure == nil {
				*r = Result{To: r.To, Failure: why}
			}
		}
	}
	b.accepts, b.Accepted, b.Duplicates = nil, nil, nil
	b.had = slices.DeleteFunc(b.had, func(h had) bool { return h.booked })
	b.Counters = slices.DeleteFunc(b.Counters, func(c store.Counter) bool { return atAcceptance(c.What) })
	maps.DeleteFunc(b.counters, func(k counterKey, _ int64) bool { return atAcceptance(k.what) })
	b.tallies.forget(func(k tallyKey) bool { return k.kind == store.TallyAccepted })
	b.without(gone)
	return accepts
}

// without takes messages that were to be accepted out of the other rows of a
// gather, and back from sessions.
func (b *gather) without(gone map[message.ID]bool) {
	b.Accepted = slices.DeleteFunc(b.Accepted, func(m *message.Message) bool { return gone[m.ID] })
	for i := range b.WaitingAdd {
		if w := &b.WaitingAdd[i]; gone[w.ID] {
			w.ID = 0
		}
	}
	for i := range b.DueAdd {
		if d := &b.DueAdd[i]; gone[d.ID] {
			d.ID = 0
		}
	}
	for i := range b.hands {
		h := &b.hands[i]
		h.out = slices.DeleteFunc(h.out, func(o *connector.Outgoing) bool { return gone[o.Message.ID] })
	}
}

// dropBlanks takes out the rows that removeRow blanked.
func (b *gather) dropBlanks() {
	b.WaitingAdd = slices.DeleteFunc(b.WaitingAdd, func(w store.Waiting) bool { return w.ID == 0 })
	b.DueAdd = slices.DeleteFunc(b.DueAdd, func(d store.Due) bool { return d.ID == 0 })
	b.OwedAdd = slices.DeleteFunc(b.OwedAdd, func(o store.Owed) bool { return o.ID == 0 })
	b.OpenAdd = slices.DeleteFunc(b.OpenAdd, func(o store.Outstanding) bool { return o.ID == 0 })
	b.Held = slices.DeleteFunc(b.Held, func(h store.HeldReport) bool { return h.Number == 0 })
}

func resetBatch(b *store.Batch) {
	clear(b.Accepted)
	clear(b.Changed)
	clear(b.Replaced)
	clear(b.Granted)
	clear(b.Inbound)
	clear(b.InboundChanged)
	clear(b.Parts)
	clear(b.Held)
	clear(b.TopUps)
	clear(b.ListEntries)
	clear(b.OptOuts)
	clear(b.Networks)
	clear(b.Resources)
	clear(b.Idempotency)
	clear(b.People)
	clear(b.Events)
	clear(b.EventAccounts)
	clear(b.Escalations)
	clear(b.Spans)
	clear(b.Dead)
	clear(b.MailAdd)
	*b = store.Batch{
		Warned: b.Warned[:0], Wishes: b.Wishes[:0], TopUps: b.TopUps[:0], ListEntries: b.ListEntries[:0], OptOuts: b.OptOuts[:0], Networks: b.Networks[:0], Resources: b.Resources[:0], People: b.People[:0], Idempotency: b.Idempotency[:0],
		Accepted: b.Accepted[:0], Changed: b.Changed[:0], Replaced: b.Replaced[:0], Erased: b.Erased[:0],
		Granted: b.Granted[:0], GrantDone: b.GrantDone[:0],
		Inbound: b.Inbound[:0], InboundChanged: b.InboundChanged[:0],
		Parts: b.Parts[:0], PartsDone: b.PartsDone[:0], Held: b.Held[:0], HeldDone: b.HeldDone[:0],
		WaitingAdd: b.WaitingAdd[:0], WaitingRemove: b.WaitingRemove[:0],
		DueAdd: b.DueAdd[:0], DueRemove: b.DueRemove[:0],
		OwedAdd: b.OwedAdd[:0], OwedRemove: b.OwedRemove[:0],
		OpenAdd: b.OpenAdd[:0], OpenRemove: b.OpenRemove[:0], MissingAdd: b.MissingAdd[:0], MissingRemove: b.MissingRemove[:0], Counters: b.Counters[:0], Series: b.Series[:0],
		Spans: b.Spans[:0], Escalations: b.Escalations[:0], EscalationsAcked: b.EscalationsAcked[:0], Events: b.Events[:0], EventAccounts: b.EventAccounts[:0], Dead: b.Dead[:0], DeadGone: b.DeadGone[:0],
		MailAdd: b.MailAdd[:0], MailDone: b.MailDone[:0], Marks: b.Marks[:0],
	}
}
