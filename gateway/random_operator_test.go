package gateway

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kurir/connector"
	"kurir/message"
)

// Run implements connector.Connector.
func (l *chaosLink) Run(context.Context, connector.Core) {}

// Stats implements connector.Connector.
func (l *chaosLink) Stats() []connector.SessionStats { return nil }

// Send implements connector.Connector.
func (l *chaosLink) Send(session uint32, out []*connector.Outgoing) (refused []*connector.Outgoing) {
	c := l.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.life != c.life {
		return nil
	}
	s := l.sessions[session]
	if s == nil {
		return out
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
	return nil
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
			c.box.sent[text] = c.box.sent[text] || to == "4622222"
			c.strike()
		}
	})
}

// --- receivers
