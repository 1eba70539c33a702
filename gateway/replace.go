package gateway

import (
	"context"
	"errors"
	"time"

	"kurir/account"
	"kurir/message"
)

// Replacement is what a customer wants of a message to be other than it was
// (SMPP 3.4 4.10).
type Replacement struct {
	Account  *account.Account
	Content  *message.Content // nil keeps it
	SendAt   time.Time        // zero keeps it; a time that has passed sends the message at once
	Validity time.Duration    // from when the message is sent; 0 keeps the end that it has
	Receipts *message.Receipts
	Target   message.Target // where states go if Receipts asks for some and there is no target; its Account is filled in
	Secret   bool           // makes the message secret, if it was not
	// AtOperator is for a message that an operator has, too: he is asked if its
	// link may (LinkSettings.Replace). Else only one that waits is replaced.
	AtOperator bool
}

// ReplaceMessage changes a message that no session has been granted yet, or one
// that its operator replaces (Replacement.AtOperator), and returns it as it is then, when that is on disk. Its id, addresses and route
// stay; so does its place among those that wait, unless it is to be sent at
// another time. The failure says why it cannot be replaced, ErrNotFound that
// there is none, as Message's.
func (g *Gateway) ReplaceMessage(ctx context.Context, id message.ID, r *Replacement) (*message.Message, error) {
	m, done, err := g.replace(ctx, id, r)
	if f := refusedFor(err); f != nil && r.AtOperator {
		return g.replaceAtOperator(ctx, id, r, f)
	}
	if err != nil {
		return nil, err
	}
	return m, settledBy(ctx, done)
}

// ReplaceEach replaces those messages that ReplaceMessage would, all of them
// with few commits, and returns how many they were. The error is about the
// first that could not be tried, or that cannot be as it is wanted. Operators
// are asked for one after the other.
func (g *Gateway) ReplaceEach(ctx context.Context, ids []message.ID, r *Replacement) (int, error) {
	if f := g.snap.Load().mayReplace(r, g.now()); f != nil {
		return 0, f
	}
	refused := map[message.ID]*message.Failure{}
	n, err := each(ctx, ids, func(id message.ID) (<-chan error, error) {
		_, done, err := g.replace(ctx, id, r)
		if f := refusedFor(err); f != nil && r.AtOperator {
			refused[id] = f
		}
		return done, err
	})
	for _, id := range ids {
		f := refused[id]
		if f == nil || err != nil {
			continue
		}
		if _, err = g.replaceAtOperator(ctx, id, r, f); err == nil {
			n++
		} else if refusedFor(err) != nil {
			err = nil
		}
	}
	return n, err
}

// refusedFor returns why a message cannot be changed as it stands; nil if that
// is not what an error says.
func refusedFor(err error) *message.Failure {
	var f *message.Failure
	if errors.As(err, &f) && f.Kind == message.NotPermitted {
		return f
	}
	return nil
}

// replace changes a message; done tells when that is on disk.
func (g *Gateway) replace(ctx context.Context, id message.ID, r *Replacement) (_ *message.Message, done <-chan error, err error) {
	e, err := g.waitingEntry(ctx, r.Account.Name, id)
	if err != nil {
		return nil, nil, err
	}
	now := g.now()
	m, f := g.snap.Load().replaced(e.m, r, now)
	if f != nil {
		g.mu.Unlock()
		return nil, nil, f
	}
	if m.Price != 0 && m.Parts != e.m.Parts {
		if f := g.reprice(m, now); f != nil {
			g.mu.Unlock()
			return nil, nil, f
		}
	}
	g.cur.Replaced = append(g.cur.Replaced, m)
	if e.m.SendAt != m.SendAt || e.station == nowhere && e.m.Expires != m.Expires {
		g.moveDialog(m, now)
		g.rehome(e, m, message.Event{Kind: message.EventReplaced, At: now.UnixMilli()}, now)
	} else {
		g.replaceInPlace(e, m, now)
	}
	copied := *m
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return &copied, done, nil
}

// mayReplace tells whether a replacement is refused whatever messages it is for.
// Their parts were taken from the account's rate when they were accepted; the
// replacement counts as one message, however many it changes.
func (s *Snapshot) mayReplace(r *Replacement, now time.Time) *message.Failure {
	one := message.Message{Parts: 1}
	if r.Content != nil {
		one.Content = *r.Content
		if f := s.measured(&one, r.Account); f != nil {
			return f
		}
	}
	return allowed(r.Account, int(one.Parts), now)
}

func (s *Snapshot) measured(m *message.Message, a *account.Account) *message.Failure {
	if f := measure(m); f != nil {
		return f
	}
	if r := a.TextRules(m.Via); r != nil {
		changed, f := s.texts(m, r)
		if f != nil {
			return f
		}
		if changed != nil {
			changed.events(m, time.Now())
		}
	}
	return notMore(m, s.mostParts(&Submission{Account: a}, nil))
}

// replaced returns m as the customer wants it.
func (s *Snapshot) replaced(m *message.Message, r *Replacement, now time.Time) (*message.Message, *message.Failure) {
	c := *m
	c.Log = m.Log[:len(m.Log):len(m.Log)]
	if r.Content != nil {
		c.Content = *r.Content
		if c.Content.Extra == nil {
			c.Content.Extra = m.Content.Extra // what goes along, but with a text of its own
		}
		if !c.Secret() && (r.Secret || s.SecretText(r.Account, c.From, c.Content.Text)) {
			c.Special = c.Special.With(func(x *message.Special) { x.Secret = true })
		}
		if f := s.measured(&c, r.Account); f != nil {
			return nil, f
		}
	}
	from := now
	if !r.SendAt.IsZero() {
		c.SendAt = 0
		if r.SendAt.After(now) {
			if r.SendAt.After(now.Add(maxAhead)) {
				return nil, message.Fail(message.BadContent, "send_at", "the time lies more than a year ahead")
			}
			c.SendAt = r.SendAt.UnixMilli()
		}
	}
	if at := time.UnixMilli(c.SendAt); at.After(now) {
		from = at
	}
	switch {
	case r.Validity < 0:
		return nil, message.Fail(message.BadContent, "validity", "the validity is negative")
	case r.Validity > 0:
		c.Expires = from.Add(min(r.Validity, maxValidity)).UnixMilli()
	case c.Expires <= from.UnixMilli():
		return nil, message.Fail(message.BadContent, "validity", "the validity ends before the message is to be sent")
	}
	if r.Receipts != nil {
		if c.Receipts = *r.Receipts; c.Receipts != 0 && c.Target.Kind == message.NoTarget {
			c.Target = r.Target
			c.Target.Account = c.Account
		}
	}
	return &c, nil
}

// replaceInPlace puts m where the message of e was. A row that says where it
// waits names the end of its validity.
func (g *Gateway) replaceInPlace(e *entry, m *message.Message, now time.Time) {
	rowed := e.rowed
	if rowed {
		g.removeRow(e)
	}
	e.m, e.out.Message = m, m
	if rowed {
		g.addRow(e)
	}
	e.event(message.Event{Kind: message.EventReplaced, At: now.UnixMilli()})
	g.change(e)
	if e.station == nowhere {
		g.left(m.ID) // whoever reads the old one from disk reads it again
	}
}

// rehome takes the message of e out of where it waits and lets m, which stands
// in its place and differs from it, wait instead: until it is resumed if it is
// paused, until it is to be sent, or in its lane. ev says in its log why.
func (g *Gateway) rehome(e *entry, m *message.Message, ev message.Event, now time.Time) {
	switch e.station {
	case nowhere:
		g.takeOffDisk(e)
	case waiting:
		e.link.lanes.remove(e)
		g.move(e, nowhere, false)
	default: // the heap passes over one that is nowhere
		g.move(e, nowhere, false)
	}
	g.forget(e)
	next := newEntry(m)
	next.batch = e.batch
	next.event(ev)
	next.readLog(g)
	m.State = message.Queued
	if m.SendAt > now.UnixMilli() {
		m.State, next.due = message.Scheduled, m.SendAt
	}
	if ev.Kind == message.EventResumed || ev.Kind == message.EventLane {
		if at := nextRetry(m); at > now.UnixMilli() {
			next.due = at
		}
	}
	if paused(m.Log, m.ID) {
		next.due = m.Expires
	}
	g.change(next)
	if next.due != 0 {
		g.move(next, delayed, true) // its row alone says until when
		g.forget(next)
		return
	}
	next.hop = g.firstUp(m.Links)
	next.link = g.link(m.Links[next.hop])
	if g.fullFor(next) {
		g.spillOld(next)
		g.left(m.ID)
		return
	}
	g.wait(next, false)
	g.dispatch(next.link, now)
}
