package rota

import (
	"fmt"
	"slices"
	"time"
)

// Span is a time in which the same are on duty.
type Span struct {
	From, To time.Time // in the zone of the rota; To is the begin of the next
	Duty
}

// Gap tells whether nobody is on duty.
func (s *Span) Gap() bool { return len(s.Who) == 0 }

// MaxBetween is how long a time can be that Between answers for.
const MaxBetween = 400 * 24 * time.Hour

// Between tells who is on duty from a time until another: spans one after the other without a hole, the first beginning with
// the one, the last ending with the other, both taken to the second. Nobody is on duty in those that are gaps. The error is
// one of the times.
func (p *Plan) Between(from, to time.Time) ([]Span, error) {
	if err := checkTimes(from, to); err != nil {
		return nil, err
	}
	pieces := p.pieces(from.Unix(), to.Unix(), map[*Plan][]piece{})
	spans := make([]Span, len(pieces))
	for i := range pieces {
		spans[i] = Span{From: time.Unix(pieces[i].from, 0).In(p.zone), To: time.Unix(pieces[i].to, 0).In(p.zone), Duty: pieces[i].Duty}
	}
	return spans, nil
}

// checkTimes says what is wrong with a time that is asked for.
func checkTimes(from, to time.Time) error {
	switch {
	case from.Unix() >= to.Unix():
		return fmt.Errorf("the end, %s, is not after the begin, %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
	case to.Sub(from) > MaxBetween:
		return fmt.Errorf("the time is longer than %d days; ask for several shorter ones", MaxBetween/(24*time.Hour))
	case from.Year() < 1970 || to.Year() > lastYear:
		return fmt.Errorf("the time is not within 1970 to %d", lastYear)
	}
	return nil
}

// Next tells when somebody else is on duty than at a time, within a year; false if nothing changes.
func (p *Plan) Next(at time.Time) (Span, bool) {
	who := p.OnDuty(at).Who
	for days := 8; days <= 366; days += 358 { // most change within a week
		spans, err := p.Between(at, at.AddDate(0, 0, days))
		if err != nil {
			return Span{}, false
		}
		for i := range spans {
			if !slices.Equal(spans[i].Who, who) {
				return spans[i], true
			}
		}
	}
	return Span{}, false
}

// piece is a span in seconds since 1970.
type piece struct {
	from, to int64
	Duty
}

// track is what one layer or exception says: pieces in order that do not overlap, with members as they are written.
type track struct {
	pieces []piece
	name   string
	fills  bool
	next   int // the piece that has not ended yet
}

// at gives who a track has at a time; times come in order.
func (k *track) at(t int64) []string {
	for k.next < len(k.pieces) && k.pieces[k.next].to <= t {
		k.next++
	}
	if k.next == len(k.pieces) || k.pieces[k.next].from > t {
		return nil
	}
	return k.pieces[k.next].Who
}

// pieces gives who is on duty; known are those of rotas within rotas, each of which is computed once.
func (p *Plan) pieces(from, to int64, known map[*Plan][]piece) []piece {
	tracks := p.tracks(from, to)
	inner := map[*Plan]*track{}
	ends := p.ends(from, to, tracks, func(q *Plan) []piece {
		list, done := known[q]
		if !done {
			list = q.pieces(from, to, known)
			known[q] = list
		}
		inner[q] = &track{pieces: list}
		return list
	})
	all := make([]piece, 0, len(ends))
	var stands []*exception
	for i := 0; i+1 < len(ends); i++ {
		t := ends[i]
		stands = p.standsIn(t, stands[:0])
		nested := func(q *Plan) []string { return inner[q].at(t) }
		next := piece{from: t, to: ends[i+1]}
		for k := range tracks {
			if who := tracks[k].at(t); len(who) > 0 {
				next.take(p.leaves(swapped(who, stands), nested), tracks[k].name, tracks[k].fills)
			}
		}
		if last := len(all) - 1; last >= 0 && all[last].same(&next) {
			all[last].to = next.to
		} else {
			all = append(all, next)
		}
	}
	return all
}

// same tells whether two pieces say the same.
func (s *piece) same(o *piece) bool {
	return s.By == o.By && slices.Equal(s.Who, o.Who) && slices.Equal(s.Also, o.Also)
}

// ends gives every time at which something may change, from the first to the last.
func (p *Plan) ends(from, to int64, tracks []track, inner func(*Plan) []piece) []int64 {
	all := []int64{from, to}
	add := func(list []piece) {
		for i := range list {
			all = append(all, min(max(list[i].from, from), to), min(max(list[i].to, from), to))
		}
	}
	for i := range tracks {
		add(tracks[i].pieces)
	}
	for i := range p.swaps {
		add([]piece{{from: p.swaps[i].from, to: p.swaps[i].to}})
	}
	for q := range p.named() {
		add(inner(q))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// named gives the rotas that it names.
func (p *Plan) named() map[*Plan]bool {
	all := map[*Plan]bool{}
	add := func(who []string) {
		for _, member := range who {
			if name, ok := nested(member); ok {
				if q := p.set.Find(p.Rota.Account, name); q != nil {
					all[q] = true
				}
			}
		}
	}
	for i := range p.layers {
		for k := range p.layers[i].slots {
			add(p.layers[i].slots[k].who)
		}
	}
	for _, list := range [][]exception{p.wholes, p.swaps} {
		for i := range list {
			add(list[i].who)
		}
	}
	add(p.Rota.Else)
	return all
}

// tracks gives what exceptions, layers and else say, in the order in which they count.
func (p *Plan) tracks(from, to int64) []track {
	var all []track
	for i := range p.wholes {
		if e := &p.wholes[i]; e.from < to && from < e.to {
			all = append(all, track{name: e.name, fills: true, pieces: []piece{{from: e.from, to: e.to, Duty: Duty{Who: e.who}}}})
		}
	}
	years := holidays{}
	for i := range p.layers {
		l := &p.layers[i]
		all = append(all, track{name: l.name, fills: l.fills, pieces: cut(p.rotation(l, from, to), p.times(l, from, to, years))})
	}
	return append(all, track{name: elseName, fills: true, pieces: []piece{{from: from, to: to, Duty: Duty{Who: p.Rota.Else}}}})
}

// rotation gives the slots of a layer one after the other.
func (p *Plan) rotation(l *layer, from, to int64) (all []piece) {
	d := max(dayAt(time.Unix(from, 0), p.zone)-reaches, l.start)
	last := dayAt(time.Unix(to, 0), p.zone) + 1
	for d < l.end && d <= last {
		s, _, next := l.slotOf(d)
		next = min(next, l.end)
		if begin, end := d.at(l.handover, p.zone), next.at(l.handover, p.zone); begin < end {
			all = append(all, piece{from: begin, to: end, Duty: Duty{Who: s.who}})
		}
		d = next
	}
	return all
}

// times gives the times of the week of a layer, joined where they meet or overlap.
func (p *Plan) times(l *layer, from, to int64, years holidays) (all []piece) {
	last := dayAt(time.Unix(to, 0), p.zone) + 1
	for d := dayAt(time.Unix(from, 0), p.zone) - reaches; d <= last; d++ {
		p.windows(l, d, years, func(from, to int64) { all = append(all, piece{from: from, to: to}) })
	}
	return union(all)
}

// union puts pieces in order, and joins those that meet or overlap.
func union(list []piece) []piece {
	slices.SortFunc(list, func(a, b piece) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	joined := list[:0]
	for _, next := range list {
		if last := len(joined) - 1; last >= 0 && next.from <= joined[last].to {
			joined[last].to = max(joined[last].to, next.to)
		} else {
			joined = append(joined, next)
		}
	}
	return joined
}

// cut gives the parts of pieces that are within times; both are in order and without overlaps.
func cut(list, times []piece) (all []piece) {
	for i, k := 0, 0; i < len(list) && k < len(times); {
		from, to := max(list[i].from, times[k].from), min(list[i].to, times[k].to)
		if from < to {
			all = append(all, piece{from: from, to: to, Duty: list[i].Duty})
		}
		if list[i].to < times[k].to {
			i++
		} else {
			k++
		}
	}
	return all
}
