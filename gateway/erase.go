package gateway

import (
	"context"

	"kurir/message"
)

// EraseText removes the text of a message that is over, for good; its row and its
// log stay. hide marks it as taken off the lists of an interface whose customers
// can delete messages. account restricts it to one customer's; empty is any. The
// error is ErrNotFound, or a failure that says why the text stays.
func (g *Gateway) EraseText(ctx context.Context, account string, id message.ID, hide bool) error {
	var done <-chan error
	err := ErrNotFound
	erase := func(e *entry) {
		switch {
		case account != "" && e.m.Account != account:
			err = ErrNotFound
		case !e.m.State.Final():
			err = message.Fail(message.NotPermitted, "id", "the message is %s; its text can be erased when it is over", e.m.State)
		default:
			ev := message.Event{Kind: message.EventErased, At: max(g.now().UnixMilli(), e.m.Final)}
			if hide {
				ev.Code = 1
			}
			e.event(ev)
			e.m.Content.Text, e.m.Content.Data = "", nil
			g.change(e)
			g.cur.Erased = append(g.cur.Erased, id)
			err, done = nil, g.onDisk()
		}
	}
	for done == nil {
		tried := false
		r := g.look()
		found := g.fromIDs(ctx, []message.ID{id}, r, func(m *message.Message) {
			tried = true
			erase(newEntry(m))
			g.left(id)
		}, func(message.ID) { tried = true })
		if found != nil {
			return found
		}
		g.mu.Lock()
		if g.full != nil {
			defer g.mu.Unlock()
			return g.refusal()
		}
		if e := g.fetch(id); !tried && e != nil {
			tried = true
			m := *e.m // who tells the final state may be reading it
			e.m = &m
			erase(e)
		}
		g.mu.Unlock()
		if tried && done == nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	g.signal()
	return settledBy(ctx, done)
}
