package gateway

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"kurir/alarm"
	"kurir/message"
	"kurir/rota"
)

const (
	escalationEvery    = time.Second
	escalationAgain    = 2 * time.Second // until what was refused for now is tried again
	escalationPatience = 5 * time.Minute // after which those who are refused for now have not been reached
	escalationLooks    = 200             // of which the messages are looked at in one go
	toldText           = 60              // characters of the message that those hear who are told who has taken it
)

// runEscalations asks who is next, until ctx ends.
func (g *Gateway) runEscalations(ctx context.Context) {
	t := time.NewTicker(escalationEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		if err := g.escalate(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("look at escalations", "error", err)
		}
	}
}

// escalate looks at all that are open once.
func (g *Gateway) escalate(ctx context.Context) error {
	g.mu.Lock()
	stuck, since := g.full != nil || g.clockHeld(), g.escalations.read
	g.mu.Unlock()
	if stuck {
		return nil
	}
	if g.opt.Shared {
		if err := g.readEscalations(ctx, since); err != nil {
			return err
		}
	}
	g.mu.Lock()
	none := g.ownEscalations() == 0
	g.forgetEnded(g.now())
	g.mu.Unlock()
	if none {
		return nil
	}
	if err := g.lookAtAsked(ctx); err != nil {
		return err
	}
	for _, subs := range g.nextAsked(g.now()) {
		g.Accept(subs, func(results []Result) { g.settleAsking(subs, results) })
	}
	return nil
}

// forgetEnded forgets what is on disk and has been read since. g.mu is held.
func (g *Gateway) forgetEnded(now time.Time) {
	old := func(_ message.ID, at time.Time) bool { return now.Sub(at) > time.Minute }
	maps.DeleteFunc(g.escalations.ended, old)
	maps.DeleteFunc(g.escalations.acked, old)
}

// lookAtAsked notes which messages have not arrived, of some escalations, the next time of others.
func (g *Gateway) lookAtAsked(ctx context.Context) error {
	list := g.waitingMessages()
	if len(list) == 0 {
		return nil
	}
	messages, err := g.store.MessagesByID(ctx, slices.Collect(maps.Keys(list)))
	if err != nil {
		return err
	}
	now, later := g.now(), map[*escalation]*plans{}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range messages {
		e := list[m.ID]
		if len(e.body.Steps) == 1 {
			if later[e] == nil {
				later[e] = &plans{}
			}
			later[e].note(e, m)
		}
		if m.State.Final() && m.State != message.Delivered && m.State != message.Sent {
			e.notArrived(m.ID, m.State.String())
		}
	}
	for e, p := range later {
		if !e.body.State.Over() {
			g.replan(e, p, now)
		}
	}
	return nil
}

// waitingMessages gives the messages of those asked last whose answer can come, by the escalation.
func (g *Gateway) waitingMessages() map[message.ID]*escalation {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := slices.Sorted(maps.Keys(g.escalations.open))
	from, _ := slices.BinarySearch(ids, g.escalations.next+1)
	list := map[message.ID]*escalation{}
	for i := range min(len(ids), escalationLooks) {
		e := g.escalations.open[ids[(from+i)%len(ids)]]
		g.escalations.next = e.ID
		if e.foreign || e.asking != nil || e.body.State.Over() {
			continue
		}
		for _, a := range e.body.Steps[len(e.body.Steps)-1].Asked {
			if a.ID != 0 && a.Failed == "" {
				list[a.ID] = e
			}
		}
	}
	return list
}

// notArrived notes that a message of the last step did not reach anybody.
func (e *escalation) notArrived(id message.ID, why string) {
	last := &e.body.Steps[len(e.body.Steps)-1]
	if i := slices.IndexFunc(last.Asked, func(a EscalationAsked) bool { return a.ID == id }); i >= 0 {
		last.Asked = slices.Clone(last.Asked)
		last.Asked[i].Failed = why
	}
}

// failed tells whether somebody who was asked last got none of his messages.
func (e *escalation) failed(who string) bool {
	had := false
	for _, a := range e.body.Steps[len(e.body.Steps)-1].Asked {
		if a.Who == who && a.Failed == "" {
			return false
		}
		had = had || a.Who == who
	}
	return had
}

// nextAsked does what there is to do for all that are open, and returns what is to be sent for them.
func (g *Gateway) nextAsked(now time.Time) (list [][]*Submission) {
	snap := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(g.escalations.open)) {
		e := g.escalations.open[id]
		if e.foreign || e.asking != nil || now.Before(e.again) {
			continue
		}
		var q *Asking
		var who []string
		if e.body.State.Over() {
			q, who = &Asking{e: e, tells: true}, e.body.Tell
		} else {
			q, who = g.nextStep(e, now)
		}
		if q == nil {
			continue
		}
		if subs := g.asksOf(snap, e, q, who); len(subs) > 0 {
			e.asking = q
			list = append(list, subs)
		}
	}
	g.signal()
	return list
}

// nextStep gives who is to be asked next; nil for nobody yet. When all were asked in vain it ends the escalation.
func (g *Gateway) nextStep(e *escalation, now time.Time) (*Asking, []string) {
	s, acts := e.body.State, []rota.Act(nil)
	for _, who := range e.body.State.Waiting {
		if e.failed(who) && len(acts) == 0 {
			s, acts = e.body.Plan.Next(s, rota.Event{Kind: rota.Failed, At: now, Who: who})
		}
	}
	if len(acts) == 0 {
		s, acts = e.body.Plan.Next(s, rota.Event{Kind: rota.Timer, At: now})
	}
	for _, act := range acts {
		switch act.Kind {
		case rota.Ask:
			return &Asking{e: e, next: s, step: EscalationStep{At: now, Until: s.Until, Round: s.Round, Step: s.Step}}, act.Who
		case rota.GiveUp:
			g.nobodyAnswers(e, s, now)
		}
	}
	return nil, nil
}

// nobodyAnswers ends an escalation that nobody has answered. The alarm comes first: written twice it is one.
func (g *Gateway) nobodyAnswers(e *escalation, s rota.State, now time.Time) {
	g.opt.Alarms.Note(now, alarm.Escalation, e.Account+" rota "+e.Rota,
		alarm.Say("escalation", e.ID, e.Rota, e.Account, len(s.Asked)))
	g.log.Warn("nobody has taken a message", "escalation", e.ID, "rota", e.Rota, "account", e.Account, "asked", len(s.Asked))
	e.body.State = s
	g.writeEscalation(e, now)
}

// asksOf makes the messages of a step, or those by which people hear who has taken it. One that cannot be made any more ends as
// if nobody had answered.
func (g *Gateway) asksOf(snap *Snapshot, e *escalation, q *Asking, who []string) []*Submission {
	common, err := decodeEscalation(e.Request)
	account := snap.Accounts.ByName(e.Account)
	if err == nil && account == nil {
		err = fmt.Errorf("the account %s is not there any more", e.Account)
	}
	if err != nil {
		g.log.Error("an escalation ends", "escalation", e.ID, "rota", e.Rota, "account", e.Account, "error", err)
		if q.tells {
			e.body.Tell = nil
			g.writeEscalation(e, g.now())
			return nil
		}
		s := e.body.State
		s.Phase = rota.Exhausted
		g.nobodyAnswers(e, s, g.now())
		return nil
	}
	common.Account, common.Reference, common.Batch, common.Escalates = account, e.ID.String(), len(who) > 1, q
	if q.tells {
		common.Content, common.MaxParts = message.Content{Text: e.tells(common), Class: -1}, 0 // the author's bound is that of his own text
	}
	subs := make([]*Submission, len(who))
	for i := range who {
		s := *common
		s.To = "+" + who[i]
		subs[i] = &s
	}
	return subs
}

// tells is the text by which those who were asked hear who has taken it.
func (e *escalation) tells(s *Submission) string {
	text := s.Content.Text
	if s.Secret {
		text = e.ID.String()
	}
	if utf8.RuneCountInString(text) > toldText {
		text = string([]rune(text)[:toldText]) + "..."
	}
	ladder := rota.Ladder{Told: e.body.Told}
	return ladder.Tells(e.body.name(e.body.State.By), text)
}

// settleAsking books what became of the messages of a later step.
func (g *Gateway) settleAsking(subs []*Submission, results []Result) {
	now := g.now()
	q := subs[0].Escalates
	e := q.e
	g.mu.Lock()
	defer g.mu.Unlock()
	e.asking = nil
	defer g.forgetEscalation(e, now)
	if e.Ended != 0 && q.in > 0 {
		e.failing = time.Time{}
		return
	}
	why, refused := refusedOf(results)
	if refused == len(results) && q.in == 0 && why.Kind.Temporary() {
		if e.failing.IsZero() {
			e.failing = now
		}
		if now.Sub(e.failing) < escalationPatience {
			e.again = now.Add(escalationAgain)
			return
		}
	}
	e.failing = time.Time{}
	if q.in == 0 { // nobody can be asked, so that the next is
		e.enter(q)
		g.indexEscalation(e)
	}
	if !q.tells {
		last := &e.body.Steps[len(e.body.Steps)-1]
		for i := range results {
			if f := results[i].Failure; f != nil {
				last.Asked = append(slices.Clip(last.Asked), EscalationAsked{Who: subs[i].To[1:], Failed: f.Kind.Code()})
			}
		}
	}
	if refused > 0 {
		g.log.Warn("some are not asked", "escalation", e.ID, "rota", e.Rota, "account", e.Account, "messages", refused, "reason", why.Kind.Code())
		if g.full == nil {
			g.writeEscalation(e, now)
			g.signal()
		}
	} else if !q.tells {
		g.log.Info("the next are asked", "escalation", e.ID, "rota", e.Rota, "account", e.Account, "step", q.step.Step+1, "asked", len(subs))
	}
}
