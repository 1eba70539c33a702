package gateway

import (
	"time"

	"kurir/message"
)

// Times at which something is to happen are the wall clock's, and that can be
// set: by an administrator, by a time service, after the machine slept. What
// follows from a step of at least stepLeast, which the monotonic clock shows:
//
//  1. What waits for a while, and not until a time, waits as long as it would
//     have: pauses of links, retries in memory.
//  2. Clock set back: a message is sent no longer after its acceptance than its
//     validity, though its end is later now by the clock. Ids, which must not go
//     back, run ahead of the clock and fall back to it slowly.
//  3. Clock set forward by holdLeast or more: for holdTime nothing is granted,
//     nothing expires and nothing becomes due. If the clock is put right again
//     within that, nothing has happened; else it is believed.
type clock struct {
	last  time.Time // of the last look, by the monotonic clock
	ms    int64     // the wall clock's Unix milliseconds then
	steps []clockStep
	held  time.Time     // until then, by the monotonic clock, a step forward is in doubt
	ahead time.Duration // of ids
}

// clockStep is by how much the clock was set, and the last id given out before.
type clockStep struct {
	last message.ID
	ms   int64
}

const (
	stepLeast  = time.Second
	holdLeast  = time.Minute
	holdTime   = 30 * time.Second
	stepsMost  = 32 // that are remembered
	fallBackBy = 10 // ids run ahead less by this part of the time that goes by
)

// now is the time by the wall clock.
func (g *Gateway) now() time.Time {
	if g.opt.Now != nil {
		return g.opt.Now()
	}
	return time.Now()
}

// lookAtClock notices when the clock has been set. It costs next to nothing
// where a time is near that of the last look, which ticks see to. The lock is
// held.
func (g *Gateway) lookAtClock(now time.Time) {
	c := &g.clock
	if d := now.UnixMilli() - c.ms; c.ms != 0 && d > -stepLeast.Milliseconds() && d < stepLeast.Milliseconds() {
		return
	}
	g.readClock()
}

// Now is the time by the gateway's clock, which of several servers is the database's where this one's is wrong.
func (g *Gateway) Now() time.Time { return g.now() }

// readClock looks at both clocks. The lock is held.
func (g *Gateway) readClock() {
	c, at := &g.clock, time.Now()
	wall := at
	if g.opt.Now != nil {
		wall = g.opt.Now()
	}
	ms, passed := wall.UnixMilli(), at.Sub(c.last)
	step := time.Duration(ms-c.ms)*time.Millisecond - passed
	first := c.ms == 0
	c.last, c.ms = at, ms
	switch {
	case first:
		c.ahead = max(0, g.ids.Last().Time().Sub(wall))
	case step.Abs() >= stepLeast:
		g.clockSet(step, at)
	default:
		c.ahead = max(0, c.ahead-passed/fallBackBy)
	}
}

// clockSet follows a step of the clock.
func (g *Gateway) clockSet(step time.Duration, at time.Time) {
	c, ms := &g.clock, step.Milliseconds()
	c.steps = append(c.steps, clockStep{g.ids.Last(), ms})
	if len(c.steps) > stepsMost {
		c.steps = c.steps[1:]
	}
	c.ahead = max(0, c.ahead-step)
	switch {
	case step >= holdLeast:
		c.held = at.Add(holdTime)
	case step < 0:
		c.held = time.Time{}
	}
	for _, l := range g.links {
		l.pace.shift(ms)
		if l.returns != 0 {
			l.returns += ms
		}
	}
	for _, p := range g.paces {
		p.shift(ms)
	}
	for _, e := range g.due {
		e.due += ms
	}
	if c.held.IsZero() {
		g.log.Warn("the clock was set", "by", step.Round(time.Millisecond))
		return
	}
	g.log.Warn("the clock was set forward and is doubted",
		"by", step.Round(time.Millisecond), "believed_in", holdTime, "open", len(g.open))
}

// clockHeld tells whether a step forward is in doubt. The lock is held.
func (g *Gateway) clockHeld() bool {
	c := &g.clock
	if c.held.IsZero() {
		return false
	}
	if time.Now().Before(c.held) {
		return true
	}
	c.held = time.Time{}
	g.log.Warn("the clock is believed")
	return false
}

// expired tells whether the validity of a message is over: by the clock, or by
// the time that has gone by since its acceptance, if the clock was set back
// meanwhile.
func (g *Gateway) expired(m *message.Message, ms int64) bool {
	return m.Expires <= ms || len(g.clock.steps) > 0 && m.SendAt == 0 && m.Expires-g.clock.setBack(m.ID) <= ms
}

// setBack is by how many milliseconds the clock was set back since a message was
// accepted.
func (c *clock) setBack(id message.ID) (ms int64) {
	for _, s := range c.steps {
		if id <= s.last {
			ms -= s.ms
		}
	}
	return max(0, ms)
}

// nextID makes an id.
func (g *Gateway) nextID(now time.Time) message.ID { return g.ids.Next(now.Add(g.clock.ahead)) }

// firstIDAt returns the smallest id that can have been made at a time, lately.
func (g *Gateway) firstIDAt(t time.Time) message.ID { return message.FirstIDAt(t.Add(g.clock.ahead)) }

// shift moves what the pace of a link has of times.
func (p *pace) shift(ms int64) {
	for _, at := range []*int64{&p.until, &p.since, &p.complained} {
		if *at != 0 {
			*at += ms
		}
	}
	if p.last != 0 {
		p.last += ms * 1000
	}
	p.second += ms / 1000
}
