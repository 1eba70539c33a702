package gateway

import (
	"context"
	"errors"
	"fmt"

	"kurir/connector"
	"kurir/message"
)

// Messages that an operator has, and has said nothing more of, may be asked for
// or taken back where the link can. Both take as long as the operator takes, and
// neither is ever done by itself: somebody asks. The answer is booked as a
// receipt would be, and has its effects: the final state, the customer told, the
// trace. What is replaced there is in ask_replace.go.

// AskOperator asks the operator what became of a message that he has, and
// returns the message as it is then. account restricts it to one customer's; empty
// is any. A *message.Failure says why he cannot be asked, or what he said.
func (g *Gateway) AskOperator(ctx context.Context, account string, id message.ID) (*message.Message, error) {
	m, err := g.Message(ctx, account, id)
	if err != nil {
		return nil, err
	}
	l, parts, f := g.atOperator(m)
	if f != nil {
		return nil, f
	}
	q, able := l.conn.(connector.Querier)
	if !able {
		return nil, message.Fail(message.NotPermitted, "id", "the link %s cannot ask its operator", l.name)
	}
	var reports []message.Report
	for _, part := range parts {
		r, err := q.Query(ctx, part)
		if err != nil {
			return nil, message.Fail(message.Busy, "id", "the operator cannot be asked: %v", err)
		}
		reports = append(reports, r)
	}
	if err := l.book(ctx, reports); err != nil {
		return nil, err
	}
	return g.Message(ctx, account, id)
}

// askMost bounds how many messages are being taken back from operators at a
// time: with replacingMost they are fewer than package api has places for, lest
// an operator who is slow keeps customers from asking the database. askEach
// bounds them for one request of several.
const (
	askMost = 6
	askEach = 100
)

// giveBackEach takes those messages back that operators have and give back, one
// after the other, and returns how many they were.
func (g *Gateway) giveBackEach(ctx context.Context, account string, ids []message.ID) (n int, err error) {
	asked := 0
	refusal := message.Fail(message.NotPermitted, "id", "the message has left")
	for _, id := range ids {
		if asked == askEach {
			break
		}
		_, err := g.cancelAtOperator(ctx, account, id, refusal)
		if err != error(refusal) {
			asked++
		}
		var f *message.Failure
		switch {
		case err == nil:
			n++
		case ctx.Err() != nil:
			return n, ctx.Err()
		case !errors.As(err, &f) || f.Kind != message.NotPermitted:
			return n, err
		}
	}
	return n, nil
}

// cancelAtOperator takes a message back that the operator has, if its link may;
// otherwise refusal stands. A part that he gives back ends the message, whatever
// becomes of the others.
func (g *Gateway) cancelAtOperator(ctx context.Context, account string, id message.ID, refusal *message.Failure) (*message.Message, error) {
	m, err := g.Message(ctx, account, id)
	if err != nil {
		return nil, err
	}
	if m.State != message.Enroute {
		return nil, refusal
	}
	l, parts, f := g.atOperator(m)
	if f != nil || !g.snap.Load().Links[l.name].Cancel {
		return nil, refusal
	}
	c, able := l.conn.(connector.Canceler)
	if !able {
		return nil, message.Fail(message.NotPermitted, "id", "the link %s cannot take a message back from its operator", l.name)
	}
	if g.asking.Add(1) > askMost {
		g.asking.Add(-1)
		return nil, message.Fail(message.Overloaded, "id", "too many messages are being taken back from operators; try again later")
	}
	defer g.asking.Add(-1)
	var reports []message.Report
	var refused error
	for _, part := range parts {
		r, err := c.Cancel(ctx, part)
		if err != nil {
			refused = err
			continue
		}
		reports = append(reports, r)
	}
	if len(reports) == 0 && errors.Is(refused, connector.ErrCrowded) {
		return nil, message.Fail(message.Overloaded, "id", "the operator cannot be asked now: %v; try again later", refused)
	}
	if len(reports) == 0 {
		return nil, message.Fail(message.NotPermitted, "id", "the operator has the message and does not give it back: %v", refused)
	}
	if err := l.book(ctx, reports); err != nil {
		return nil, err
	}
	return g.Message(ctx, account, id)
}

// askLink is a link through which its operator is asked.
type askLink struct {
	name string
	conn connector.Connector
	core connector.Core
}

// atOperator finds the link that took a message, and the parts that await their
// receipts.
func (g *Gateway) atOperator(m *message.Message) (*askLink, []connector.AtOperator, *message.Failure) {
	if m.State != message.Enroute {
		return nil, nil, message.Fail(message.NotPermitted, "id", "the message is %s; only of one that is enroute an operator knows more", m.State)
	}
	events, _ := message.DecodeLog(m.Log, m.ID)
	name := ""
	var parts []connector.AtOperator
	var numbers []uint8
	var from message.Address
	for _, ev := range events {
		switch ev.Kind {
		case message.EventGranted:
			name, parts, numbers = ev.Text, nil, nil
			from = m.ShownFrom()
		case message.EventShownAs:
			from = message.AddressOf(ev.Text)
		case message.EventTaken:
			parts = append(parts, connector.AtOperator{ID: ev.Text, From: from, To: m.ShownTo(), GaveID: gaveID(ev.Code)})
			numbers = append(numbers, ev.Part)
		case message.EventReport:
			for i := range numbers {
				if numbers[i] == ev.Part && ev.State.Final() {
					parts, numbers = append(parts[:i:i], parts[i+1:]...), append(numbers[:i:i], numbers[i+1:]...)
					break
				}
			}
		}
	}
	conn := g.linkConnector(name)
	if conn == nil || len(parts) == 0 {
		return nil, nil, message.Fail(message.Busy, "id", "the link %s is stopped, or gone from the configuration", name)
	}
	return &askLink{name, conn, g.Link(name)}, parts, nil
}

// gaveID tells hosts apart by the tag that is kept with an id; nil if there is
// none.
func gaveID(tag uint32) func(host string) bool {
	if tag == 0 {
		return nil
	}
	return func(host string) bool { return hostTag(host) == tag }
}

// book books answers as receipts, and waits until they are on disk.
func (l *askLink) book(ctx context.Context, reports []message.Report) error {
	done := make(chan error, 1)
	l.core.Reports(reports, func(err error) { done <- err })
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("keep the operator's answer: %w", err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
