package store

import (
	"slices"
	"sync"
)

// What was counted in hours that are long over does not change any more: sums of them that a report read are kept in memory, so
// that the next report of the same days reads only what came since.

const (
	pastMargin = 2       // hours after which nothing is counted any more
	pastMost   = 100_000 // sums that are kept; with more all are forgotten
)

type pastKey struct {
	kind         TallyKind
	since, until int64 // Unix hours
}

// pastTallies are sums of hours that are over.
type pastTallies struct {
	mu   sync.Mutex
	sums map[pastKey][]Tally // Period is 0
	n    int
}

// get appends the sums of some hours as those of a period; false if they are not there.
func (p *pastTallies) get(list []Tally, key pastKey, period int) ([]Tally, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sums, known := p.sums[key]
	if !known {
		return list, false
	}
	for _, t := range sums {
		t.Period = period
		list = append(list, t)
	}
	return list, true
}

// put keeps sums if their hours are over. hour is the present one.
func (p *pastTallies) put(key pastKey, sums []Tally, hour int64) {
	if key.until > hour-pastMargin || len(sums) > pastMost/10 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sums == nil || p.n+len(sums)+1 > pastMost {
		p.sums, p.n = map[pastKey][]Tally{}, 0
	}
	sums = slices.Clone(sums)
	for i := range sums {
		sums[i].Period = 0
	}
	p.sums[key] = sums
	p.n += len(sums) + 1
}
