package gateway

import (
	"context"
	"sync"
	"time"

	"kurir/message"
	"kurir/store"
)

// failure is what a target last said instead of taking something.
type failure struct {
	at   time.Time
	code uint32
	text string
}

func (b *outbox) failed(d *Delivered, now time.Time) {
	b.failure = failure{now, d.Code, clip(d.Text)}
}

// out notes that a Receiver has an item, or has it no more.
func (b *outbox) out(it *Item, out bool) {
	it.out = out
	switch {
	case it.rowed && out:
		b.outRowed++
	case it.rowed:
		b.outRowed--
	}
}

// OwedQueue is what one account is owed over one kind of target.
type OwedQueue struct {
	Account  string
	Kind     message.TargetKind
	Owed     int64     // all
	Memory   int64     // of them those in memory
	Disk     int64     // of them those with a row on disk; they may be in memory too
	Inbound  int64     // of those on disk inbound messages, the others are states
	Later    int64     // of those on disk those that wait for their next try
	InFlight int       // given to the customer and not acknowledged
	Oldest   time.Time // when the oldest was accepted or came, but for those in flight; zero if there is none
	Present  bool      // somebody is there: a session that receives, or a server that is called
	Failed   time.Time // when telling last failed; zero if it has not since the start
	Code     uint32    // that he then said, HTTP status or command_status
	Text     string    // likewise
}

// WaitingQueue is what waits for one link in one lane, of one account.
type WaitingQueue struct {
	Link     string
	Priority message.Priority
	Account  string
	Waiting  int64 // all
	Memory   int64 // of them those in memory
	Disk     int64 // of them those with a row on disk; they may be in memory too
	Oldest   time.Time
	Up       bool // the link has a session that sends
}

// diskSizes keeps what was last counted on disk, for counting reads whole
// tables: it is done again after a second at the earliest, and takes a tenth of
// the time at most.
type diskSizes struct {
	mu      sync.Mutex
	again   time.Time
	owed    []store.OwedSize
	waiting []store.WaitingSize
}

func (g *Gateway) countDisk(ctx context.Context) ([]store.OwedSize, []store.WaitingSize, error) {
	d := &g.sizes
	d.mu.Lock()
	defer d.mu.Unlock()
	began := time.Now()
	if began.Before(d.again) {
		return d.owed, d.waiting, nil
	}
	owed, err := g.store.OwedSizes(ctx, began.UnixMilli())
	if err != nil {
		return nil, nil, err
	}
	waiting, err := g.store.WaitingSizes(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	d.owed, d.waiting, d.again = owed, waiting, now.Add(max(time.Second, 9*now.Sub(began)))
	return owed, waiting, nil
}

// OwedQueues returns what is owed to an account (to all for the empty one), by
// account and kind of target in no order. Figures of the disk may be some
// seconds old.
func (g *Gateway) OwedQueues(ctx context.Context, account string) ([]OwedQueue, error) {
	disk, _, err := g.countDisk(ctx)
	if err != nil {
		return nil, err
	}
	sizes := make(map[boxKey]store.OwedSize, len(disk))
	for _, d := range disk {
		if k, ok := parseBoxKey(d.Queue); ok {
			sizes[k] = d
		}
	}
	var list []OwedQueue
	g.mu.Lock()
	defer g.mu.Unlock()
	for k, b := range g.boxes {
		if k.inbound || account != "" && k.account != account {
			continue
		}
		q := g.owedQueue(b, sizes[k])
		if b.twin != nil {
			q.add(g.owedQueue(b.twin, sizes[b.twin.key]))
		}
		list = append(list, q)
	}
	return list, nil
}

func (g *Gateway) owedQueue(b *outbox, disk store.OwedSize) OwedQueue {
	q := OwedQueue{
		Account: b.key.account, Kind: b.key.kind, Disk: disk.Rows, Inbound: disk.Inbound, Later: disk.Later, InFlight: b.inFlight,
		Memory: int64(b.fifo.len() + b.fresh.len() + b.inFlight), Failed: b.failure.at, Code: b.failure.code, Text: b.failure.text,
	}
	if disk.Oldest != 0 {
		q.Oldest = disk.Oldest.Time()
	}
	if r := g.receivers[b.key.kind]; r != nil {
		q.Present = r.Limit(b.key.account) > 0
	}
	q.Owed = disk.Rows + int64(b.inFlight-b.outRowed)
	for _, waiting := range []*queue[*Item]{&b.fifo, &b.fresh} {
		for _, it := range waiting.items[waiting.head:] {
			if !it.rowed {
				q.Owed++
			}
		}
		if waiting.len() > 0 {
			if at := waiting.peek().accepted(); q.Oldest.IsZero() || at.Before(q.Oldest) {
				q.Oldest = at
			}
		}
	}
	return q
}

// accepted is when what is owed was accepted, or came.
func (it *Item) accepted() time.Time {
	if it.Inbound != nil {
		return it.Inbound.ID.Time()
	}
	return it.Message.ID.Time()
}

// WaitingQueues returns what waits for links of an account's (of all for the
// empty one), by link, lane and account in no order. Figures of the disk may be
// some seconds old.
func (g *Gateway) WaitingQueues(ctx context.Context, account string) ([]WaitingQueue, error) {
	_, disk, err := g.countDisk(ctx)
	if err != nil {
		return nil, err
	}
	type key struct {
		store.Lane
		account string
	}
	at := map[key]int{}
	var list []WaitingQueue
	of := func(k key) *WaitingQueue {
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, WaitingQueue{Link: k.Link, Priority: k.Priority, Account: k.account})
		}
		return &list[i]
	}
	for _, d := range disk {
		if account == "" || d.Account == account {
			q := of(key{d.Lane, d.Account})
			q.Disk, q.Waiting, q.Oldest = d.Rows, d.Rows, d.Oldest.Time()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.links {
		for p := range l.lanes.lane {
			for name, entries := range l.lanes.lane[p].queues {
				if account == "" || name == account {
					of(key{store.Lane{Link: l.name, Priority: message.Priority(p)}, name}).addMemory(entries)
				}
			}
		}
	}
	for i := range list {
		l := g.links[list[i].Link]
		list[i].Up = l != nil && l.up()
	}
	return list, nil
}

func (q *WaitingQueue) addMemory(entries *accountQueue) {
	q.Memory = int64(entries.n)
	entries.each(func(e *entry) {
		if !e.rowed {
			q.Waiting++
		}
		if at := e.m.ID.Time(); q.Oldest.IsZero() || at.Before(q.Oldest) {
			q.Oldest = at
		}
	})
}
