package gateway

import (
	"context"

	"kurir/message"
)

// Several messages can be one request, such as an SMPP submit_multi: the
// customer has one id for all of them, that of the first accepted. They are
// tied by an event in the log of each, so that no other message pays for it.
// Their ids follow one another, for they are made together.

// tie notes in the log of the i-th message of a request to which it belongs.
func tie(e *entry, all []*message.Message, i int) {
	ev := message.Event{Kind: message.EventMulti, At: e.m.ID.Millis()}
	switch {
	case len(all) < 2:
		return
	case i == 0:
		ev.Code = uint32(len(all) - 1)
	default:
		ev.Text = all[0].ID.String()
	}
	e.event(ev)
}

// Request returns the messages that a customer knows by an id, as they are on
// disk: that message, and those of the same request if it is the first of
// several. The error is ErrNotFound as Message's.
func (g *Gateway) Request(ctx context.Context, account string, id message.ID) ([]*message.Message, error) {
	m, err := g.Message(ctx, account, id)
	if err != nil {
		return nil, err
	}
	more := message.Following(m)
	if more == 0 {
		return []*message.Message{m}, nil
	}
	ids := make([]message.ID, 0, more+1)
	for range more + 1 {
		ids = append(ids, id)
		id = id.Successor()
	}
	return g.store.MessagesByID(ctx, ids)
}
