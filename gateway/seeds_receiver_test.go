package gateway

import (
	"fmt"
	"slices"
	"time"

	"kurir/message"
)

// simReceiver is what customers are told by.
type simReceiver struct {
	l    *simLife
	kind message.TargetKind
}

// Limit implements Receiver.
func (r *simReceiver) Limit(account string) int {
	s := r.l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.kind == message.SMPPTarget && !r.l.here[account] {
		return 0
	}
	return 4
}

// Deliver implements Receiver.
func (r *simReceiver) Deliver(account string, items []*Item) {
	l, s := r.l, r.l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.dead {
		return
	}
	for _, it := range items {
		if it.Inbound != nil {
			s.toldInbound(l, fmt.Sprint(l.number, account, l.session[account]), it.Inbound)
		} else {
			s.toldState(l, it)
		}
		s.after(r.verdictAfter(it), func() { r.verdict(account, it) })
	}
}

func (r *simReceiver) about(it *Item) (what string, n int) {
	s := r.l.s
	if it.Inbound != nil {
		return it.Inbound.Content.Text, it.Tries
	}
	return it.Message.Reference + it.State.String(), s.byNumber[it.Message.Reference].told[it.State]
}

func (r *simReceiver) verdictAfter(it *Item) time.Duration {
	s := r.l.s
	what, n := r.about(it)
	if s.luck(100, "verdict late", what, n) < 15 && !s.quiet {
		return time.Duration(s.luck(3000, "verdict after", what, n)) * time.Millisecond
	}
	return time.Duration(s.luck(60, "verdict after", what, n)) * time.Millisecond
}

// verdict answers an item.
func (r *simReceiver) verdict(account string, it *Item) {
	l, s := r.l, r.l.s
	s.mu.Lock()
	if l.dead {
		s.mu.Unlock()
		return
	}
	v := Acknowledged
	what, n := r.about(it)
	switch luck := s.luck(100, "verdict", what, n); {
	case s.quiet:
	case luck < 8:
		v = TryLater
	case luck < 13 && r.kind == message.SMPPTarget:
		v = NobodyThere
	}
	if r.kind == message.SMPPTarget && !l.here[account] {
		v = NobodyThere
	}
	if it.Message != nil {
		x := s.byNumber[it.Message.Reference]
		delete(x.inFlight, it.State)
		delete(x.settled, it.State)
		if v == Acknowledged {
			x.settled[it.State] = l
		}
	}
	s.logf("node %d verdict %s %d", l.node.num, what, v)
	s.mu.Unlock()
	l.g.Delivered([]Delivered{{Item: it, Verdict: v}})
}

// toldState looks at a state that is told; s.mu is held.
func (s *sim) toldState(l *simLife, it *Item) {
	x := s.byNumber[it.Message.Reference]
	s.logf("node %d told %s %s", l.node.num, x.number, it.State)
	by, settled := x.settled[it.State]
	at, inFlight := x.inFlight[it.State]
	switch {
	case inFlight && !at.dead:
		s.wrongf("%s is told %s twice at the same time, at nodes %d and %d", x.number, it.State, at.node.num, l.node.num)
	case settled && !by.dead:
		s.wrongf("%s is told %s again after it was acknowledged at node %d", x.number, it.State, by.node.num)
	}
	for other, by := range x.settled {
		if !it.State.Final() && other.Final() && !by.dead {
			s.wrongf("%s is told %s behind its final state", x.number, it.State)
		}
	}
	for other, by := range x.inFlight {
		if it.State.Final() != other.Final() && !by.dead {
			s.wrongf("%s is told %s beside %s", x.number, it.State, other)
		}
	}
	x.inFlight[it.State] = l
	x.told[it.State]++
}

// toldInbound looks at a message from a phone that is told in a session; s.mu is held.
func (s *sim) toldInbound(l *simLife, session string, in *message.Inbound) {
	s.logf("node %d told inbound %s %s", l.node.num, in.ID, in.Content.Text)
	i := slices.IndexFunc(s.phones, func(p *simPhone) bool { return p.all() == in.Content.Text })
	if i < 0 {
		s.wrongf("%q was told, and no phone sent it", in.Content.Text)
		return
	}
	p := s.phones[i]
	if p.told[in.ID]++; p.session != "" {
		return
	}
	p.session = session
	for _, q := range s.phones {
		if q.from == p.from && q.session == session && q != p && !p.whole.IsZero() && p.whole.Before(q.begun) {
			s.wrongf("%s from a phone is told behind %s, which came later", p.name, q.name)
		}
	}
}
