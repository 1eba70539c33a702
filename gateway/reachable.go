package gateway

import (
	"container/heap"
	"context"
	"time"

	"kurir/message"
)

const (
	phonesMost   = 1000 // phones that became reachable, in a second; more are left to their retries
	phonesOnDisk = 20   // of which the disk is asked
	phoneHelping = 20   // messages of one phone
)

// Alert implements connector.Alerted: what waits to be tried again for a phone
// that can be reached is tried at once (SMPP 3.4 4.12), and customers who ask
// for it are told.
func (c linkCore) Alert(a message.Alert) {
	g := c.g
	g.mu.Lock()
	defer g.mu.Unlock()
	reachable := a.Reachable()
	if reachable {
		c.l.count.alerts.Add(1)
	}
	a.Phone = c.l.set.inboundNumber(a.Phone)
	number := a.Phone.Number
	if number == "" {
		return
	}
	g.noteAlert(a)
	if !reachable || len(g.phones) >= phonesMost {
		return
	}
	if g.phones == nil {
		g.phones = map[string]struct{}{}
	}
	g.phones[number] = struct{}{}
}

// heardFrom notes a phone that wrote to us, and can be reached. Notifications
// come first: of these only as many are noted as the disk is asked for. The lock
// is held.
func (g *Gateway) heardFrom(number string) {
	if len(g.phones) >= phonesOnDisk || number == "" || len(g.due) == 0 && g.store.Counts().Due == 0 {
		return
	}
	if g.phones == nil {
		g.phones = map[string]struct{}{}
	}
	g.phones[number] = struct{}{}
}

// wakeReachable tries what waits in memory for phones that became reachable,
// and returns some of the phones, for which the disk is to be asked. The lock is
// held.
func (g *Gateway) wakeReachable(now time.Time) (phones []string) {
	if len(g.phones) == 0 {
		return nil
	}
	for _, e := range g.due {
		if _, ok := g.phones[e.m.To.Number]; ok && e.station == delayed {
			e.due = now.UnixMilli()
		}
	}
	heap.Init(&g.due)
	for number := range g.phones {
		if phones = append(phones, number); len(phones) == phonesOnDisk {
			break
		}
	}
	g.phones = nil
	return phones
}

// loadReachable reads what waits on disk to be tried again for phones that
// became reachable.
func (g *Gateway) loadReachable(ctx context.Context, now time.Time) error {
	g.mu.Lock()
	phones := g.wakeReachable(now)
	g.mu.Unlock()
	if g.store.Counts().Due == 0 {
		return nil
	}
	for _, number := range phones {
		r := g.look()
		ids, err := g.delayedFor(ctx, number)
		if err != nil || len(ids) == 0 {
			g.endLook(r)
			if err != nil {
				return err
			}
			continue
		}
		err = g.fromIDs(ctx, ids, r, func(m *message.Message) {
			if m.State != message.Queued || paused(m.Log, m.ID) {
				return
			}
			e := newEntry(m)
			e.readLog(g)
			e.station, e.rowed = delayed, true
			if e.link.lanes.n >= g.opt.QueueMemory {
				return
			}
			g.again(e, now)
		}, func(message.ID) {})
		if err != nil {
			return err
		}
	}
	return nil
}

// delayedFor returns messages to a number that wait on disk to be tried again,
// in the order of their ids.
func (g *Gateway) delayedFor(ctx context.Context, number string) ([]message.ID, error) {
	list, _, err := g.store.Messages(ctx, Filter{
		To: message.Address{Number: number}, States: []message.State{message.Queued}, Oldest: true, Limit: phoneHelping,
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]message.ID, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	due, err := g.store.DueHas(ctx, ids)
	if err != nil {
		return nil, err
	}
	n := 0
	for i, id := range ids {
		if due[i] {
			ids[n] = id
			n++
		}
	}
	return ids[:n], nil
}
