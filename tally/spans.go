package tally

import (
	"cmp"
	"slices"
	"time"
)

// Span is a time from one on and before another, in Unix milliseconds. One that does not end behind its beginning is empty.
type Span struct{ From, Until int64 }

// Union gives what at least one of the spans has: sorted, apart, none empty.
func Union(list []Span) []Span {
	list = slices.DeleteFunc(slices.Clone(list), func(s Span) bool { return s.Until <= s.From })
	slices.SortFunc(list, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.From <= out[n-1].Until {
			out[n-1].Until = max(out[n-1].Until, s.Until)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Intersect gives what both lists, which are as Union gives them, have.
func Intersect(a, b []Span) (both []Span) {
	for len(a) > 0 && len(b) > 0 {
		if s := (Span{max(a[0].From, b[0].From), min(a[0].Until, b[0].Until)}); s.Until > s.From {
			both = append(both, s)
		}
		if a[0].Until < b[0].Until {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

// Subtract gives what the first list has and the second has not; both are as Union gives them.
func Subtract(a, b []Span) (left []Span) {
	for _, s := range a {
		for _, cut := range b {
			if cut.Until <= s.From {
				continue
			}
			if cut.From >= s.Until {
				break
			}
			if cut.From > s.From {
				left = append(left, Span{s.From, cut.From})
			}
			s.From = cut.Until
			if s.From >= s.Until {
				break
			}
		}
		if s.Until > s.From {
			left = append(left, s)
		}
	}
	return left
}

// Total is how long a list as Union gives it is.
func Total(list []Span) time.Duration {
	ms := int64(0)
	for _, s := range list {
		ms += s.Until - s.From
	}
	return time.Duration(ms) * time.Millisecond
}

// Seen is what is known of a link or an interface, from all servers, in any order.
type Seen struct {
	Up      []Span // it was there, for at least one server
	Known   []Span // a server had it and looked, whether it was there or not
	Stopped []Span // somebody had stopped it, or the operator works on his side
	Planned []Span // maintenance that was planned
	Running []Span // a server ran
}

// Available is how a link or an interface was there in a span.
type Available struct {
	Up      time.Duration // of the time that counts
	Down    time.Duration // likewise, it was not
	Planned time.Duration // of maintenance, apart from both
	Stopped time.Duration // likewise of what was stopped
	Outages int           // how often it was down, of the time that counts
	Longest time.Duration // of them
}

// Counts is the time that counts.
func (a *Available) Counts() time.Duration { return a.Up + a.Down }

// Part is what part of the time that counts it was there, 0 to 1; 1 where none counts.
func (a *Available) Part() float64 {
	if a.Counts() == 0 {
		return 1
	}
	return float64(a.Up) / float64(a.Counts())
}

// Availability says how something was there within a span. Time counts from when it was first known to when it was
// last; before and after, and while servers ran that did not have it, there was no such thing. While no server ran between the
// two it was down. What was planned counts for
// nothing, whether it was there or not; what was stopped neither, unless it was there all the same.
func Availability(within Span, seen *Seen) (a Available) {
	known := Union(slices.Concat(seen.Known, seen.Up, seen.Stopped))
	if len(known) == 0 {
		return a
	}
	life := []Span{{max(within.From, known[0].From), min(within.Until, known[len(known)-1].Until)}}
	if life[0].Until <= life[0].From {
		return a
	}
	life = Subtract(life, Subtract(Union(seen.Running), known)) // there was a server, and it had no such thing
	planned, up := Union(seen.Planned), Union(seen.Up)
	a.Planned = Total(Intersect(life, planned))
	life = Subtract(life, planned)
	stopped := Subtract(Intersect(life, Union(seen.Stopped)), up)
	a.Stopped = Total(stopped)
	life = Subtract(life, stopped)
	a.Up = Total(Intersect(life, up))
	outages := Subtract(life, up)
	a.Down, a.Outages = Total(outages), len(outages)
	for _, o := range outages {
		a.Longest = max(a.Longest, time.Duration(o.Until-o.From)*time.Millisecond)
	}
	return a
}
