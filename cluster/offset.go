package cluster

import (
	"context"
	"sync/atomic"
	"time"

	"kurir/store"
)

// Each look at the table also shows the database's clock, by which this node's
// wall clock is judged. Leases do not depend on that: they are held by both
// clocks of the machine, as doc.go says. But what messages say of times, and
// their ids, are to be those of one clock for all nodes: Keeper.Now is the wall
// clock while that is right to within a second, else the database's.

const (
	// ClockLeast is by how much a wall clock must be off to be called wrong.
	ClockLeast = time.Second
	// clockTrip is the longest answer that a clock is judged by: half of it may be the error.
	clockTrip = time.Second
	// clockMoves is by how much the time must be wrong to be changed: it is to run evenly, and answers take their time.
	clockMoves = 500 * time.Millisecond
	// clockShown is how exactly other nodes are told.
	clockShown = 100 * time.Millisecond
)

// reckoning is how late it was at an instant.
type reckoning struct {
	mono   time.Duration
	now    time.Time
	offset time.Duration // of the wall clock, from the database's
	wrong  bool
}

// nodeClock is the time by this machine's monotonic clock since the last
// reckoning.
type nodeClock struct{ last atomic.Pointer[reckoning] }

// judge takes in what the database's clock was at some moment between two
// instants. It tells whether the clock has become wrong, or right again.
func (c *nodeClock) judge(before, after Instant, database time.Time) (changed bool) {
	if after.Mono-before.Mono > clockTrip {
		return false
	}
	half := (after.Mono - before.Mono) / 2
	at := reckoning{mono: before.Mono + half, now: before.Wall.Add(half)}
	at.offset = at.now.Sub(database)
	was := c.last.Load()
	at.wrong = at.offset.Abs() >= ClockLeast
	if at.wrong {
		at.now = database
		if was != nil {
			if on := was.now.Add(at.mono - was.mono); on.Sub(database).Abs() < clockMoves {
				at.now = on
			}
		}
	}
	c.last.Store(&at)
	return at.wrong != (was != nil && was.wrong)
}

// at is the time at an instant.
func (c *nodeClock) at(i Instant) time.Time {
	if was := c.last.Load(); was != nil {
		return was.now.Add(i.Mono - was.mono)
	}
	return i.Wall
}

// Now is the time: by this machine's clocks, or by the database's where they are
// wrong by a second or more.
func (k *Keeper) Now() time.Time { return k.time.at(k.clock()) }

// ClockOffset is by how much this machine's wall clock is ahead of the database's; false before it is known.
func (k *Keeper) ClockOffset() (time.Duration, bool) {
	if was := k.time.last.Load(); was != nil {
		return was.offset, true
	}
	return 0, false
}

// nodes reads the table, and judges the clock by it.
func (k *Keeper) nodes(ctx context.Context) (store.Nodes, error) {
	before := k.clock()
	view, err := k.table.Nodes(ctx)
	if err != nil || view.Now.IsZero() {
		return view, err
	}
	k.judge(before, view.Now)
	return view, nil
}

// judge judges the clock by what the database's was since an instant, and says when it has become wrong.
func (k *Keeper) judge(before Instant, database time.Time) {
	changed := k.time.judge(before, k.clock(), database)
	offset, _ := k.ClockOffset()
	ahead := int64(0)
	if offset.Abs() >= ClockLeast {
		ahead = offset.Round(clockShown).Milliseconds()
	}
	k.mu.Lock()
	if k.opt.About.Ahead != ahead { // with the next renewal
		k.opt.About.Ahead = ahead
		k.about = k.opt.About.text()
	}
	k.mu.Unlock()
	if changed {
		if offset.Abs() >= ClockLeast {
			k.log.Warn("the clock of this machine is not that of the database, whose time is used: set one of them right", "ahead", offset.Round(time.Millisecond))
		} else {
			k.log.Info("the clock of this machine is that of the database again", "ahead", offset.Round(time.Millisecond))
		}
	}
}
