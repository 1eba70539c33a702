package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
)

// Asking is what submissions have in common that one step of an escalation sends: those by which a message to a rota begins it, or
// later ones. It is made by Gateway.Address, and used for one request.
type Asking struct {
	begins *ladderOf   // of the first step
	e      *escalation // nil until a message is let in that begins it
	tells  bool        // it tells who has taken it
	next   rota.State  // of later steps
	step   EscalationStep

	// Under the gateway's lock, once its messages are being let in.
	in     int // messages that are
	before escalationBody
}

// ladderOf is what an escalation is made of.
type ladderOf struct {
	rota  string
	told  string
	plan  rota.Escalation // its first step has nobody yet
	names map[string]string
}

// askedMessage is a message of an Asking, and who gets it.
type askedMessage struct {
	of  *Asking
	who string // phone, without +
	sub *Submission
}

// escalates prepares the escalation of a rota, with the phones that its steps stand for now. It is nil when there is none.
func (a *addressing) escalates(ctx context.Context, p *rota.Plan) (*Asking, error) {
	ladder := &p.Rota.Escalation
	if a.plain || !ladder.Escalates() {
		return nil, nil
	}
	b := &ladderOf{rota: p.Rota.Name, told: ladder.Told, names: map[string]string{}}
	b.plan = rota.Escalation{Words: ladder.Words, Rounds: ladder.Rounds, Steps: ladder.Steps()}
	left := rota.MaxAsked
	for i := range ladder.Then {
		who, err := a.asked(ctx, ladder.Then[i].Who, min(left, rota.MaxStepMembers), b.names)
		if err != nil {
			return nil, err
		}
		left -= len(who)
		b.plan.Steps[i+1].Who = who
	}
	return &Asking{begins: b}, nil
}

// asked gives the phones of a step, at most so many, and notes the names of contacts. Who cannot be written to is left out.
func (a *addressing) asked(ctx context.Context, members []string, most int, names map[string]string) (phones []string, err error) {
	m := &Mailing{Account: a.m.Account}
	for _, who := range members {
		m.To = append(m.To, MailTo{To: who})
	}
	err = a.g.address(ctx, m, true, func(one Addressed) error {
		if one.Failure != nil {
			return nil
		}
		if len(phones) == most {
			return errEnough
		}
		if n, err := a.normal(one.To); err == nil {
			phones = append(phones, n.Number)
			if one.Name != "" {
				names[n.Number] = one.Name
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		a.g.log.Warn("an escalation asks some only", "account", a.m.Account, "to", members[0], "most", most)
		err = nil
	}
	return phones, err
}

// escalationsFull tells whether no escalation can begin.
func (g *Gateway) escalationsFull() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.escalations.open) >= escalationsMost
}

// addAsked adds what a submission is of an Asking to a list of those before it, which is nil as long as there is none.
func (s *Snapshot) addAsked(list []*askedMessage, before int, sub *Submission, m *message.Message) []*askedMessage {
	if sub.Escalates == nil {
		return list
	}
	list = append(list, make([]*askedMessage, before-len(list))...)
	who := m.To.Number
	if n, err := route.Normalise(sub.To, cmp.Or(sub.Account.Country, s.Country)); sub.To != "" && err == nil {
		who = n.Number
	}
	return append(list, &askedMessage{sub.Escalates, who, sub})
}

// asks books a message that is being let in as one of an Asking: the gather that accepts it has what follows for the escalation.
// g.mu is held.
func (g *Gateway) asks(a *askedMessage, m *message.Message, now time.Time) {
	q := a.of
	if q.in++; q.in == 1 && !g.beginAsking(a, m, now) {
		q.in = 0
		return
	}
	e := q.e
	if !q.tells {
		step := &e.body.Steps[len(e.body.Steps)-1]
		step.Asked = append(slices.Clip(step.Asked), EscalationAsked{Who: a.who, ID: m.ID})
	}
	if q.begins != nil {
		g.askAtFirst(e, a.who)
	}
	if !q.tells {
		e.tellToo(a.who)
	}
	g.writeEscalation(e, now)
}

// tellToo has somebody told who is asked at the moment when another has taken it.
func (e *escalation) tellToo(who string) {
	if s := &e.body.State; s.Phase == rota.Acknowledged && who != s.By && !slices.Contains(e.body.Tell, who) {
		e.body.Tell, e.Ended = append(slices.Clip(e.body.Tell), who), 0
	}
}

// beginAsking enters the state that a step brings; false if the request cannot be kept.
func (g *Gateway) beginAsking(a *askedMessage, m *message.Message, now time.Time) bool {
	q := a.of
	if q.begins == nil {
		q.before = q.e.body
		q.e.enter(q)
		g.indexEscalation(q.e)
		return true
	}
	request, err := encodeEscalation(a.sub)
	if err != nil {
		g.log.Error("an escalation does not begin", "rota", q.begins.rota, "account", m.Account, "error", err)
		return false
	}
	b := q.begins
	e := &escalation{asking: q}
	e.ID, e.Account, e.Rota, e.Request = m.ID, m.Account, b.rota, request
	e.body = escalationBody{Plan: b.plan, Told: b.told, Names: b.names, Of: a.sub.Reference}
	e.body.Plan.Steps = slices.Clone(b.plan.Steps)
	e.body.Plan.Steps[0].Who = []string{a.who}
	at := now
	if m.SendAt != 0 {
		at = time.UnixMilli(m.SendAt)
	}
	e.body.State, _ = e.body.Plan.Next(rota.State{}, rota.Event{Kind: rota.Start, At: at})
	e.body.Steps = []EscalationStep{{At: at, Until: e.body.State.Until}}
	q.e = e
	g.openEscalation(e)
	return true
}

// askAtFirst adds somebody to those who are on duty.
func (g *Gateway) askAtFirst(e *escalation, who string) {
	first := &e.body.Plan.Steps[0]
	if slices.Contains(first.Who, who) {
		return
	}
	first.Who = append(slices.Clip(first.Who), who)
	s := &e.body.State
	s.Asked, s.Waiting = append(slices.Clip(s.Asked), who), append(slices.Clip(s.Waiting), who)
	g.indexEscalation(e)
}

// enter makes the state what a step brings. Somebody may have taken it while that was on its way.
func (e *escalation) enter(q *Asking) {
	if q.tells {
		e.body.Tell = nil
		return
	}
	if !e.body.State.Over() {
		e.body.State = q.next
	}
	steps := append(slices.Clip(e.body.Steps), q.step)
	e.body.Steps = steps[max(0, len(steps)-escalationHistory):]
}

// unasked takes a message that was let in and is refused after all out of a gather's rows of escalations. g.mu is held.
func (g *Gateway) unasked(b *gather, a *askedMessage, id message.ID) {
	if a == nil || a.of.e == nil || a.of.in == 0 {
		return
	}
	q, e := a.of, a.of.e
	q.in--
	if !q.tells {
		e.takeOut(id, a.who, q.begins != nil)
	}
	switch {
	case q.in > 0:
		g.writeEscalation(e, g.now())
	case q.begins != nil:
		b.withoutEscalation(e.ID)
		g.cur.withoutEscalation(e.ID)
		g.closeEscalation(e)
		q.e = nil
	case q.tells:
		e.body.Tell, e.Ended = q.before.Tell, 0
		b.withoutEscalation(e.ID)
		g.writeEscalation(e, g.now())
	case e.body.State.Over():
		b.withoutEscalation(e.ID)
		g.writeEscalation(e, g.now())
	default:
		e.body = q.before
		b.withoutEscalation(e.ID)
		g.cur.withoutEscalation(e.ID)
	}
}

// unaskedAll is unasked for all messages of an acceptance.
func (g *Gateway) unaskedAll(b *gather, a *acceptance) {
	for i, asked := range a.asks {
		g.unasked(b, asked, a.entries[i].m.ID)
	}
}

// takeOut takes a message out of the last step, and at first who was to get it.
func (e *escalation) takeOut(id message.ID, who string, first bool) {
	last := &e.body.Steps[len(e.body.Steps)-1]
	last.Asked = slices.DeleteFunc(slices.Clone(last.Asked), func(a EscalationAsked) bool { return a.ID == id })
	if slices.ContainsFunc(last.Asked, func(a EscalationAsked) bool { return a.Who == who }) {
		return
	}
	without := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(other string) bool { return other == who })
	}
	if first || !slices.Contains(e.body.State.Asked, who) {
		e.body.Tell = without(e.body.Tell)
	}
	if !first {
		return
	}
	e.body.Plan.Steps[0].Who, e.body.State.Waiting = without(e.body.Plan.Steps[0].Who), without(e.body.State.Waiting)
}

// begun books that what begins escalations has been accepted, or refused.
func (g *Gateway) begun(subs []*Submission, done Done) Done {
	if !slices.ContainsFunc(subs, func(s *Submission) bool { return s.Escalates != nil && s.Escalates.begins != nil }) {
		return done
	}
	return func(results []Result) {
		g.mu.Lock()
		for _, s := range subs {
			if q := s.Escalates; q != nil && q.begins != nil && q.e != nil && q.e.asking == q {
				q.e.asking = nil
				g.log.Info("an escalation begins", "escalation", q.e.ID, "rota", q.e.Rota, "account", q.e.Account, "asked", len(q.e.body.State.Asked))
				g.forgetEscalation(q.e, g.now())
			}
		}
		g.mu.Unlock()
		done(results)
	}
}

// nameOf is the name of a contact; nil has none.
func nameOf(c *directory.Contact) string {
	if c == nil {
		return ""
	}
	return c.Name
}
