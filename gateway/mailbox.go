package gateway

import (
	"context"
	"math"
	"slices"

	"kurir/message"
	"kurir/store"
)

// A mailbox is what is owed to an account by message.MailboxTarget. There is no
// Receiver for it: what is owed stays on disk (Gateway.leave), is read from there
// by those who fetch it, and is acknowledged by being deleted. What nobody
// deletes is given up with the rest that is owed to who does not come
// (Gateway.endAbsent).

const (
	mailboxRead = 100     // rows read at a time
	mailboxSize = 1 << 20 // octets of content after which a page is full
)

// Mailbox returns up to n messages of an account's mailbox, those that came first
// in front. A page ends early when it has a megabyte; it has one at least, unless
// the mailbox is empty.
func (g *Gateway) Mailbox(ctx context.Context, account string, n int) ([]*message.Inbound, error) {
	var page []*message.Inbound
	queue, after, size := boxKey{message.MailboxTarget, account, false}.String(), store.Owed{}, 0
	node := g.opt.Node
	if g.opt.Shared {
		node = store.Free // whoever is asked
	}
	for len(page) < n && size < mailboxSize {
		rows, err := g.store.OwedNext(ctx, node, queue, math.MaxInt64, after, mailboxRead)
		if err != nil || len(rows) == 0 {
			return page, err
		}
		after = rows[len(rows)-1]
		list, err := g.store.InboundByID(ctx, inboundOf(rows))
		if err != nil {
			return nil, err
		}
		for _, in := range list {
			if len(page) == n || size >= mailboxSize {
				break
			}
			if len(mailboxTargets(in, account)) > 0 {
				page = append(page, in)
				size += partSize(in)
			}
		}
	}
	return page, nil
}

// inboundOf returns the ids of rows, each once.
func inboundOf(rows []store.Owed) []message.ID {
	ids := make([]message.ID, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return slices.Compact(ids)
}

// mailboxTargets are the indices of an inbound message's targets that are still
// owed to the mailbox of an account.
func mailboxTargets(in *message.Inbound, account string) (list []int) {
	for i, t := range in.Targets {
		if t.Kind == message.MailboxTarget && t.Account == account && in.Owed>>i&1 == 1 {
			list = append(list, i)
		}
	}
	return list
}

// DeleteFromMailbox takes messages out of an account's mailbox and returns which
// of ids were there, once that is on disk. With an error it is not known what
// was deleted.
func (g *Gateway) DeleteFromMailbox(ctx context.Context, account string, ids []message.ID) (deleted []message.ID, err error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	err = g.pushAgain(ctx, slices.Compact(ids), func(ids []message.ID, r *reading) ([]message.ID, error) {
		list, err := g.store.InboundByID(ctx, ids)
		gone, again := g.takeOut(account, list, r)
		deleted = append(deleted, gone...)
		return again, err
	})
	if err == nil && len(deleted) > 0 {
		err = g.waitWritten(ctx)
	}
	return deleted, err
}

// takeOut settles what is owed to a mailbox of the messages of a list, and ends the
// reading that brought them. again are those that have changed meanwhile.
func (g *Gateway) takeOut(account string, list []*message.Inbound, r *reading) (gone, again []message.ID) {
	now := g.now().UnixMilli()
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.endReading(r)
	for _, in := range list {
		ie := g.openIn[in.ID]
		if ie != nil {
			in = ie.in
		}
		targets := mailboxTargets(in, account)
		inMemory := func(i int) bool { return ie != nil && ie.item(i) != nil } // it came just now, and its row is yet to be written
		if g.full != nil || ie == nil && r.stale(in.ID) || slices.ContainsFunc(targets, inMemory) {
			again = append(again, in.ID)
			continue
		}
		for _, i := range targets {
			it := &Item{box: g.inBox(in.Targets[i]), rowed: true, free: g.opt.Shared}
			g.inboundItem(it, in, i)
			g.count.told.Add(1)
			g.settleItem(it, message.Event{Kind: message.EventTold, At: max(now, in.Received)})
		}
		if len(targets) > 0 {
			gone = append(gone, in.ID)
		}
	}
	return gone, again
}
