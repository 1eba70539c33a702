package gateway

import (
	"context"
	"errors"
	"time"

	"kurir/connector"
	"kurir/gsm"
	"kurir/message"
)

// A message that its operator has is replaced where he does it (SMPP 3.4 4.10):
//
//  1. The message is read from disk as a whole: of one that awaits its receipt
//     memory may have the beginning of the text only (shelf.go).
//  2. What it is to be is measured in the encoding in which it was sent, for
//     replace_sm has no data coding.
//  3. The operator is asked. Only when he has said ESME_ROK the row gets the new
//     content; whatever else he says, or if he says nothing, it stays.
//
// A message is replaced once at a time, so that the row has what he was told
// last.

const (
	// replacingMost is how many operators' answers are awaited at once. It is
	// less than SMPP customers may ask for at once (api), so that an operator who
	// does not answer leaves room for questions that need none.
	replacingMost = 8
	// replaceWait is how long one answer is awaited.
	replaceWait = 8 * time.Second
)

// replaceAtOperator has the operator replace a message that he has, if its link
// may; otherwise refusal stands.
func (g *Gateway) replaceAtOperator(ctx context.Context, id message.ID, r *Replacement, refusal *message.Failure) (*message.Message, error) {
	m, err := g.enrouteOnDisk(ctx, r.Account.Name, id)
	if err != nil {
		return nil, err
	}
	if _, _, f := g.replacer(m, refusal); f != nil {
		return nil, f
	}
	if f := g.beginReplacing(id); f != nil {
		return nil, f
	}
	defer g.endReplacing(id)
	if m, err = g.Message(ctx, r.Account.Name, id); err != nil { // as the one before has left it
		return nil, err
	}
	c, parts, f := g.replacer(m, refusal)
	if f != nil {
		return nil, f
	}
	now := g.now()
	if f := replaceable(m, len(parts), now); f != nil {
		return nil, f
	}
	wanted, f := g.snap.Load().replaced(m, r, now)
	if f == nil {
		f = codedAs(wanted, m)
	}
	if f != nil {
		return nil, f
	}
	asking, done := context.WithTimeout(ctx, replaceWait)
	err = c.Replace(asking, parts[0], &connector.Replacement{
		Old: m, New: wanted, SendAt: r.SendAt.After(now), Validity: r.Validity > 0,
	})
	done()
	if errors.Is(err, connector.ErrCrowded) {
		return nil, message.Fail(message.Overloaded, "id", "the operator cannot be asked now: %v; try again later", err)
	}
	if err != nil {
		return nil, message.Fail(message.NotPermitted, "id", "the operator has the message and does not replace it: %v", err)
	}
	m, err = g.bookReplaced(wanted)
	if err != nil {
		g.log.Error("the operator has replaced a message, and its row could not be changed", "message", id, "error", err)
	}
	return m, err
}

// replacer returns the link whose operator has a message and may be asked to
// replace it, and the parts that await their receipts; otherwise refusal stands.
func (g *Gateway) replacer(m *message.Message, refusal *message.Failure) (connector.Replacer, []connector.AtOperator, *message.Failure) {
	l, parts, f := g.atOperator(m)
	if f != nil || !g.snap.Load().Links[l.name].Replace {
		return nil, nil, refusal
	}
	c, able := l.conn.(connector.Replacer)
	if !able {
		return nil, nil, message.Fail(message.NotPermitted, "id", "the link %s cannot have its operator replace a message", l.name)
	}
	return c, parts, nil
}

// beginReplacing has nobody else ask for the replacement of a message until
// endReplacing.
func (g *Gateway) beginReplacing(id message.ID) *message.Failure {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, taken := g.replacing[id]; taken {
		return message.Fail(message.NotPermitted, "id", "the operator is being asked to replace the message already")
	}
	if len(g.replacing) >= replacingMost {
		return message.Fail(message.Overloaded, "", "%d operators' answers are awaited; try again later", replacingMost)
	}
	if g.replacing == nil {
		g.replacing = map[message.ID]struct{}{}
	}
	g.replacing[id] = struct{}{}
	return nil
}

func (g *Gateway) endReplacing(id message.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.replacing, id)
}

// enrouteOnDisk reads a message; one that has just got its answer when that is
// on disk.
func (g *Gateway) enrouteOnDisk(ctx context.Context, account string, id message.ID) (*message.Message, error) {
	m, err := g.Message(ctx, account, id)
	if err != nil || m.State == message.Enroute || m.State.Final() || !g.settled(ctx) {
		return m, err
	}
	return g.Message(ctx, account, id)
}

// replaceable says why a message that its operator has cannot be replaced
// whatever is wanted; nil if it can. awaited is how many of its parts have no
// receipt.
func replaceable(m *message.Message, awaited int, now time.Time) *message.Failure {
	switch {
	case m.Parts != 1 || awaited != 1 || len(m.Content.Header) > 0:
		return message.Fail(message.NotPermitted, "id", "the operator has the message; only one of a single part can be replaced there")
	case m.Content.Text == "" && len(m.Content.Data) == 0:
		return message.Fail(message.NotPermitted, "id", "the operator has the message, and how its text was written is no longer kept")
	case m.Expires <= now.UnixMilli():
		return message.Fail(message.NotPermitted, "id", "the operator has the message, and its validity is over")
	}
	return nil
}

// codedAs measures wanted as one part in the encoding in which m was sent. What
// its customer asked for stays, for by that the next text will be read.
func codedAs(wanted, m *message.Message) *message.Failure {
	if len(wanted.Content.Header) > 0 || (wanted.Encoding == gsm.Binary) != (m.Encoding == gsm.Binary) {
		return message.Fail(message.NotPermitted, "text", "the operator has the message; text cannot take the place of octets there, nor a part that of a whole")
	}
	if wanted.Encoding != m.Encoding {
		c := *wanted
		c.Content.Want = m.Encoding
		if f := measure(&c); f != nil || c.Encoding != m.Encoding || c.Parts != 1 {
			return message.Fail(message.NotPermitted, "text", "the operator has the message as %v, in which the text does not fit into one part", m.Encoding)
		}
		wanted.Encoding, wanted.Parts = c.Encoding, c.Parts
	}
	if wanted.Parts != 1 {
		return message.Fail(message.NotPermitted, "text", "the operator has the message; the text needs %d parts, and only one can take its place there", wanted.Parts)
	}
	return nil
}

// bookReplaced writes what an operator has put in a message's place, and returns
// it as it is when that is on disk. Nobody's patience ends it, for the operator
// has done it. The message may have become final meanwhile.
func (g *Gateway) bookReplaced(wanted *message.Message) (*message.Message, error) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	for {
		r := g.look()
		m, err := g.Message(ctx, "", wanted.ID)
		if err != nil {
			g.endLook(r)
			return nil, err
		}
		g.mu.Lock()
		e := g.fetch(wanted.ID)
		known := e != nil || !r.stale(wanted.ID)
		g.endReading(r)
		if known && g.full == nil {
			copied := g.putReplaced(e, m, wanted, g.now())
			done := g.onDisk()
			g.mu.Unlock()
			g.signal()
			return &copied, settledBy(ctx, done)
		}
		f := g.full
		g.mu.Unlock()
		if f != nil || !g.settled(ctx) {
			return nil, &message.Failure{Kind: message.StoreFull}
		}
	}
}

// putReplaced puts wanted in the place of a message that is open as e, or, if e
// is nil, is on disk as m. How far it has come is kept.
func (g *Gateway) putReplaced(e *entry, m, wanted *message.Message, now time.Time) message.Message {
	switch {
	case e != nil:
	case m.State == message.Enroute:
		e = g.revive(m)
		g.leaving.push(e)
	default:
		e = newEntry(m)
		e.readLog(g)
	}
	next := *wanted
	next.Progress = e.m.Progress
	moved := next.Expires != e.m.Expires
	rowed := e.rowed && moved // its row has the end of the wait
	if rowed {
		g.removeRow(e)
	}
	e.m, e.out.Message = &next, &next
	if rowed {
		g.addRow(e)
	}
	if moved && e.station == enroute {
		g.watchDeadline(e, now)
	}
	e.event(message.Event{Kind: message.EventReplaced, At: now.UnixMilli()})
	g.cur.Replaced = append(g.cur.Replaced, &next)
	g.change(e)
	if e.station == nowhere {
		g.left(next.ID) // whoever reads the old one from disk reads it again
	}
	return next
}
