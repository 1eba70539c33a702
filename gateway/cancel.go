package gateway

import (
	"cmp"
	"context"
	"errors"
	"time"

	"kurir/message"
)

// Cancel ends a message that no session has been granted yet, or, where the link
// permits it, one that its operator gives back. The failure says why it cannot be
// cancelled.
func (g *Gateway) Cancel(ctx context.Context, account string, id message.ID) (*message.Message, error) {
	m, done, err := g.cancel(ctx, account, id)
	var f *message.Failure
	if errors.As(err, &f) && f.Kind == message.NotPermitted {
		return g.cancelAtOperator(ctx, account, id, f)
	}
	if err != nil {
		return nil, err
	}
	return m, settledBy(ctx, done)
}

// CancelEach cancels those messages that Cancel would, those that have not left
// with few commits, and returns how many they were. The error is about those that
// could not be tried.
func (g *Gateway) CancelEach(ctx context.Context, account string, ids []message.ID) (int, error) {
	var left []message.ID
	n, err := each(ctx, ids, func(id message.ID) (<-chan error, error) {
		_, done, err := g.cancel(ctx, account, id)
		var f *message.Failure
		if errors.As(err, &f) && f.Kind == message.NotPermitted {
			left = append(left, id)
		}
		return done, err
	})
	if err != nil {
		return n, err
	}
	more, err := g.giveBackEach(ctx, account, left)
	return n + more, err
}

// each changes messages and waits until that is on disk. Those that have left,
// or are not there, are passed over; any other error ends it.
func each(ctx context.Context, ids []message.ID, change func(message.ID) (<-chan error, error)) (n int, err error) {
	var wait []<-chan error
	for _, id := range ids {
		done, e := change(id)
		var f *message.Failure
		if errors.Is(e, ErrNotFound) || errors.As(e, &f) && f.Kind == message.NotPermitted {
			continue
		}
		if err = e; err != nil {
			break
		}
		wait = append(wait, done)
	}
	for _, done := range wait {
		if e := settledBy(ctx, done); e != nil {
			return n, e
		}
		n++
	}
	return n, err
}

// settledBy waits for what a change gives when it is on disk.
func settledBy(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cancel ends a message; done tells when that is on disk.
func (g *Gateway) cancel(ctx context.Context, account string, id message.ID) (_ *message.Message, done <-chan error, err error) {
	e, err := g.waitingEntry(ctx, account, id)
	if err != nil {
		return nil, nil, err
	}
	g.cancelEntry(e, g.now())
	copied := *e.m
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return &copied, done, nil
}

// cancelEntry ends a message that waits. The lock is held.
func (g *Gateway) cancelEntry(e *entry, now time.Time) {
	if e.station == nowhere {
		g.takeOffDisk(e)
	}
	e.event(message.Event{Kind: message.EventCancelled, At: now.UnixMilli()})
	inLanes := e.station == waiting
	l := e.link
	g.final(e, message.Deleted, message.NoFailure, now)
	if inLanes {
		l.lanes.remove(e)
	}
}

// waitingEntry returns a message that waits and that no session has, as it is
// now: from memory, or read from disk (then its station is nowhere, and g.open
// does not have it). On success the lock is held.
func (g *Gateway) waitingEntry(ctx context.Context, account string, id message.ID) (*entry, error) {
	var r *reading
	var m *message.Message
	for {
		var err error
		r = g.look()
		if g.opt.Shared {
			if err = g.takeOver(ctx, account, id); err != nil {
				g.endLook(r)
				return nil, err
			}
		}
		if m, err = g.Message(ctx, account, id); err != nil {
			g.endLook(r)
			return nil, err
		}
		g.mu.Lock()
		e := g.fetch(id)
		if e == nil && !r.stale(id) || e != nil && e.station != accepting {
			break // what is known of it is as it is
		}
		g.endReading(r)
		g.mu.Unlock()
		if !g.settled(ctx) {
			return nil, cmp.Or(ctx.Err(), error(&message.Failure{Kind: message.StoreFull}))
		}
	}
	g.endReading(r)
	if g.full != nil {
		defer g.mu.Unlock()
		return nil, g.refusal()
	}
	e := g.open[id]
	if e == nil {
		e = newEntry(m)
		e.readLog(g)
	}
	if st := e.m.State; st != message.Queued && st != message.Scheduled || e.station == granted {
		g.mu.Unlock()
		return nil, message.Fail(message.NotPermitted, "id", "the message is %s; only one that has not left can be changed or cancelled", st)
	}
	return e, nil
}

// takeOffDisk removes the rows that say where a message waits that is on disk
// only.
func (g *Gateway) takeOffDisk(e *entry) {
	g.cur.WaitingRemove = append(g.cur.WaitingRemove, g.waitingRows(e)...)
	g.cur.DueRemove = append(g.cur.DueRemove, e.m.ID)
}

// onDisk gives what tells when everything gathered so far is on disk.
func (g *Gateway) onDisk() <-chan error {
	done := make(chan error, 1)
	g.cur.after = append(g.cur.after, func(err error) { done <- err })
	return done
}
