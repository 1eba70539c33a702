package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kurir/message"
	"kurir/rota"
	"kurir/store"
)

// heardOf looks whether a message from a phone is the answer to an escalation, of those that the phone was asked of the one that
// asked last. The acknowledgement is in the gather with the message. g.mu is held.
func (g *Gateway) heardOf(snap *Snapshot, in *message.Inbound, now time.Time) {
	if len(g.escalations.asked) == 0 {
		return
	}
	phone := snap.phoneOf(in)
	var newest *escalation
	for _, e := range g.escalations.asked[phone] {
		if e.body.State.Over() || !e.sent(now) || in.Account != "" && in.Account != e.Account || !e.body.Plan.Says(in.Content.Text) {
			continue
		}
		if newest == nil || cmp.Or(e.body.State.Until.Compare(newest.body.State.Until), cmp.Compare(e.ID, newest.ID)) > 0 {
			newest = e
		}
	}
	if newest != nil {
		g.ackEscalation(newest, rota.Event{Kind: rota.Answered, At: now, Who: phone, Text: in.Content.Text})
	}
}

// withoutEscalation has a message from a phone begin none where it is somebody's answer to one: it begins with an agreed word, or
// the phone is being asked.
func (g *Gateway) withoutEscalation(snap *Snapshot, in *message.Inbound, phones []Addressed) {
	if !slices.ContainsFunc(phones, func(p Addressed) bool { return p.Escalates != nil }) {
		return
	}
	g.mu.Lock()
	answers := g.escalations.anySent(snap.phoneOf(in), g.now())
	g.mu.Unlock()
	for i := range phones {
		if q := phones[i].Escalates; q != nil && (answers || q.begins.plan.Says(in.Content.Text)) {
			phones[i].Escalates = nil
		}
	}
}

// phoneOf gives the number of a phone that has written, as those who are asked are known by.
func (s *Snapshot) phoneOf(in *message.Inbound) string {
	country := s.Country
	if a := s.Accounts.ByName(in.Account); a != nil {
		country = cmp.Or(a.Country, country)
	}
	phone, _ := phoneOf(in.From, country)
	return phone.Number
}

// ackEscalation books that somebody has taken one that this gateway or another has. g.mu is held.
func (g *Gateway) ackEscalation(e *escalation, event rota.Event) {
	if !e.foreign {
		g.acknowledged(e, event)
		return
	}
	e.body.State, _ = e.body.Plan.Next(e.body.State, event)
	g.escalations.acked[e.ID] = event.At
	at := event.At.UnixMilli()
	g.cur.EscalationsAcked = append(g.cur.EscalationsAcked, store.Escalation{ID: e.ID, Acked: at, AckedBy: event.Who, Changed: at})
}

// acknowledged books that somebody has taken one that is this gateway's.
func (g *Gateway) acknowledged(e *escalation, event rota.Event) {
	s, acts := e.body.Plan.Next(e.body.State, event)
	if !s.Over() || e.body.State.Over() {
		return
	}
	e.body.State = s
	for _, act := range acts {
		if act.Kind == rota.Tell {
			e.body.Tell = act.Who
		}
	}
	e.Acked, e.AckedBy, e.again = event.At.UnixMilli(), s.By, time.Time{}
	g.log.Info("a message is taken", "escalation", e.ID, "rota", e.Rota, "account", e.Account, "asked", len(s.Asked))
	g.writeEscalation(e, event.At)
}

// Escalation is one as it stands.
type Escalation struct {
	ID            message.ID // of its first message
	Account, Rota string
	State         EscalationState
	Began         time.Time
	Until         time.Time // when those asked last had their time; zero when it is over
	Ended         time.Time // zero while it is open
	By            string    // who has taken it: a name, number, account or address
	Taken         time.Time
	Steps         []EscalationStep
	names         escalationBody
}

// Name is how somebody who was asked is called.
func (e *Escalation) Name(who string) string { return e.names.name(who) }

// EscalationState is where one stands.
type EscalationState string

// The states.
const (
	EscalationAsking    EscalationState = "asking"
	EscalationTaken     EscalationState = "acknowledged"
	EscalationExhausted EscalationState = "exhausted" // everybody was asked in vain
	EscalationStopped   EscalationState = "stopped"   // cancelled before it was sent, or open in a copy of the database that was restored
)

func viewEscalation(row *store.Escalation) (*Escalation, error) {
	var body escalationBody
	if err := json.Unmarshal(row.Body, &body); err != nil {
		return nil, fmt.Errorf("read escalation %s: %w", row.ID, err)
	}
	e := &Escalation{ID: row.ID, Account: row.Account, Rota: row.Rota, State: EscalationAsking, Began: row.ID.Time(), Steps: body.Steps, names: body}
	if row.Ended != 0 {
		e.Ended = time.UnixMilli(row.Ended)
	}
	switch {
	case row.Acked != 0:
		e.State, e.By, e.Taken = EscalationTaken, body.name(row.AckedBy), time.UnixMilli(row.Acked)
	case body.State.Phase == rota.Exhausted:
		e.State = EscalationExhausted
	case row.Ended != 0:
		e.State = EscalationStopped
	default:
		e.Until = body.State.Until
	}
	return e, nil
}

// escalationsShown is how many are listed, the newest.
const escalationsShown = 10_000

// Escalations returns the escalations of an account (all for the empty one), newest first.
func (g *Gateway) Escalations(ctx context.Context, account string) ([]*Escalation, error) {
	rows, err := g.store.Escalations(ctx, store.EscalationFilter{Account: account, Limit: escalationsShown})
	if err != nil {
		return nil, err
	}
	list := make([]*Escalation, 0, len(rows))
	for i := range rows {
		e, err := viewEscalation(&rows[i])
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// Escalation returns one of an account's (any for the empty one). The error is ErrNotFound for an unknown id and for somebody
// else's.
func (g *Gateway) Escalation(ctx context.Context, account string, id message.ID) (*Escalation, error) {
	rows, err := g.store.Escalations(ctx, store.EscalationFilter{ID: id, Account: account})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || id == 0 {
		return nil, ErrNotFound
	}
	return viewEscalation(&rows[0])
}

// AcknowledgeEscalation says that by, the name of an account or an address of mail, say, has taken one, and returns when that is on
// disk. Of one that is over it changes nothing. The errors are those of Escalation, and a *message.Failure when it cannot be written
// now.
func (g *Gateway) AcknowledgeEscalation(ctx context.Context, account string, id message.ID, by string) (*Escalation, error) {
	if e, err := g.Escalation(ctx, account, id); err != nil || e.State != EscalationAsking {
		return e, err
	}
	event := rota.Event{Kind: rota.Acknowledge, At: g.now(), Who: by}
	g.mu.Lock()
	if g.full != nil {
		defer g.mu.Unlock()
		return nil, g.refusal()
	}
	if e := g.escalations.open[id]; e != nil {
		g.ackEscalation(e, event)
	} else { // of another gateway, begun just now
		at := event.At.UnixMilli()
		g.cur.EscalationsAcked = append(g.cur.EscalationsAcked, store.Escalation{ID: id, Acked: at, AckedBy: by, Changed: at})
	}
	done := g.onDisk()
	g.mu.Unlock()
	g.signal()
	if err := settledBy(ctx, done); err != nil {
		return nil, err
	}
	return g.Escalation(ctx, account, id)
}

// AnswerEscalation says that by has taken the escalation that a message from a phone began, if a text, an answer by mail to that message,
// begins with an agreed word; taken tells whether somebody has. The error is a *message.Failure when it cannot be written now.
func (g *Gateway) AnswerEscalation(ctx context.Context, account string, inbound message.ID, by, text string) (taken bool, err error) {
	var id message.ID
	g.mu.Lock()
	for _, e := range g.escalations.open {
		if e.Account == account && e.body.Of == inbound.String() && !e.body.State.Over() && e.body.Plan.Says(text) {
			id = e.ID
		}
	}
	g.mu.Unlock()
	if id == 0 {
		return false, nil
	}
	_, err = g.AcknowledgeEscalation(ctx, account, id, by)
	return err == nil, err
}

// ownEscalations counts those that are open and this gateway's. g.mu is held.
func (g *Gateway) ownEscalations() (n int) {
	for _, e := range g.escalations.open {
		if !e.foreign {
			n++
		}
	}
	return n
}
