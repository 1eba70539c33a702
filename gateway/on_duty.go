package gateway

import (
	"context"
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
