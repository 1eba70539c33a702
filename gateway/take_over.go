package gateway

import (
	"context"
	"slices"

	"kurir/message"
	"kurir/store"
)

// takeOver sees to it that a message that waits is this gateway's before it is changed: it
// claims one that is free. One that another gateway has is not touched.
func (g *Gateway) takeOver(ctx context.Context, account string, id message.ID) error {
	m, err := g.Message(ctx, account, id)
	if err != nil || m.State != message.Queued && m.State != message.Scheduled {
		return err // that says why it cannot be changed
	}
	g.mu.Lock()
	known := g.known(id)
	e := newEntry(m)
	e.link = g.link(m.Links[0])
	rows := g.waitingRows(e)
	g.mu.Unlock()
	if known {
		return nil
	}
	if node, waits, err := g.store.DueNode(ctx, id); err != nil || waits {
		if err == nil && node != g.opt.Node {
			err = hasAnother(id)
		}
		return err
	}
	if has, err := g.store.WaitingHas(ctx, rows); err != nil || slices.Contains(has, true) {
		return err
	}
	for i := range rows {
		rows[i].Node = store.Free
	}
	got, err := g.store.ClaimRows(ctx, g.opt.Node, g.opt.Term, rows)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range got {
		g.link(got[i].Link).spill[got[i].Priority].claimed(got[i].Account)
	}
	if len(got) == 0 && !g.known(id) {
		return hasAnother(id)
	}
	return nil
}

// hasAnother says that another gateway has a message.
func hasAnother(id message.ID) error {
	return message.Fail(message.Busy, "id", "another server has the message %s at the moment; try again shortly, or there", id)
}
