package gateway

import (
	"context"
	"slices"

	"kurir/message"
	"kurir/store"
)

// takeOver sees to it that a message that waits is this gateway's before it is
// changed: it claims one that is free, and asks for one that another gateway has.
func (g *Gateway) takeOver(ctx context.Context, account string, id message.ID) error {
	for asked := false; ; asked = true {
		m, err := g.Message(ctx, account, id)
		if err != nil || m.State != message.Queued && m.State != message.Scheduled {
			return err // that says why it cannot be changed
		}
		mine, err := g.takeFree(ctx, m)
		if err != nil || mine {
			return err
		}
		if asked {
			return hasAnother(id)
		}
		kind, err := g.askFor(ctx, id)
		if err != nil {
			return err
		}
		if kind == isOut {
			return message.Fail(message.NotPermitted, "id", "the message is %s; only one that has not left can be changed or cancelled", message.Sending)
		}
	}
}

// takeFree claims a message if it is free, and tells whether it is this gateway's.
func (g *Gateway) takeFree(ctx context.Context, m *message.Message) (mine bool, err error) {
	g.mu.Lock()
	known := g.known(m.ID)
	e := newEntry(m)
	e.link = g.link(m.Links[0])
	rows := g.waitingRows(e)
	g.mu.Unlock()
	if known {
		return true, nil
	}
	if node, waits, err := g.store.DueNode(ctx, m.ID); err != nil || waits {
		return node == g.opt.Node, err
	}
	if has, err := g.store.WaitingHas(ctx, rows); err != nil || slices.Contains(has, true) {
		return err == nil, err
	}
	for i := range rows {
		rows[i].Node = store.Free
	}
	got, err := g.store.ClaimRows(ctx, g.opt.Node, g.opt.Term, rows)
	if err != nil {
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range got {
		g.link(got[i].Link).spill[got[i].Priority].claimed(got[i].Account)
	}
	return len(got) > 0 || g.known(m.ID), nil
}

// hasAnother says that another gateway has a message.
func hasAnother(id message.ID) error {
	return message.Fail(message.Busy, "id", "another server has the message %s at the moment; try again shortly, or there", id)
}
