package cluster

import "time"

// Instant is one look at both clocks of this machine.
type Instant struct {
	Mono time.Duration // since the clock was made; no one sets it, but it stands still while the machine sleeps
	Wall time.Time     // goes on while the machine sleeps, and is set by people and programs
}

// Clock looks at both clocks.
type Clock func() Instant

// NewClock returns the clocks of this machine.
func NewClock() Clock {
	began := time.Now()
	return func() Instant {
		now := time.Now()
		return Instant{Mono: now.Sub(began), Wall: now.Round(0)}
	}
}

// Times are the durations of the algebra; doc.go says what each is for. Those
// that are 0 have their default.
type Times struct {
	Renew   time.Duration // how often a node renews: 1s
	Length  time.Duration // how long a renewal holds: 5s
	Early   time.Duration // how much earlier the holder stops: 500ms
	Late    time.Duration // how much later others begin: 500ms
	Request time.Duration // how long the database is waited for: 1.5s
}

// withDefaults fills in what is left out.
func (t Times) withDefaults() Times {
	for _, d := range []struct {
		is   *time.Duration
		most time.Duration
	}{
		{&t.Renew, time.Second},
		{&t.Length, 5 * time.Second},
		{&t.Early, 500 * time.Millisecond},
		{&t.Late, 500 * time.Millisecond},
		{&t.Request, 1500 * time.Millisecond},
	} {
		if *d.is == 0 {
			*d.is = d.most
		}
	}
	return t
}

// watch is for how long a node must have been seen not to renew.
func (t Times) watch() time.Duration { return t.Length + t.Late }

// deadline is until when a node may act.
type deadline struct {
	sent  Instant       // before the request that renewed was sent
	hold  time.Duration // for so long on either clock
	apart time.Duration // while the wall clock is no more than this behind the other
}

// deadline counts from before the request was sent: the database cannot have
// counted from earlier.
func (t Times) deadline(sent Instant) *deadline {
	return &deadline{sent: sent, hold: t.Length - t.Early, apart: t.Early}
}

// ahead tells whether the deadline has not passed on either clock. A wall clock
// that was set back cannot tell any more that the machine slept.
func (d *deadline) ahead(now Instant) bool {
	if d == nil {
		return false
	}
	mono, wall := now.Mono-d.sent.Mono, now.Wall.Sub(d.sent.Wall)
	return mono < d.hold && wall < d.hold && wall >= mono-d.apart
}
