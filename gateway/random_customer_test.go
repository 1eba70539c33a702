package gateway

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

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
		c.logf("told %s %d %s", it.Message.Reference, it.Part, it.State)
		if c.toldPart(f, it) {
			continue
		}
		switch {
		case f.inFlight[it.State]:
			c.t.Errorf("%s is told %s twice at the same time", it.Message.Reference, it.State)
		case f.settled[it.State] && f.mayAgain && it.State.Final():
			f.mayAgain, f.settled[it.State] = false, false
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
			if it.Part != 0 {
				f.parts.inFlight[it.Part], f.parts.settled[it.Part] = false, v == Acknowledged
			} else {
				f.inFlight[it.State] = false
				f.settled[it.State] = v == Acknowledged
			}
			c.logf("verdict %s %d %s %d", it.Message.Reference, it.Part, it.State, v)
		}
		delete(c.kind, it)
		list = append(list, Delivered{Item: it, Verdict: v})
	}
	c.items = kept
	c.mu.Unlock()
	c.w.Delivered(list)
}

// push makes owed again what one message, or what was accepted within a moment,
// has been told.
func (c *chaos) push() {
	c.mu.Lock()
	var f *fate
	for range 20 {
		if f = c.fates["m"+strconv.Itoa(1+c.rng.IntN(max(1, c.next)))]; f != nil && f.id != 0 && f.target != message.NoTarget {
			break
		}
	}
	if f == nil || f.id == 0 {
		c.mu.Unlock()
		return
	}
	req := PushRequest{Receipts: true, Inbound: c.chance(50), IDs: []message.ID{f.id}, GivenUp: c.chance(10)}
	if c.chance(30) {
		req.IDs, req.From, req.To = nil, f.id.Time(), f.id.Time().Add(50*time.Millisecond)
	}
	was := map[*fate]bool{}
	for _, other := range c.fates {
		within := other.id == 0 || other.id >= message.FirstIDAt(req.From) && other.id < message.FirstIDAt(req.To) // 0: the answer was lost
		if other == f || req.IDs == nil && within {
			was[other], other.mayAgain = other.mayAgain, true
		}
	}
	life, w := c.life, c.w
	c.mu.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	j := newPushJob(req)
	err := w.push(ctx, j)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logf("pushed %s %+v: %d, %v", f.id, req, j.look().Receipts, err)
	if c.life != life {
		return
	}
	switch {
	case err == nil && j.look().Receipts == 0:
		for other, may := range was {
			other.mayAgain = may
		}
	case err == nil && req.IDs != nil:
		f.pushed++
	}
}

// --- the end

// finish lets everybody behave until nothing is open, and counts.
func (c *chaos) finish() {
	c.mu.Lock()
	c.quiet, c.full = true, false
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
		c.fetch(20, true)
		time.Sleep(time.Second)
	}
	synctest.Wait()
	c.w.wantNothingLeft()
	c.showOwed()
	c.count()
}

// showOwed logs what is left in table owed, and in what state its box is.
func (c *chaos) showOwed() {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	for key, b := range c.w.boxes {
		rows, err := c.w.store.OwedNext(context.Background(), 0, key.String(), math.MaxInt64, store.Owed{}, 10)
		if err != nil || len(rows) > 0 {
			c.t.Logf("owed by %s: %+v, %v; stored %t behind %t closing %t absent %t loading %t after %+v again %v soonest %d later %d pass %+v, in memory %d %d %d",
				key, rows, err, b.stored, b.behind, b.closing, b.absent, b.loading, b.after, b.again, b.soonest, b.later, b.pass, b.fifo.len(), b.inFlight, len(b.midway))
		}
	}
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
	c.checkEvents(byRef)
	c.checkMailbox()
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
	for part := uint8(1); c.partwise(m) && m.Receipts.Wants(m.State) && part <= m.Parts; part++ {
		if !f.parts.told[part] {
			bad("of part %d nobody was told", part)
		}
	}
	if f.told[m.State] < 1+f.pushed && f.pushed > 0 {
		bad("was made owed again %d times and not told so often", f.pushed)
	}
	if taken && m.Receipts.Wants(message.Enroute) && f.told[message.Enroute]+f.told[message.Buffered] == 0 {
		bad("nobody was told that the operator took it")
	}
	for s, n := range f.told {
		if s.Final() && n > 0 && s != m.State {
			bad("was told to be %s and is %s", s, m.State)
		}
	}
}
