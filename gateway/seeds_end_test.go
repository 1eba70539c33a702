package gateway

import (
	"context"
	"fmt"
	"time"

	"kurir/billing"
	"kurir/message"
)

// finish lets everybody behave until nothing is open, and looks at what the design
// guarantees (section 6).
func (s *sim) finish() {
	s.mu.Lock()
	s.quiet, s.calmAt = true, time.Now()
	for _, o := range s.ops {
		o.down = time.Time{}
	}
	for _, n := range s.nodes {
		if n.life != nil {
			n.life.full, n.life.dying = false, 0
		}
	}
	s.logf("nothing fails any more")
	s.mu.Unlock()
	for range simQuiet {
		s.care()
		s.tellHolders()
		s.welcome()
		if s.idle() {
			break
		}
		time.Sleep(time.Second)
	}
	open, queues := s.inMemory(), s.queues()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, line := range open {
		s.wrongf("%s", line)
	}
	for _, line := range queues {
		s.logf("%s", line)
	}
	s.count()
}

// inMemory says which messages servers still have in memory. A gateway asks receivers with its lock held, who take
// s.mu: so s.mu is not held.
func (s *sim) inMemory() (list []string) {
	for _, n := range s.nodes {
		if n.life == nil {
			continue
		}
		g := n.life.g
		g.mu.Lock()
		for id, e := range g.open {
			list = append(list, fmt.Sprintf("node %d has %s in memory, station %d, %s", n.num, id, e.station, e.m.Reference))
		}
		g.mu.Unlock()
	}
	return list
}

// queues says of what is not told why it may not be, for whoever reads the events of a seed that fails. As with inMemory s.mu is not held.
func (s *sim) queues() (list []string) {
	for _, n := range s.nodes {
		if n.life == nil {
			continue
		}
		g := n.life.g
		g.mu.Lock()
		for _, b := range g.boxes {
			if b.fifo.len()+b.fresh.len()+b.inFlight == 0 && !b.stored {
				continue
			}
			list = append(list, fmt.Sprintf("node %d has queue %s: %d wait, %d new, %d in flight; stored %t behind %t closing %t absent %t loading %t",
				n.num, b.key, b.fifo.len(), b.fresh.len(), b.inFlight, b.stored, b.behind, b.closing, b.absent, b.loading),
				fmt.Sprintf("... free %t claiming %t, not before %v; the next helping %v after %+v", b.free, b.claiming, b.claimAt, b.again, b.after))
		}
		g.mu.Unlock()
	}
	return list
}

// welcome binds each account at one server.
func (s *sim) welcome() {
	for _, name := range []string{"acme", "beta"} {
		l := s.nodes[s.luck(len(s.nodes), "at the end", name)].life
		s.mu.Lock()
		comes := l != nil && !l.dead && !l.here[name]
		if comes {
			s.come(l, name, true)
		}
		s.mu.Unlock()
		if comes {
			l.g.Wake(message.SMPPTarget, name)
		}
	}
}

// idle tells whether nothing is open any more.
func (s *sim) idle() bool {
	n := 0
	for _, node := range s.nodes {
		if node.life == nil || node.leftBy || node.adopts != nil {
			return false
		}
		g := node.life.g
		g.mu.Lock()
		n += len(g.open) + len(g.openIn)
		g.mu.Unlock()
	}
	have := s.store.Counts()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.phones {
		if p.whole.IsZero() {
			n++
		}
	}
	if n > 0 || have.Waiting+have.Due+have.Owed+have.Outstanding+have.Parts > 0 || s.waiting > 0 {
		return false
	}
	for _, m := range s.stored() { // those that await receipts may stand in a compact form
		if !m.State.Final() {
			return false
		}
	}
	return true
}

// count looks at everything; s.mu is held.
func (s *sim) count() {
	have := s.store.Counts()
	if have.Waiting+have.Due+have.Owed+have.Outstanding+have.Parts > 0 {
		s.wrongf("rows left in the spill tables: %+v", have)
	}
	if s.waiting > 0 {
		s.wrongf("%d receipts are not acknowledged", s.waiting)
	}
	for _, n := range s.nodes {
		if n.life == nil || n.life.dead {
			s.wrongf("node %d is not up, left by %t, taken over %t", n.num, n.leftBy, s.beingAdopted(n))
			return
		}
		for _, line := range leftOf(s.store, n.num) {
			s.wrongf("%s", line)
		}
	}
	byNumber := s.stored()
	for _, x := range s.fates {
		if m := byNumber[x.number]; m != nil {
			s.check(x, m)
		} else if len(x.ids) > 0 {
			s.wrongf("%s (%s) was accepted and is lost", x.number, x.ids[0])
		}
	}
	for _, p := range s.phones {
		switch {
		case p.whole.IsZero():
			s.wrongf("%s from a phone was not acknowledged", p.name)
		case len(p.told) == 0:
			s.wrongf("%s from a phone was acknowledged to the operator and told to nobody", p.name)
		}
	}
	s.lookAtMoney("at the end", true)
	s.logf("%d messages, %d lives, %d from phones, %d commits refused of who was taken over", len(byNumber), s.lives, len(s.phones), s.fenced)
}

// stored returns the messages that there are.
func (s *sim) stored() map[string]*message.Message {
	all, twice := byReference(s.t, s.store)
	for _, number := range twice {
		s.wrongf("%s was accepted twice", number)
	}
	return all
}

// check compares one message with what the world saw of it.
func (s *sim) check(x *simFate, m *message.Message) {
	bad := func(format string, args ...any) {
		s.wrongf("%s %s: %s; sent %v, again %d, told %v; log %s", x.number, m.ID, fmt.Sprintf(format, args...), x.sent, x.again, x.told, describe(m))
	}
	for _, id := range x.ids {
		if id != m.ID {
			bad("was told to be %s", id)
		}
	}
	if !m.State.Final() {
		bad("is %s", m.State)
		return
	}
	events, err := message.DecodeLog(m.Log, m.ID)
	if err != nil {
		bad("log: %v", err)
	}
	uncertain, taken, takenAt, failed, key := 0, 0, int64(0), false, ""
	for _, e := range events {
		switch e.Kind {
		case message.EventUncertain:
			uncertain++
		case message.EventTaken:
			taken++
			takenAt = e.At
			key = m.Links[0] + "/" + e.Text
		case message.EventFailed: // perhaps behind parts that were taken
			failed = true
		}
	}
	sent := 0
	for _, n := range x.sent {
		sent = max(sent, n)
	}
	switch {
	case sent > 1+x.again+uncertain, x.once && sent > 1+x.again: // 2
		bad("was sent too often")
	case sent == 0 && m.State != message.Expired && m.State != message.Deleted && !(x.once && m.State == message.Unknown): // 1
		bad("was never sent and is %s", m.State)
	case x.cancelled && m.State != message.Deleted:
		bad("was cancelled")
	case m.Owed:
		bad("is owed still")
	}
	last := m.ID.Time() // 4
	if x.sendAt.After(last) {
		last = x.sendAt
	}
	last = last.Add(x.validity + simReceiptWait)
	if s.calmAt.After(last) {
		last = s.calmAt
	}
	if at := time.UnixMilli(m.Final); at.After(last.Add(simSlack)) {
		bad("is final %s late", at.Sub(last))
	}
	if said, ok := s.said[key]; ok && taken == 1 && len(m.Links) == 1 && m.Parts <= 1 && // 5
		said.state != m.State && said.at.UnixMilli() < m.Final {
		bad("its receipt was acknowledged to the operator as %s", said.state)
	}
	if x.target.Kind == message.NoTarget { // 3
		return
	}
	if m.Receipts.Wants(m.State) && x.told[m.State] == 0 {
		bad("is %s and that was never told", m.State)
	}
	if taken > 0 && !failed && m.Final > takenAt && m.Receipts.Wants(message.Enroute) && x.told[message.Enroute]+x.told[message.Buffered] == 0 {
		bad("nobody was told that the operator took it")
	}
	for state, n := range x.told {
		if state.Final() && n > 0 && state != m.State {
			bad("was told to be %s and is %s", state, m.State)
		}
	}
}

// lookAtMoney looks whether acme's balance is what came less what messages cost, and not
// below zero; only at the latter while things happen. s.mu is held.
func (s *sim) lookAtMoney(when string, whole bool) {
	ctx := context.Background()
	balances, err := s.store.Balances(ctx)
	if err != nil {
		s.wrongf("%s: balances: %v", when, err)
	}
	b := balances["acme"]
	if b.Balance < 0 || b.Reserved < 0 || b.Charged < 0 {
		s.wrongf("%s: the balance is %+v", when, b)
	}
	if !whole {
		return
	}
	var came, reserved, charged message.Amount
	topUps, err := s.store.TopUps(ctx, "acme", 1000)
	if err != nil {
		s.wrongf("top-ups: %v", err)
	}
	keys := map[string]int{}
	for _, top := range topUps {
		came += message.Amount(top.Amount)
		keys[top.Key]++
	}
	for key := range s.topUps {
		if keys[key] != 1 {
			s.wrongf("what was paid in as %s is booked %d times", key, keys[key])
		}
	}
	for _, m := range s.stored() {
		if reservation, _, _ := billing.Ended(m); reservation != nil {
			r, c := moneyOf(s.t, m)
			reserved, charged = reserved+r, charged+c
		}
	}
	if reserved != 0 || b.Reserved != int64(reserved) || b.Charged != int64(charged) || b.Balance != int64(came-charged) {
		s.wrongf("%s: %s came, the messages cost %s and reserve %s, and the balance is %+v", when, came, charged, reserved, b)
	}
}
