package gateway

import (
	"math"
	"slices"
	"time"
)

// pace keeps the rate of a link, or an account, in parts a second: what is saved up
// never exceeds a tick's worth plus one part, or three when ticks come late. When the operator asks for less
// speed the link pauses for a moment and goes on at what the operator really
// took, and then:
//
//  1. While that is only a guess, for the complaint came before a second's
//     worth had gone, the rate doubles every second until the next complaint.
//  2. Else it goes back towards the rate of the complaint, stays near it, and
//     goes beyond it ever faster: a cubic curve, as TCP has it (RFC 9438). So
//     an operator that keeps his limit seldom has to complain, and one that
//     lifts it gets twice as much half a minute later.
//
// It never exceeds the configured rate, and a link without one is without one
// again when nobody has complained for a while.
type pace struct {
	whole   float64 // configured, 0 is none
	limit   float64 // of it what is this gateway's
	rate    float64 // in force, 0 is none
	saved   float64
	none    bool  // nothing more is to be saved: other gateways have the rate (rates.go)
	starved bool  // something waited at the last look
	last    int64 // Unix microseconds of the last refill
	until   int64 // Unix milliseconds: pause until then

	complained int64 // Unix milliseconds of the last complaint

	base  float64 // of the curve: the rate after the complaint if quick, else that which led to it
	since int64   // Unix milliseconds from which the rate grows; 0: it is not held back
	quick bool

	used  meter     // granted, of an account; only where gateways have rates together
	spent time.Time // when something was accepted last, likewise

	taken     int    // parts taken in the running second
	takenLast int    // in the one before
	earlier   [3]int // in those before that, the newest first
	second    int64
}

const (
	defaultThrottleWait = 100 * time.Millisecond

	burstShare = 0.01            // seconds of the rate that may be saved: a tick
	lateShare  = 0.03            // likewise on a machine that is too busy for every tick
	backOff    = 0.05            // by how much the rate falls below that which led to a complaint
	plateau    = 8 * time.Second // until it is there again
	backAt     = 30              // seconds without complaint after which an unlimited link is unlimited again
)

func (p *pace) configure(limit float64) {
	if p.whole == limit {
		return
	}
	p.whole, p.limit, p.rate, p.since = limit, limit, limit, 0
}

// share has the pace follow its share of what is configured; 0 is nothing. A rate
// that an operator has slowed stays slow.
func (p *pace) share(limit float64) {
	if p.none = limit == 0; p.none || p.limit == limit {
		return
	}
	p.limit = limit
	if p.since == 0 || p.rate > limit {
		p.rate, p.since = limit, 0
	}
}

// room returns how many parts may go now; ok is false while the link pauses.
func (p *pace) room(now time.Time) (parts int, ok bool) {
	ms := now.UnixMilli()
	if ms < p.until {
		return 0, false
	}
	p.grow(ms)
	if p.rate == 0 {
		return 1 << 20, true
	}
	us := now.UnixMicro()
	if p.none && p.last != 0 {
		p.last = us
		return int(p.saved), p.saved >= 1
	}
	most := burstShare
	if p.starved { // the time has gone by with something waiting: it was the tick that came late
		most = lateShare
	}
	if p.last != 0 {
		p.saved = max(p.saved, min(p.saved+float64(us-p.last)/1e6*p.rate, p.rate*most+1))
	} else {
		p.saved = 1
	}
	p.last = us
	p.starved = p.saved < 1
	return int(p.saved), !p.starved
}

// take uses up parts; a long message may overdraw what is saved.
func (p *pace) take(parts int) {
	if p.rate != 0 {
		p.saved -= float64(parts)
	}
}

// success counts parts that the operator took.
func (p *pace) success(now time.Time, parts int) {
	p.roll(now.Unix())
	p.taken += parts
}

func (p *pace) roll(second int64) {
	if second == p.second {
		return
	}
	for range min(second-p.second, 1+int64(len(p.earlier))) {
		copy(p.earlier[1:], p.earlier[:])
		p.earlier[0] = p.takenLast
		p.takenLast, p.taken = p.taken, 0
	}
	p.second = second
}

// slow reacts to the operator's complaint. Complaints during a pause belong to
// the same burst.
func (p *pace) slow(now time.Time, wait time.Duration) {
	if p.fall(now, wait, backOff) {
		p.complained = now.UnixMilli()
	}
}

// fall pauses, and goes on below what the operator took by a share of it.
func (p *pace) fall(now time.Time, wait time.Duration, share float64) bool {
	ms := now.UnixMilli()
	if ms < p.until {
		return false
	}
	seen := p.seen(now)
	if p.rate != 0 {
		seen = min(seen, p.rate)
	}
	p.quick = p.takenLast == 0 || seen < p.rate/2
	p.rate = max(1, seen*(1-share))
	p.base = p.rate
	if !p.quick {
		p.base = seen
	}
	p.until = ms + wait.Milliseconds()
	p.since = p.until
	p.saved, p.last = 0, 0
	return true
}

// seen is how many parts the operator took in a second lately: the most of some
// seconds, because in the last we may have been kept from sending.
func (p *pace) seen(now time.Time) float64 {
	p.roll(now.Unix())
	return float64(max(p.taken, p.takenLast, slices.Max(p.earlier[:]), 1))
}

// grow lets the rate follow its curve.
func (p *pace) grow(ms int64) {
	if p.since == 0 {
		return
	}
	t := float64(ms-p.since) / 1000
	if p.quick {
		p.rate = p.base * math.Exp2(t)
	} else {
		x := t/plateau.Seconds() - 1
		p.rate = max(1, p.base*(1+backOff*x*x*x))
	}
	switch {
	case p.limit != 0 && p.rate >= p.limit, p.limit == 0 && (p.rate > 1e6 || t > backAt):
		p.rate, p.since = p.limit, 0
	}
}
