package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// Of several gateways one may be telling the intermediate state of a message while
// another, which has its sessions, gets the receipt; or one that is dead has it in its
// rows. The log does not say: who tells a state of another's message writes it there when that is
// over. So where it may be so the final state goes to disk, and is told by whoever reads it there once
// no row says any more that the intermediate one is owed. One that was tried and has to wait is no
// hindrance: whoever has it finds that the final one has overtaken it.

// mayBeMidway tells whether an intermediate state of a message may be owed that is not in memory here.
func (g *Gateway) mayBeMidway(m *message.Message) bool {
	if !g.opt.Shared || !m.Receipts.Wants(message.Enroute) && !g.tellsParts(m) {
		return false
	}
	m = g.withLate(m)
	events, _ := message.DecodeLog(m.Log, m.ID)
	has := func(kind message.EventKind, s message.State) bool {
		return slices.ContainsFunc(events, func(e message.Event) bool { return e.Kind == kind && e.State == s })
	}
	_, told := midwayState(m) // the last; the first may be with another gateway
	return has(message.EventTaken, 0) && (g.tellsParts(m) || !told || !has(message.EventTold, message.Enroute) && !has(message.EventToldTooOld, message.Enroute))
}

// waitsForMidway tells whether a final state has to be read from disk for that.
func (g *Gateway) waitsForMidway(it *Item) bool {
	return it.entry != nil && it.box.midway[it.Message.ID] == nil && g.mayBeMidway(it.Message)
}

// behindOthers returns the messages of which a final state was read that has to wait.
func (g *Gateway) behindOthers(ctx context.Context, found *owedRead, now time.Time) (map[message.ID]bool, error) {
	var ids []message.ID
	read := map[message.ID]bool{}
	g.mu.Lock()
	for _, row := range found.rows {
		switch m := found.messages[row.ID]; {
		case row.Inbound || m == nil:
		case row.Index == midwayIndex:
			read[row.ID] = true
		case !read[row.ID] && g.mayBeMidway(m):
			ids = append(ids, row.ID)
		}
	}
	g.mu.Unlock()
	if len(ids) == 0 {
		return nil, nil
	}
	return g.store.OwedMidway(ctx, ids, now.UnixMilli())
}

// overtaken tells whether the row of an intermediate state, tried before, is of a message that is
// final since, and another's.
func (g *Gateway) overtaken(row store.Owed, e *entry) bool {
	return g.opt.Shared && row.Due != 0 && e == nil
}
