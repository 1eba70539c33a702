package api

import (
	"context"
	"sync"
	"time"

	"kurir/gateway"
)

// KannelLoad counts what the links carry, so that Kannel's status shows loads:
// messages a second over one minute, over five, and since the start. Run must
// run.
type KannelLoad struct {
	Gateway func() gateway.Stats // Gateway.Stats

	began   time.Time
	mu      sync.Mutex
	samples []kannelSample // oldest first, at most kannelLoadOver/kannelLoadEvery+1
}

const (
	kannelLoadOver  = 5 * time.Minute
	kannelLoadEvery = 5 * time.Second
)

// kannelSample are counters at a time: of links by their names, of all by "".
type kannelSample struct {
	at    time.Time
	links map[string]kannelCounts
}

// kannelCounts are what Kannel counts of a link.
type kannelCounts struct {
	in, out   int64 // messages from and to phones
	dlr, told int64 // receipts from operators, and those to customers
}

// Run counts until ctx ends.
func (l *KannelLoad) Run(ctx context.Context) {
	l.mu.Lock()
	l.began = time.Now()
	l.mu.Unlock()
	t := time.NewTicker(kannelLoadEvery)
	defer t.Stop()
	for {
		g := l.Gateway()
		l.add(kannelSampleOf(&g, time.Now()))
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *KannelLoad) add(s kannelSample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples = append(l.samples, s)
	if len(l.samples) > int(kannelLoadOver/kannelLoadEvery)+1 {
		l.samples = append(l.samples[:0], l.samples[1:]...)
	}
}

func kannelSampleOf(g *gateway.Stats, now time.Time) kannelSample {
	s := kannelSample{at: now, links: make(map[string]kannelCounts, len(g.Links)+1)}
	all := kannelCounts{told: g.Told}
	for i := range g.Links {
		one := &g.Links[i]
		s.links[one.Name] = kannelCounts{in: one.Inbound, out: one.Taken, dlr: one.Receipts}
		all.in, all.out, all.dlr = all.in+one.Inbound, all.out+one.Taken, all.dlr+one.Receipts
	}
	s.links[""] = all
	return s
}

// loads gives the three loads of something that is counted, up to now.
func (l *KannelLoad) loads(now *kannelSample, link string, of func(kannelCounts) int64) (loads [3]float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.samples) == 0 {
		return loads
	}
	per := func(then *kannelSample) float64 {
		seconds := max(now.at.Sub(then.at).Seconds(), 1)
		return max(float64(of(now.links[link])-of(then.links[link]))/seconds, 0) // a link that was made anew counts from 0
	}
	for i, span := range []time.Duration{time.Minute, kannelLoadOver} {
		then := &l.samples[0]
		for k := range l.samples {
			if now.at.Sub(l.samples[k].at) >= span {
				then = &l.samples[k]
			}
		}
		loads[i] = per(then)
	}
	loads[2] = float64(of(now.links[link])) / max(now.at.Sub(l.began).Seconds(), 1)
	return loads
}
