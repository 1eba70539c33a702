package gateway

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// heldReport is a receipt that matches nothing yet, or more than one message,
// and under which keys it is held.
type heldReport struct {
	store.HeldReport
	link      *link // that it came by
	foreign   bool  // another gateway holds it
	scope     *idScope
	ambiguous bool
	keys      []uint64
	rowIn     uint64 // sequence of the gather that adds its row
	rowAt     int
}

const (
	heldMost    = 100_000
	heldOfOneID = 8
)

// hold keeps a receipt until the answer that it overtook comes. Beyond bounds
// it is only counted: the operator would send it for ever otherwise.
func (g *Gateway) hold(l *link, s *idScope, r *message.Report, found matching, now time.Time) {
	if found == matchedMany {
		g.unmatched(l, r, whyAmbiguous, now)
	}
	if g.heldCount >= heldMost || len(g.held[s.key(r.OperatorID)]) >= heldOfOneID {
		if found != matchedMany {
			g.unmatched(l, r, whyUnknown, now)
		}
		return
	}
	g.count.receiptsHeld.Add(1)
	h := store.HeldReport{Number: int64(g.nextID(now)), Received: now.UnixMilli(), Report: *r}
	h.Report.Text = "" // it may tell how a secret text begins, and nobody reads it
	for _, text := range []*string{&h.Report.OperatorID, &h.Report.From.Number, &h.Report.To.Number} {
		*text = strings.Clone(*text) // else it keeps all octets that the operator sent
	}
	held := g.keepHeld(l, h, found == matchedMany)
	held.rowIn, held.rowAt = g.cur.seq, len(g.cur.Held)
	g.cur.Held = append(g.cur.Held, h)
}

func (g *Gateway) keepHeld(l *link, stored store.HeldReport, ambiguous bool) *heldReport {
	h := &heldReport{HeldReport: stored, link: l, scope: g.scope(stored.Report.Scope), ambiguous: ambiguous}
	g.heldCount++
	if g.opt.Shared {
		g.numbered[h.Number] = h
	}
	g.list(h)
	return h
}

// recoverHeld keeps a receipt that was held before a restart.
func (g *Gateway) recoverHeld(h *store.HeldReport) *heldReport {
	link, _, _ := strings.Cut(h.Report.Scope, hostScope)
	return g.keepHeld(g.link(link), *h, false)
}

// list holds a receipt under every key that its message may have; under its own
// always, and first.
func (g *Gateway) list(h *heldReport) {
	id := h.Report.OperatorID
	own := h.scope.key(id)
	h.keys = append(h.keys[:0], own)
	list, _ := h.scope.candidates(nil, id)
	for _, c := range list {
		if !slices.Contains(h.keys, c.key) {
			h.keys = append(h.keys, c.key)
		}
	}
	for _, k := range h.keys {
		g.held[k] = append(g.held[k], h)
	}
}

func (g *Gateway) unlist(h *heldReport) {
	for _, k := range h.keys {
		list := slices.DeleteFunc(g.held[k], func(have *heldReport) bool { return have == h })
		if len(list) == 0 {
			delete(g.held, k)
		} else {
			g.held[k] = list
		}
	}
}

func (g *Gateway) dropHeld(h *heldReport) {
	g.unlist(h)
	g.heldCount--
	if g.opt.Shared {
		delete(g.numbered, h.Number)
		g.dealt[h.Number] = g.cur.seq
	}
	if h.rowIn == g.cur.seq {
		g.cur.Held[h.rowAt].Number = 0
		return
	}
	g.cur.HeldDone = append(g.cur.HeldDone, h.Number)
}

// claimHeld applies the receipts that came before the message's answer, oldest
// first. e awaits receipts already; a names its ids.
func (g *Gateway) claimHeld(e *entry, s *idScope, a *connector.Answer, now time.Time) {
	claim := func(id string) {
		g.claimKey(e, s, s.key(id), now)
		if part, cut := s.learned.inReceipt(id); cut {
			g.claimKey(e, s, receiptKey(s.name, part), now)
		}
	}
	claim(a.ID)
	for _, id := range a.More {
		claim(id)
	}
	g.rematch(now)
}

func (g *Gateway) claimKey(e *entry, s *idScope, key uint64, now time.Time) {
	for _, h := range slices.Clone(g.held[key]) {
		if h.scope == s && agrees(e.m, &h.Report) && g.match(s, &h.Report, true, now) == matched {
			g.dropHeld(h)
		}
	}
}

// endWithoutReceipt ends a message whose receipt never came, unless it is held: its
// message may have come to this gateway, from another one, after it.
func (g *Gateway) endWithoutReceipt(e *entry, now time.Time) {
	for _, key := range slices.Clone(e.keys) {
		for _, h := range slices.Clone(g.held[key]) {
			if agrees(e.m, &h.Report) && g.match(h.scope, &h.Report, true, now) == matched {
				g.dropHeld(h)
			}
		}
	}
	if e.station == enroute && e.m.State == message.Enroute {
		g.finish(e, message.Unknown, message.NoAnswer, now)
	}
}

// rematch looks again at the receipts that are held in scopes of which
// something was learned or forgotten.
func (g *Gateway) rematch(now time.Time) {
	for range rematchMost {
		if !g.relook {
			return
		}
		g.relook = false
		var again []*heldReport
		for _, s := range g.scopes {
			if !s.changed {
				continue
			}
			s.changed = false
			again = append(again, g.heldIn(s)...)
		}
		for _, h := range again {
			g.unlist(h)
			g.list(h)
			if g.match(h.scope, &h.Report, true, now) == matched {
				g.dropHeld(h)
			}
		}
	}
}

// rematchMost is how often what is held is looked at again in a row: learning
// from it may change what was learned.
const rematchMost = 3

// heldIn returns the receipts that are held in a scope, oldest first.
func (g *Gateway) heldIn(s *idScope) []*heldReport {
	var list []*heldReport
	for key, held := range g.held {
		for _, h := range held {
			if h.scope == s && h.keys[0] == key {
				list = append(list, h)
			}
		}
	}
	slices.SortFunc(list, func(a, b *heldReport) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// dropOldHeld gives up receipts that nothing claimed.
func (g *Gateway) dropOldHeld(now time.Time) {
	if !g.endsUnanswered() || g.heldUnsought.Load() {
		return // after a start their messages may be on disk, taken over from another gateway
	}
	limit := now.Add(-g.opt.HoldReceipts).UnixMilli()
	var old []*heldReport
	for key, list := range g.held {
		for _, h := range list {
			if h.Received < limit && h.keys[0] == key {
				old = append(old, h)
			}
		}
	}
	for _, h := range old {
		if h.foreign { // whoever holds it gives it up
			continue
		}
		if !h.ambiguous { // that was told at once
			g.unmatched(h.link, &h.Report, whyUnknown, now)
		}
		g.dropHeld(h)
	}
}
