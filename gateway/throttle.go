package gateway

import "time"

// pace keeps the rate of a link in parts a second, smoothly: what is saved up
// never exceeds a tick's worth plus one part. When the operator
// asks for less speed the link pauses and goes on at what the operator really
// took, then faster by degrees.
type pace struct {
	limit  float64 // configured, 0 is none
	rate   float64 // in force, 0 is none
	saved  float64
	last   int64 // Unix microseconds of the last refill
	until  int64 // Unix milliseconds: pause until then
	steady int64 // Unix milliseconds of the last step or pause

	taken     int // parts taken in the running second
	takenLast int // in the one before
	second    int64
}

const (
	burstShare = 0.01 // seconds of the rate that may be saved: a tick
	growth     = 1.10 // a step of recovery, each second
	backAt     = 30   // seconds without complaint after which an unlimited link is unlimited again
)

func (p *pace) configure(limit float64) {
	if p.limit == limit {
		return
	}
	p.limit, p.rate = limit, limit
}

// room returns how many parts may go now; ok is false while the link pauses.
func (p *pace) room(now time.Time) (parts int, ok bool) {
	ms := now.UnixMilli()
	if ms < p.until {
		return 0, false
	}
	p.recover(ms)
	if p.rate == 0 {
		return 1 << 20, true
	}
	us := now.UnixMicro()
	if p.last != 0 {
		p.saved += float64(us-p.last) / 1e6 * p.rate
	} else {
		p.saved = 1
	}
	p.last = us
	p.saved = min(p.saved, p.rate*burstShare+1)
	return int(p.saved), p.saved >= 1
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
	p.takenLast = 0
	if second == p.second+1 {
		p.takenLast = p.taken
	}
	p.taken, p.second = 0, second
}

// slow reacts to the operator's complaint: a pause, then nine tenths of what it
// took in a second. Complaints during a pause belong to the same burst.
func (p *pace) slow(now time.Time, wait time.Duration) {
	ms := now.UnixMilli()
	if ms < p.until {
		return
	}
	p.roll(now.Unix())
	seen := float64(max(p.taken, p.takenLast, 1))
	if p.rate == 0 || seen < p.rate {
		p.rate = max(1, seen*0.9)
	} else {
		p.rate = max(1, p.rate*0.9)
	}
	p.until = ms + wait.Milliseconds()
	p.steady = p.until
	p.saved, p.last = 0, 0
}

// recover steps the rate up again, a degree a second.
func (p *pace) recover(ms int64) {
	if p.rate == p.limit || p.steady == 0 {
		return
	}
	for ms-p.steady >= 1000 && p.rate != p.limit {
		p.steady += 1000
		p.rate *= growth
		if p.limit != 0 && p.rate >= p.limit || p.limit == 0 && p.rate > 1e6 {
			p.rate = p.limit
		}
	}
	if p.limit == 0 && ms-p.until > backAt*1000 {
		p.rate = 0
	}
}
