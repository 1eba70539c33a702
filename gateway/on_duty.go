package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/rota"
)

// Rotas are those of the configuration in force.
func (g *Gateway) Rotas() *rota.Set { return g.snap.Load().Rotas }

// rota goes through who is on duty now. Nobody at all is a recipient that cannot be written to, so that no message is accepted
// to nobody.
func (a *addressing) rota(ctx context.Context, named, name string) error {
	p := a.g.Rotas().Find(a.m.Account, name)
	if p == nil {
		return a.bad(named, message.BadRecipient, "to", "there is no %s named %.80q", directory.RotaRecipient, name)
	}
	now := a.g.now()
	duty := p.OnDuty(now)
	if len(duty.Who) == 0 {
		return a.bad(named, message.BadRecipient, "to", "nobody is on duty in rota %.80q%s", name, again(p, now))
	}
	asking, err := a.escalates(ctx, p)
	if err != nil {
		return err
	}
	if asking != nil && a.g.escalationsFull() {
		return a.bad(named, message.Overloaded, "to", "%d escalations are open, and no more are begun; acknowledge some, or send to those on duty without the rota", escalationsMost)
	}
	a.asking, a.duty = asking, true
	defer func() { a.asking, a.duty = nil, false }()
	for _, who := range duty.Who {
		if err := a.recipient(ctx, named, who); err != nil {
			return err
		}
	}
	if a.found == 0 { // groups without members
		return a.bad(named, message.BadRecipient, "to", "nobody is in what is on duty in rota %.80q", name)
	}
	return nil
}

// again says when somebody is on duty again.
func again(p *rota.Plan, now time.Time) string {
	next, ok := p.Next(now)
	if !ok || next.Gap() {
		return ""
	}
	return "; somebody is from " + next.From.Format(time.RFC3339) + " on"
}

// onDutyNow puts those who are on duty now in the place of rotas, so that what is sent later goes to them. A rota in which
// nobody is stays, and is refused when it is looked at.
func (g *Gateway) onDutyNow(m *Mailing) *Mailing {
	c := *m
	c.To = nil
	for _, to := range m.To {
		kind, name := directory.ParseRecipient(to.To)
		var who []string
		if p := g.Rotas().Find(m.Account, name); kind == directory.RotaRecipient && p != nil {
			who = p.OnDuty(g.now()).Who
		}
		if len(who) == 0 {
			who = []string{to.To}
		}
		for _, one := range who {
			to.To = one
			c.To = append(c.To, to)
		}
	}
	return &c
}

// byRota forwards what was written to a number that is a rota's to whoever is on duty there. Where nobody is, or where a rule has given
// the message to another account, it goes where others of the account go.
func (s *Snapshot) byRota(l *lookup) bool {
	p := s.Rotas.ByNumber(l.in.To.Number)
	if p == nil || p.Rota.Account != l.in.Account || len(p.OnDuty(l.at).Who) == 0 {
		return false
	}
	name := rota.Prefix + p.Rota.Name
	l.in.Rule = name
	l.in.Targets = append(l.in.Targets, message.Target{Kind: message.ForwardTarget, Account: l.in.Account, Address: name + "\n" + defaultForward})
	return true
}

// explainRota tells what byRota makes of a message whose receiver has been looked up; false where its number is no rota's.
func (s *Snapshot) explainRota(in *message.Inbound, at time.Time) (Step, bool) {
	p := s.Rotas.ByNumber(in.To.Number)
	if p == nil {
		return Step{}, false
	}
	name := rota.Prefix + p.Rota.Name
	takes := func(t message.Target) bool { return strings.HasPrefix(t.Address, name+"\n") }
	step := Step{Name: name, Matched: slices.ContainsFunc(in.Targets, takes), Why: "something else takes what is written to the number of the rota"}
	switch who := p.OnDuty(at).Who; {
	case step.Matched:
		step.Why = fmt.Sprintf("the number is the rota's, where %s is on duty", strings.Join(who, ", "))
	case len(who) == 0:
		step.Why = "the number is the rota's, and nobody is on duty there" + again(p, at)
	case p.Rota.Account != in.Account:
		step.Why = "the number is the rota's, and the message another account's"
	}
	return step, true
}
