package gateway

import (
	"context"
	"time"

	"kurir/store"
)

// absentEvery is how often what is owed to absent accounts is looked through
// for what is too old.
const absentEvery = time.Hour

// endAbsent gives up what has been owed for too long to accounts of which no
// session is bound; of others each failed try is the occasion.
func (g *Gateway) endAbsent(ctx context.Context, now time.Time) error {
	if now.Sub(g.swept) < absentEvery {
		return nil
	}
	g.swept = now
	if g.opt.Shared {
		if err := g.claimAbsent(ctx); err != nil {
			return err
		}
	}
	var absent []*outbox
	g.mu.Lock()
	for _, b := range g.boxes {
		if b.stored && (b.absent || g.receivers[b.key.kind] == nil) {
			absent = append(absent, b)
		}
	}
	g.mu.Unlock()
	for _, b := range absent {
		for after := (store.Owed{}); ; {
			last, err := g.endOwed(ctx, b, after, now)
			if err != nil {
				return err
			}
			if last.ID == 0 || !g.settled(ctx) {
				break
			}
			after = last
		}
	}
	return nil
}

// endOwed gives up what is too old in one helping of rows. It returns the last
// of them, zero when no more can be too old: an id is older than what is owed.
func (g *Gateway) endOwed(ctx context.Context, b *outbox, after store.Owed, now time.Time) (last store.Owed, err error) {
	r := g.look()
	defer g.endLook(r)
	found, err := g.askOwed(ctx, b.key.String(), after, now)
	if err != nil {
		return last, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil || !b.absent && g.receivers[b.key.kind] != nil {
		return last, nil // they are on their way
	}
	for _, row := range found.rows {
		if r.stale(row.ID) || !g.tooOld(found.since(row), now) {
			continue
		}
		if it := g.itemOf(b, row, found); it != nil {
			g.giveUp(it, &Delivered{Item: it, Verdict: GiveUp, Text: "nobody came for it"}, now)
		}
	}
	if n := len(found.rows); n == g.opt.helping(owedMost) && g.tooOld(found.rows[n-1].ID.Millis(), now) {
		last = found.rows[n-1]
	}
	return last, nil
}

// since returns since when a row is owed, Unix milliseconds.
func (f *owedRead) since(row store.Owed) int64 {
	m, in := f.messages[row.ID], f.inbound[row.ID]
	switch {
	case row.Inbound && in != nil:
		return max(in.Received, lastPush(in.Log, in.ID, row.Index+1).At)
	case m == nil:
		return row.ID.Millis()
	case row.Index == finalIndex && m.State.Final():
		return max(m.Final, lastPush(m.Log, m.ID, 0).At)
	}
	return takenAt(m)
}
