package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// A receipt may come by another gateway's session than its message was sent by.
// Whoever gets it and does not know its message holds it in table held, before the
// operator hears of it; the others list it beside what they hold themselves. The one whose message it is
// applies it and removes the row in one commit, at once or when the answer with that id comes.
// Copies in memory whose row is gone go with the next look. What nobody claims is
// given up by the gateway in the row.

// heldSlack is how far behind the newest receipt the next look begins: numbers
// have the time in them, and clocks differ.
const heldSlack = 5 * time.Second

// readHeld lists what other gateways hold and is new. With whole it drops what
// is held no more.
func (g *Gateway) readHeld(ctx context.Context, whole bool) error {
	g.mu.Lock()
	done, after := g.done, int64(g.firstIDAt(g.now().Add(-heldSlack)))
	g.mu.Unlock()
	if whole {
		numbers, err := g.store.HeldNumbers(ctx)
		if err != nil {
			return err
		}
		if g.dropGone(numbers, done) {
			after = 0
		}
	}
	var list []store.HeldReport
	err := g.store.Held(ctx, after, func(h *store.HeldReport) error {
		if h.Node != g.opt.Node {
			list = append(list, *h)
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return g.heldElsewhere(ctx, list)
}

// knowHeld notes that what others hold has been looked at, or could not be.
func (g *Gateway) knowHeld(whole bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heldKnown = err == nil && (whole || g.heldKnown)
}

// endsUnanswered tells whether messages may be given up whose receipts have not come: not while another gateway
// may hold those that nobody has looked at.
func (g *Gateway) endsUnanswered() bool { return !g.opt.Shared || g.heldKnown }

// dropGone drops receipts from memory that others have dealt with. missed tells
// whether some are held that are not known here. done is the last gather that the numbers were sure to tell of.
func (g *Gateway) dropGone(numbers map[int64]struct{}, done uint64) (missed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for number, h := range g.numbered {
		if _, there := numbers[number]; !there && h.rowIn <= done {
			g.unlist(h)
			g.heldCount--
			delete(g.numbered, number)
		}
	}
	for number, seq := range g.dealt {
		if seq <= done {
			delete(g.dealt, number)
		}
	}
	for number := range numbers {
		missed = missed || g.numbered[number] == nil && g.dealt[number] == 0
	}
	return missed
}

// heldElsewhere lists receipts that others hold, and looks for their messages.
func (g *Gateway) heldElsewhere(ctx context.Context, list []store.HeldReport) error {
	var fresh []*heldReport
	g.mu.Lock()
	if g.full != nil {
		g.mu.Unlock()
		return nil
	}
	for i := range list {
		if number := list[i].Number; g.numbered[number] == nil && g.dealt[number] == 0 {
			h := g.recoverHeld(&list[i])
			h.foreign = true
			fresh = append(fresh, h)
		}
	}
	g.mu.Unlock()
	return g.lookAtHeld(ctx, fresh)
}

// lookAtHeld looks for the messages of receipts that are held: in memory, and
// among this gateway's that have left it.
func (g *Gateway) lookAtHeld(ctx context.Context, list []*heldReport) (err error) {
	defer func() {
		if err != nil {
			g.heldUnsought.Store(true)
		}
	}()
	spilled := g.store.Counts().Outstanding > 0
	g.mu.Lock()
	list = g.matchHeld(list, !spilled)
	g.mu.Unlock()
	g.signal()
	if len(list) == 0 || !spilled {
		return nil
	}
	reports := make([]*message.Report, 0, len(list))
	for _, h := range list {
		reports = append(reports, &h.Report)
	}
	for range staleMost {
		r := g.look()
		found, err := g.readOutstanding(ctx, reports)
		if err != nil {
			g.endLook(r)
			return err
		}
		g.mu.Lock()
		fits := g.full == nil && g.reviveAll(found, r)
		if fits {
			g.matchHeld(list, true)
		}
		g.endReading(r)
		g.mu.Unlock()
		if fits {
			g.signal()
			return nil
		}
		if !g.settled(ctx) {
			g.heldUnsought.Store(true) // once the store can be written again
			return nil
		}
	}
	return errors.New("messages of receipts that are held are being changed all the while")
}

// matchHeld applies receipts that are held and returns those that found no
// message. all says that none is on disk only.
func (g *Gateway) matchHeld(list []*heldReport, all bool) (rest []*heldReport) {
	now := g.now()
	for _, h := range list {
		switch {
		case g.numbered[h.Number] != h: // dealt with meanwhile
		case g.match(h.scope, &h.Report, all, now) == matched:
			g.dropHeld(h)
		default:
			rest = append(rest, h)
		}
	}
	g.rematch(now)
	return rest
}

// allHeld returns all receipts that are held and listed here.
func (g *Gateway) allHeld() []*heldReport {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]*heldReport, 0, len(g.numbered))
	for _, h := range g.numbered {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *heldReport) int { return cmp.Compare(a.Number, b.Number) }) // the first final state stands
	return list
}
