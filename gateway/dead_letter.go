package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// What a customer's server does not take within MaxAge, or refuses for good, is
// given up: the log of the message says so, and a row of table dead_letter, so
// that it is found without looking at all messages. It goes when the message is
// pushed (push.go), when somebody removes it, and with retention. There is none
// of intermediate states, which are worth nothing later, and none of what nobody
// came for to fetch.

// What dead letters are in the store.
type (
	DeadFilter = store.DeadFilter
	DeadKey    = store.DeadKey
	DeadLetter = store.DeadLetter
)

// bury notes that an item is given up.
func (g *Gateway) bury(it *Item, d *Delivered, now time.Time) {
	if !it.Target.Kind.Called() || it.entry == nil && it.inb == nil {
		return
	}
	g.cur.Dead = append(g.cur.Dead, DeadLetter{
		DeadKey: it.deadKey(), State: it.State, Account: it.Target.Account, Kind: it.Target.Kind, Address: CalledAt(it.Target),
		Since: it.Since, At: now.UnixMilli(), Tries: it.Tries, Code: d.Code, Text: clip(d.Text),
	})
}

func (it *Item) deadKey() DeadKey {
	row := it.row()
	return DeadKey{ID: row.ID, Inbound: row.Inbound, Index: row.Index}
}

// unbury removes the dead letter of an item, if it has one.
func (g *Gateway) unbury(it *Item) {
	if it.Target.Kind.Called() {
		g.cur.DeadGone = append(g.cur.DeadGone, it.deadKey())
	}
}

// DeadLetters returns a page of dead letters.
func (g *Gateway) DeadLetters(ctx context.Context, f DeadFilter) ([]DeadLetter, error) {
	return g.store.DeadLetters(ctx, f)
}

// RemoveDead removes the dead letters that f holds, all of them whatever its
// limit, and returns how many. Of an error some may be gone.
func (g *Gateway) RemoveDead(ctx context.Context, f DeadFilter) (n int64, err error) {
	f.Oldest, f.Limit = true, g.opt.helping(pushMost)
	for {
		list, err := g.store.DeadLetters(ctx, f)
		if err != nil || len(list) == 0 {
			return n, err
		}
		g.mu.Lock()
		if g.full != nil || g.stopping {
			f := g.refusal()
			g.mu.Unlock()
			return n, f
		}
		for i := range list {
			g.cur.DeadGone = append(g.cur.DeadGone, list[i].DeadKey)
		}
		g.mu.Unlock()
		if err := g.waitWritten(ctx); err != nil {
			return n, err
		}
		n += int64(len(list))
		f.After = list[len(list)-1].Number
	}
}

// pushDead pushes the dead letters of a job, in the order in which they were
// given up.
func (g *Gateway) pushDead(ctx context.Context, j *pushJob) error {
	r := &j.req
	f := DeadFilter{
		Address: r.Address, From: r.From, To: r.To, NoStates: !r.Receipts, NoInbound: !r.Inbound, Limit: 1,
	}
	if r.Account != "" {
		f.Accounts = []string{r.Account}
	}
	newest, err := g.store.DeadLetters(ctx, f)
	if err != nil || len(newest) == 0 {
		return err
	}
	f.Oldest, f.Limit = true, g.opt.helping(pushMost)
	for {
		list, err := g.store.DeadLetters(ctx, f)
		list = slices.DeleteFunc(list, func(d DeadLetter) bool { return d.Number > newest[0].Number }) // refused once more meanwhile
		if err != nil || len(list) == 0 {
			return err
		}
		f.After = list[len(list)-1].Number
		var ids, inbound []message.ID
		known := map[message.ID]bool{} // a rule's webhook may be of another account than the message
		for i := range list {
			known[list[i].ID] = true
			if d := &list[i]; d.Inbound {
				inbound = append(inbound, d.ID)
			} else {
				ids = append(ids, d.ID)
			}
		}
		if err := g.pushSlice(ctx, j, ids, inbound, known); err != nil {
			return err
		}
	}
}
